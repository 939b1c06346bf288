"""VGG16 and VGG19 as fixed feature networks, with torchvision's layers and key names."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from rltn_cli.choices import PerceptualTrunk

VGG_DEPTHS: Mapping[PerceptualTrunk, tuple[int, ...]] = {"vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4)}
"""Convolutions of each of the five blocks (Simonyan and Zisserman, 2014)."""
VGG_WIDTHS = (64, 128, 256, 512, 512)


class VGG(nn.Module):
    """The convolutions of VGG16 or VGG19; gives activations by name, `relu1_1` up to `relu5_4`."""

    mean: Tensor
    std: Tensor

    def __init__(self, name: PerceptualTrunk = "vgg16", last: str = "pool5") -> None:
        """Build the network, up to the layer `last`, such as `relu4_1`, where not all of it is needed."""
        super().__init__()
        layers: list[nn.Module] = []
        self.names: dict[int, str] = {}
        inputs = 3
        for block, (depth, width) in enumerate(zip(VGG_DEPTHS[name], VGG_WIDTHS, strict=True), start=1):
            for number in range(1, depth + 1):
                layers += [nn.Conv2d(inputs, width, 3, padding=1), nn.ReLU()]
                self.names[len(layers) - 1] = f"relu{block}_{number}"
                inputs = width
            layers.append(nn.MaxPool2d(2))
        ends = [number for number, name in self.names.items() if name == last]
        self.features = nn.Sequential(*layers[: ends[0] + 1 if ends else None])
        # Those of ImageNet, on which the networks were trained. Not in the files of weights, so that they are
        # made at once even where a network's weights come later.
        for key, values in (("mean", (0.485, 0.456, 0.406)), ("std", (0.229, 0.224, 0.225))):
            buffer = torch.tensor(values, device="cpu")[:, None, None]
            self.register_buffer(key, buffer, persistent=False)
        self.requires_grad_(False)

    def forward(self, picture: Tensor, names: Sequence[str]) -> dict[str, Tensor]:
        """Return the requested activations; layers above the highest of these are not run.

        Args:
            picture: (B, 3, H, W) RGB in [-1, 1].
            names: such as `relu4_2`.
        """
        x = ((picture + 1) / 2 - self.mean) / self.std
        wanted, found = set(names), {}
        for i, layer in enumerate(self.features):
            x = layer(x)
            if self.names.get(i) in wanted:
                found[self.names[i]] = x
                if len(found) == len(wanted):
                    break
        return found
