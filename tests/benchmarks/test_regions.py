"""The benchmark of region labels, by hand."""

import numpy as np
import pytest
from support.scripts import script


def test_distance_and_size_by_hand() -> None:
    lab = np.array([[50, 0, 0], [50, 4, 0], [90, 0, 0], [20, 0, 0]], np.float32)
    labels = np.array([1, 1, 2, 0])
    with script("benchmarks/regions.py") as benchmark:
        distance, size, count = benchmark.measure(lab, labels, np.array([True, True, True, False]))
    assert distance == pytest.approx((2 + 2 + 0) / 3)
    assert size == pytest.approx((1 + 1 + 0) / 3)
    assert count == 3
