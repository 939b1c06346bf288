"""Training of the narrow twin of HED that draws lines: deep supervision as in the paper, other losses."""

import math
import time
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from rltn_cli.choices import LinePrecision
from rltn_cli.engine.training.lines.batches import LineBatches
from rltn_cli.engine.training.schedule import limit_decay, set_lr
from rltn_cli.engine.training.state import optimizer_tensors, read_state, restore_optimizer, write_state
from rltn_cli.errors import NonFiniteLossError, TrainingError
from rltn_cli.models.hed import HED, HEDConfig

BORDER = 8
"""Pixels at the border of a crop that the losses ignore: the network sees zeros beyond them."""
SIDE_WEIGHT = 0.15
"""Weight of each side output's cross-entropy; that of the fused output is 1."""
DICE_WEIGHT = 1.0
L1_WEIGHT = 2.0
"""Weights of the Dice loss and of L1 on the fused output."""


WHITE_LOGIT = -2.0
"""First bias of the outputs: ink of 12 %, almost white, as most pixels are paper."""
FIRST_FUSION = (0.6, 0.1, 0.1, 0.1, 0.1)
"""First weights of the side outputs in the fusion, fine to coarse."""
LEAST_LR, LEAST_WARMUP = 0.02, 0.01
"""Share of the learning rate that is left at the end, and with which the warm-up begins."""


@dataclass(frozen=True, slots=True)
class LineTraining:
    """Options of a run; its length is given in minutes, since the machine may be shared."""

    minutes: float = 60.0
    """Time to train, over all parts of a run; the learning rate decays to nearly nothing at its end."""
    lr: float = 2e-3
    warmup: float = 0.02
    """Share of the run in which the learning rate rises."""
    ema: float = 0.998
    """Decay of the averaged weights, which are the result."""
    clip: float = 1.0
    """Largest norm of the gradient."""
    contrast: float = 2.0
    """Factor on the fused logits of the result: what is uncertain is drawn paler, or darker above 0.5."""
    precision: LinePrecision = "fp32"
    """Of the convolutions; the weights and losses are fp32."""


class LineTrainer:
    """Trains a network and the average of its weights."""

    def __init__(self, batches: LineBatches, options: LineTraining, config: HEDConfig | None = None) -> None:
        torch.manual_seed(batches.seed)
        self.batches, self.options = batches, options
        self.network = add_batch_norm(initialize(HED(config))).to(memory_format=torch.channels_last).train()
        self.ema = deepcopy(self.network).requires_grad_(False).eval()
        self.optimizer = torch.optim.AdamW(self.network.parameters(), lr=options.lr, weight_decay=1e-4)
        self.step = 0
        self.seconds = 0.0
        """Time trained so far, over all parts of the run."""

    @property
    def progress(self) -> float:
        """Share of the run that is done, from 0 to 1."""
        return min(self.seconds / (60 * self.options.minutes), 1.0)

    def run(self) -> Iterator[dict[str, float]]:
        """Train until the time is over, yielding the losses of every step.

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
        decay = LEAST_LR + (1 - LEAST_LR) * 0.5 * (1 + math.cos(math.pi * self.progress))
        set_lr(self.optimizer, self.options.lr * max(warm, LEAST_WARMUP) * decay)
        color, ink = self.batches.draw(self.step)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.options.precision == "bf16"):
            outputs = self.network.forward_unpadded(color.to(memory_format=torch.channels_last))
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
        ema_decay = limit_decay(self.options.ema, self.step)
        with torch.no_grad():
            both = zip(self.ema.state_dict().values(), self.network.state_dict().values(), strict=True)
            for mean, value in both:
                if mean.is_floating_point():
                    mean.lerp_(value, 1 - ema_decay)
                else:
                    mean.copy_(value)
        return {name: value.item() for name, value in losses.items()}

    def result(self) -> HED:
        """Return the averaged network as shipped: normalisation and contrast lie in its convolutions."""
        network = fold_batch_norm(self.ema)
        assert network.fuse.bias is not None
        with torch.no_grad():
            network.fuse.weight *= self.options.contrast
            network.fuse.bias *= self.options.contrast
        return network

    def save(self, folder: Path) -> None:
        """Write the training state; its parent folder exists."""
        tensors = {
            "network": self.network.state_dict(),
            "averaged": self.ema.state_dict(),
            "optimizer": optimizer_tensors(self.optimizer),
        }
        write_state(folder, tensors, {"step": self.step, "seconds": self.seconds})

    def resume(self, folder: Path) -> None:
        """Go on from what `save` wrote.

        Raises:
            TrainingError: not a complete state, or one of another network.
        """
        tensors, values = read_state(folder)
        try:
            self.network.load_state_dict(tensors["network"])
            self.ema.load_state_dict(tensors["averaged"])
            restore_optimizer(self.optimizer, tensors["optimizer"])
            self.step, self.seconds = int(str(values["step"])), float(str(values["seconds"]))
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


def initialize(network: HED) -> HED:
    """Initialise a network: He's weights for ReLUs, almost white outputs, a fusion of mostly the finest."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d) and module.bias is not None:
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            nn.init.zeros_(module.bias)
    for stage in range(1, 6):
        side = network.get_submodule(f"dsn{stage}")
        assert isinstance(side, nn.Conv2d) and side.bias is not None
        nn.init.constant_(side.bias, WHITE_LOGIT)
    with torch.no_grad():
        network.fuse.weight.copy_(torch.tensor(FIRST_FUSION).view(1, 5, 1, 1))
    return network


def add_batch_norm(network: HED) -> HED:
    """Add batch normalisation after every 3x3 convolution, for training; see `fold_batch_norm`."""
    for layers in (network.features, *([network.merge] if network.config.merge else [])):
        for name, layer in list(layers.named_children()):
            if isinstance(layer, nn.Conv2d):
                layers.register_module(name, nn.Sequential(layer, nn.BatchNorm2d(layer.out_channels)))
    return network


def fold_batch_norm(network: HED) -> HED:
    """Return a copy in evaluation mode with batch normalisation inside its convolutions; same outputs."""
    copy = deepcopy(network).eval()
    for layers in (copy.features, *([copy.merge] if copy.config.merge else [])):
        for name, layer in list(layers.named_children()):
            if isinstance(layer, nn.Sequential):
                convolution, normalization = layer
                assert isinstance(convolution, nn.Conv2d) and isinstance(normalization, nn.BatchNorm2d)
                layers.register_module(name, fuse_conv_bn_eval(convolution, normalization))
    return copy
