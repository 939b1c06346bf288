"""Holistically-nested edge detection (Xie and Tu, ICCV 2015), and the narrow twin that rltn ships.

Key layout of the weights, the original's and the twin's: `features.N.weight|bias` are the trunk's 3x3
convolutions, numbered as in torchvision's VGG16 (where ReLUs and poolings count: 0, 2, 5, 7, 10, ... 28);
`dsn1` to `dsn5` are the 1x1 convolutions that give the side outputs, `fuse` the 1x1 convolution over the five
of them. For the way back from the coarse stages to the fine ones the twin also has `lateral.0` to `lateral.4`
and `back.0` to `back.3` (1x1, only where widths differ) and `merge.0` to `merge.3` (3x3).
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rltn_cli.errors import ConfigError

STRIDE = 16
"""Stride of the coarsest stage: pictures shifted by multiples of it have the same edges, shifted."""
MARGIN = 32
"""Pixels that are added around a picture by reflection, so that zero padding does not draw a frame."""
ARCHITECTURE = 1
"""Version of the network's structure; weights of a newer one need a newer rltn."""
_MEAN_BGR = (104.00699, 116.66877, 122.67892)
"""Mean of ImageNet's pictures, as the original network subtracts it."""


@dataclass(frozen=True, slots=True)
class HEDConfig:
    """Sizes of the network; the defaults are the narrow twin's, `hed-small`."""

    widths: tuple[int, ...] = (8, 16, 48, 96, 128)
    """Channels of the five stages, at strides 1, 2, 4, 8 and 16."""
    depths: tuple[int, ...] = (2, 2, 3, 3, 3)
    """3x3 convolutions of the five stages."""
    merge: int = 16
    """Largest number of channels on the way back from coarse to fine, before the side outputs; 0 for the
    original network, which has no such way."""
    input_scale: float = 1 / 64
    """Factor on the picture after its mean is subtracted; 1 in the original."""
    kind: Literal["lines"] = "lines"
    """Distinguishes the configuration from that of a network that paints."""
    architecture: int = ARCHITECTURE

    def __post_init__(self) -> None:
        for name, most in (("widths", 1024), ("depths", 8)):
            values = getattr(self, name)
            if len(values) != 5 or not all(type(value) is int and 1 <= value <= most for value in values):
                raise ConfigError(f"{name} must be five whole numbers from 1 to {most}, not {values!r}")
        if type(self.merge) is not int or not 0 <= self.merge <= 1024:
            raise ConfigError(f"merge must be a whole number from 0 to 1024, not {self.merge!r}")
        if not 1e-4 <= self.input_scale <= 1:
            raise ConfigError(f"input_scale must be from 0.0001 to 1, not {self.input_scale}")
        if not 1 <= self.architecture <= ARCHITECTURE:
            raise ConfigError(
                f"this network has architecture {self.architecture}, this rltn knows up to {ARCHITECTURE}: "
                "update rltn"
            )


HED_ORIGINAL = HEDConfig(widths=(64, 128, 256, 512, 512), merge=0, input_scale=1.0)
"""The network of the paper: the convolutions of VGG16."""


