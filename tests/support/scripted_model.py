"""A model for Inspect that answers from a function of the test, in this process and without a tokenizer."""

from collections.abc import Callable

from inspect_ai.model import ChatMessage, GenerateConfig, Model, ModelAPI, ModelOutput, ModelUsage, get_model, modelapi
from inspect_ai.tool import ToolChoice, ToolInfo

Script = Callable[[list[ChatMessage]], str]
_scripts: dict[str, Script] = {}
configs: dict[str, GenerateConfig] = {}
"""With what each model was asked last, by its name."""


@modelapi(name="scripted")
class ScriptedAPI(ModelAPI):
    """Says what the script of its name says; every call is 10 tokens in and 5 out."""

    async def generate(
        self, input: list[ChatMessage], tools: list[ToolInfo], tool_choice: ToolChoice, config: GenerateConfig
    ) -> ModelOutput:
        configs[self.model_name] = config
        output = ModelOutput.from_content(self.model_name, _scripts[self.model_name](input))
        output.usage = ModelUsage(input_tokens=10, output_tokens=5, total_tokens=15)
        return output


def scripted(name: str, script: Script) -> str:
    """Make a model of this name and return how Inspect calls it; a later script of the same name takes its place."""
    _scripts[name] = script
    return f"scripted/{name}"


def scripted_model(name: str, script: Script) -> Model:
    """The model itself."""
    return get_model(scripted(name, script), memoize=False)
