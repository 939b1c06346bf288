"""A device that runs out of memory."""

import numpy as np
import pytest
import torch

from rltn_cli.engine.inference.colorizer import Colorizer
from rltn_cli.engine.runtime.out_of_memory import is_out_of_memory, memory_for
from rltn_cli.errors import RltnError
from rltn_cli.model_config import PRESETS
from rltn_cli.models.rltn import RLTN


def test_what_the_cpu_says_when_memory_is_short() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60, dtype=torch.uint8)
    assert is_out_of_memory(caught.value)
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))
    assert is_out_of_memory(MemoryError())
    assert not is_out_of_memory(RuntimeError("shapes do not match"))


def test_shortage_becomes_a_message() -> None:
    with pytest.raises(RltnError, match=r"^cpu: not enough memory for size 512; choose a smaller"), \
            memory_for("size 512", torch.device("cpu")):  # fmt: skip
        torch.empty(2**60, dtype=torch.uint8)


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(RuntimeError, match=r"^another fault$"), memory_for("it", torch.device("cpu")):
        raise RuntimeError("another fault")


def test_colorizer_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    colorizer = Colorizer(RLTN(PRESETS["tiny"]), "cpu")
    monkeypatch.setattr(colorizer.model, "colorize", lambda *_: torch.empty(2**60, dtype=torch.uint8))
    page = np.full((64, 64), 255, np.uint8)
    page[20:40, 20:40] = 0
    with pytest.raises(RltnError, match="not enough memory for size 64"):
        colorizer(page, [np.full((64, 64, 3), 99, np.uint8)], size=64)
