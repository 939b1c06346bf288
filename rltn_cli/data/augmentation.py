"""Augmentation of batches: joint recolouring, deformation, line degradation.

Parameters are drawn for one sample at a time from a NumPy generator, so that a sample's augmentation depends
on its own seed alone; they are then applied to the whole batch on its device. Pictures are (B, C, H, W) float
tensors in [-1, 1], paper 1 and ink -1.
"""

import functools
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

CONTROL = 4
"""Thin-plate control points per side."""
WIDE_CROP = 0.7
"""Smallest width of a crop that is not a close-up, in picture widths."""
CLOSE_UP_SHARE = 0.5
"""Share of the crops that are of any zoom, where close-ups are allowed."""
CLOSE_UP_REACH = 0.7
"""How far from the middle close-ups may lie, as a share of what fits; figures stand near the middle."""
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Recoloring:
    """A change of colours that leaves black and white as they are."""

    matrix: Floats
    """(3, 3), its rows sum to 1: mixes the channels and keeps every grey."""
    gamma: Floats
    """(3,) exponents of the channels after mixing."""

    @classmethod
    def none(cls) -> "Recoloring":
        """Return the change that changes nothing."""
        return cls(np.eye(3, dtype=np.float32), np.ones(3, np.float32))

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "Recoloring":
        """Draw a permutation of the channels, a rotation of the hue, a saturation and a gamma."""
        permutation = np.eye(3)[rng.permutation(3)]
        angle = rng.uniform(-np.pi, np.pi)
        cosine, sine = np.cos(angle), np.sin(angle) / np.sqrt(3)
        third = (1 - cosine) / 3
        rotation = np.full((3, 3), third) + cosine * np.eye(3)
        rotation += sine * np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]])
        saturation = rng.uniform(0.6, 1.3)
        mixing = saturation * np.eye(3) + (1 - saturation) / 3
        gamma = np.exp(rng.normal(0, 0.25) + rng.normal(0, 0.15, 3))
        matrix = mixing @ rotation @ permutation
        return cls(matrix.astype(np.float32), gamma.astype(np.float32))


def recolor(pictures: Tensor, recolorings: list[Recoloring]) -> Tensor:
    """Apply one recolouring to each picture; (B, 3, H, W) in [-1, 1] in and out."""
    matrix = torch.from_numpy(np.stack([r.matrix for r in recolorings])).to(pictures)
    gamma = torch.from_numpy(np.stack([r.gamma for r in recolorings])).to(pictures)
    unit = torch.einsum("bij,bjhw->bihw", matrix, (pictures + 1) / 2)
    return 2 * unit.clamp(1e-6, 1) ** gamma[:, :, None, None] - 1


