import numpy as np
import pytest
import scipy.linalg
import torch
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric

from rltn_cli.engine.evaluation.frechet import frechet_distance, kernel_distance


def sets(count: int, other: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(count * width)
    mixing = rng.normal(size=(width, width)) / np.sqrt(width)
    first = rng.normal(size=(count, width)) @ mixing
    return first.astype(np.float32), (rng.normal(size=(other, width)) * 1.3 + 0.4).astype(np.float32)


def by_scipy(first: np.ndarray, second: np.ndarray) -> float:
    difference = first.mean(0, dtype=np.float64) - second.mean(0, dtype=np.float64)
    one, two = np.cov(first, rowvar=False), np.cov(second, rowvar=False)
    root = scipy.linalg.sqrtm(one @ two)
    return float(difference @ difference + np.trace(one + two - 2 * root.real))


@pytest.mark.parametrize(("count", "other", "width"), [(200, 150, 32), (40, 40, 8)])
def test_frechet_equals_scipys_matrix_root(count: int, other: int, width: int) -> None:
    first, second = sets(count, other, width)
    assert frechet_distance(first, second) == pytest.approx(by_scipy(first, second), rel=1e-5)


@pytest.mark.parametrize(("count", "other", "width"), [(300, 200, 64), (20, 30, 64), (2, 3, 64)])
def test_frechet_equals_torch_fidelity(count: int, other: int, width: int) -> None:
    first, second = sets(count, other, width)
    one, two = (fid_features_to_statistics(torch.from_numpy(x.astype(np.float64))) for x in (first, second))
    expected = fid_statistics_to_metric(one, two, verbose=False)["frechet_inception_distance"]
    # with fewer pictures than features the library's own root of a singular matrix is the less exact one
    assert frechet_distance(first, second) == pytest.approx(expected, rel=1e-3)


def test_frechet_of_a_shift_is_its_square() -> None:
    first, _ = sets(500, 2, 16)
    assert frechet_distance(first, first + np.float32(0.5)) == pytest.approx(16 * 0.25, rel=1e-4)
    assert frechet_distance(first, first) == pytest.approx(0, abs=1e-6)


def test_kernel_distance_by_hand() -> None:
    first, second = sets(30, 30, 12)
    a, b = first.astype(np.float64), second.astype(np.float64)

    def kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return (x @ y.T / 12 + 1) ** 3

    within = sum((kernel(x, x).sum() - np.trace(kernel(x, x))) / (30 * 29) for x in (a, b))
    assert kernel_distance(first, second) == pytest.approx(within - 2 * kernel(a, b).mean())


def test_kernel_distance_of_many_equals_torch_fidelity(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rltn_cli.engine.evaluation.frechet.KID_SUBSET", 50)
    first, second = sets(120, 110, 4)
    expected = kid_features_to_metric(
        torch.from_numpy(first).double(), torch.from_numpy(second).double(), kid_subset_size=50, verbose=False
    )
    assert kernel_distance(first, second) == expected["kernel_inception_distance_mean"]
