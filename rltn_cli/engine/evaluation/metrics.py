"""Metric functions: how far a painted picture is from the true one.

Colours are compared in CIE Lab (D65, 2 degrees) by CIEDE2000 (Sharma, Wu and Dalal, 2005); both come from
scikit-image, which the extra `eval` installs.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from rltn_cli.imaging.pixels import Bytes
from rltn_cli.optional_packages import library

Lab = npt.NDArray[np.float64]

OFF_LINES = 200
"""Grey of the sketch from which a pixel counts as paper, not as a line."""
FAR_FROM_WHITE = 5.0
"""CIEDE2000 beyond which a colour counts as paint."""
SAME_COLOR = 10.0
"""CIEDE2000 up to which a region's mean colour counts as right."""
SMALLEST_REGION = 64
"""Pixels; smaller regions between lines are left out of the count."""
IDENTICAL_PSNR = 100.0
"""dB reported for pictures without any difference, whose PSNR has no finite value."""

_WHITE = np.array([[100.0, 0.0, 0.0]])


def to_lab(picture: Bytes) -> Lab:
    """Return CIE Lab (H, W, 3), L in [0, 100], of an sRGB picture (H, W, 3) uint8."""
    lab: Lab = library("skimage.color").rgb2lab(picture)
    return lab


def ciede2000(first: Lab, second: Lab) -> npt.NDArray[np.float64]:
    """Return the CIEDE2000 differences (...) of Lab colours (..., 3), broadcast against each other."""
    difference: npt.NDArray[np.float64] = library("skimage.color").deltaE_ciede2000(first, second)
    return difference


@dataclass(frozen=True, slots=True)
class Target:
    """What the metrics need of the true picture and its sketch; computed once for all methods."""

    picture: Bytes
    """(H, W, 3) uint8 RGB."""
    off_lines: Lab
    """(P, 3): Lab of the pixels off the lines, in reading order."""
    off_mask: npt.NDArray[np.bool_]
    """(H, W): the pixels off the lines."""
    painted: npt.NDArray[np.bool_]
    """(P,): which of them are further than 5 from white."""
    labels: npt.NDArray[np.int64]
    """(P,): the region of each, counted from 0."""
    counted: npt.NDArray[np.bool_]
    """(R,): the regions that are large enough and not white."""
    region_means: Lab
    """(R, 3): mean Lab of each region."""

    @classmethod
    def of(cls, picture: Bytes, sketch: Bytes) -> "Target":
        """Read the true picture (H, W, 3) uint8 by its sketch (H, W) uint8, black lines on white.

        Regions are the 4-connected parts of the paper between lines (sketch >= 200).

        Raises:
            ValueError: the two differ in size.
        """
        if picture.shape[:2] != sketch.shape:
            raise ValueError(f"target is {picture.shape[:2]}, its sketch {sketch.shape}")
        off_mask = sketch >= OFF_LINES
        off_lines = to_lab(picture)[off_mask]
        _, components = cv2.connectedComponents(off_mask.astype(np.uint8), connectivity=4, ltype=cv2.CV_32S)
        labels = components[off_mask].astype(np.int64) - 1
        means, sizes = _region_means(off_lines, labels)
        return cls(
            picture=picture,
            off_lines=off_lines,
            off_mask=off_mask,
            painted=ciede2000(off_lines, _WHITE) > FAR_FROM_WHITE,
            labels=labels,
            counted=(sizes >= SMALLEST_REGION) & (ciede2000(means, _WHITE) > FAR_FROM_WHITE),
            region_means=means,
        )


@dataclass(frozen=True, slots=True)
class Metrics:
    """The metrics of one output against its target."""

    color_error: float
    """Mean CIEDE2000 over the painted pixels; 0 where nothing was to be painted and nothing was."""
    regions: int
    """Regions that count."""
    regions_right: int
    """Those whose colour is right."""
    psnr: float
    """dB, over the whole picture."""
    ssim: float
    """Structural similarity, over the whole picture."""
    blotchiness: float | None = None
    """Standard deviation [Lab] of what is wrong within regions; None where no region counts."""
    lpips_reference: float | None = None
    """LPIPS to the reference; None where it was not measured."""
    lpips_truth: float | None = None
    """LPIPS to the target; None where it was not measured."""


