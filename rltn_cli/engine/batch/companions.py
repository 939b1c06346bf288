"""What a batch writes in addition to pictures: saved paintings and layers, each under its sketch's name."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rltn_cli.choices import LayersFormat
from rltn_cli.engine.batch.journal import Record, file_hash
from rltn_cli.engine.batch.plan import PaintingTask, refuse_clashes
from rltn_cli.engine.inference.colorization import Colorization
from rltn_cli.errors import OutputError
from rltn_cli.imaging.files.formats import PAINTING_SUFFIX
from rltn_cli.output_files import make_folder
from rltn_cli.painting.layer_files import check_layers_size, layer_paths
from rltn_cli.painting.photoshop import psd_tools


@dataclass(frozen=True, slots=True)
class Companions:
    """The folders for companions; None where none are wanted."""

    output: Path
    """The folder of the pictures, whose tree the companions keep."""
    save: Path | None = None
    """A folder for saved paintings."""
    layers: Path | None = None
    """A folder for layers."""
    layers_format: LayersFormat = "ora"

    def check(self, tasks: Iterable[PaintingTask]) -> None:
        """Refuse, before anything runs, what is known to fail.

        Raises:
            UsageError: two sketches share a companion, one is also an input, or psd-tools is missing.
        """
        if self.layers is not None and self.layers_format == "psd":
            psd_tools()
        pairs = [
            ((task.sketch, *task.references), path)
            for task in tasks
            for path in self._list_paths(task.output)
        ]
        refuse_clashes(pairs, "rename one, or paint them into two folders")

    def paths(self, output: Path) -> list[Path]:
        """Return all files that are written in addition to a picture."""
        saved, layered = self._place_painting(output), self._place_layers(output)
        return [*([saved] if saved else []), *(layer_paths(layered) if layered else [])]

    def check_one(self, task: PaintingTask, size: tuple[int, int], record: Record, overwrite: bool) -> None:
        """Refuse, before a sketch is painted, to replace files that the batch did not write.

        Args:
            task: what is painted.
            size: (H, W) of the sketch.
            record: tells what is the batch's own.
            overwrite: whether others may be replaced too.

        Raises:
            OutputError: as above, or the layers are too large for their format.
        """
        if (layered := self._place_layers(task.output)) is not None:
            check_layers_size(layered, size)
        for path in self.paths(task.output):
            if path.exists() and not overwrite and not record.is_own_companion(task.output, path):
                raise OutputError(
                    f"{path} exists already and is not from this batch, or was changed since; choose another "
                    "folder or pass --overwrite"
                )

    def write(self, result: Colorization, output: Path) -> dict[Path, str]:
        """Write a painting's companions, and return the hash of each file.

        Args:
            result: what was painted.
            output: the file of the picture.

        Raises:
            OutputError: one cannot be written.
        """
        saved, layered = self._place_painting(output), self._place_layers(output)
        if saved is not None:
            make_folder(saved.parent)
            result.save_painting(saved, overwrite=True)
        if layered is not None:
            make_folder(layered.parent)
            result.save_layers(layered, overwrite=True)
        return {path: file_hash(path) for path in self.paths(output)}

    def _list_paths(self, output: Path) -> list[Path]:
        return [
            path for path in (self._place_painting(output), self._place_layers(output)) if path is not None
        ]

    def _place_painting(self, output: Path) -> Path | None:
        return None if self.save is None else self._place_in(self.save, output).with_suffix(PAINTING_SUFFIX)

    def _place_layers(self, output: Path) -> Path | None:
        if self.layers is None:
            return None
        suffix = "" if self.layers_format == "png" else f".{self.layers_format}"
        return self._place_in(self.layers, output).with_suffix(suffix)

    def _place_in(self, folder: Path, output: Path) -> Path:
        """Return an output's path in another folder, in the subfolder that it has in the batch's own."""
        within = output.is_relative_to(self.output)
        return folder / (output.relative_to(self.output) if within else output.name)
