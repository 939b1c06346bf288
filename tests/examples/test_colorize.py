"""The example program and the shipped weights, on the example pictures."""

import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rltn_cli import Colorizer

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def pixels_of(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.array(picture.convert("RGB")).astype(float)


def test_the_example_program_paints_the_example(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(EXAMPLES / "colorize.py"), run_name="__main__")
    painted, drawing = pixels_of(tmp_path / "out.png"), pixels_of(EXAMPLES / "drawing.png")
    assert painted.shape == drawing.shape
    assert painted[drawing.max(axis=2) == 0].max() == 0
    assert capsys.readouterr().out == f"out.png: {drawing.shape[1]} x {drawing.shape[0]} pixels\n"


def test_the_shipped_model_follows_its_reference() -> None:
    """Painted by either reference, the drawing's colours are nearer to those of its own."""
    colorizer = Colorizer.from_pretrained("rltn-small", device="cpu")
    names = ("reference.png", "reference_night.png")
    references = [pixels_of(EXAMPLES / name).mean(axis=(0, 1)) for name in names]
    for own, name in enumerate(names):
        result = colorizer(EXAMPLES / "drawing.png", EXAMPLES / name, finish="raw", lines="network")
        painted = result.colors.astype(float).mean(axis=(0, 1))
        distances = [np.linalg.norm(painted - reference) for reference in references]
        assert distances[own] == min(distances)
