"""Names with characters that a terminal would obey: no command sends them there as they are."""

import logging
import os
import shutil
import unicodedata
from pathlib import Path

import pytest

from rltn_cli.cli import run

CASES = Path(__file__).parents[1] / "cases"
NAMES = [
    b"\x1b]0;title\x07", b"\x1b[2J\x1b[31m", b"a\rb", b"two\nlines", b"\x7f\x08", b"\xc2\x9b5m",
    b"exe\xe2\x80\xaegnp", b"latin-\xe9", b"[red][x]", b"\xe2\x80\xa8", b"-dash", b"\xff\xfe",
]  # fmt: skip


@pytest.fixture(params=NAMES, ids=repr)
def name(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A stem, in a working folder with a picture and a damaged one of that name."""
    monkeypatch.chdir(tmp_path)
    # pytest hands on what is logged, and cannot where it is no text
    monkeypatch.setattr(logging.StreamHandler, "emit", lambda *_: None)
    stem = os.fsdecode(request.param)
    for folder, case in (("good", "sketch.png"), ("bad", "damaged_sketch.png")):
        Path(folder).mkdir()
        shutil.copy(CASES / case, Path(folder, f"{stem}.png"))
    return stem


def said(capfd: pytest.CaptureFixture[str]) -> str:
    """Return all that was said, after a look at it."""
    text = "".join(capfd.readouterr())
    raw = {char for char in text if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
    assert raw <= {"\n"}
    return text


REF = ("-r", str(CASES / "ref.png"), "--size", "64", "--device", "cpu")


def test_painting(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["colorize", f"good/{name}.png", *REF, "-o", f"good/{name}.webp"]) == 0
    assert "good/" in said(capfd)
    assert run(["colorize", f"bad/{name}.png", *REF, "-o", "out.png"]) == 1
    assert said(capfd).count("\n") == 1
    assert run(["colorize", f"good/{name}.png", *REF, "-o", f"{name}.txt"]) == 1
    said(capfd)


def test_batches(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["batch", "good", "bad", *REF, "-o", "out", "-n"]) == 2  # two of one name
    said(capfd)
    assert run(["batch", "good", *REF, "-o", "out", "-n"]) == 0
    said(capfd)
    assert run(["batch", "bad", *REF, "-o", "out"]) == 1
    assert said(capfd).count("\n") == 3  # why it failed, the counts, and what failed
    assert run(["extract-lines", "good", "-o", "lines", "--method", "xdog", "--json"]) == 0
    said(capfd)
    assert run(["extract-lines", "bad", "-o", "bad-lines", "--method", "xdog"]) == 1
    said(capfd)


def test_data(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    Path(name).mkdir()
    for number, part in enumerate(("good", "bad", "good")):
        shutil.copy(Path(part, f"{name}.png"), Path(name, f"{number}.png"))
    train = ["train", f"./{name}", "-o", "run", "--init", "rltn-small", "--steps", "1", "--lines", "xdog"]
    assert run([*train, "--dry-run"]) == 0
    said(capfd)
    shutil.copytree(CASES / "pairs_plain", f"{name}-pairs")
    shutil.copy(f"good/{name}.png", f"{name}-pairs/line/{name}.png")
    evaluate = ["evaluate", f"./{name}-pairs", "--quick", "--device", "cpu", "--limit", "2"]
    assert run([*evaluate, "--outputs", f"{name}={name}-pairs/color"]) == 0
    assert "line art without a colour picture of the same name (1)" in said(capfd)


def test_wrong_usage(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    for arguments in (
        ["paint", name],
        [f"--{name}"],
        ["models", "info", f"./{name}"],
        ["palette", f"./{name}"],
    ):
        assert run(arguments) in (1, 2)
        assert said(capfd).count("\n") == 1
