"""Distances between two sets of features, by torch-fidelity's formulas."""

import numpy as np
import numpy.typing as npt
import torch

from rltn_cli.imaging.pixels import Floats
from rltn_cli.optional_packages import library

KID_SUBSET = 1000
"""Largest number of pictures in a subset of KID."""
KID_SUBSETS = 100
"""Number of subsets that KID is averaged over, if one subset does not hold all pictures."""


def frechet_distance(first: Floats, second: Floats) -> float:
    """Return the Fréchet distance (Heusel et al., 2017) of the Gaussians fitted to two sets of features.

    Args:
        first: (N, D), N at least 2.
        second: (M, D), M at least 2.

    Returns:
        The distance; 0 for a set and itself up to rounding.
    """
    metric = library("torch_fidelity.metric_fid")
    statistics = [
        metric.fid_features_to_statistics(torch.from_numpy(features)) for features in _reduce(first, second)
    ]
    distance = metric.fid_statistics_to_metric(*statistics, verbose=False)
    return max(0.0, float(distance[metric.KEY_METRIC_FID]))


def _reduce(first: Floats, second: Floats) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Express both sets in a basis of the space that they span, if it has fewer dimensions.

    Neither a rotation nor the removal of directions without variance changes the distance, but with few
    pictures the matrices become much smaller.
    """
    both = np.concatenate([first, second]).astype(np.float64)
    if len(both) < both.shape[1]:
        basis, _ = np.linalg.qr(both.T)
        both = both @ basis
    return both[: len(first)], both[len(first) :]


def kernel_distance(first: Floats, second: Floats) -> float:
    """Return the kernel distance (KID; Binkowski et al., 2018) of two sets of features.

    It is unbiased: small sets give noisy values, which may be negative. Up to 1,000 pictures form one subset;
    with more, the result is the mean over 100 subsets of 1,000.

    Args:
        first: (N, D), N at least 2.
        second: (M, D), M at least 2.
    """
    metric = library("torch_fidelity.metric_kid")
    smaller = min(len(first), len(second))
    subset = min(smaller, KID_SUBSET)
    whole = len(first) == len(second) == subset
    result = metric.kid_features_to_metric(
        torch.from_numpy(first.astype(np.float64)),
        torch.from_numpy(second.astype(np.float64)),
        kid_subset_size=subset,
        kid_subsets=1 if whole else KID_SUBSETS,
        verbose=False,
    )
    return float(result[metric.KEY_METRIC_KID_MEAN])
