"""The Colorizer: from drawings and references to painted pictures; the only inference path."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeAlias, get_args

import numpy as np
import torch
from torch import Tensor

from rltn_cli.choices import AlphaMode, Finish, Lines
from rltn_cli.data.batches import label_sketches
from rltn_cli.data.tensors import to_tensor
from rltn_cli.engine.checkpoints.model_names import find_model
from rltn_cli.engine.checkpoints.weights import load_model
from rltn_cli.engine.inference.clues import ReferenceColors, gather_clues, palette_colors
from rltn_cli.engine.inference.colorization import Colorization
from rltn_cli.engine.runtime.device import choose_device
from rltn_cli.engine.runtime.out_of_memory import memory_for
from rltn_cli.errors import UsageError
from rltn_cli.imaging.canvas import Fit, fit_reference, fit_sketch, plan_fit
from rltn_cli.imaging.finish_choice import choose_finish
from rltn_cli.imaging.finishing import finish_picture
from rltn_cli.imaging.flats import GAP
from rltn_cli.imaging.palette import Palette, read_palette
from rltn_cli.imaging.pictures import Picture, PictureSource, read_picture
from rltn_cli.imaging.pixels import Bytes, Pixels, to_bytes, to_eight_bit
from rltn_cli.imaging.region_labels import Labels, label_regions, token_labels
from rltn_cli.imaging.sketch import prepare_sketch
from rltn_cli.models.rltn import RLTN, ReferenceTokens, RLTNOutput
from rltn_cli.sizes import GAP_MAXIMUM, SIDE_MAXIMUM, SIDE_MINIMUM

_log = logging.getLogger(__name__)

Source: TypeAlias = PictureSource | Picture


@dataclass(frozen=True, slots=True, eq=False)
class References:
    """Encoded references, for any number of sketches."""

    pictures: tuple[Bytes, ...]
    """Each (H', W', 3) uint8 RGB, as the network saw it."""
    tokens: ReferenceTokens
    size: int
    """Pixels of the shorter side."""
    colors: ReferenceColors
    """The palette, and where it lies in the pictures."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """A drawing, read and ready for the network."""

    ink: Pixels
    """(H, W, 3) the artist's pixels on white paper, uint8 or uint16."""
    grey: Bytes
    """(H, W) the same in grey, black lines on white."""
    alpha: Pixels | None
    """(H, W) what the result gets back; None for an opaque result."""
    canvas: Bytes
    """(h, w) what the network sees."""
    fit: Fit
    dpi: tuple[float, float] | None
    notices: tuple[str, ...]


