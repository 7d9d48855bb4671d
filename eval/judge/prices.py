"""Prices of models, so that Inspect can tell what a run cost."""

from pathlib import Path

from inspect_ai.model import ModelCost, ModelInfo, set_model_cost, set_model_info
from pydantic import TypeAdapter, ValidationError

from robot_r1.errors import BadFileError, UserError
from robot_r1.yaml_file import read_yaml

_PRICES = TypeAdapter(dict[str, ModelCost])
_FIELDS = ", ".join(ModelCost.model_fields)


def set_prices(file: Path) -> None:
    """Read the prices of models from a file as Inspect's `--model-cost-config` takes it.

    Args:
        file: YAML or JSON; by model, such as `openai/gpt-4o`, dollars for a million tokens: `input`, `output`,
            `input_cache_write` and `input_cache_read`.

    Raises:
        UserError: it cannot be read, or something in it is no price.
    """
    try:
        prices = _PRICES.validate_python(read_yaml(file))
    except BadFileError as error:
        raise UserError(f"the file of prices {file} {error}; give each model {_FIELDS}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ": ".join(str(part) for part in first["loc"]) or "all of it"
        raise UserError(
            f"{file}: {where}: {first['msg']}; give each model {_FIELDS}, in $ a million tokens"
        ) from error
    for model, cost in prices.items():
        try:
            set_model_cost(model, cost)
        except ValueError:  # Inspect does not know the model
            set_model_info(model, ModelInfo(cost=cost))
