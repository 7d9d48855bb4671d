"""The sizes of the released Qwen2.5-VL models, so that a dry run needs neither the Hub nor a download."""

from transformers import AutoConfig, Qwen2_5_VLConfig

from robot_r1.errors import UserError
from train.arguments import ModelArguments
from train.hub import ask_for_model

_TEXT = {
    "Qwen/Qwen2.5-VL-3B-Instruct": (2048, 36, 16, 2, 11008, 151936, True),
    "Qwen/Qwen2.5-VL-7B-Instruct": (3584, 28, 28, 4, 18944, 152064, False),
    "Qwen/Qwen2.5-VL-32B-Instruct": (5120, 64, 40, 8, 27648, 152064, False),
    "Qwen/Qwen2.5-VL-72B-Instruct": (8192, 80, 64, 8, 29568, 152064, False),
}
_WIDER_VISION = ("Qwen/Qwen2.5-VL-32B-Instruct", "Qwen/Qwen2.5-VL-72B-Instruct")


def published_config(model: str) -> Qwen2_5_VLConfig | None:
    """The configuration of a released model by its Hub id; None if it is not one of them."""
    if model not in _TEXT:
        return None
    hidden, layers, heads, key_value_heads, intermediate, vocabulary, tied = _TEXT[model]
    return Qwen2_5_VLConfig(
        dtype="bfloat16",
        text_config={
            "hidden_size": hidden,
            "num_hidden_layers": layers,
            "num_attention_heads": heads,
            "num_key_value_heads": key_value_heads,
            "intermediate_size": intermediate,
            "vocab_size": vocabulary,
            "tie_word_embeddings": tied,
        },
        vision_config={
            "depth": 32,
            "hidden_size": 1280,
            "intermediate_size": 3456 if model in _WIDER_VISION else 3420,
            "num_heads": 16,
            "out_hidden_size": hidden,
        },
        tie_word_embeddings=tied,
    )


def weights_dtype(model: ModelArguments) -> str:
    """The type of the weights as they are loaded, such as `float32`; that of the files for `--dtype auto`.

    Raises:
        UserError: there is no model that could tell.
    """
    if model.dtype != "auto":
        return model.dtype or "float32"
    saved = model_config(model.model_name_or_path).dtype
    return str(saved or "float32").removeprefix("torch.")


def model_config(model: str) -> Qwen2_5_VLConfig:
    """The configuration in a folder or on the Hub; a released model's own where it is known.

    Raises:
        UserError: there is none, or it is that of another architecture.
    """
    known = published_config(model)
    if known is not None:
        return known
    try:
        ask_for_model(model)
        config = AutoConfig.from_pretrained(model)
    except (OSError, ValueError) as error:
        reason = str(error).split("\n")[0]
        raise UserError(
            f"no model in {model} ({reason}); make one: python -m train.tiny_model --out {model}"
        ) from error
    if not isinstance(config, Qwen2_5_VLConfig):
        raise UserError(
            f"{model} is a {config.model_type}, not a qwen2_5_vl; give Qwen/Qwen2.5-VL-7B-Instruct or alike"
        )
    return config
