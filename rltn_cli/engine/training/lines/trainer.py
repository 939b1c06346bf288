"""Teaches the narrow twin of HED to draw lines; deep supervision as in the paper, other losses."""

import math
import time
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from rltn_cli.engine.training.lines.batches import LineBatches
from rltn_cli.engine.training.schedule import limit_decay, set_lr
from rltn_cli.engine.training.state import optimizer_tensors, read_state, restore_optimizer, write_state
from rltn_cli.errors import NonFiniteLossError, TrainingError
from rltn_cli.models.hed import HED, HEDConfig

BORDER = 8
"""Pixels at a crop's edge that no loss looks at: the network sees zeros beyond them."""
SIDE_WEIGHT = 0.15
"""Of each side output's cross-entropy; the fused output's has 1."""
DICE_WEIGHT = 1.0
L1_WEIGHT = 2.0


@dataclass(frozen=True, slots=True)
class LineTraining:
    """Options of a run; its length is in minutes, since the machine may be shared."""

    minutes: float = 60.0
    """Of computing, over all of a run's parts; the learning rate falls to nothing at the end."""
    lr: float = 2e-3
    warmup: float = 0.02
    """Share of the run in which the learning rate rises."""
    ema: float = 0.998
    """Decay of the averaged weights, which are the result."""
    clip: float = 1.0
    """Largest norm of the gradient."""
    contrast: float = 2.0
    """Factor on the fused logits of the result: what is uncertain is drawn paler, or darker above 0.5."""
    precision: Literal["fp32", "bf16"] = "fp32"
    """Of the convolutions; the weights and losses are fp32."""


class LineTrainer:
    """One network in training, and the average of its weights."""

    def __init__(self, batches: LineBatches, options: LineTraining, config: HEDConfig | None = None) -> None:
        torch.manual_seed(batches.seed)
        self.batches, self.options = batches, options
        self.network = normalized(started(HED(config))).to(memory_format=torch.channels_last).train()
        self.averaged = deepcopy(self.network).requires_grad_(False).eval()
        self.optimizer = torch.optim.AdamW(self.network.parameters(), lr=options.lr, weight_decay=1e-4)
        self.step = 0
        self.seconds = 0.0
        """Time that this run has computed so far, over all its parts."""

    @property
    def progress(self) -> float:
        """Share of the run that is done, from 0 to 1."""
        return min(self.seconds / (60 * self.options.minutes), 1.0)

    def run(self) -> Iterator[dict[str, float]]:
        """Train until the minutes are over; yields each step's losses.

        Raises:
            NonFiniteLossError: a loss that is not a finite number, with its step and name.
        """
        while self.progress < 1:
            begun = time.monotonic()
            losses = self._step()
            self.seconds += time.monotonic() - begun
            yield losses

    def _step(self) -> dict[str, float]:
        """Do one step and return its losses."""
        warm = min(self.progress / self.options.warmup, 1.0) if self.options.warmup else 1.0
        rate = (
            self.options.lr * max(warm, 0.01) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * self.progress)))
        )
        set_lr(self.optimizer, rate)
        color, ink = self.batches.draw(self.step)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.options.precision == "bf16"):
            outputs = self.network.unpadded(color.to(memory_format=torch.channels_last))
        losses = line_losses(tuple(output.float() for output in outputs), ink)
        for name, value in losses.items():
            if not torch.isfinite(value):
                raise NonFiniteLossError(
                    f"step {self.step}: {name} is {value.item()}; lower the learning rate"
                )
        self.optimizer.zero_grad(set_to_none=True)
        torch.stack(list(losses.values())).sum().backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), self.options.clip)
        self.optimizer.step()
        self.step += 1
        decay = limit_decay(self.options.ema, self.step)
        with torch.no_grad():
            both = zip(self.averaged.state_dict().values(), self.network.state_dict().values(), strict=True)
            for mean, value in both:
                if mean.is_floating_point():
                    mean.lerp_(value, 1 - decay)
                else:
                    mean.copy_(value)
        return {name: value.item() for name, value in losses.items()}

    def result(self) -> HED:
        """Return the averaged network as it is shipped: normalisation and contrast in its convolutions."""
        network = folded(self.averaged)
        assert network.fuse.bias is not None
        with torch.no_grad():
            network.fuse.weight *= self.options.contrast
            network.fuse.bias *= self.options.contrast
        return network

    def save(self, folder: Path) -> None:
        """Write the training state; its parent folder exists."""
        parts = {
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": optimizer_tensors(self.optimizer),
        }
        write_state(folder, parts, {"step": self.step, "seconds": self.seconds})

    def resume(self, folder: Path) -> None:
        """Go on from what `save` wrote.

        Raises:
            TrainingError: not a whole state, or one of another network.
        """
        parts, facts = read_state(folder)
        try:
            self.network.load_state_dict(parts["network"])
            self.averaged.load_state_dict(parts["averaged"])
            restore_optimizer(self.optimizer, parts["optimizer"])
            self.step, self.seconds = int(str(facts["step"])), float(str(facts["seconds"]))
        except (KeyError, ValueError, RuntimeError) as error:
            raise TrainingError(f"{folder}: not a state of this network; begin in another folder") from error


