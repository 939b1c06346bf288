"""Fixtures that several test files share."""

import gc
import os

# Before PyTorch and OpenCV are loaded: tests run side by side, so that each process computes on one thread.
for _name, _value in {
    "OMP_NUM_THREADS": "1",
    "OPENCV_FOR_THREADS_NUM": "1",
    "CUDA_VISIBLE_DEVICES": "",
}.items():
    os.environ.setdefault(_name, _value)

# ruff: noqa: E402
import shutil
from collections.abc import Iterator
from pathlib import Path

import rltn_cli  # noqa: F401  before PyTorch, whose threads then sleep while they wait

# isort: split
import cv2
import numpy as np
import pytest
from huggingface_hub import constants
from support.hub_server import HubServer
from support.rounding import float64


def pytest_collection_finish() -> None:
    """Leave what is imported by now out of every later garbage collection: a good part of the tests' time."""
    gc.collect()
    gc.freeze()


PALETTES = {"fox": ((60, 120, 230), (200, 220, 250)), "sea": ((180, 110, 30), (90, 190, 120))}
"""BGR colours of the two halves of a figure, by palette."""


@pytest.fixture
def pairs_folder(drawn_pairs: Path, tmp_path: Path) -> Path:
    """A folder of 7 pairs of a test's own: three per palette in the split val, one in train."""
    return Path(shutil.copytree(drawn_pairs, tmp_path / "pairs"))


@pytest.fixture(scope="session")
def drawn_pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pairs of `pairs_folder`, drawn once, for tests that only read; sources comic and sprite."""
    folder = tmp_path_factory.mktemp("drawn") / "pairs"
    (folder / "color").mkdir(parents=True)
    (folder / "line").mkdir()
    lines = ["id,split,source,license,group,palette,native_line"]
    for palette, (first, second) in PALETTES.items():
        for number in range(3):
            name = f"{palette}-{number}"
            color, line = draw_figure(first, second, shift=30 * number)
            cv2.imwrite(str(folder / "color" / f"{name}.png"), color)
            cv2.imwrite(str(folder / "line" / f"{name}.png"), line)
            source = "comic" if palette == "fox" else "sprite"
            lines.append(f"{name},val,{source},CC0,{palette},{palette},1")
    color, line = draw_figure((0, 0, 200), (0, 200, 0), shift=10)
    cv2.imwrite(str(folder / "color" / "lone.png"), color)
    cv2.imwrite(str(folder / "line" / "lone.png"), line)
    lines.append("lone,train,comic,CC0,lone,lone,1")
    (folder / "index.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def draw_figure(
    first: tuple[int, int, int], second: tuple[int, int, int], shift: int
) -> tuple[np.ndarray, np.ndarray]:
    """Draw a box of two colours on white; returns the picture (256, 256, 3) BGR and its lines (256, 256)."""
    left, top, right, bottom = 40 + shift, 60, 150 + shift, 200
    middle = (left + right) // 2
    color = np.full((256, 256, 3), 255, np.uint8)
    color[top:bottom, left:middle], color[top:bottom, middle:right] = first, second
    line = np.full((256, 256), 255, np.uint8)
    cv2.rectangle(line, (left, top), (right, bottom), 0, 2)
    cv2.line(line, (middle, top), (middle, bottom), 0, 2)
    color[line == 0] = 0
    return color, line


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    """An empty Hub on loopback that the client in this process asks, with an empty cache."""
    with HubServer() as server:
        monkeypatch.setattr(constants, "ENDPOINT", server.url)
        template = "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", server.url + template)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True, raising=False)
        monkeypatch.delenv("HF_TOKEN", raising=False)
        yield server


@pytest.fixture
def in_float64() -> Iterator[None]:
    """Compute in float64, for tests of whether two ways to one result are equal up to rounding."""
    with float64():
        yield
