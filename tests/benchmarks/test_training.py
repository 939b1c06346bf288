"""The benchmark of the training step runs, and its other ways are the same step."""

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from support.rounding import NEARLY
from support.scripts import script

from rltn_cli.data.stores import FolderStore
from rltn_cli.engine.training.trainer import Trainer


@pytest.fixture
def benchmark() -> Iterator[ModuleType]:
    with script("benchmarks/training.py") as module:
        yield module


@pytest.mark.usefixtures("in_float64")
def test_the_three_ways_are_one_step(benchmark: ModuleType, tmp_path: Path) -> None:
    losses = []
    for way in (benchmark.as_it_is, benchmark.without_channels_last, benchmark.materialised):
        store = FolderStore(benchmark.draw_pairs(tmp_path, 64), 64)
        trainer = Trainer(benchmark.make_config("tiny", 64, 2, "early"), store)
        with way(trainer, benchmark.fixed_batch(trainer)) as batch:
            losses.append(trainer.train_step(batch))
    assert set(losses[0]) == {"loss/rec", "loss/warp", "loss/align", "loss/cycle"}
    for other in losses[1:]:
        assert other == pytest.approx(losses[0], rel=NEARLY)


def test_it_prints_shares_and_ratios(benchmark: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    benchmark.main(["--preset", "tiny", "--size", "64", "--batch", "1", "--steps", "1", "--threads", "1"])
    text = capsys.readouterr().out
    assert "terms rec, warp, align, cycle; cpu, 1 threads" in text
    shares = [line for line in text.splitlines() if line.startswith("| ") and line.endswith("% |")]
    assert shares[0].startswith("| ")
    assert sum(float(line.split("|")[2].strip(" %")) for line in shares) == pytest.approx(100, abs=1)
    rows = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| ")]
    assert rows[-3:] == ["as it is", "without channels_last", "materialised"]


def test_operators_are_sorted_by_what_they_are(benchmark: ModuleType) -> None:
    expected = {
        "aten::mkldnn_convolution": "convolution",
        "aten::convolution_backward": "convolution",
        "aten::native_batch_norm_backward": "norm",
        "aten::_scaled_dot_product_flash_attention_for_cpu": "attention",
        "aten::bmm": "matrix product",
        "aten::copy_": "copies and layout",
        "aten::mul": "pointwise",
        "aten::empty": "other",
    }
    assert {name: benchmark.kind_of(name) for name in expected} == expected