class Colorizer:
    """Paints drawings in the colours of references."""

    def __init__(self, model: RLTN, device: torch.device | str = "auto") -> None:
        """Prepare a model for painting.

        Args:
            model: is moved to the device and set to evaluation mode.
            device: `auto`, `cpu`, `cuda`, `cuda:N` or `mps`.

        Raises:
            UsageError: no such device here.
        """
        self.device = choose_device(device)
        self.model: RLTN = model.to(self.device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]

    @classmethod
    def from_pretrained(
        cls, name_or_path: str | Path, *, device: torch.device | str = "auto", revision: str | None = None
    ) -> Self:
        """Load a model by its shipped name, folder, file, or `org/repo[@revision]` on the Hub.

        Raises:
            ModelError: it cannot be found or loaded.
            UsageError: no such device here.
        """
        chosen = choose_device(device)
        return cls(load_model(find_model(str(name_or_path), revision=revision), device=chosen), chosen)

    def __call__(
        self,
        sketch: Source,
        references: Source | Sequence[Source] | References,
        *,
        size: int = 256,
        finish: Finish = "auto",
        lines: Lines = "keep",
        alpha: AlphaMode = "auto",
        gap: float | None = None,
        palette: Palette | None = None,
    ) -> Colorization:
        """Paint a drawing at its own size.

        Args:
            sketch: a path, `-` for standard input, an encoded file, a Pillow image, or an array
                (H, W[, 1..4]) uint8 or uint16.
            references: one or several of the same, or what `encode` returned.
            size: pixels of the shorter side for the network, 64 to 2048.
            finish: how colours are brought to the drawing; see `rltn_cli.choices.FINISHES`.
            lines: `keep` the artist's own, or those of the `network`.
            alpha: `keep` or `drop` the drawing's transparency; `auto` keeps that of a cut-out.
            gap: widest gap in a line that bounds a flat, in pixels of the drawing; 1.2 % of its shorter side
                if left out.
            palette: the only colours that flats take; those of the references if left out.

        Raises:
            PictureError: a picture that cannot be read, is too small, or is blank.
            UsageError: an option out of range, or no reference.
            RltnError: the device does not have enough memory.
        """
        _check_options(size, finish, lines, alpha, gap)
        drawing = self.prepare(sketch, size=size, alpha=alpha)
        encoded = references if isinstance(references, References) else self.encode(references, size=size)
        outputs = self.paint(drawing, encoded)
        result = self.finish(drawing, encoded, outputs, finish=finish, lines=lines, gap=gap, palette=palette)
        for notice in result.notices:
            _log.warning("%s", notice)
        return result

    def prepare(self, sketch: Source, *, size: int = 256, alpha: AlphaMode = "auto") -> Drawing:
        """Read a drawing, clean it, and fit it to the network's size; the first step of painting.

        Raises:
            PictureError: a picture that cannot be read, is too small, or is blank.
        """
        picture = _read(sketch)
        plan_fit(picture.size, size, picture.name)  # refuses what is too small before more is done
        prepared = prepare_sketch(picture, alpha)
        canvas, fit = fit_sketch(prepared.grey, size, picture.name)
        notices = (*picture.notices, *prepared.notices)
        return Drawing(prepared.ink, prepared.grey, prepared.alpha, canvas, fit, picture.dpi, notices)

    def paint(self, drawing: Drawing, references: References) -> tuple[RLTNOutput, ...]:
        """Run the network, once for each tile of the drawing's canvas; the second step of painting.

        Raises:
            RltnError: the device does not have enough memory.
        """
        labels = label_regions(drawing.canvas)
        with memory_for(f"size {references.size}", self.device):
            return tuple(
                self._paint_tile(drawing.canvas[rows, columns], labels[rows, columns], references)
                for rows, columns in drawing.fit.tiles()
            )

    def finish(
        self,
        drawing: Drawing,
        references: References,
        outputs: tuple[RLTNOutput, ...],
        *,
        finish: Finish = "auto",
        lines: Lines = "keep",
        gap: float | None = None,
        palette: Palette | None = None,
    ) -> Colorization:
        """Bring what the network painted to the drawing's own size; the last step of painting."""
        share = GAP if gap is None else gap / min(drawing.grey.shape)
        notices = drawing.notices
        if finish == "auto":
            finish, reason = choose_finish(drawing.grey, share)
            notices = (*notices, reason)
        colors = references.colors if palette is None else palette_colors(palette, references.pictures)
        clues = gather_clues(drawing.fit, outputs, colors)
        image = finish_picture(clues, drawing.ink, drawing.grey, finish=finish, lines=lines, gap=share)
        if drawing.alpha is not None:
            image = np.dstack([image, drawing.alpha])
        return Colorization(
            image, to_bytes(clues.colors), to_bytes(clues.warped), references.pictures, notices, drawing.dpi,
            drawing.fit, self.model, outputs,
        )  # fmt: skip

    def encode(self, references: Source | Sequence[Source], *, size: int = 256) -> References:
        """Read and encode references once, for any number of sketches.

        Raises:
            PictureError: a picture that cannot be read or is too small.
            UsageError: no reference.
            RltnError: the device does not have enough memory.
        """
        if isinstance(references, Sequence) and not isinstance(references, str | bytes):
            sources = list(references)
        else:
            sources = [references]
        if not sources:
            raise UsageError("no reference: name at least one picture whose colours to use")
        pictures = [_read(source) for source in sources]
        flattened = [to_eight_bit(picture.flattened()) for picture in pictures]
        fitted = tuple(
            fit_reference(color, size, picture.name)[0]
            for color, picture in zip(flattened, pictures, strict=True)
        )
        colors = palette_colors(read_palette(flattened), fitted)
        for notice in (notice for picture in pictures for notice in picture.notices):
            _log.warning("%s", notice)
        with memory_for(f"size {size}", self.device), torch.inference_mode():
            tensors = [to_tensor(picture[None], self.device) for picture in fitted]
            return References(fitted, self.model.encode_references(tensors), size, colors)

    @torch.inference_mode()
    def paint_batch(self, sketches: Tensor, references: Sequence[Tensor]) -> RLTNOutput:
        """Paint a batch of sketches of equal size, without reading and finishing.

        Args:
            sketches: (B, 1, H, W) in [-1, 1], lines -1 and paper 1; H and W multiples of 16, at least 64.
            references: one or several per sketch, each (B, 3, H', W') in [-1, 1].

        Returns:
            The network's output, on the Colorizer's device.
        """
        output: RLTNOutput = self.model(
            sketches.to(self.device),
            [reference.to(self.device) for reference in references],
            label_sketches(sketches).to(self.device),
        )
        return output

    @torch.inference_mode()
    def _paint_tile(self, canvas: Bytes, labels: Labels, references: References) -> RLTNOutput:
        """Paint a tile (H, W), black lines on white, by the labels of its regions."""
        sketch = to_tensor(canvas[None, ..., None], self.device)
        regions = torch.from_numpy(token_labels(labels))[None].to(self.device)
        return self.model.colorize(sketch, references.tokens, regions)


def _check_options(size: int, finish: Finish, lines: Lines, alpha: AlphaMode, gap: float | None) -> None:
    """Refuse options that are out of range."""
    if gap is not None and not 0 <= gap <= GAP_MAXIMUM:
        raise UsageError(f"gap must be from 0 to {GAP_MAXIMUM} pixels, not {gap:g}")
    if not SIDE_MINIMUM <= size <= SIDE_MAXIMUM:
        raise UsageError(f"size must be from {SIDE_MINIMUM} to {SIDE_MAXIMUM} pixels, not {size}")
    for name, value, known in (
        ("finish", finish, Finish),
        ("lines", lines, Lines),
        ("alpha", alpha, AlphaMode),
    ):
        if value not in get_args(known):
            raise UsageError(f"{name} must be one of {', '.join(get_args(known))}, not {value}")


def _read(source: Source) -> Picture:
    """Read a picture unless that was done."""
    return source if isinstance(source, Picture) else read_picture(source)
