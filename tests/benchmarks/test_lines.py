"""The line benchmark: every method is measured by the same rule."""

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from support.scripts import script

from rltn_cli.data.pairs import read_pairs
from rltn_cli.engine.checkpoints.line_models import save_line_model
from rltn_cli.models.hed import HED, HEDConfig


@pytest.fixture
def benchmark() -> Iterator[ModuleType]:
    with script("benchmarks/lines.py") as module:
        yield module


def test_the_threshold_is_the_best_of_the_ones_tried(benchmark: ModuleType, pairs_folder: Path) -> None:
    pairs = [pair for pair in read_pairs(pairs_folder) if pair.split == "val"][:2]

    def draw(color: np.ndarray) -> np.ndarray:
        """Ink at 0.6, and noise at 0.3 elsewhere."""
        return np.where(color.max(2) < 60, 0.6, 0.3).astype(np.float32)

    method = benchmark.by_strength("exact", draw)
    threshold = benchmark.best_threshold(method, pairs)
    assert 0.3 < threshold <= 0.6
    total, sources = benchmark.native_scores(method, threshold, pairs)
    assert total.f > 0.99
    assert sum(score.true for score in sources.values()) == total.true


def test_a_method_agrees_with_itself(benchmark: ModuleType, pairs_folder: Path) -> None:
    pairs = read_pairs(pairs_folder)[:2]
    hed = benchmark.by_strength("HED", benchmark.xdog_draw)
    found = benchmark.agreement((hed, benchmark.canny()), {"HED": 0.5, "Canny": 200}, hed, pairs)
    assert found["HED"] == (0.0, 1.0)
    assert found["Canny"][0] is None
    assert 0.3 < found["Canny"][1] <= 1


def test_sources_take_turns(benchmark: ModuleType, pairs_folder: Path) -> None:
    pairs = read_pairs(pairs_folder)
    assert {pair.source for pair in benchmark.some(pairs, 2)} == {"comic", "sprite"}
    assert len(benchmark.some(pairs, 0)) == len(pairs)
    assert benchmark.some(pairs, 3) == benchmark.some(pairs, 5)[:3]


def test_it_prints_every_table(
    benchmark: ModuleType, pairs_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    index = pairs_folder / "index.csv"
    index.write_text(index.read_text().replace("sea,sea,1", "sea,sea,0"))
    config = HEDConfig(widths=(2, 2, 2, 2, 2), depths=(1,) * 5)
    small, large = (str(save_line_model(HED(config), tmp_path / name)) for name in ("small", "large"))
    benchmark.main([str(pairs_folder), "-m", small, "--hed", large, "--repeat", "1", "--time-size", "64"])
    text = capsys.readouterr().out
    assert "64x64, one thread, processor time: hed-small" in text
    assert "line layers of 3 drawings; thresholds from 1 others" in text
    for method in ("hed-small", "HED", "xdog", "Canny"):
        assert f"\n| {method} | " in text
    assert text.count("Agreement with HED on 3 pictures") == 2
