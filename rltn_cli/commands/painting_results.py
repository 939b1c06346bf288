"""What `rltn colorize` writes: the picture, and what else was asked for."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rltn_cli.commands.messages import say, show, show_text
from rltn_cli.commands.streams import check_standard_output
from rltn_cli.errors import UsageError
from rltn_cli.imaging.files.formats import STANDARD_STREAM, format_of_output, formats_with_alpha

if TYPE_CHECKING:
    from rltn_cli.painting.finish import Finished
    from rltn_cli.painting.painting import Painting


@dataclass(frozen=True, slots=True)
class Results:
    """Where results go."""

    picture: str | None
    """A path, or `-`; None where no picture is wanted."""
    layers: Path | None
    save: Path | None
    explain: Path | None
    overwrite: bool

    @property
    def names(self) -> list[str]:
        """What is written, the picture first."""
        return [str(name) for name in (self.picture, self.save, self.layers, self.explain) if name]

    @property
    def settings(self) -> dict[str, Any]:
        """The same as plain values."""
        return {
            "output": self.picture,
            "layers": str(self.layers) if self.layers else None,
            "save": str(self.save) if self.save else None,
            "explain": str(self.explain) if self.explain else None,
        }

    def check(self, inputs: Sequence[str], as_json: bool) -> None:
        """Refuse, before any work is done, what cannot be written, and what is also an input.

        Args:
            inputs: the files that are read.
            as_json: whether standard output is taken by JSON.

        Raises:
            UsageError, OutputError: as above.
        """
        from rltn_cli.imaging.files.encoding import check_output
        from rltn_cli.painting.explanation import check_explanation
        from rltn_cli.painting.layer_files import check_layers
        from rltn_cli.painting.saved import check_saving

        if not self.names:
            raise UsageError(
                "nothing to write: name a picture with --output, or something else with --save, --layers or "
                "--explain"
            )
        picture = None if self.picture is None else Path(self.picture)
        read = [path for path in map(Path, inputs) if path.exists()]
        for target in (picture, self.save, self.layers):
            if target and target.exists() and any(target.samefile(path) for path in read):
                raise UsageError(f"{target} is also an input: choose another name")
        if self.picture is not None:
            check_standard_output(self.picture, as_json)
            check_output(self.picture, self.overwrite)
        if self.layers:
            check_layers(self.layers, self.overwrite)
        if self.save:
            check_saving(self.save, self.overwrite)
        if self.explain:
            check_explanation(self.explain, self.overwrite)

    def check_correspondence(self, method: str) -> None:
        """Refuse what a method without correspondence cannot give.

        Raises:
            UsageError: as above.
        """
        from rltn_cli.painting.finish import no_correspondence

        for name, value in (("--explain", self.explain), ("--save", self.save), ("--layers", self.layers)):
            if value:
                raise no_correspondence(method, name)

    def check_size(self, size: tuple[int, int]) -> None:
        """Refuse, before any work is done, a picture (H, W) that is too large for its format.

        Raises:
            OutputError: as above.
        """
        from rltn_cli.imaging.files.encoding import check_size
        from rltn_cli.painting.layer_files import check_layers_size

        if self.picture is not None:
            check_size(size, format_of_output(self.picture), self.picture)
        if self.layers:
            check_layers_size(self.layers, size)

    def write(self, finished: "Finished", painting: "Callable[[], Painting]") -> None:
        """Write what was asked for.

        Args:
            finished: the picture.
            painting: gives the painting with all that the network says of it.
        """
        from rltn_cli.imaging.files.encoding import write_picture
        from rltn_cli.painting.explanation import write_explanation
        from rltn_cli.painting.layer_files import write_layers
        from rltn_cli.painting.saved import save_painting

        if self.picture is not None:
            dpi = finished.painting.dpi
            write_picture(self.picture, finished.image, dpi=dpi, overwrite=self.overwrite)
        if self.layers:
            write_layers(self.layers, replace(finished, painting=painting()), overwrite=self.overwrite)
        if self.save:
            save_painting(self.save, painting(), finished.options, overwrite=self.overwrite)
        if self.explain:
            write_explanation(painting(), finished, self.explain, overwrite=self.overwrite)


def check_transparency(wanted: bool, output: str | None) -> None:
    """Refuse transparent paper in a format that has no transparency.

    Raises:
        UsageError: as above.
    """
    if output is None:
        return
    picture_format = format_of_output(output)
    if wanted and not picture_format.alpha:
        raise UsageError(
            f"{output}: {picture_format.name} has no transparency for --transparent-paper; write a "
            f"{formats_with_alpha()}"
        )


def report(
    settings: Mapping[str, Any],
    results: Results,
    finished: "Finished",
    notices: Sequence[str],
    seconds: float,
    *,
    as_json: bool,
    quiet: bool,
) -> None:
    """Print what was painted, and in how many seconds."""
    height, width = finished.image.shape[:2]
    if as_json:
        outcome = {
            "width": width,
            "height": height,
            "seconds": round(seconds, 2),
            "notices": list(notices),
            **_colors_of(finished),
        }
        show_settings({**settings, **outcome}, as_json)
    elif not quiet and results.picture != STANDARD_STREAM:
        say(f"{results.names[0]}, {width}x{height}, in {seconds:.1f} s")


def _colors_of(finished: "Finished") -> dict[str, Any]:
    """Return the palette that flats chose from, and how far a named one is from the references' colours."""
    if finished.decision is None:
        return {}
    found: dict[str, Any] = {"colors": finished.decision.palette.hexes}
    if (palette := finished.options.palette) is not None:
        own = finished.painting.palette
        found["nearest"] = [
            {"reference": color, "palette": palette.hexes[number], "distance": round(away, 1)}
            for color, (number, away) in zip(own.hexes, own.distances_to(palette), strict=True)
        ]
    return found


def show_settings(values: Mapping[str, Any], as_json: bool) -> None:
    """Print values to standard output."""
    if as_json:
        show_text(json.dumps(values, indent=2) + "\n")
        return
    for name, value in values.items():
        show(f"{name:10}  {', '.join(value) if isinstance(value, list | tuple) else value}")
