"""`rltn extract-lines`, from files to files; networks are small and were never trained."""

import io
import json
import os
import pickle
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from support.bad_pictures import BAD, write_bad_picture

from rltn_cli.cli import run
from rltn_cli.engine.checkpoints.line_models import save_line_model
from rltn_cli.imaging.files.pictures import read_picture
from rltn_cli.models.hed import HED, HEDConfig

ROOT = Path(__file__).resolve().parent.parent.parent
WIDTH, HEIGHT = 120, 96
PYTHON = [sys.executable, "-m", "rltn_cli"]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    network = HED(HEDConfig(widths=(2, 2, 2, 2, 2), depths=(1, 1, 1, 1, 1), merge=2))
    return save_line_model(network, tmp_path_factory.mktemp("lines") / "tiny")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with color.png."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    draw_color().save("color.png", dpi=(300, 300))
    return tmp_path


def draw_color() -> Image.Image:
    picture = Image.new("RGB", (WIDTH, HEIGHT), (230, 220, 200))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((20, 16, 60, 80), fill=(150, 40, 30))
    pen.ellipse((70, 30, 110, 70), fill=(30, 60, 150))
    return picture


def draw(*arguments: str) -> int:
    """Run the command with xdog, unless told otherwise, and return its exit code."""
    return run(["extract-lines", "--method", "xdog", *arguments])


def pixels_of(name: str | io.BytesIO) -> np.ndarray:
    with Image.open(name) as picture:
        return np.array(picture)


BASIC = ("color.png", "-o", "lines.png")


def test_lines_are_grey_have_the_picture_s_size_and_keep_its_density(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert draw(*BASIC) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"rltn: lines.png, {WIDTH}x{HEIGHT}, in ")
    lines = pixels_of("lines.png")
    assert lines.shape == (HEIGHT, WIDTH)
    assert lines[40, 18:23].min() < 100 and lines[40, 30:50].min() > 200
    assert read_picture("lines.png").dpi == pytest.approx((300, 300), abs=0.1)


@pytest.mark.parametrize("method", ["hed-small", "hed", "contour", "xdog"])
def test_every_method_draws(desk: Path, weights: Path, method: str) -> None:
    given = ("--weights", str(weights), "--device", "cpu") if method.startswith("hed") else ()
    assert draw(*BASIC, "--method", method, *given) == 0
    assert pixels_of("lines.png").shape == (HEIGHT, WIDTH)


@pytest.mark.parametrize(
    ("options", "values"),
    [
        (("--threshold", "0.3"), {0, 255}),
        (("--thin",), {0, 255}),
        (("--thin", "--size", "32"), None),
        (("--size", "300"), None),
        (("--method", "contour", "--line-width", "4.5"), None),
    ],
    ids=str,
)
def test_options_reach_the_extractor(desk: Path, options: tuple[str, ...], values: set[int] | None) -> None:
    assert draw(*BASIC) == 0
    plain = pixels_of("lines.png")
    assert draw(*BASIC, *options, "--overwrite") == 0
    lines = pixels_of("lines.png")
    assert lines.shape == plain.shape and (lines != plain).any()
    assert values is None or set(np.unique(lines)) == values


def test_white_on_black_and_on_transparency(desk: Path) -> None:
    assert draw(*BASIC) == 0
    lines = pixels_of("lines.png")
    assert draw("color.png", "-o", "inverted.png", "--invert") == 0
    assert (pixels_of("inverted.png") == 255 - lines).all()
    assert draw("color.png", "-o", "clear.webp", "--alpha") == 0
    clear = pixels_of("clear.webp")
    assert (clear[..., 3] == 255 - lines).all() and (clear[..., :3][lines < 255] == 0).all()
    picture = read_picture("clear.webp")
    assert abs(picture.flatten()[..., 0].astype(int) - lines).max() <= 1


@pytest.mark.parametrize("size", [(1, 1), (3, 2000), (2000, 3)])
@pytest.mark.parametrize("method", ["hed-small", "contour", "xdog"])
def test_any_size_goes(desk: Path, weights: Path, method: str, size: tuple[int, int]) -> None:
    Image.effect_noise(size, 60).convert("RGB").save("odd.png")
    given = ("--weights", str(weights)) if method == "hed-small" else ()
    assert draw("odd.png", "-o", "lines.png", "--method", method, *given, "-q") == 0
    assert pixels_of("lines.png").shape == size[::-1]


def test_odd_files_are_read_as_everywhere(desk: Path) -> None:
    color = draw_color()
    turned = Image.Exif()
    turned[0x0112] = 6
    color.save("turned.jpg", exif=turned)
    color.convert("CMYK").save("print.jpg")
    color.convert("P").save("palette.gif")
    color.convert("L").save("grey.png")
    Image.fromarray(np.asarray(color.convert("L")).astype(np.uint16) * 257).save("deep.png")
    cut = color.convert("RGBA")
    cut.putalpha(Image.new("L", color.size, 0))
    cut.save("clear.png")
    names = ("turned.jpg", "print.jpg", "palette.gif", "grey.png", "deep.png", "clear.png")
    assert draw(*names, "-o", "out", "-q") == 0
    assert pixels_of("out/turned.png").shape == (WIDTH, HEIGHT)
    for name in names[1:]:
        assert pixels_of(f"out/{Path(name).stem}.png").shape == (HEIGHT, WIDTH)
    assert (pixels_of("out/clear.png") == 255).all()  # white paper
    assert (pixels_of("out/deep.png") == pixels_of("out/grey.png")).all()


