"""Plans an extraction before it runs: which pictures, and where their lines go."""

import glob
import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from rltn_cli.engine.batch.plan import Input, find_pictures, refuse_clashes
from rltn_cli.errors import OutputError, UsageError
from rltn_cli.imaging.files.encoding import check_output
from rltn_cli.imaging.files.formats import STANDARD_STREAM, format_of_output, formats_with_alpha
from rltn_cli.imaging.files.pictures import Picture, read_bytes, read_picture
from rltn_cli.imaging.line_art.part_masks import group_parts, read_parts
from rltn_cli.imaging.pixels import Bytes


@dataclass(frozen=True, slots=True)
class ExtractionTask:
    """One picture whose lines are to be drawn."""

    picture: str
    """A path, or `-` for standard input."""
    output: str
    """A path, or `-` for standard output."""
    folder: Path | None = None
    """The folder for all results, which is made if necessary; None if a single file was named."""
    parts: Mapping[str, Path] = field(default_factory=dict)
    """Where the picture is a face of part masks, their files by part; see `imaging.line_art.part_masks`."""

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that the lines are made from."""
        if self.parts:
            return tuple(self.parts.values())
        return () if self.picture == STANDARD_STREAM else (Path(self.picture),)

    def read(self, page: int = 1) -> Picture:
        """Read the picture; a face's masks become a label map.

        Args:
            page: of a file that has several.

        Raises:
            PictureError: the picture cannot be read.
        """
        if not self.parts:
            return read_picture(self.picture, page=page)
        return Picture(np.repeat(read_parts(self.parts)[..., None], 3, axis=2), None, name=self.picture)

    def sha256(self) -> str:
        """Return a hash of the files that the lines are made from.

        Raises:
            PictureError: one of them cannot be read.
        """
        hashes = [hashlib.sha256(read_bytes(path)).hexdigest() for path in self.files]
        if not self.parts:
            return hashes[0]
        listed = "".join(f"{part} {digest}\n" for part, digest in zip(self.parts, hashes, strict=True))
        return hashlib.sha256(listed.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class OutputStyle:
    """How lines are written."""

    invert: bool = False
    """White lines on black."""
    alpha: bool = False
    """Lines on transparency."""

    def render(self, lines: Bytes) -> Bytes:
        """Turn (H, W), black lines on white, into what is written: (H, W), or (H, W, 4) with alpha."""
        if not self.alpha:
            return 255 - lines if self.invert else lines
        result = np.full((*lines.shape, 4), 255 if self.invert else 0, np.uint8)
        result[..., 3] = 255 - lines
        return result


def plan_extraction(
    sources: Sequence[str],
    output: str,
    *,
    faces: bool = False,
    ending: str = "png",
    recursive: bool = False,
) -> list[ExtractionTask]:
    """Find the pictures and their outputs.

    Args:
        sources: files, folders, patterns, or `-` alone for standard input.
        output: for one picture a file or `-`; otherwise, or if the name has no suffix, a folder, which
            need not exist.
        faces: whether files that are named like CelebAMask-HQ's part masks are merged.
        ending: of the results in a folder.
        recursive: whether to look into subfolders.

    Raises:
        UsageError: no picture, standard input and others, an output that is not a folder but has to be,
            two pictures for one output, or an output that is also an input.
    """
    if STANDARD_STREAM in sources and len(sources) > 1:
        raise UsageError("standard input holds one picture: name - alone")
    folder = Path(output)
    one = len(sources) == 1 and (Path(sources[0]).is_file() or not _stands_for_several(sources[0]))
    into_folder = output != STANDARD_STREAM and (folder.is_dir() or not folder.suffix)
    if one and not into_folder:
        tasks = [ExtractionTask(sources[0], output)]
    elif one and sources[0] == STANDARD_STREAM:
        raise UsageError(
            f"{output}: a picture from standard input has no name: name a file, such as lines.png"
        )
    elif output == STANDARD_STREAM:
        raise UsageError("standard output holds one picture: name a folder for several")
    elif folder.suffix and not folder.is_dir():
        raise UsageError(
            f"{output}: several pictures need a folder; name one without a suffix, or make it first"
        )
    else:
        found = (item for source in sources for item in find_pictures(source, folder, recursive=recursive))
        tasks = _into_folder(dict.fromkeys(found), folder, faces, ending)
    if not tasks:
        hint = "" if recursive else "; --recursive also looks into subfolders"
        raise UsageError(f"{', '.join(sources)}: no pictures found{hint}")
    _refuse_clashes(tasks)
    return tasks


def _stands_for_several(source: str) -> bool:
    return Path(source).is_dir() or glob.has_magic(source)


def _into_folder(found: Iterable[Input], folder: Path, faces: bool, ending: str) -> list[ExtractionTask]:
    """Give each picture its file in a folder; the masks of one face make one picture."""
    places = {item.sketch: folder / item.below.with_suffix(f".{ending}") for item in found}
    figures, others = group_parts(places) if faces else ({}, list(places))
    tasks = [ExtractionTask(str(path), str(places[path]), folder) for path in others]
    for figure, parts in figures.items():
        place = places[next(iter(parts.values()))].with_name(f"{figure.name}.{ending}")
        tasks.append(ExtractionTask(str(figure), str(place), folder, parts))
    return sorted(tasks, key=lambda task: task.picture) if figures else tasks


def _refuse_clashes(tasks: Sequence[ExtractionTask]) -> None:
    """Raise UsageError if two pictures have the same output, or an output is an input, also by a link."""
    written = [
        (task.files or (Path(task.picture),), Path(task.output))
        for task in tasks
        if task.output != STANDARD_STREAM
    ]
    refuse_clashes(written, "rename one, or draw them into two folders")
    inputs = {
        (place.stat().st_dev, place.stat().st_ino) for task in tasks for place in task.files if place.exists()
    }
    for _, output in written:
        if output.exists() and (output.stat().st_dev, output.stat().st_ino) in inputs:
            raise UsageError(f"{output} is also an input: choose another name")


def check_outputs(tasks: Sequence[ExtractionTask], style: OutputStyle, *, overwrite: bool) -> None:
    """Refuse, before anything is drawn, outputs that cannot be written as requested.

    Raises:
        UsageError: transparency in a format that has none.
        OutputError: the format is unknown, the output or the folder for results cannot be written.
    """
    for output in {task.output: None for task in tasks}:
        chosen = format_of_output(output)
        if style.alpha and not chosen.alpha:
            raise UsageError(f"{output}: {chosen.name} has no transparency; name a {formats_with_alpha()}")
    folder = tasks[0].folder
    if folder is None:
        check_output(tasks[0].output, overwrite)
        return
    there = next(place for place in (folder, *folder.resolve().parents) if place.exists())
    if not there.is_dir():
        raise OutputError(f"{there} is a file; no folder can be made in it")
    if not os.access(there, os.W_OK):
        raise OutputError(f"{there}: no permission to write in this folder")
