"""The same drawing gives the same file, whichever way it is painted."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from rltn_cli import Colorizer
from rltn_cli.cli import run
from rltn_cli.engine.checkpoints.weights import save_model
from rltn_cli.model_config import PRESETS
from rltn_cli.models.rltn import RLTN


@pytest.fixture
def _threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("_threads")
def test_colorize_batch_and_a_loop_agree_with_one_thread_and_with_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    save_model(RLTN(PRESETS["tiny"]), tmp_path / "tiny")
    page = np.full((96, 80), 255, np.uint8)
    cv2.imwrite("page.png", cv2.circle(page, (40, 48), 25, 0, 2))
    reference = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    cv2.imwrite("ref.png", cv2.resize(reference, (96, 96)))
    options = ["-r", "ref.png", "-m", "tiny", "--size", "64", "--device", "cpu", "-q"]
    for threads in (1, 2):
        torch.set_num_threads(threads)
        assert run(["colorize", "page.png", *options, "-o", f"colorize{threads}.png"]) == 0
        assert run(["batch", "page.png", *options, "-o", f"batch{threads}"]) == 0
        Colorizer.from_pretrained("tiny", device="cpu")("page.png", ["ref.png"], size=64).save(
            f"loop{threads}.png"
        )
    painted = [
        *tmp_path.glob("colorize*.png"),
        *tmp_path.glob("batch*/page.png"),
        *tmp_path.glob("loop*.png"),
    ]
    assert len(painted) == 6
    assert len({path.read_bytes() for path in painted}) == 1