@dataclass(frozen=True, slots=True)
class Deformation:
    """Where each pixel of the result is taken from: an affine map and a thin-plate spline."""

    affine: Floats
    """(2, 3): (x, y, 1) of the result to (x, y) of the source, in [-1, 1] coordinates."""
    shifts: Floats
    """(CONTROL * CONTROL, 2): displacement at the control points, in the same coordinates."""

    @classmethod
    def none(cls) -> "Deformation":
        """Return the identity."""
        return cls(np.eye(2, 3, dtype=np.float32), np.zeros((CONTROL**2, 2), np.float32))

    @classmethod
    def draw(
        cls,
        rng: np.random.Generator,
        *,
        bend: float,
        scale: float = 0.35,
        turn: float = 0.35,
        shift: float = 0.25,
    ) -> "Deformation":
        """Draw a deformation.

        Args:
            rng: source of randomness.
            bend: standard deviation of the control points, in picture widths.
            scale: standard deviation of the logarithm of the zoom; up to half of it also per axis.
            turn: standard deviation of the rotation, in radians.
            shift: standard deviation of the shift, in half picture widths.
        """
        zoom = np.exp(rng.normal(0, scale) + rng.normal(0, scale / 3, 2)).clip(0.4, 2)
        angle = rng.normal(0, turn)
        turned = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        flip = np.diag([rng.choice([-1.0, 1.0]), 1.0])
        affine = np.concatenate([turned @ flip @ np.diag(zoom), rng.normal(0, shift, (2, 1))], axis=1)
        shifts = rng.normal(0, 2 * bend, (CONTROL**2, 2))
        return cls(affine.astype(np.float32), shifts.astype(np.float32))

    @classmethod
    def crop(cls, rng: np.random.Generator, smallest: float = WIDE_CROP) -> "Deformation":
        """Draw a crop, flipped half of the time and without any distortion.

        Args:
            rng: source of randomness.
            smallest: smallest width of the crop, in picture widths. Below WIDE_CROP it allows close-ups: half
                of the crops then have any width, drawn uniformly by its logarithm, and lie nearer to the
                middle, where figures are.
        """
        wide = max(smallest, WIDE_CROP)
        zoom = rng.uniform(wide, 1)
        reach = 1 - zoom
        if smallest < wide and rng.random() < CLOSE_UP_SHARE:
            zoom = np.exp(rng.uniform(np.log(smallest), 0))
            reach = CLOSE_UP_REACH * (1 - zoom)
        shift = rng.uniform(-reach, reach, 2)
        affine = np.array([[zoom * rng.choice([-1.0, 1.0]), 0, shift[0]], [0, zoom, shift[1]]])
        return cls(affine.astype(np.float32), np.zeros((CONTROL**2, 2), np.float32))


def _kernel(squared: Floats) -> Floats:
    """Thin-plate kernel r^2 log r^2, 0 at 0."""
    return np.where(squared > 0, squared * np.log(np.maximum(squared, 1e-12)), 0).astype(np.float32)


@functools.lru_cache(maxsize=16)
def _spline_basis(height: int, width: int) -> Floats:
    """Return (H * W, CONTROL^2): how much the shift of each control point moves each pixel."""
    steps = np.linspace(-1, 1, CONTROL)
    points = np.stack(np.meshgrid(steps, steps, indexing="xy"), axis=-1).reshape(-1, 2)
    count = len(points)
    system = np.zeros((count + 3, count + 3))
    system[:count, :count] = _kernel(((points[:, None] - points[None]) ** 2).sum(-1))
    system[:count, count] = system[count, :count] = 1
    system[:count, count + 1 :] = points
    system[count + 1 :, :count] = points.T
    solved = np.linalg.inv(system)[:, :count]
    y, x = ((np.arange(n) + 0.5) * 2 / n - 1 for n in (height, width))
    pixels = np.stack(np.meshgrid(x, y, indexing="xy"), axis=-1).reshape(-1, 2)
    radial = _kernel(((pixels[:, None] - points[None]) ** 2).sum(-1))
    basis = np.concatenate([radial, np.ones((len(pixels), 1)), pixels], axis=1) @ solved
    return np.asarray(basis, np.float32)


def make_sampling_grid(
    deformations: list[Deformation], height: int, width: int, device: torch.device | str = "cpu"
) -> Tensor:
    """Return where each pixel comes from, (B, H, W, 2): x and y of its centre, [-1, 1] over the source."""
    affine = torch.from_numpy(np.stack([d.affine for d in deformations])).to(device)
    shifts = torch.from_numpy(np.stack([d.shifts for d in deformations])).to(device)
    grid = F.affine_grid(affine, [len(deformations), 1, height, width], align_corners=False)
    if shifts.any():
        basis = torch.from_numpy(_spline_basis(height, width)).to(device)
        grid = grid + (basis @ shifts).unflatten(1, (height, width))
    return grid


def deform(
    pictures: Tensor,
    deformations: list[Deformation],
    *,
    outside: Literal["reflection", "zeros"] = "reflection",
) -> Tensor:
    """Apply one deformation to each picture.

    Args:
        pictures: (B, C, H, W).
        deformations: one per picture.
        outside: what lies outside of a picture: its mirror image, or zeros.
    """
    height, width = pictures.shape[2:]
    grid = make_sampling_grid(deformations, height, width, pictures.device).to(pictures.dtype)
    return F.grid_sample(pictures, grid, padding_mode=outside, align_corners=False)


