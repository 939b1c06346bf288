"""`rltn colorize`, from files to a file, with a small network that was never trained."""

import hashlib
import io
import json
import os
import pickle
import pty
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from support.bad_pictures import BAD, write_bad_picture

from rltn_cli.cli import run
from rltn_cli.engine.checkpoints.weights import save_model
from rltn_cli.imaging.files.pictures import read_picture
from rltn_cli.model_config import PRESETS
from rltn_cli.models.rltn import RLTN
from rltn_cli.painting.saved import open_painting

ROOT = Path(__file__).resolve().parent.parent.parent
WIDTH, HEIGHT = 120, 96
PYTHON = [sys.executable, "-m", "rltn_cli"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    return save_model(RLTN(PRESETS["tiny"]), tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with drawing.png and reference.png."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    drawing = Image.new("RGB", (WIDTH, HEIGHT), "white")
    pen = ImageDraw.Draw(drawing)
    pen.rectangle((20, 16, 90, 80), outline="black", width=3)
    pen.ellipse((40, 30, 70, 60), outline="black", width=2)
    drawing.save("drawing.png")
    reference = Image.new("RGB", (80, 80), (240, 200, 60))
    ImageDraw.Draw(reference).ellipse((20, 20, 60, 60), fill=(40, 90, 200), outline="black", width=2)
    reference.save("reference.png")
    return tmp_path


def paint(model: Path, *arguments: str) -> int:
    """Run the command at the smallest size and return its exit code; `arguments` may override anything."""
    defaults = ["--model", str(model), "--size", "64", "--device", "cpu"]
    return run(["colorize", *defaults, *arguments])


def pixels_of(name: str) -> np.ndarray:
    with Image.open(name) as picture:
        return np.array(picture)


def size_of(file: str | io.BytesIO) -> tuple[int, int]:
    with Image.open(file) as picture:
        return picture.size


BASIC = ("drawing.png", "-r", "reference.png", "-o", "out.png")


def test_a_drawing_is_painted_at_its_own_size_and_keeps_its_lines(
    model: Path, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert paint(model, *BASIC, "--finish", "paint") == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"rltn: out.png, {WIDTH}x{HEIGHT}, in ")
    painted, drawing = pixels_of("out.png"), pixels_of("drawing.png")
    assert painted.shape == (HEIGHT, WIDTH, 3)
    assert painted[drawing.max(axis=2) == 0].max() == 0
    assert np.abs(painted.astype(int) - drawing)[drawing.min(axis=2) == 255].max() > 0


def test_the_same_command_gives_the_same_file(model: Path, desk: Path) -> None:
    assert paint(model, *BASIC) == 0
    assert paint(model, *BASIC[:-1], "again.png") == 0
    assert Path("out.png").read_bytes() == Path("again.png").read_bytes()


def test_the_default_says_what_it_chose_and_why(
    model: Path, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert paint(model, *BASIC) == 0
    chosen = capsys.readouterr().err
    assert chosen.startswith("rltn: painted as --finish cel: the drawing is closed line art")
    before = pixels_of("out.png")
    assert paint(model, *BASIC, "--finish", "cel", "--overwrite") == 0
    assert "closed line art" not in capsys.readouterr().err
    np.testing.assert_array_equal(pixels_of("out.png"), before)


def test_flats_take_the_palette_that_is_named(
    model: Path, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert paint(model, *BASIC, "--finish", "flat", "--gap", "3", "--palette", "#ff8000,0000ff") == 0
    paper = np.asarray(Image.open("drawing.png").convert("L")) == 255
    found = {tuple(color) for color in pixels_of("out.png")[paper].tolist()}
    assert found <= {(255, 128, 0), (0, 0, 255)}
    for wrong, message in (
        (("--palette", "red"), "neither a palette file nor hex"),
        (("--gap", "300"), "--gap"),
    ):
        assert paint(model, *BASIC[:-1], "other.png", *wrong) == 2
        assert message in capsys.readouterr().err and not Path("other.png").exists()


def test_json_states_what_was_done_and_nothing_else(
    model: Path, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert paint(model, *BASIC, "-r", "reference.png", "--finish", "paint", "--json") == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    facts = json.loads(captured.out)
    seconds = facts.pop("seconds")
    assert seconds > 0
    assert facts == {
        "sketch": "drawing.png",
        "references": ["reference.png", "reference.png"],
        "ref_weights": None,
        "output": "out.png",
        "model": str(model),
        "model_path": str(model / "model.safetensors"),
        "model_revision": None,
        "size": 64,
        "finish": "paint",
        "gap": None,
        "palette": None,
        "fixes": [],
        "fix_alike": False,
        "layers": None,
        "save": None,
        "lines": "keep",
        "transparent_paper": False,
        "alpha": "auto",
        "paper": "auto",
        "drop_pencil": None,
        "margins": "auto",
        "page": 1,
        "extract": False,
        "explain": None,
        "device": "cpu",
        "precision": "fp32",
        "width": WIDTH,
        "height": HEIGHT,
        "notices": [],
    }


def test_quiet_says_nothing(model: Path, desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frames = [Image.new("L", (WIDTH, HEIGHT), 255), Image.new("L", (WIDTH, HEIGHT), 200)]
    ImageDraw.Draw(frames[0]).line((10, 10, 90, 80), fill=0, width=3)
    frames[0].save("moving.gif", save_all=True, append_images=frames[1:])
    assert paint(model, "moving.gif", "-r", "reference.png", "-o", "out.png", "-q") == 0
    assert capsys.readouterr() == ("", "")
    assert paint(model, "moving.gif", "-r", "reference.png", "-o", "second.png") == 0
    assert "only the first of 2 frames" in capsys.readouterr().err


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("part", ["sketch", "reference"])
def test_a_dry_run_looks_at_the_pictures(
    part: str, name: str, desk: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_bad_picture(name)
    if part == "sketch" and name == "dot.png":
        return  # it can be read; what is on it is seen when it is painted
    names = (name, "reference.png") if part == "sketch" else ("drawing.png", name)
    code = paint(model, names[0], "-r", names[1], "-o", "out.png", "--dry-run")
    captured = capsys.readouterr()
    if name == "dot.png":
        assert code == 0
        return
    assert (code, captured.out) == (1, "")
    assert captured.err.startswith(f"rltn: {name}") and captured.err.count("\n") == 1


def test_a_dry_run_leaves_standard_input_alone(
    desk: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert paint(model, "-", "-r", "reference.png", "-o", "out.png", "--dry-run") == 0


def test_a_dry_run_checks_and_writes_nothing(
    model: Path, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(desk.iterdir())
    assert paint(model, *BASIC, "-n", "--json") == 0
    assert json.loads(capsys.readouterr().out)["size"] == 64
    assert paint(model, *BASIC, "--dry-run") == 0
    assert "size        64" in capsys.readouterr().out
    assert sorted(desk.iterdir()) == before
    Path("out.png").write_bytes(b"mine")
    assert paint(model, *BASIC, "--dry-run") == 1


@pytest.mark.parametrize(
    "options",
    [
        ("--finish", "raw"),
        ("--finish", "flat"),
        ("--lines", "network"),
        ("--alpha", "drop"),
        ("--paper", "keep"),
        ("--margins", "keep"),
        ("--drop-pencil", "#6fa8dc"),
        ("--page", "1"),
        ("--extract", "--quiet"),
        ("--size", "96"),
        ("--ref-weight", "2"),
        ("--transparent-paper", "--quiet"),
    ],
    ids=" ".join,
)
def test_options_reach_the_painter(model: Path, desk: Path, options: tuple[str, str]) -> None:
    assert paint(model, *BASIC, *options) == 0
    assert size_of("out.png") == (WIDTH, HEIGHT)


@pytest.mark.parametrize("pencil", ["green", "#12", "6fa8dc", "#6fa8dcx"])
def test_a_pencil_that_is_none(
    model: Path, desk: Path, pencil: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert paint(model, *BASIC, "--drop-pencil", pencil) == 2
    assert f"must be blue, red or a colour such as #6fa8dc, not '{pencil}'" in capsys.readouterr().err


def test_a_page_can_be_chosen(model: Path, desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pages = [Image.open("drawing.png"), Image.open("drawing.png").transpose(Image.Transpose.ROTATE_90)]
    pages[0].save("pages.tif", save_all=True, append_images=pages[1:])
    assert (
        paint(model, "pages.tif", "-r", "reference.png", "-o", "out.png", "--page", "2", "--finish", "paint")
        == 0
    )
    assert size_of("out.png") == (HEIGHT, WIDTH)
    assert capsys.readouterr().err.startswith("rltn: out.png")
    assert paint(model, "pages.tif", "-r", "reference.png", "-o", "third.png", "--page", "3") == 1
    assert "pages.tif: has 2 pages; there is no page 3" in capsys.readouterr().err


def test_what_a_format_cannot_hold_is_refused_before_painting(
    model: Path, desk: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rltn_cli.engine.inference.colorizer.Colorizer.from_pretrained", None)
    Image.new("L", (16_400, 300), 255).save("wide.png")
    assert paint(model, "wide.png", "-r", "reference.png", "-o", "out.webp") == 1
    said = capsys.readouterr().err
    assert (
        "out.webp: WebP holds at most 16,383 pixels per side and the picture is 16400x300; write a PNG"
        in said
    )


def test_pictures_that_are_not_what_they_are_taken_for(
    model: Path, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert paint(model, "reference.png", "-r", "drawing.png", "-o", "out.png") == 0
    said = capsys.readouterr().err
    assert "reference.png: looks like a colour picture or a photo" in said
    assert "rltn extract-lines first, or pass --extract" in said
    assert "drawing.png: is grey; a reference without colours gives none" in said
    extracting = ("-o", "two.png", "--extract", "--finish", "paint")
    assert paint(model, "reference.png", "-r", "reference.png", *extracting) == 0
    assert capsys.readouterr().err.startswith("rltn: two.png")


def test_a_long_time_is_said_before_it_starts(
    model: Path, desk: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rltn_cli.engine.inference.duration.DurationEstimate.seconds", lambda *_, size: 42.4)
    assert paint(model, *BASIC) == 0
    assert "rltn: painting, which takes about 42 seconds at this size\n" in capsys.readouterr().err
    assert paint(model, *BASIC[:-1], "two.png", "--quiet") == 0
    assert capsys.readouterr().err == ""


def test_a_painting_is_saved_with_its_layers_and_fixed_later(
    model: Path, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    green = ("--finish", "flat", "--fix", "30,20=00c800")
    assert paint(model, *BASIC, "--finish", "paint", "--save", "out.rltn", "--layers", "out.ora") == 0
    np.testing.assert_array_equal(pixels_of("out.png"), read_picture("out.ora").pixels)
    assert run(["colorize", "out.rltn", "-o", "again.png"]) == 0
    assert Path("again.png").read_bytes() == Path("out.png").read_bytes()
    assert run(["colorize", "out.rltn", "-o", "fixed.png", *green]) == 0
    assert paint(model, *BASIC[:-1], "direct.png", *green) == 0
    assert Path("fixed.png").read_bytes() == Path("direct.png").read_bytes()
    assert pixels_of("fixed.png")[20, 30].tolist() == [0, 200, 0]
    origin = open_painting(Path("out.rltn"))[0].origin
    assert (origin.model, origin.settings["sketch"], origin.settings["size"]) == ("tiny", "drawing.png", "64")
    weights = (model / "model.safetensors").read_bytes()
    assert origin.model_sha256 == hashlib.sha256(weights).hexdigest()


def test_a_painting_can_be_all_that_is_saved(
    model: Path, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert paint(model, *BASIC[:3], "--save", "out.rltn") == 0
    assert "rltn: out.rltn, 120x96, in " in capsys.readouterr().err
    assert sorted(path.name for path in desk.iterdir()) == ["drawing.png", "out.rltn", "reference.png"]
    assert paint(model, *BASIC[:3], "--layers", "out.ora", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["output"], facts["layers"], facts["width"]) == (None, "out.ora", WIDTH)
    assert run(["colorize", "out.rltn", "--save", "two.rltn", "--fix", "30,20=00c800"]) == 0
    assert run(["colorize", "two.rltn", "-o", "out.png", "--finish", "flat"]) == 0
    assert pixels_of("out.png")[20, 30].tolist() == [0, 200, 0]


def test_each_reference_has_one_weight_or_none_has(
    model: Path, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert paint(model, *BASIC, "--ref-weight", "2", "--ref-weight", "1") == 2
    assert "--ref-weight is given 2 times for 1 references" in capsys.readouterr().err
    assert paint(model, *BASIC, "--ref-weight", "0") == 2
    assert not Path("out.png").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--fix", "500,5=ff0000"), "outside of the drawing, which is 120x96"),
        (("--fix", "20,40=ff0000"), "on a line"),
        (("--fix", "5,5=@300"), "the palette has colours @1 to"),
        (("--fix", "5,5=rot"), "unknown colour"),
        (("--fixes", "none.json"), "cannot be read"),
    ],
)
def test_fixes_that_make_no_sense_write_nothing(
    model: Path, desk: Path, options: tuple[str, str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert paint(model, *BASIC, *options, "--save", "out.rltn", "--layers", "out.ora", "-q") == 2
    said = capsys.readouterr().err
    assert message in said and said.count("\n") == 1
    assert sorted(path.name for path in desk.iterdir()) == ["drawing.png", "reference.png"]


def test_an_explanation_is_written_beside(model: Path, desk: Path) -> None:
    assert paint(model, *BASIC, "--explain", "why") == 0
    names = sorted(path.name for path in Path("why").iterdir())
    assert names == ["confidence.png", "matches.png", "regions.json", "sheet.png", "warped.png"]
    assert size_of("why/warped.png") == size_of("why/confidence.png")
    assert paint(model, *BASIC[:-1], "again.png", "--explain", "why") == 1
    assert not Path("again.png").exists()


def test_an_existing_output_is_kept_unless_told_otherwise(
    model: Path, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("out.png").write_bytes(b"mine")
    assert paint(model, *BASIC) == 1
    assert "out.png exists already" in capsys.readouterr().err
    assert Path("out.png").read_bytes() == b"mine"
    assert paint(model, *BASIC, "--overwrite") == 0
    assert size_of("out.png") == (WIDTH, HEIGHT)


@pytest.mark.parametrize("name", ["drawing.png", "reference.png", "link.png"])
def test_an_input_is_never_overwritten(
    model: Path, desk: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("link.png").symlink_to("drawing.png")
    before = (desk / name).read_bytes()
    assert paint(model, *BASIC[:-1], name, "--overwrite") == 2
    assert "is also an input" in capsys.readouterr().err
    assert (desk / name).read_bytes() == before


@pytest.mark.parametrize("name", [*BAD, "thread.png", "clear.png", "blank.png"])
def test_a_bad_drawing_is_one_line_and_nothing_is_written(
    model: Path, desk: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_bad_picture(name)
    before = sorted(desk.iterdir())
    assert paint(model, name, *BASIC[1:]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("rltn: ")
    assert captured.err.count("\n") == 1
    assert name in captured.err
    assert sorted(desk.iterdir()) == before


@pytest.mark.parametrize("name", BAD[:-1])
def test_a_bad_reference_is_one_line_and_nothing_is_written(
    model: Path, desk: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_bad_picture(name)
    assert paint(model, "drawing.png", "-r", "reference.png", "-r", name, "-o", "out.png") == 1
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert name in captured.err
    assert not Path("out.png").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("drawing.png", "-o", "out.png"), 2, "--ref"),
        (("drawing.png", "-r", "reference.png"), 2, "nothing to write: name a picture with --output, or"),
        (("drawing.png", "-r", "reference.png", "-o", "out.txt"), 1, "unknown picture format"),
        (("drawing.png", "-r", "reference.png", "-o", "out"), 1, "unknown picture format"),
        (("drawing.png", "-r", "reference.png", "-o", "none/out.png"), 1, "no such folder"),
        (("-", "-r", "-", "-o", "out.png"), 2, "name - once"),
        (("drawing.png", "-r", "reference.png", "-o", "-", "--json"), 2, "both go to standard output"),
        ((*BASIC, "-m", "nothing"), 1, "nothing: no such model"),
        ((*BASIC, "-m", "broken"), 1, "not a whole safetensors file"),
        ((*BASIC, "-m", "pickled.safetensors"), 1, "a pickle"),
        ((*BASIC, "--device", "cuda:99"), 2, "cuda:99"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_work_is_one_line_and_nothing_is_written(
    model: Path,
    desk: Path,
    arguments: tuple[str, ...],
    code: int,
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("broken").mkdir()
    Path("broken/config.json").write_text("{}", encoding="utf-8")
    Path("broken/model.safetensors").write_bytes(b"nonsense")
    Path("pickled.safetensors").write_bytes(pickle.dumps({}))
    before = sorted(desk.iterdir())
    assert paint(model, *arguments) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert message in captured.err
    assert sorted(desk.iterdir()) == before


def test_wrong_inputs_are_reported_before_torch_is_imported(model: Path, desk: Path) -> None:
    code = (
        "import sys; from rltn_cli.cli import run\n"
        "for wrong in (['-m', 'nothing'], ['--explain', 'none/why'], ['-r', 'missing.png']):\n"
        "    print(run(sys.argv[1:] + wrong), 'torch' in sys.modules)"
    )
    command = [sys.executable, "-c", code, "colorize", *BASIC, "-m", str(model)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout == "1 False\n" * 3


def test_pictures_go_through_pipes(model: Path, desk: Path) -> None:
    command = [*PYTHON, "colorize", "-", "-r", "reference.png", "-o", "-", "-m", str(model), "--size", "64"]
    command += ["--finish", "paint"]
    drawing = Path("drawing.png").read_bytes()
    result = subprocess.run(command, input=drawing, capture_output=True, check=True)
    assert result.stderr == b""
    assert size_of(io.BytesIO(result.stdout)) == (WIDTH, HEIGHT)
    assert paint(model, *BASIC, "-q", "--finish", "paint") == 0
    assert result.stdout == Path("out.png").read_bytes()


def test_a_picture_is_not_poured_onto_a_terminal(model: Path, desk: Path) -> None:
    main, terminal = pty.openpty()
    command = [*PYTHON, "colorize", *BASIC[:-1], "-", "-m", str(model)]
    result = subprocess.run(command, stdout=terminal, stderr=subprocess.PIPE, check=False)
    os.close(terminal)
    os.close(main)
    assert result.returncode == 2
    assert b"is a terminal" in result.stderr


def test_progress_is_shown_on_a_terminal_only(
    model: Path, desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    main, terminal = pty.openpty()
    with os.fdopen(terminal, "w") as stderr, monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", stderr)
        assert paint(model, *BASIC, "--size", "64") == 0
    shown = b""
    while chunk := read_terminal(main):
        shown += chunk
    os.close(main)
    assert capsys.readouterr() == ("", "")
    assert b"painting" in shown
    assert b"out.png" in shown


def read_terminal(terminal: int) -> bytes:
    """Return what was written to a terminal, or nothing once its other end is closed."""
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""
