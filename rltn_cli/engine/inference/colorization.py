"""The result of painting a drawing."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from rltn_cli.engine.inference.clues import ReferenceColors, gather_clues
from rltn_cli.imaging.canvas import Fit
from rltn_cli.imaging.files.encoding import write_picture
from rltn_cli.imaging.margins import Box
from rltn_cli.imaging.pixels import Bytes, Floats, Pixels, to_bytes
from rltn_cli.models.architectures import PaintingNetwork
from rltn_cli.models.painted import Painted
from rltn_cli.models.rltn import RLTN, RLTNOutput
from rltn_cli.painting.finish import Finished, no_correspondence
from rltn_cli.painting.layer_files import write_layers
from rltn_cli.painting.painting import Matches, Origin, Painting
from rltn_cli.painting.saved import save_painting
from rltn_cli.sizes import PATCH


@dataclass(frozen=True, eq=False)
class Colorization:
    """A painted drawing, and what the network computed for it."""

    finished: Finished
    """The finished picture, and how it came about."""
    fit: Fit
    """How the drawing, or the figure in it, was fitted to the network's size."""
    notices: tuple[str, ...]
    """Messages to the user about what was changed, left out or chosen."""
    _model: PaintingNetwork = field(repr=False)
    _outputs: tuple[Painted, ...] = field(repr=False)
    _colors: ReferenceColors = field(repr=False)
    _origin: Callable[[], Origin] = field(repr=False)

    @property
    def image(self) -> Pixels:
        """(H, W, 3) RGB or (H, W, 4) RGBA at the drawing's own size, uint8 or uint16 as the drawing."""
        return self.finished.image

    @property
    def references(self) -> tuple[Bytes, ...]:
        """Each (H', W', 3) RGB, as the network saw it."""
        return self.finished.painting.references

    @property
    def dpi(self) -> tuple[float, float] | None:
        """Dots per inch across and down, as in the drawing's file."""
        return self.finished.painting.dpi

    @property
    def figure(self) -> Box | None:
        """The part of the drawing within wide blank margins, which is all that the network saw; None for all.

        `colors`, `warped`, `confidence` and `matches` are of it.
        """
        return self.finished.painting.figure

    @cached_property
    def colors(self) -> Bytes:
        """(h, w, 3) RGB, the network's own picture."""
        return to_bytes(self.finished.painting.seen.colors)

    @property
    def has_correspondence(self) -> bool:
        """Whether the model tells where the reference has a place's colours: `warped` and what follows it."""
        return isinstance(self._model, RLTN)

    def _correspondence(self, what: str) -> tuple[RLTN, list[RLTNOutput]]:
        """Return the network and its outputs, or refuse what only RLTN gives."""
        if not isinstance(self._model, RLTN):
            raise no_correspondence(self._model.config.network, what)
        return self._model, [output for output in self._outputs if isinstance(output, RLTNOutput)]

    @cached_property
    def warped(self) -> Bytes:
        """(h, w, 3) RGB, the reference's colours at the drawing's places.

        This and all that follows raises UsageError for a model without correspondence.
        """
        self._correspondence("the warped reference")
        return to_bytes(self.finished.painting.seen.warped)

    @cached_property
    def painting(self) -> Painting:
        """All that fixes, finishes, layers and saving need, without the network; gathered on first use."""
        self._correspondence("a saved or explained painting")
        painting = self.finished.painting
        seen = painting.seen
        if seen.attention is None:
            seen = gather_clues(self.fit, self._outputs, self._colors)
        matches = Matches(self.matches.astype(np.int32), self.confidence)
        return replace(painting, seen=seen, matches=matches, origin=self._origin())

    def save_painting(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Save what was painted as `.rltn`, to be opened by `rltn_cli.painting.saved.open_painting`.

        Raises:
            UsageError, OutputError: see `rltn_cli.painting.saved.save_painting`.
        """
        save_painting(Path(path), self.painting, self.finished.options, overwrite=overwrite)

    def save_layers(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the layers as `.ora`, `.psd`, or PNG files into a folder.

        Raises:
            UsageError, OutputError: see `rltn_cli.painting.layer_files.write_layers`.
        """
        write_layers(Path(path), replace(self.finished, painting=self.painting), overwrite=overwrite)

    @cached_property
    def confidence(self) -> Floats:
        """How well the references match each place, (h / 4, w / 4) in [-1, 1]; computed on first use."""
        model, outputs = self._correspondence("confidence")
        with torch.inference_mode():
            parts = [model.confidence(output)[0].permute(1, 2, 0).cpu().numpy() for output in outputs]
        return self.fit.crop(self.fit.join(parts, PATCH), PATCH)[..., 0]

    @cached_property
    def matches(self) -> NDArray[np.int64]:
        """Where each place found its best match; computed on first use.

        (h / 4, w / 4, 3): number of the reference, row and column of the matched 4x4 patch's first pixel in
        `references`.
        """
        model, outputs = self._correspondence("a map of matches")
        with torch.inference_mode():
            flat = [model.matches(output)[0].cpu().numpy() for output in outputs]
        height, width = (side // PATCH for side in self.fit.canvas)
        tokens = np.zeros((height, width), np.int64)
        for (rows, columns), part in zip(self.fit.tiles(), flat, strict=True):
            place = (
                slice(rows.start // PATCH, rows.stop // PATCH),
                slice(columns.start // PATCH, columns.stop // PATCH),
            )
            tokens[place] = part.reshape(tokens[place].shape)
        return self._places(self.fit.crop(tokens, PATCH))

    def _places(self, tokens: NDArray[np.int64]) -> NDArray[np.int64]:
        """Convert token numbers, which continue from reference to reference, to (reference, row, column)."""
        grids = [(picture.shape[0] // PATCH, picture.shape[1] // PATCH) for picture in self.references]
        firsts = np.cumsum([0, *(rows * columns for rows, columns in grids)])
        number = np.searchsorted(firsts, tokens, side="right") - 1
        inside = tokens - firsts[number]
        columns = np.array([grid[1] for grid in grids])[number]
        return np.stack([number, inside // columns * PATCH, inside % columns * PATCH], axis=-1)

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the painted picture; the file name gives the format, `-` is standard output.

        Raises:
            OutputError: see `rltn_cli.imaging.files.encoding.write_picture`.
        """
        write_picture(path, self.image, dpi=self.dpi, overwrite=overwrite)
