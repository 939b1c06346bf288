"""`rltn batch` with fixes, palettes, saved paintings and layers."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from rltn_cli.cli import run
from rltn_cli.engine.checkpoints.weights import save_model
from rltn_cli.model_config import PRESETS
from rltn_cli.models.rltn import RLTN


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    return save_model(RLTN(PRESETS["tiny"]), tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with two drawings in in/ and a reference."""
    monkeypatch.chdir(tmp_path)
    for number in range(2):
        drawing = Image.new("RGB", (80, 80), "white")
        ImageDraw.Draw(drawing).rectangle((10, 10, 60 + 5 * number, 65), outline="black", width=3)
        Path("in").mkdir(exist_ok=True)
        drawing.save(f"in/{number}.png")
    reference = Image.new("RGB", (64, 64), (240, 120, 40))
    ImageDraw.Draw(reference).ellipse((16, 16, 50, 50), fill=(40, 60, 220), outline="black", width=2)
    reference.save("ref.png")
    return tmp_path


def paint(model: Path, *arguments: str) -> int:
    defaults = ["--model", str(model), "--size", "64", "--device", "cpu", "--output", "out", "-q"]
    return run(["batch", *defaults, *arguments])


def color_at(name: str, x: int, y: int) -> tuple[int, ...]:
    with Image.open(name) as picture:
        return picture.getpixel((x, y))


def counts(capsys: pytest.CaptureFixture[str]) -> dict[str, int]:
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return {name: events[-1][name] for name in ("done", "skipped", "failed")}


def test_paintings_and_layers_are_written_beside_and_can_be_finished(model: Path, desk: Path) -> None:
    flat = ("-r", "ref.png", "--finish", "flat")
    assert paint(model, "in", *flat, "--save", "saved", "--layers", "layers") == 0
    assert sorted(path.name for path in Path("saved").iterdir()) == ["0.rltn", "1.rltn"]
    assert sorted(path.name for path in Path("layers").iterdir()) == ["0.ora", "1.ora"]
    assert run(["colorize", "saved/1.rltn", "-o", "again.png"]) == 0
    assert Path("again.png").read_bytes() == Path("out/1.png").read_bytes()
    assert paint(model, "in", *flat, "-o", "two", "--layers", "two-layers", "--layers-format", "png") == 0
    assert Path("two-layers/0/flats.png").is_file() and Path("two-layers/1/layers.json").is_file()


