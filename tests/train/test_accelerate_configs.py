"""Every shipped launch configuration is read by accelerate itself and tells its processes what it is meant to."""

from argparse import Namespace
from pathlib import Path

import pytest
from accelerate.commands.config.config_args import load_config_from_file
from accelerate.commands.launch import _validate_launch_command, launch_command_parser
from accelerate.utils import DistributedType
from accelerate.utils.launch import prepare_deepspeed_cmd_env, prepare_multi_gpu_env
from transformers.models.qwen2_5_vl import modeling_qwen2_5_vl

FOLDER = Path(__file__).parents[2] / "configs" / "accelerate"
KINDS = {
    "one_gpu": DistributedType.NO,
    "multi_gpu": DistributedType.MULTI_GPU,
    "zero3": DistributedType.DEEPSPEED,
    "multi_node": DistributedType.DEEPSPEED,
    "fsdp2": DistributedType.FSDP,
}


def launched(name: str, *flags: str) -> Namespace:
    """What `accelerate launch` makes of a file and flags before it starts processes."""
    arguments = ["--config_file", str(FOLDER / f"{name}.yaml"), *flags, "train/grpo.py"]
    return _validate_launch_command(launch_command_parser().parse_args(arguments))[0]  # type: ignore[no-any-return]


def test_the_shipped_files() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(KINDS)


@pytest.mark.parametrize("name", KINDS)
def test_accelerate_reads_it(name: str) -> None:
    config = load_config_from_file(str(FOLDER / f"{name}.yaml"))
    assert config.distributed_type == KINDS[name]
    assert config.mixed_precision == "bf16"


@pytest.mark.parametrize("name", KINDS)
def test_it_says_how_to_launch_it(name: str) -> None:
    text = (FOLDER / f"{name}.yaml").read_text()
    assert f"\n# accelerate launch --config_file configs/accelerate/{name}.yaml " in text


@pytest.mark.parametrize(("name", "processes"), [("zero3", 4), ("multi_node", 16)])
def test_zero3_shards_everything_and_offloads_nothing(name: str, processes: int) -> None:
    arguments = launched(name)
    assert arguments.num_processes == processes
    arguments.deepspeed_fields_from_accelerate_config = ""  # set by the launcher itself, just before it starts
    _, environment = prepare_deepspeed_cmd_env(arguments)
    assert environment["ACCELERATE_DEEPSPEED_ZERO_STAGE"] == "3"
    assert environment["ACCELERATE_DEEPSPEED_OFFLOAD_OPTIMIZER_DEVICE"] == "none"
    assert environment["ACCELERATE_DEEPSPEED_OFFLOAD_PARAM_DEVICE"] == "none"
    assert environment["ACCELERATE_DEEPSPEED_ZERO3_SAVE_16BIT_MODEL"] == "true"


def test_flags_say_which_machine_this_is() -> None:
    arguments = launched("multi_node", "--machine_rank", "1", "--main_process_ip", "10.0.0.5")
    assert (arguments.num_machines, arguments.machine_rank, arguments.main_process_ip) == (2, 1, "10.0.0.5")


def test_fsdp_wraps_the_layers_of_the_model() -> None:
    environment = prepare_multi_gpu_env(launched("fsdp2"))
    assert environment["FSDP_VERSION"] == "2"
    assert environment["FSDP_STATE_DICT_TYPE"] == "FULL_STATE_DICT"
    assert environment["FSDP_CPU_RAM_EFFICIENT_LOADING"] == "true"
    layers = environment["FSDP_TRANSFORMER_CLS_TO_WRAP"].split(",")
    assert layers == modeling_qwen2_5_vl.Qwen2_5_VLPreTrainedModel._no_split_modules
