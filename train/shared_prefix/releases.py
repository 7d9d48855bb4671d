"""What of the libraries' inside is overridden here, and for which versions that is known to be right.

Private methods move between releases without notice. tests/train/shared_prefix/ compares every one of them with the
unmodified library; raise a bound here, and in pyproject.toml, only after they have passed with the new release.
"""

from dataclasses import dataclass
from importlib.metadata import version

from packaging.version import Version

from robot_r1.errors import UserError


@dataclass(frozen=True)
class Overridden:
    """A library with the names that are overridden or leant on."""

    package: str
    first: str
    """The oldest release that this is known to work with."""
    before: str
    """The release from which it is not known."""
    names: tuple[str, ...]


LIBRARIES = (
    Overridden(
        "trl",
        "1.16",
        "1.17",
        (
            "GRPOTrainer._prepare_inputs and RLOOTrainer._prepare_inputs, which call shuffle_sequence_dict",
            "_get_per_token_logps_and_entropies of both",
            "_generate_single_turn of both, which calls generate of the unwrapped model",
            "_generate_and_score_completions of both, which calls gather_object and image_processor of the processor",
            "split_pixel_values_by_grid and unsplit_pixel_values_by_grid, which _prepare_inputs calls",
            "add_fused_lm_head, whose forward takes shift_labels",
        ),
    ),
    Overridden(
        "transformers",
        "5.17",
        "5.24",
        (
            "Qwen2_5_VLModel.get_rope_index and .rope_deltas",
            "Qwen2_5_VLForConditionalGeneration._prepare_position_ids_for_generation",
            "AttentionInterface and AttentionMaskInterface, DynamicCache.crop and .batch_select_indices",
        ),
    ),
)


def check_libraries() -> None:
    """Refuse releases that this package was not compared with.

    Raises:
        UserError: with the range that is known and the two ways out.
    """
    for library in LIBRARIES:
        found = version(library.package)
        release = Version(Version(found).base_version)  # 1.17.0.dev0 comes before 1.17, and has its changes
        if not Version(library.first) <= release < Version(library.before):
            raise UserError(
                f"shared_prefix is for {library.package} {library.first} to below {library.before}, found "
                f'{found}; run: pip install "{library.package}>={library.first},<{library.before}", or give '
                "--no_shared_prefix"
            )
