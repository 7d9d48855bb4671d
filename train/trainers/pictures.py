"""Pictures that are processed, kept and sent once, where TRL does so once for each completion.

TRL's trainers process the picture of a prompt for each of its G completions, and again before learning; they keep the
patches of every completion in memory until the generation batch is learned from; and they gather the prompts of all
processes, pictures included, for a table of completions that shows none. Here the image processor sees each picture
of a generation batch once, completions refer to its patches, and prompts are gathered without pictures. All values
that reach the model are those of TRL; tests/train/test_pictures.py compares them.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from typing import Any

import torch
from accelerate.utils import gather_object
from PIL import Image
from transformers import BatchFeature, ProcessorMixin
from transformers.image_utils import make_flat_list_of_images
from trl import GRPOTrainer, RLOOTrainer
from trl.trainer.utils import strip_images_from_messages, unsplit_pixel_values_by_grid

PICTURES = ("pixel_values", "image_grid_thw", "num_images")


@contextmanager
def in_trl(**functions: Callable[..., Any]) -> Iterator[None]:
    """Let TRL's trainers call other functions than those of these names that they import."""
    modules: list[Any] = [sys.modules[trainer.__module__] for trainer in (GRPOTrainer, RLOOTrainer)]
    stock = [(module, name, getattr(module, name)) for module in modules for name in functions]
    for module, name, _ in stock:
        setattr(module, name, functions[name])
    try:
        yield
    finally:
        for module, name, function in stock:
            setattr(module, name, function)


class OncePerPicture:
    """An image processor that processes each picture once, however often it is asked for.

    A picture is known again by its pixels, as TRL copies some. They are read once for each object, which
    `train.data.Renderer` makes one of for the completions of a prompt.
    """

    def __init__(self, processor: Any) -> None:
        self._processor = processor
        self._known: dict[tuple[str, tuple[int, int], bytes], int] = {}
        self._grids: list[torch.Tensor] = []
        self._patches: list[torch.Tensor] = []
        self.places: list[int] = []
        """For each picture of the last call which one it is of the different ones, in their order."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._processor, name)

    def __call__(self, images: Any, return_tensors: str | None = None) -> BatchFeature:
        """The grids of all pictures, but the patches of the different ones alone.

        Args:
            images: of each row, as TRL gives them to the processor.
            return_tensors: TRL names them in one of its two calls; tensors they are in any case.
        """
        asked = make_flat_list_of_images(images)
        objects = {id(picture): picture for picture in asked}
        keys = {number: _key(picture) for number, picture in objects.items()}
        new = {key: objects[number] for number, key in keys.items() if key not in self._known}
        if new:
            found = self._processor(list(new.values()), return_tensors="pt")
            grids = found["image_grid_thw"]
            self._known.update({key: place for place, key in enumerate(new, len(self._known))})
            self._grids += grids
            self._patches += torch.split(found["pixel_values"], grids.prod(-1).tolist())
        places = [self._known[keys[id(picture)]] for picture in asked]
        different = {place: number for number, place in enumerate(dict.fromkeys(places))}
        self.places = [different[place] for place in places]
        return BatchFeature(
            {
                "pixel_values": torch.cat([self._patches[place] for place in different]),
                "image_grid_thw": torch.stack([self._grids[place] for place in places]),
            }
        )


def _key(picture: Image.Image) -> tuple[str, tuple[int, int], bytes]:
    return picture.mode, picture.size, blake2b(picture.tobytes()).digest()


def by_row(
    pixel_values: torch.Tensor, grids: torch.Tensor, num_images: Sequence[int], places: Sequence[int]
) -> list[torch.Tensor]:
    """The patches of each row; rows with one and the same picture share the tensor.

    Args:
        pixel_values: the patches of the different pictures.
        grids: (pictures of all rows, 3).
        num_images: of each row.
        places: for each picture of the rows which of the different ones it is.
    """
    sizes = dict(zip(places, grids.prod(-1).tolist(), strict=True))
    different = torch.split(pixel_values, [sizes[place] for place in range(len(sizes))])
    rows, start = [], 0
    for count in num_images:
        own = [different[place] for place in places[start : start + count]]
        rows.append(own[0] if count == 1 else torch.cat(own))
        start += count
    return rows


class PictureTrainer:
    """Mixed in before a trainer of TRL that generates."""

    processing_class: ProcessorMixin
    _once: OncePerPicture | None = None
    """While a generation batch is made: what its pictures were processed by."""

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        stock = self.processing_class.image_processor
        self._once = self.processing_class.image_processor = OncePerPicture(stock)
        try:
            with in_trl(gather_object=_gather_without_pictures):
                scored: dict[str, Any] = super()._generate_and_score_completions(inputs)  # type: ignore[misc]
            return {**scored, "pixel_values": self._patches(**{name: scored[name] for name in PICTURES})}
        finally:
            self.processing_class.image_processor, self._once = stock, None

    def _prepare_inputs(self, generation_batch: Any) -> Any:
        with in_trl(split_pixel_values_by_grid=_split_grids, unsplit_pixel_values_by_grid=_merge_grids):
            return super()._prepare_inputs(generation_batch)  # type: ignore[misc]

    def _patches(
        self, pixel_values: Any, image_grid_thw: torch.Tensor, num_images: Sequence[int]
    ) -> list[torch.Tensor]:
        """The patches of each row, from whichever form a batch has them in."""
        if isinstance(pixel_values, list):
            return pixel_values
        places = range(len(image_grid_thw)) if self._once is None else self._once.places
        return by_row(pixel_values, image_grid_thw, num_images, places)


def _gather_without_pictures(values: list[Any]) -> list[Any]:
    """What all processes have, conversations without their pictures."""
    gathered: list[Any] = gather_object([_without_pictures(value) for value in values])
    return gathered


def _without_pictures(value: Any) -> Any:
    talk = isinstance(value, list) and value and all(isinstance(turn, dict) for turn in value)
    return strip_images_from_messages(value) if talk else value


def _split_grids(batch: dict[str, Any]) -> dict[str, Any]:
    """TRL's, for patches that are split already."""
    return {**batch, "image_grid_thw": list(torch.split(batch["image_grid_thw"], batch["num_images"]))}


def _merge_grids(batch: dict[str, Any]) -> dict[str, Any]:
    """TRL's, but the patches stay split: merged, each picture would be there once for each completion."""
    rest = {name: value for name, value in batch.items() if name != "pixel_values"}
    return {**unsplit_pixel_values_by_grid(rest), "pixel_values": batch["pixel_values"]}