def test_what_is_done_is_skipped_and_missing_companions_are_made(
    model: Path, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("in", "-r", "ref.png", "--json")
    assert paint(model, *asked) == 0
    capsys.readouterr()
    assert paint(model, *asked, "--save", "saved") == 0
    assert counts(capsys) == {"done": 2, "skipped": 0, "failed": 0}
    assert paint(model, *asked, "--save", "saved") == 0
    assert counts(capsys) == {"done": 0, "skipped": 2, "failed": 0}
    Path("saved/0.rltn").unlink()
    assert paint(model, *asked, "--save", "saved") == 0
    assert counts(capsys) == {"done": 1, "skipped": 1, "failed": 0}


def test_a_saved_painting_that_was_changed_is_not_replaced(
    model: Path, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("in", "-r", "ref.png", "--save", "saved")
    assert paint(model, *asked) == 0
    fixed = ("-o", "x.png", "--fix", "30,30=00c800", "--save", "mine.rltn")
    assert run(["colorize", "saved/0.rltn", *fixed]) == 0
    mine = Path("mine.rltn").read_bytes()
    Path("saved/0.rltn").write_bytes(mine)
    capsys.readouterr()
    assert paint(model, *asked, "--finish", "flat", "--json") == 3
    told = capsys.readouterr().out
    assert "saved/0.rltn exists already and is not from this batch, or was changed since" in told
    assert Path("saved/0.rltn").read_bytes() == mine
    assert paint(model, *asked, "--finish", "flat", "--overwrite") == 0
    assert Path("saved/0.rltn").read_bytes() != mine


def test_a_manifest_names_fixes_and_palettes(model: Path, desk: Path) -> None:
    Path("fixes.json").write_text('[{"x": 30, "y": 30, "color": "@2"}]', encoding="utf-8")
    Path("page.gpl").write_text("GIMP Palette\n10 20 30\n200 210 220\n", encoding="utf-8")
    lines = [
        "sketch,reference,fixes,color_palette",
        'in/0.png,ref.png,"30,30=00c800;2,2=#ffffff",',
        "in/1.png,ref.png,fixes.json,page.gpl",
    ]
    Path("pages.csv").write_text("\n".join(lines), encoding="utf-8")
    assert paint(model, "pages.csv", "--finish", "flat") == 0
    assert color_at("out/0.png", 30, 30) == (0, 200, 0) and color_at("out/0.png", 2, 2) == (255, 255, 255)
    assert color_at("out/1.png", 30, 30) == (200, 210, 220)
    assert color_at("out/1.png", 2, 2) in {(10, 20, 30), (200, 210, 220)}
    entry = json.loads(Path("out/manifest.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert entry["options"]["fixes"] == ["30,30=#00c800", "2,2=#ffffff"]
    row: dict[str, object] = {"sketch": "in/0.png", "reference": "ref.png", "fixes": ["30,30=0000c8"]}
    row["color_palette"] = ["ffffff", "000000"]
    Path("pages.jsonl").write_text(json.dumps(row), encoding="utf-8")
    assert paint(model, "pages.jsonl", "--finish", "flat", "-o", "two") == 0
    assert color_at("two/0.png", 30, 30) == (0, 0, 200)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ('"30,30=red",', "pages.csv, line 2: fix '30,30=red': unknown colour 'red'"),
        ("none.csv,", "pages.csv, line 2: none.csv: cannot be read"),
        (",words", "pages.csv, line 2: words is neither a palette file nor hex values"),
    ],
)
def test_a_line_that_makes_no_sense_is_named_and_nothing_runs(
    model: Path, desk: Path, value: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f"sketch,reference,fixes,color_palette\nin/0.png,ref.png,{value}\n"
    Path("pages.csv").write_text(text, encoding="utf-8")
    assert paint(model, "pages.csv") == 2
    assert message in capsys.readouterr().err and not Path("out").exists()


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_fixes_are_refused_for_raw_before_anything_runs(
    model: Path, desk: Path, options: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    text = 'sketch,reference,fixes\nin/0.png,ref.png,\nin/1.png,ref.png,"30,30=ff0000"\n'
    Path("pages.csv").write_text(text, encoding="utf-8")
    assert paint(model, "pages.csv", "--finish", "raw", *options) == 2
    assert "without regions to fix" in capsys.readouterr().err and not Path("out").exists()


def test_a_fix_that_lies_nowhere_fails_its_sketch_alone(
    model: Path, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = 'sketch,reference,fixes\nin/0.png,ref.png,"300,3=ff0000"\nin/1.png,ref.png,\n'
    Path("pages.csv").write_text(text, encoding="utf-8")
    assert paint(model, "pages.csv") == 3
    assert "outside of the drawing" in capsys.readouterr().err
    assert sorted(path.name for path in Path("out").glob("*.png")) == ["1.png"]


def test_one_reference_set_has_one_palette_on_every_page(model: Path, desk: Path) -> None:
    assert paint(model, "in", "-r", "ref.png", "--finish", "flat", "--lines", "none") == 0
    found = [
        {tuple(color) for color in np.asarray(Image.open(f"out/{number}.png")).reshape(-1, 3).tolist()}
        for number in range(2)
    ]
    assert all(colors <= {(240, 120, 40), (40, 60, 220), (0, 0, 0)} for colors in found)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("-r", "ref.png", "--ref-weight", "1", "--ref-weight", "2"),
            "--ref-weight is given 2 times for 1 references",
        ),
        (("-r", "ref.png", "--transparent-paper", "--format", "jpg"), "JPEG has no transparency"),
        (("-r", "ref.png", "--layers", "x", "--layers-format", "kra"), "kra"),
    ],
)
def test_options_that_do_not_fit(
    model: Path, desk: Path, arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert paint(model, "in", *arguments) == 2
    assert message in capsys.readouterr().err and not Path("out").exists()


def test_two_sketches_with_one_companion_are_refused(
    model: Path, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "sketch,reference,output\nin/0.png,ref.png,a.png\nin/1.png,ref.png,a.tif\n"
    Path("pages.csv").write_text(text, encoding="utf-8")
    assert paint(model, "pages.csv", "--save", "saved") == 2
    assert "would both become saved/a.rltn" in capsys.readouterr().err
    assert not Path("saved").exists()


def test_weights_and_transparent_paper_are_painted(model: Path, desk: Path) -> None:
    weights = ("-r", "ref.png", "-r", "ref.png", "--ref-weight", "2", "--ref-weight", "1")
    assert paint(model, "in", *weights, "--transparent-paper", "--fix-alike") == 0
    entry = json.loads(Path("out/manifest.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert entry["options"]["ref_weights"] == [2, 1] and entry["options"]["transparent_paper"] is True