def line_losses(outputs: tuple[Tensor, ...], ink: Tensor) -> dict[str, Tensor]:
    """Return the weighted loss terms of the side outputs and of the fused one.

    Cross-entropy is plain: the class-balanced one of the paper (equation 2) makes lines thick and grey. Dice
    and L1 are on the fused output alone, which thereby becomes thin and dark.

    Args:
        outputs: logits (B, 1, H, W) as HED gives them.
        ink: (B, 1, H, W), 1 on a line.
    """
    inside = (..., slice(BORDER, -BORDER), slice(BORDER, -BORDER))
    target = ink[inside]
    sides = [F.binary_cross_entropy_with_logits(side[inside], target) for side in outputs[:-1]]
    fused = outputs[-1][inside]
    drawn = fused.sigmoid()
    overlap = 2 * (drawn * target).sum() + 1
    return {
        "loss/sides": SIDE_WEIGHT * torch.stack(sides).sum(),
        "loss/bce": F.binary_cross_entropy_with_logits(fused, target),
        "loss/dice": DICE_WEIGHT * (1 - overlap / ((drawn * drawn).sum() + (target * target).sum() + 1)),
        "loss/l1": L1_WEIGHT * (drawn - target).abs().mean(),
    }


def started(network: HED) -> HED:
    """Give a network first weights: He's for ReLUs; outputs that begin almost white, fine ones first."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d) and module.bias is not None:
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            nn.init.zeros_(module.bias)
    for stage in range(1, 6):
        side = network.get_submodule(f"dsn{stage}")
        assert isinstance(side, nn.Conv2d) and side.bias is not None
        nn.init.constant_(side.bias, -2.0)
    with torch.no_grad():
        network.fuse.weight.copy_(torch.tensor([0.6, 0.1, 0.1, 0.1, 0.1]).view(1, 5, 1, 1))
    return network


def normalized(network: HED) -> HED:
    """Put batch normalisation behind every 3x3 convolution, for training; `folded` takes it out again."""
    for layers in (network.features, *([network.merge] if network.config.merge else [])):
        for name, layer in list(layers.named_children()):
            if isinstance(layer, nn.Conv2d):
                layers.register_module(name, nn.Sequential(layer, nn.BatchNorm2d(layer.out_channels)))
    return network


def folded(network: HED) -> HED:
    """Return a copy in evaluation mode with batch normalisation inside its convolutions; same outputs."""
    copy = deepcopy(network).eval()
    for layers in (copy.features, *([copy.merge] if copy.config.merge else [])):
        for name, layer in list(layers.named_children()):
            if isinstance(layer, nn.Sequential):
                convolution, normalization = layer
                assert isinstance(convolution, nn.Conv2d) and isinstance(normalization, nn.BatchNorm2d)
                layers.register_module(name, fuse_conv_bn_eval(convolution, normalization))
    return copy
