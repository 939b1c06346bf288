"""What the evaluator compares: methods that paint a batch of sketches, each by its reference."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rltn_cli.choices import Finish, Lines
from rltn_cli.data.pairs import Pair, load_color, pictures_by_stem
from rltn_cli.engine import inference
from rltn_cli.engine.inference.colorizer import Colorizer
from rltn_cli.engine.runtime.quiet_logging import without_warnings
from rltn_cli.errors import DataError
from rltn_cli.imaging.pixels import Bytes, to_eight_bit


@dataclass(frozen=True, slots=True)
class Painting:
    """What a method made of a batch."""

    images: Bytes
    """(N, H, W, 3) RGB, the lines on top."""
    warped: Bytes | None = None
    """(N, H, W, 3): the reference warped onto the sketch, where the method does that."""


Method = Callable[[Bytes, Bytes, Sequence[str]], Painting]
"""Paints sketches (N, H, W) by references (N, H, W, 3); methods that only look up pictures use the ids."""


def make_model_method(colorizer: Colorizer, finish: Finish = "paint", lines: Lines = "keep") -> Method:
    """Return a method that paints as `rltn colorize` does, each drawing at its own size."""

    def paint(sketches: Bytes, references: Bytes, ids: Sequence[str]) -> Painting:
        size = sketches.shape[1]
        with without_warnings(inference.__name__):
            results = [
                colorizer(
                    sketch, [reference], size=size, finish=finish, lines=lines, alpha="drop", margins="keep"
                )
                for sketch, reference in zip(sketches, references, strict=True)
            ]
        return Painting(
            np.stack([to_eight_bit(result.image) for result in results]),
            np.stack([result.warped for result in results]) if results[0].has_correspondence else None,
        )

    return paint


def make_folder_method(folder: Path, pairs: Sequence[Pair]) -> Method:
    """Return a method whose pictures another program has made: `folder/ID.*`, in the target's proportions.

    Args:
        folder: holds one picture per drawing.
        pairs: the drawings that will be asked for.

    Raises:
        DataError: no such folder, or a drawing without its picture.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder of outputs")
    found = pictures_by_stem(folder)
    missing = [pair.id for pair in pairs if pair.id not in found]
    if missing:
        raise DataError(
            f"{folder}: no picture {missing[0]}.* ({len(missing)} of {len(pairs)} are missing); "
            "name each output as the drawing's id"
        )
    targets: Mapping[str, Path] = {pair.id: pair.color for pair in pairs}

    def paint(sketches: Bytes, references: Bytes, ids: Sequence[str]) -> Painting:
        size = sketches.shape[1]
        return Painting(np.stack([load_color(found[name], size, like=targets[name]) for name in ids]))

    return paint
