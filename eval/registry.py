"""What Inspect finds of this project by its entry point, so that `--model robot-r1/PATH` works in every command."""

from inspect_ai.model import ModelAPI, modelapi


@modelapi(name="robot-r1")
def local_model() -> type[ModelAPI]:
    """A local Qwen2.5-VL checkpoint or LoRA adapter."""
    from eval.local_model.api import LocalModelAPI

    return LocalModelAPI