def measure(output: Bytes, target: Target) -> Metrics:
    """Return the metrics of an output (H, W, 3) uint8 that need no network."""
    lab = to_lab(output)
    right, regions = region_accuracy(lab, target)
    return Metrics(
        color_error(lab, target), regions, right, psnr(output, target.picture), ssim(output, target.picture),
        blotchiness(lab, target),
    )  # fmt: skip


def color_error(output: Lab, target: Target) -> float:
    """Return the mean CIEDE2000 off the lines, where target or output is further than 5 from white.

    Args:
        output: (H, W, 3) Lab.
        target: the true picture.

    Returns:
        The mean; 0 where no pixel counts, for then nothing was to be painted and nothing was.
    """
    pixels = output[target.off_mask]
    counted = target.painted.copy()
    counted[~counted] = ciede2000(pixels[~counted], _WHITE) > FAR_FROM_WHITE
    if not counted.any():
        return 0.0
    return float(ciede2000(pixels[counted], target.off_lines[counted]).mean())


def region_accuracy(output: Lab, target: Target) -> tuple[int, int]:
    """Count the regions between lines whose mean Lab colour is within CIEDE2000 10 of the target's.

    Only regions of at least 64 pixels count whose mean colour in the target is further than 5 from white.

    Args:
        output: (H, W, 3) Lab.
        target: the true picture.

    Returns:
        (right regions, regions that count).
    """
    means, _ = _region_means(output[target.off_mask], target.labels)
    distance = ciede2000(means[target.counted], target.region_means[target.counted])
    return int((distance <= SAME_COLOR).sum()), int(target.counted.sum())


def blotchiness(output: Lab, target: Target) -> float | None:
    """Return the standard deviation, within regions, of the residual: output minus target.

    A region that is wrong by the same colour everywhere is not blotched. The regions are those that
    `region_accuracy` counts, each weighted by its pixels.

    Args:
        output: (H, W, 3) Lab.
        target: the true picture.

    Returns:
        The square root of the mean squared distance in Lab from each region's mean residual; None where no
        region counts.
    """
    residual = output[target.off_mask] - target.off_lines
    means, _ = _region_means(residual, target.labels)
    counted = target.counted[target.labels]
    if not counted.any():
        return None
    away = residual[counted] - means[target.labels[counted]]
    return float(np.sqrt(np.square(away).sum(axis=1).mean()))


def psnr(output: Bytes, target: Bytes) -> float:
    """Return the peak signal-to-noise ratio [dB] of two (H, W, 3) uint8 pictures, at most 100."""
    error = float(np.square(output.astype(np.float64) - target).mean())
    return IDENTICAL_PSNR if error == 0 else min(IDENTICAL_PSNR, float(10 * np.log10(255**2 / error)))


def ssim(output: Bytes, target: Bytes) -> float:
    """Return the structural similarity (Wang et al., 2004) of two (H, W, 3) uint8 pictures."""
    value = library("skimage.metrics").structural_similarity(
        output,
        target,
        channel_axis=2,
        data_range=255,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )
    return float(value)


def _region_means(pixels: Lab, labels: npt.NDArray[np.int64]) -> tuple[Lab, npt.NDArray[np.int64]]:
    """Return the mean (R, 3) and the size (R,) of each region of pixels (P, 3) by their labels (P,)."""
    count = int(labels.max(initial=-1)) + 1
    sizes = np.bincount(labels, minlength=count)
    sums = [np.bincount(labels, weights=pixels[:, channel], minlength=count) for channel in range(3)]
    return np.stack(sums, axis=1) / sizes[:, None], sizes
