"""Plans a batch before it runs: the inputs, their references and outputs, and conflicts."""

import glob
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rltn_cli.engine.batch.lists import read_list
from rltn_cli.engine.batch.manifest import MANIFEST_ENDINGS, read_lines
from rltn_cli.errors import OutputError, UsageError
from rltn_cli.imaging.files.formats import STANDARD_STREAM, format_of_output, is_picture
from rltn_cli.imaging.files.picture_folders import list_pictures
from rltn_cli.painting.fixes import Fix


@dataclass(frozen=True, slots=True)
class PaintingTask:
    """One sketch to paint."""

    sketch: Path
    references: tuple[Path, ...]
    """The references whose colours are used together; if `choose` is set, the candidates."""
    output: Path
    choose: bool = False
    """Whether the best one of `references` is to be chosen."""
    problem: str | None = None
    """Why it cannot be painted, if that is known already."""
    weights: tuple[float, ...] | None = None
    """How likely each reference is to be matched; None for equally likely."""
    fixes: tuple[Fix, ...] = ()
    """Colours of single regions."""
    palette: str | None = None
    """The palette as hex values separated by commas; None for that of the whole batch."""


@dataclass(frozen=True, slots=True)
class Guide:
    """Where references come from, for sketches without any in a manifest."""

    references: tuple[Path, ...] = ()
    """The same for all."""
    folder: Path | None = None
    """A folder of references: one of the sketch's stem, or the one that matches best."""
    choose: bool = False
    weights: tuple[float, ...] | None = None
    """Of `references`."""


@dataclass(frozen=True, slots=True)
class Input:
    """A sketch that was named, with what its manifest says about it."""

    sketch: Path
    below: Path
    """Its path below the named folder; otherwise its file name."""
    references: tuple[Path, ...] = ()
    output: str | None = None
    fixes: tuple[Fix, ...] = ()
    palette: str | None = None
    place: str = field(default="", compare=False)
    """Where in the manifest it is named, for messages."""


def plan_batch(
    sources: Sequence[str],
    output: Path,
    guide: Guide,
    *,
    ending: str = "png",
    recursive: bool = False,
    null: bool = False,
) -> list[PaintingTask]:
    """Find the sketches, the references and the outputs of a batch.

    Args:
        sources: folders, files, patterns, CSV or JSONL manifests, or `-` for a list on standard input.
        output: the folder for the results; need not exist.
        guide: where references come from.
        ending: of the results, unless a manifest names them.
        recursive: whether to look into subfolders.
        null: whether names on standard input end in NUL bytes.

    Returns:
        One task per sketch, in the order of the sources, folders in alphabetical order.

    Raises:
        UsageError: no sketch, a list or a manifest with a bad line, a sketch without a reference, or two
            inputs for one output.
    """
    inputs = list(dict.fromkeys(_find_inputs(sources, output, recursive, null)))
    if not inputs:
        hint = "" if recursive else "; --recursive also looks into subfolders"
        raise UsageError(f"{', '.join(sources)}: no pictures found{hint}")
    library = _Library(guide)
    tasks = list(dict.fromkeys(_task(item, library, output, ending) for item in inputs))
    refuse_clashes(
        (((task.sketch, *task.references), task.output) for task in tasks),
        "rename one, paint them into two folders, or name the outputs in a manifest",
    )
    return tasks


def _find_inputs(sources: Sequence[str], output: Path, recursive: bool, null: bool) -> Iterator[Input]:
    """Yield the sketches that the sources name."""
    if null and STANDARD_STREAM not in sources:
        raise UsageError("--null says how the list on standard input is written: name - among the sketches")
    if sources.count(STANDARD_STREAM) > 1:
        raise UsageError("standard input holds one list: name - only once")
    for source in sources:
        path = Path(source)
        if source == STANDARD_STREAM:
            yield from map(_make_input, read_list(null=null))
        elif path.suffix.lower() in MANIFEST_ENDINGS and not path.is_dir():
            for row in read_lines(path):
                yield Input(
                    row.sketch, Path(row.sketch.name), row.references, row.output, row.fixes, row.palette,
                    row.place,
                )  # fmt: skip
        else:
            yield from find_pictures(source, output, recursive=recursive)


def find_pictures(source: str, output: Path, *, recursive: bool = False) -> Iterator[Input]:
    """Yield the pictures that one argument of the command line refers to.

    Args:
        source: a folder, a pattern, or a file, which need not exist.
        output: a folder whose pictures are left out, since they are results.
        recursive: whether to look into subfolders.

    Raises:
        UsageError: no file has a name like the pattern.
    """
    path = Path(source)
    if path.is_dir():
        for picture in list_pictures(path, recursive=recursive, output=output):
            if output.resolve() not in picture.resolve().parents or path.resolve() == output.resolve():
                yield Input(picture, picture.relative_to(path))
    elif not path.exists() and glob.has_magic(source):
        matches = sorted(Path(match) for match in glob.glob(source, recursive=True))  # noqa: PTH207 (absolute too)
        files = [match for match in matches if match.is_file()]
        if not files:
            raise UsageError(f"{source}: no file matches this pattern")
        yield from map(_make_input, files)
    else:
        yield _make_input(path)


