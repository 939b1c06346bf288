"""The Colorizer: from drawings and references to painted pictures; the only inference path."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Self

import numpy as np
import torch
from torch import Tensor

from rltn_cli.choices import AlphaMode, Finish, Lines, MarginMode, PaintingPrecision, PaperMode
from rltn_cli.data.tensors import label_sketches, to_tensor
from rltn_cli.engine.checkpoints.model_names import find_model
from rltn_cli.engine.checkpoints.weights import load_model
from rltn_cli.engine.inference.clues import VOTES_TEMPERATURE, gather_clues
from rltn_cli.engine.inference.colorization import Colorization
from rltn_cli.engine.inference.drawings import AS_USUAL, Drawing, DrawingOptions, prepare_drawing
from rltn_cli.engine.inference.duration import DurationEstimate
from rltn_cli.engine.inference.line_extractor import LineExtractor
from rltn_cli.engine.inference.origins import origin_of
from rltn_cli.engine.inference.references import (
    FittedReferences,
    References,
    Source,
    as_list,
    check_weights,
    count_pixels,
    fit_references,
    read_source,
)
from rltn_cli.engine.runtime.device import choose_device
from rltn_cli.engine.runtime.out_of_memory import memory_for
from rltn_cli.engine.runtime.precision import choose_precision, computing
from rltn_cli.errors import UsageError
from rltn_cli.imaging.colors.palette import Palette
from rltn_cli.imaging.files.pictures import Picture
from rltn_cli.imaging.pixels import Bytes, Pixels
from rltn_cli.imaging.regions.labels import Labels, label_regions, token_labels
from rltn_cli.models.architectures import PaintingNetwork
from rltn_cli.models.painted import Painted
from rltn_cli.models.rltn import RLTN
from rltn_cli.painting.finish import FINISHED_AS_USUAL, FinishOptions, finish_painting
from rltn_cli.painting.fixes import Fix
from rltn_cli.painting.painting import Painting
from rltn_cli.sizes import SIDE_MAXIMUM, SIDE_MINIMUM

_log = logging.getLogger(__name__)


class Colorizer:
    """Paints drawings in the colours of references."""

    def __init__(
        self,
        model: PaintingNetwork,
        device: torch.device | str = "auto",
        precision: PaintingPrecision = "auto",
    ) -> None:
        """Prepare a model for painting.

        Args:
            model: is moved to the device and set to evaluation mode.
            device: `auto`, `cpu`, `cuda`, `cuda:N` or `mps`.
            precision: of the network's computation; see `choose_precision`.

        Raises:
            UsageError: no such device here, or it has no such precision.
        """
        self.device = choose_device(device)
        self.precision = choose_precision(precision, self.device)
        self.model: PaintingNetwork = model.to(self.device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
        self._extractor: LineExtractor | None = None
        self._extracting = threading.Lock()
        self.duration = DurationEstimate(self.model, self.device)
        self._files: Path | None = None

    @classmethod
    def from_pretrained(
        cls,
        name_or_path: str | Path,
        *,
        device: torch.device | str = "auto",
        revision: str | None = None,
        precision: PaintingPrecision = "auto",
    ) -> Self:
        """Load a model by its shipped name, folder, file, or `org/repo[@revision]` on the Hub.

        Raises:
            ModelError: it cannot be found or loaded.
            UsageError: see `__init__`.
        """
        chosen = choose_device(device)
        files = find_model(str(name_or_path), revision=revision)
        colorizer = cls(load_model(files, device=chosen), chosen, precision)
        colorizer._files = files
        return colorizer

    def __call__(
        self,
        sketch: Source,
        references: Source | Sequence[Source] | References,
        *,
        ref_weights: Sequence[float] | None = None,
        size: int = 256,
        finish: Finish = "auto",
        lines: Lines = "keep",
        alpha: AlphaMode = "auto",
        gap: float | None = None,
        palette: Palette | None = None,
        fixes: Sequence[Fix] = (),
        fix_alike: bool = False,
        transparent_paper: bool = False,
        paper: PaperMode = "auto",
        drop_pencil: str | None = None,
        margins: MarginMode = "auto",
        page: int = 1,
        extract: bool = False,
        foresee: Callable[[float], None] | None = None,
    ) -> Colorization:
        """Paint a drawing at its own size.

        Args:
            sketch: a path, `-` for standard input, an encoded file, a Pillow image, or an array
                (H, W[, 1..4]) uint8 or uint16.
            references: one or several of the same, or what `encode` returned.
            ref_weights: how likely each reference is to be matched, in order; all alike if left out.
            size: pixels of the shorter side for the network, 64 to 2048.
            finish: how colours are brought to the drawing; see `rltn_cli.choices.FINISHES`.
            lines: `keep` the artist's own, those of the `network`, or `none` for colours only.
            alpha: what becomes of the drawing's transparency; see `DrawingOptions`, also for what follows.
            gap: widest gap in a line that is always closed, in pixels of the drawing; 1.2 % of its shorter
                side if left out.
            palette: the only colours that flats take; those of the references if left out.
            fixes: colours of single regions; see `Fix` and `Painting.decide`, also for what follows.
            fix_alike: see there.
            transparent_paper: whether white regions at the picture's edge become transparent.
            paper: see there.
            drop_pencil: see there.
            margins: see there.
            page: see there; of a sketch that is a file.
            extract: see there.
            foresee: called with the seconds that the network will probably take, before it starts, where they
                are many; if None, they are logged.

        Raises:
            PictureError: a picture that cannot be read, is too small, or is blank.
            UsageError: an option out of range, an invalid fix, or no reference.
            RltnError: the device does not have enough memory.
        """
        _check_size(size)
        finishing = FinishOptions(finish, lines, gap, palette, tuple(fixes), fix_alike, transparent_paper)
        finishing.check()
        self.allow(finishing)
        options = DrawingOptions(alpha, paper, drop_pencil, margins, page, extract)
        drawing = self.prepare(sketch, size=size, options=options)
        for fix in finishing.fixes:
            fix.check(drawing.grey)
        if ref_weights is not None:
            given = references.pictures if isinstance(references, References) else as_list(references)
            check_weights(ref_weights, len(given))
        fitted = (
            references if isinstance(references, References) else fit_references(references, size, margins)
        )
        self.duration.announce(drawing.canvas.size, count_pixels(fitted.pictures), size=size, tell=foresee)
        encoded = fitted if isinstance(fitted, References) else self._encode(fitted)
        if ref_weights is not None:
            encoded = encoded.with_weights(ref_weights)
        outputs = self.paint(drawing, encoded)
        result = self.finish(drawing, encoded, outputs, finishing)
        for notice in result.notices:
            _log.warning("%s", notice)
        return result

    def prepare(self, sketch: Source, *, size: int = 256, options: DrawingOptions = AS_USUAL) -> Drawing:
        """Read a drawing, clean it, and fit it to the network's size; the first step of painting.

        Raises:
            PictureError: a picture that cannot be read, is too small, or is blank.
            UsageError: an option out of range.
        """
        options.check()
        picture = read_source(sketch, page=options.page)
        if options.extract:
            picture = replace(picture, pixels=self._lines_of(picture), alpha=None)
        return prepare_drawing(picture, size, options)

    def _lines_of(self, picture: Picture) -> Pixels:
        """Return a colour picture's lines, (H, W, 3), drawn by the network that comes with rltn."""
        with self._extracting:
            if self._extractor is None:
                self._extractor = LineExtractor.of(device=str(self.device))
            return np.repeat(self._extractor(picture.flatten())[..., None], 3, axis=2)

    def paint(self, drawing: Drawing, references: References) -> tuple[Painted, ...]:
        """Run the network, once for each tile of the drawing's canvas; the second step of painting.

        Raises:
            RltnError: the device does not have enough memory.
        """
        labels = label_regions(drawing.canvas) if self.model.config.region_pooling else None
        with memory_for(f"size {references.size}", self.device):
            return tuple(
                self._paint_tile(drawing.canvas[place], None if labels is None else labels[place], references)
                for place in drawing.fit.tiles()
            )

    def finish(
        self,
        drawing: Drawing,
        references: References,
        outputs: tuple[Painted, ...],
        options: FinishOptions = FINISHED_AS_USUAL,
    ) -> Colorization:
        """Bring what the network painted to the drawing's own size; the last step of painting.

        Raises:
            UsageError: an invalid fix.
        """
        allowed, limits = self.allow(options)
        chosen, reasons = allowed.resolve(drawing.grey)
        seen = gather_clues(drawing.fit, outputs, references.colors, attention=chosen.looks_at_regions)
        painting = Painting(
            drawing.ink, drawing.grey, drawing.alpha, drawing.dpi, drawing.figure, seen, references.pictures
        )
        done = finish_painting(painting, chosen)
        return Colorization(
            done, drawing.fit, (*drawing.notices, *limits, *reasons, *done.notices), self.model, outputs,
            references.colors, partial(origin_of, drawing, references, self._files),
        )  # fmt: skip

    def allow(self, options: FinishOptions) -> tuple[FinishOptions, tuple[str, ...]]:
        """Return how to finish what this model paints, and notices; as `FinishOptions.without_votes`."""
        model = self.model
        return (options, ()) if isinstance(model, RLTN) else options.without_votes(model.config.network)

    def encode(
        self, references: Source | Sequence[Source], *, size: int = 256, margins: MarginMode = "auto"
    ) -> References:
        """Read and encode references once, for any number of sketches.

        Raises:
            PictureError: a picture that cannot be read or is too small.
            UsageError: no reference.
            RltnError: the device does not have enough memory.
        """
        return self._encode(fit_references(references, size, margins))

    @torch.inference_mode()
    def _encode(self, fitted: FittedReferences) -> References:
        """Encode references that have the network's size."""
        tensors = [to_tensor(picture[None], self.device) for picture in fitted.pictures]
        with memory_for(f"size {fitted.size}", self.device), computing(self.precision, self.device):
            tokens = self.model.encode_references(tensors)
        if isinstance(self.model, RLTN) and self.model.config.temperature == VOTES_TEMPERATURE:
            shares, lab = fitted.colors.shares[None], fitted.colors.palette.lab
            tokens = self.model.with_colors(
                tokens, torch.from_numpy(shares).to(self.device), torch.from_numpy(lab).to(self.device)
            )
        return References(fitted.pictures, fitted.colors, fitted.size, fitted.names, tokens)

    @torch.inference_mode()
    def paint_batch(self, sketches: Tensor, references: Sequence[Tensor]) -> Painted:
        """Paint a batch of sketches of equal size, without reading and finishing.

        Args:
            sketches: (B, 1, H, W) in [-1, 1], lines -1 and paper 1; H and W multiples of 16, at least 64.
            references: one or several per sketch, each (B, 3, H', W') in [-1, 1].

        Returns:
            The network's output, on the Colorizer's device.
        """
        labels = label_sketches(sketches).to(self.device) if self.model.config.region_pooling else None
        with computing(self.precision, self.device):
            output: Painted = self.model(
                sketches.to(self.device), [reference.to(self.device) for reference in references], labels
            )
        return output

    @torch.inference_mode()
    def _paint_tile(self, canvas: Bytes, labels: Labels | None, references: References) -> Painted:
        """Paint a tile (H, W), black lines on white, by the labels of its regions where they are pooled."""
        sketch = to_tensor(canvas[None, ..., None], self.device)
        regions = None if labels is None else torch.from_numpy(token_labels(labels))[None].to(self.device)
        with computing(self.precision, self.device):
            return self.model.colorize(sketch, references.tokens, regions)


def _check_size(size: int) -> None:
    """Refuse a size that is out of range."""
    if not SIDE_MINIMUM <= size <= SIDE_MAXIMUM:
        raise UsageError(f"size must be from {SIDE_MINIMUM} to {SIDE_MAXIMUM} pixels, not {size}")