def test_a_moving_picture_gives_its_first_frame_and_a_notice(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frames = [draw_color(), Image.new("RGB", (WIDTH, HEIGHT))]
    frames[0].save("moving.gif", save_all=True, append_images=frames[1:])
    assert draw("moving.gif", "-o", "quiet.png", "-q") == 0
    assert capsys.readouterr() == ("", "")
    assert draw("moving.gif", "-o", "lines.png") == 0
    assert "only the first of 2 frames" in capsys.readouterr().err


def test_faces_from_part_masks(desk: Path) -> None:
    Path("anno/0").mkdir(parents=True)
    for part, box in (("skin", (20, 20, 80, 90)), ("hair", (10, 5, 90, 30))):
        mask = Image.new("RGB", (100, 100))
        ImageDraw.Draw(mask).rectangle(box, fill="white")
        mask.save(f"anno/0/00007_{part}.png")
    assert draw("anno", "-R", "-o", "out", "--method", "contour", "--line-width", "1", "-q") == 0
    assert [path.name for path in sorted(Path("out").rglob("*.png"))] == ["00007.png"]
    lines = pixels_of("out/0/00007.png")
    assert lines[60, 18:22].min() < 50 and lines[60, 79:82].min() < 50
    assert lines[17, 8:12].min() < 50
    assert lines[20:29, 30:70].min() == 255, "hair covers the skin's edge"


@pytest.mark.parametrize("name", [name for name in BAD if name not in ("dot.png", "folder.png")])
def test_a_bad_picture_is_one_line_and_nothing_is_written(
    desk: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_bad_picture(name)
    before = sorted(desk.iterdir())
    assert draw(name, "-o", "lines.png") == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("rltn: ")
    assert captured.err.count("\n") == 1
    assert name in captured.err
    assert sorted(desk.iterdir()) == before


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("color.png",), 2, "--output"),
        (("-o", "lines.png"), 2, "PICTURE"),
        (("color.png", "-o", "lines.txt"), 1, "unknown picture format"),
        (("color.png", "-o", "none/lines.png"), 1, "no such folder"),
        (("color.png", "-o", "taken.png"), 1, "taken.png exists already"),
        (("color.png", "-o", "color.png", "--overwrite"), 2, "also an input"),
        (("color.png", "-o", "link.png", "--overwrite"), 2, "also an input"),
        (("color.png", "missing.png", "-o", "lines.png"), 2, "need a folder"),
        (("empty", "-o", "out"), 2, "no pictures found"),
        (("empty", "-o", "lines.png"), 2, "need a folder"),
        (("-", "-o", "out"), 2, "has no name"),
        (("-", "color.png", "-o", "out"), 2, "name - alone"),
        (("color.png", "taken.png", "-o", "-"), 2, "standard output holds one picture"),
        (("color.png", "-o", "-", "--json"), 2, "both go to standard output"),
        (("color.png", "-o", "lines.jpg", "--alpha"), 2, "JPEG has no transparency"),
        ((*BASIC, "--method", "pencil"), 2, "pencil"),
        ((*BASIC, "--method", "hed"), 2, "--weights"),
        ((*BASIC, "--weights", "tiny"), 2, "method xdog has no weights"),
        ((*BASIC, "--threshold", "2"), 2, "threshold"),
        ((*BASIC, "--size", "3"), 2, "size"),
        ((*BASIC, "--line-width", "0"), 2, "line-width"),
        ((*BASIC, "--device", "cuda0"), 2, "--device must be"),
        ((*BASIC, "--method", "hed", "--weights", "nothing"), 1, "nothing: no such model"),
        ((*BASIC, "--method", "hed", "--weights", "broken"), 1, "not a whole safetensors file"),
        ((*BASIC, "--method", "hed", "--weights", "pickled.safetensors"), 1, "a pickle"),
        ((*BASIC, "--method", "hed", "--weights", "rltn-small"), 1, "does not draw lines"),
        ((*BASIC, "--method", "hed", "--weights", "org/repo", "--offline"), 1, "org/repo"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_work_is_one_line_and_nothing_is_written(
    desk: Path, arguments: tuple[str, ...], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("broken").mkdir()
    Path("broken/config.json").write_text("{}", encoding="utf-8")
    Path("broken/model.safetensors").write_bytes(b"nonsense")
    Path("pickled.safetensors").write_bytes(pickle.dumps({}))
    Path("empty").mkdir()
    Path("taken.png").write_bytes(Path("color.png").read_bytes())
    Path("link.png").symlink_to("color.png")
    before = {path: path.read_bytes() for path in desk.rglob("*") if path.is_file()}
    assert draw(*arguments) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert message in captured.err
    assert {path: path.read_bytes() for path in desk.rglob("*") if path.is_file()} == before


def test_an_unwritable_folder_is_named(
    desk: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("closed").mkdir()
    monkeypatch.setattr(os, "access", lambda path, _: Path(path).name != "closed")
    assert draw("color.png", "-o", "closed/lines.png") == 1
    assert draw("color.png", "-o", "closed/new") == 1
    assert capsys.readouterr().err.count("closed: no permission") == 2


def test_an_existing_output_is_replaced_when_told_so(desk: Path) -> None:
    Path("lines.png").write_bytes(b"mine")
    assert draw(*BASIC, "--overwrite", "-q") == 0
    assert pixels_of("lines.png").shape == (HEIGHT, WIDTH)


def test_of_several_the_bad_ones_are_named_and_the_others_go_on(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("in").mkdir()
    draw_color().save("in/a.png")
    Path("in/b.png").write_text("no picture", encoding="utf-8")
    draw_color().save("in/c.webp")
    Path("out").mkdir()
    Path("out/c.png").write_bytes(b"mine")
    assert draw("in", "-o", "out") == 3
    error = capsys.readouterr().err
    assert "in/b.png: not a picture" in error and "out/c.png exists already" in error
    assert "rltn: 1 done, 2 failed, in" in error
    assert "rltn: failed: in/b.png, in/c.webp" in error
    assert pixels_of("out/a.png").shape == (HEIGHT, WIDTH)
    assert Path("out/c.png").read_bytes() == b"mine"
    assert draw("in/b.png", "missing.png", "-o", "out", "-q") == 1
    assert capsys.readouterr().err.count("\n") == 2


def test_events_are_json_lines(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert draw("color.png", "missing.png", "-o", "out", "--json") == 3
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["event"] for event in events] == ["plan", "started", "done", "started", "failed", "summary"]
    assert events[0]["pictures"] == 2
    done = {"picture": "color.png", "output": "out/color.png", "width": WIDTH, "height": HEIGHT}
    assert done.items() <= events[2].items()
    assert "no such file" in events[4]["reason"]
    summary = {"done": 1, "failed": 1, "left": 0, "failures": ["missing.png"], "interrupted": False}
    assert summary.items() <= events[5].items()


def test_a_dry_run_shows_and_writes_nothing(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(desk.rglob("*"))
    assert draw("color.png", "-o", "out", "--thin", "-n") == 0
    shown = capsys.readouterr().out
    assert "thin            True\n" in shown and "color.png -> out/color.png\n" in shown
    assert draw("color.png", "-o", "out", "-n", "--json") == 0
    settings, planned = map(json.loads, capsys.readouterr().out.splitlines())
    assert settings["method"] == "xdog" and planned["output"] == "out/color.png"
    assert sorted(desk.rglob("*")) == before


def test_pictures_go_through_pipes(desk: Path) -> None:
    command = [*PYTHON, "extract-lines", "-", "-o", "-", "--method", "xdog"]
    color = Path("color.png").read_bytes()
    result = subprocess.run(command, input=color, capture_output=True, check=True)
    assert result.stderr == b""
    assert draw(*BASIC, "-q") == 0
    assert result.stdout == Path("lines.png").read_bytes()


def test_a_picture_is_not_poured_onto_a_terminal(desk: Path) -> None:
    main, terminal = pty.openpty()
    command = [*PYTHON, "extract-lines", "color.png", "-o", "-", "--method", "xdog"]
    result = subprocess.run(command, stdout=terminal, stderr=subprocess.PIPE, check=False)
    os.close(terminal)
    os.close(main)
    assert result.returncode == 2
    assert b"is a terminal" in result.stderr


def test_methods_without_a_network_do_not_load_torch(desk: Path) -> None:
    code = (
        "import sys; from rltn_cli.cli import run\n"
        "for method in ('xdog', 'contour'):\n"
        "    code = run([*sys.argv[1:], '-o', method + '.png', '--method', method])\n"
        "    print(code, 'torch' in sys.modules)"
    )
    command = [sys.executable, "-c", code, "extract-lines", "color.png", "-q"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout == "0 False\n" * 2


def test_an_interruption_ends_after_the_picture_at_work(desk: Path) -> None:
    Path("in").mkdir()
    Image.effect_noise((1000, 1000), 80).convert("RGB").save("in/00.bmp")
    for number in range(1, 60):
        Path(f"in/{number:02}.bmp").hardlink_to("in/00.bmp")
    command = [*PYTHON, "extract-lines", "in", "-o", "out", "--method", "xdog", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stderr
        while '"done"' not in process.stdout.readline():
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        last = json.loads(process.stdout.read().splitlines()[-1])
        assert "finishing the picture at work" in process.stderr.read()
    assert process.returncode == 130
    assert last["event"] == "summary" and last["interrupted"] and last["left"] > 0
    written = sorted(Path("out").glob("*.png"))
    assert len(written) == last["done"]
    for path in written:
        assert pixels_of(str(path)).shape == (1000, 1000)
