"""CIE Lab (D65, 2 degree observer) of sRGB pictures, as tensors."""

import torch
from torch import Tensor

_TO_XYZ = (
    (0.412453, 0.357580, 0.180423),
    (0.212671, 0.715160, 0.072169),
    (0.019334, 0.119193, 0.950227),
)
"""Linear sRGB to XYZ (IEC 61966-2-1)."""
_WHITE = (0.950456, 1.0, 1.088754)
"""XYZ of D65."""
_SRGB_LINEAR_BELOW = 0.04045
"""sRGB values up to this are a linear function of the light (IEC 61966-2-1)."""
_LAB_LINEAR_BELOW = 0.008856
"""(6 / 29)^3: up to this Lab replaces the cube root by a straight line, which keeps its slope finite."""
_PAPER_LIGHTNESS, _PAPER_CHROMA = 96, 4
"""Lightness above which, and |a| and |b| below which, a colour is white paper."""
_LIGHTNESS_WEIGHT = 0.5
"""Weight of the squared difference in lightness, which shading moves more than the hue."""


def to_lab(pictures: Tensor) -> Tensor:
    """Return CIE Lab of sRGB pictures: L in [0, 100], a and b from about -110 to 110.

    Args:
        pictures: (B, 3, H, W) in [-1, 1].

    Returns:
        (B, 3, H, W) float32.
    """
    unit = (pictures.float() + 1) / 2
    curve = ((unit.clamp(min=0) + 0.055) / 1.055) ** 2.4
    linear = torch.where(unit > _SRGB_LINEAR_BELOW, curve, unit / 12.92)
    matrix = linear.new_tensor(_TO_XYZ) / linear.new_tensor(_WHITE)[:, None]
    xyz = torch.einsum("ij,bjhw->bihw", matrix, linear)
    cube_root = xyz.clamp(min=_LAB_LINEAR_BELOW) ** (1 / 3)
    x, y, z = torch.where(xyz > _LAB_LINEAR_BELOW, cube_root, 7.787 * xyz + 16 / 116).unbind(1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], dim=1)


def is_white_paper(lab: Tensor) -> Tensor:
    """Return whether colours (..., 3) in CIE Lab are white paper, bool (...)."""
    return (lab[..., 0] > _PAPER_LIGHTNESS) & (lab[..., 1:].abs() < _PAPER_CHROMA).all(dim=-1)


def lab_distance_squared(first: Tensor, second: Tensor) -> Tensor:
    """Return dL^2 / 2 + da^2 + db^2 between all pairs: (B, N, 3) and (B, M, 3) to (B, N, M)."""
    scale = first.new_tensor((_LIGHTNESS_WEIGHT**0.5, 1.0, 1.0))
    a, b = first * scale, second * scale
    squared = a.square().sum(2)[:, :, None] + b.square().sum(2)[:, None] - 2 * a @ b.transpose(1, 2)
    return squared.clamp(min=0)  # rounding can bring it below 0