def _make_input(path: Path) -> Input:
    return Input(path, Path(path.name))


class _Library:
    """The references of a guide, listed once."""

    def __init__(self, guide: Guide) -> None:
        self._guide = guide
        self._pictures: list[Path] = []
        self._by_stem: dict[str, list[Path]] = defaultdict(list)
        if guide.folder is None:
            return
        if not guide.folder.is_dir():
            raise UsageError(f"{guide.folder}: no such folder of references")
        self._pictures = list_pictures(guide.folder, recursive=True)
        if not self._pictures:
            raise UsageError(f"{guide.folder}: no pictures to take colours from")
        for picture in self._pictures:
            self._by_stem[_name(picture.relative_to(guide.folder).with_suffix(""))].append(picture)
            if picture.parent != guide.folder:
                self._by_stem[f"*/{_name(Path(picture.stem))}"].append(picture)

    def weights_of(self, references: tuple[Path, ...]) -> tuple[float, ...] | None:
        """Return the weights of a sketch's references, which only those of the whole batch have."""
        return self._guide.weights if references == self._guide.references else None

    def references(self, item: Input) -> tuple[tuple[Path, ...], bool, str | None]:
        """Return a sketch's references, whether to choose among them, and why there are none."""
        guide = self._guide
        if item.references:
            return item.references, False, None
        if guide.folder is None:
            if not guide.references:
                name = f"{item.place}: {item.sketch}" if item.place else item.sketch
                raise UsageError(f"{name}: no reference; pass --ref, --ref-dir, or a manifest with one")
            return guide.references, False, None
        if guide.choose:
            return tuple(self._pictures), True, None
        stem = Path(item.below.stem)
        for key in (_name(item.below.parent / stem), _name(stem), f"*/{_name(stem)}"):
            found = self._by_stem.get(key, [])
            if len(found) == 1:
                return (found[0],), False, None
            if found:
                names = " and ".join(map(str, found[:2]))
                return (), False, f"{item.sketch}: {names} both have its name; keep one of them"
        return (), False, f"{item.sketch}: {guide.folder} contains no picture named {stem}"


def _name(path: Path) -> str:
    """Return a path as text that is the same however the system stores accents."""
    return unicodedata.normalize("NFC", path.as_posix())


def _task(item: Input, library: _Library, output: Path, ending: str) -> PaintingTask:
    """Give an input its references and its output."""
    references, choose, problem = library.references(item)
    if item.output is None:
        target = output / item.below.parent / f"{item.below.stem}.{ending}"
    else:
        target = _place(item.output, output, ending, item.place)
    if problem is None and item.sketch.exists() and not (item.sketch.is_file() or item.sketch.is_dir()):
        problem = f"{item.sketch}: is a pipe or a device; name a file"
    weights = library.weights_of(references)
    return PaintingTask(item.sketch, references, target, choose, problem, weights, item.fixes, item.palette)


def _place(name: str, folder: Path, ending: str, line: str) -> Path:
    """Return the path in the output folder of an output that a manifest's line names.

    Raises:
        UsageError: outside of the folder, or a format that cannot be written.
    """
    target = folder / name
    if target.name in ("", "..") or not target.resolve().is_relative_to(folder.resolve()):
        raise UsageError(f"{line}: the output {name} lies outside {folder}; name a file inside this folder")
    if not is_picture(target):
        target = target.with_name(f"{target.name}.{ending}")
    try:
        format_of_output(target)
    except OutputError as error:
        raise UsageError(f"{line}: {error}") from error
    return target


def refuse_clashes(tasks: Iterable[tuple[Sequence[Path], Path]], advice: str) -> None:
    """Raise UsageError if two results have the same file, or a result's file is an input.

    Outputs that differ only by case clash too: on many disks they are one file.

    Args:
        tasks: for each result the files that it is made of, what it is named after first, and its own file.
        advice: what to do where two have one.
    """
    writers: dict[str, Path] = {}
    inputs: dict[Path, Path] = {}
    outputs = []
    for sources, output in tasks:
        key = unicodedata.normalize("NFC", str(_absolute(output))).casefold()
        if key in writers:
            raise UsageError(f"{writers[key]} and {sources[0]} would both become {output}: {advice}")
        writers[key] = sources[0]
        outputs.append(output)
        for path in sources:
            if path not in inputs:
                inputs[path] = _absolute(path)
    sources_of = {path: name for name, path in inputs.items()}
    for output in outputs:
        if (name := sources_of.get(_absolute(output))) is not None:
            raise UsageError(f"{output} is also an input ({name}): choose another output folder")


def _absolute(path: Path) -> Path:
    """Return the path that a file is reached by, whatever links lead there; it need not exist."""
    return path.parent.resolve() / path.name