class HED(nn.Module):
    """Five side outputs, one per stage of a VGG trunk, and their fusion."""

    def __init__(self, config: HEDConfig | None = None) -> None:
        super().__init__()
        self.config = config or HEDConfig()
        widths, merge = self.config.widths, self.config.merge
        layers: list[nn.Module] = []
        self.ends: list[int] = []
        """Index after each stage's last layer; the stage's features are the activations there."""
        inputs = 3
        for depth, width in zip(self.config.depths, widths, strict=True):
            for _ in range(depth):
                layers += [nn.Conv2d(inputs, width, 3, padding=1), nn.ReLU(inplace=True)]
                inputs = width
            self.ends.append(len(layers))
            layers.append(nn.MaxPool2d(2, ceil_mode=True))
        self.features = nn.Sequential(*layers[:-1])
        outputs = tuple(min(width, merge) for width in widths) if merge else widths
        if merge:
            self.lateral = nn.ModuleList(map(_pointwise, widths, outputs))
            self.back = nn.ModuleList(_pointwise(coarse, fine) for fine, coarse in pairwise(outputs))
            self.merge = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for width in outputs[:-1])
        for stage, width in enumerate(outputs, start=1):
            self.add_module(f"dsn{stage}", nn.Conv2d(width, 1, 1))
        self.fuse = nn.Conv2d(5, 1, 1)

    @property
    def reach(self) -> int:
        """Distance in pixels up to which a pixel can change the edges around it."""
        reach = sum(depth << stage for stage, depth in enumerate(self.config.depths))
        reach += STRIDE  # the poolings
        if self.config.merge:
            reach += STRIDE  # the 3x3 convolutions on the way back
        return reach + STRIDE  # bilinear upsampling

    def forward(self, color: Tensor) -> tuple[Tensor, ...]:
        """Return the side outputs, fine to coarse, and the fused one.

        Args:
            color: (B, 3, H, W) RGB in [-1, 1]; any height and width.

        Returns:
            Six logits of (B, 1, H, W); the sigmoid of the last is the edge map, 1 on an edge.
        """
        height, width = color.shape[2:]
        outputs = self.forward_unpadded(reflect(color, MARGIN))
        return tuple(x[:, :, MARGIN : MARGIN + height, MARGIN : MARGIN + width] for x in outputs)

    def forward_unpadded(self, color: Tensor) -> tuple[Tensor, ...]:
        """Return what `forward` returns, but without a margin: pixels near the border see zeros beyond it."""
        x = (
            127.5 * (color.flip(1) + 1) - color.new_tensor(_MEAN_BGR)[:, None, None]
        ) * self.config.input_scale
        stages = []
        for start, end in pairwise((0, *self.ends)):
            x = self.features[start:end](x)
            stages.append(x)
        if self.config.merge:
            stages = self._merge_stages(stages)
        sides = [
            _resize(self.get_submodule(f"dsn{number}")(features), color.shape[2:])
            for number, features in enumerate(stages, start=1)
        ]
        return (*sides, self.fuse(torch.cat(sides, 1)))

    def _merge_stages(self, stages: list[Tensor]) -> list[Tensor]:
        """Return the stages' features, with those of coarser stages merged into the finer ones."""
        features = [lateral(stage) for lateral, stage in zip(self.lateral, stages, strict=True)]
        for i, (back, merge) in reversed(list(enumerate(zip(self.back, self.merge, strict=True)))):
            coarse = _resize(back(features[i + 1]), features[i].shape[2:])
            features[i] = F.relu(merge(features[i] + coarse), inplace=True)
        return features


def _pointwise(inputs: int, outputs: int) -> nn.Module:
    """Return a 1x1 convolution, or the identity if the widths are equal."""
    return nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1)


def reflect(picture: Tensor, margin: int) -> Tensor:
    """Pad a picture of any size, down to one pixel, with its mirror image.

    Args:
        picture: (B, C, H, W).
        margin: pixels on every side.

    Returns:
        (B, C, H + 2 margin, W + 2 margin).
    """
    if margin < min(picture.shape[2:]):
        return F.pad(picture, (margin,) * 4, mode="reflect")
    for axis in (2, 3):  # the mirror image is smaller than the margin: mirrored again and again
        length = picture.shape[axis]
        place = torch.arange(-margin, length + margin, device=picture.device)
        period = max(2 * (length - 1), 1)
        place = place.remainder(period)
        picture = picture.index_select(axis, torch.minimum(place, period - place) if length > 1 else place)
    return picture


def _resize(features: Tensor, size: tuple[int, ...] | torch.Size) -> Tensor:
    """Resize by bilinear interpolation, unless the size is right."""
    if features.shape[2:] == torch.Size(size):
        return features
    return F.interpolate(features, size=tuple(size), mode="bilinear", align_corners=False)