SPOT = 16
"""Size in pixels of the cells between which the random values that place gaps are interpolated."""
GAP_THRESHOLD = 2.5
"""Values below this many times the share of gaps are gaps: interpolated values are seldom near 0."""
GRAIN = 2
"""Size in pixels of a grain of noise."""


@dataclass(frozen=True, slots=True)
class LineDegradation:
    """How a drawing's lines are degraded."""

    thicken: float = 0.0
    """-1 thinnest, 0 as drawn, 1 thickest: strength of a 3x3 erosion or dilation of the ink."""
    ink: float = 1.0
    """Contrast of the ink: 1 black, 0.4 pale pencil."""
    paper: float = 0.0
    """How much darker than white the paper is."""
    noise: float = 0.0
    """Standard deviation of the grain, in units of [0, 1]."""
    blur: float = 0.0
    """Share of a 3x3 mean that is mixed in."""
    gaps: float = 0.0
    """Share of the picture in which lines are erased, in spots."""
    seed: int = 0
    """Of the grain and the spots."""

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "LineDegradation":
        """Draw a degradation; each kind of it occurs in some of the drawings only."""
        some = rng.random(6)
        return cls(
            thicken=float(rng.uniform(-0.8, 1)) if some[0] < 0.6 else 0.0,
            ink=float(rng.uniform(0.4, 1)) if some[1] < 0.4 else 1.0,
            paper=float(rng.uniform(0, 0.08)) if some[2] < 0.2 else 0.0,
            noise=float(rng.uniform(0, 0.06)) if some[3] < 0.25 else 0.0,
            blur=float(rng.uniform(0, 1)) if some[4] < 0.4 else 0.0,
            gaps=float(rng.uniform(0, 0.08)) if some[5] < 0.3 else 0.0,
            seed=int(rng.integers(2**31)),
        )


def degrade_lines(sketches: Tensor, degradations: list[LineDegradation]) -> Tensor:
    """Degrade line art; (B, 1, H, W) in [-1, 1] in and out."""

    def column(name: str) -> Tensor:
        values = np.array([getattr(degradation, name) for degradation in degradations], np.float32)
        return torch.from_numpy(values).to(sketches)[:, None, None, None]

    ink = (1 - sketches) / 2
    thicken = column("thicken")
    thicker = F.max_pool2d(ink, 3, 1, 1)
    thinner = -F.max_pool2d(-ink, (2, 2), 1, 0)
    thinner = F.pad(thinner, (0, 1, 0, 1))
    ink = torch.lerp(ink, torch.where(thicken > 0, thicker, thinner), thicken.abs())
    ink = torch.lerp(ink, F.avg_pool2d(ink, 3, 1, 1), column("blur"))
    height, width = sketches.shape[2:]
    spots, grain = [], []
    for degradation in degradations:
        rng = np.random.Generator(np.random.SFC64(degradation.seed))
        spots.append(rng.random((max(height // SPOT, 1), max(width // SPOT, 1)), np.float32))
        noisy = degradation.noise > 0
        grain.append(rng.standard_normal((height // GRAIN, width // GRAIN), np.float32) if noisy else None)
    coarse = torch.from_numpy(np.stack(spots)).to(sketches)[:, None]
    spot = F.interpolate(coarse, size=(height, width), mode="bilinear", align_corners=False)
    ink = torch.where(spot < column("gaps") * GAP_THRESHOLD, torch.zeros_like(ink), ink)
    paper = 1 - column("paper") - ink * (column("ink") - column("paper")).clamp(min=0)
    if any(g is not None for g in grain):
        blank = np.zeros((height // GRAIN, width // GRAIN), np.float32)
        fine = torch.from_numpy(np.stack([blank if g is None else g for g in grain])).to(sketches)[:, None]
        paper = paper + column("noise") * F.interpolate(fine, size=(height, width), mode="nearest")
    return 2 * paper.clamp(0, 1) - 1
