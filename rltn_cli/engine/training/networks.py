"""The networks in training, their averaged weights and their optimisers."""

from collections.abc import Mapping
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.swa_utils import AveragedModel

from rltn_cli.engine.training.schedule import make_ema_update, set_lr
from rltn_cli.engine.training.state import optimizer_tensors, restore_optimizer
from rltn_cli.models.architectures import PaintingNetwork
from rltn_cli.models.baselines.baseline import BaselineNetwork
from rltn_cli.models.rltn import RLTN
from rltn_cli.training_config import TrainConfig


class TrainingNetworks:
    """A network that paints and its discriminator, on the run's device, with what training adds to them."""

    def __init__(
        self, config: TrainConfig, accelerator: Accelerator, model: PaintingNetwork, discriminator: nn.Module
    ) -> None:
        """Move the networks and make the optimisers.

        Args:
            config: of the run.
            accelerator: its device and processes.
            model: what is trained; what in it needs no gradient stays as it is.
            discriminator: without parameters where the architecture has none.
        """
        self.config = config
        self.model, self.discriminator = model, discriminator
        networks: tuple[nn.Module, ...] = (model, discriminator)
        for network in networks:
            network.to(accelerator.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.ema = AveragedModel(model, multi_avg_fn=make_ema_update(config.ema))
        betas = (config.beta1, config.beta2)
        self.trained = [value for value in model.parameters() if value.requires_grad]
        """Parameters of the model that are not frozen."""
        fused = accelerator.device.type == "cpu"  # otherwise a dozen small operations for each parameter
        self.generator_optimizer = torch.optim.Adam(self.trained, config.generator_lr, betas, fused=fused)
        self._judges = list(discriminator.parameters())
        self.discriminator_optimizer = torch.optim.Adam(
            self._judges or [torch.zeros(0)], config.discriminator_lr, betas, fused=fused
        )
        # The optimisers stay PyTorch's own: Accelerate would update the fp16 scale after each of the two.
        self.prepared: list[Any] = []
        """Networks that average their own gradients over the processes."""
        self.shared = accelerator.num_processes > 1
        """Whether other processes train the same weights."""

    @property
    def ema_model(self) -> PaintingNetwork:
        """The network with the averaged weights: what is evaluated and shipped."""
        model = self.ema.module
        assert isinstance(model, RLTN | BaselineNetwork)
        return model

    @property
    def optimizers_with_gradients(self) -> list[Optimizer]:
        """The optimisers that have something to do after a step's gradients."""
        sides = ((self._judges, self.discriminator_optimizer), (self.trained, self.generator_optimizer))
        return [optimizer for values, optimizer in sides if any(value.grad is not None for value in values)]

    def average_gradients(self, accelerator: Accelerator) -> None:
        """Make all gradients their means over the processes."""
        for value in (*self._judges, *self.trained):
            if value.grad is not None:
                value.grad = accelerator.reduce(value.grad, "mean")

    def count_parameters(self) -> int:
        """Return the number of the model's parameters, frozen ones included."""
        return sum(value.numel() for value in self.model.parameters())

    def set_lr(self, multiplier: float) -> None:
        """Set both learning rates to their configured values times a multiplier."""
        set_lr(self.generator_optimizer, self.config.generator_lr * multiplier)
        set_lr(self.discriminator_optimizer, self.config.discriminator_lr * multiplier)

    def zero_grad(self) -> None:
        """Forget the gradients."""
        self.generator_optimizer.zero_grad()
        self.discriminator_optimizer.zero_grad()

    def state_tensors(self) -> dict[str, dict[str, Tensor]]:
        """Return all weights and moments, by the name of their file in a training state and by key."""
        return {
            "model": self.model.state_dict(),
            "ema": self.ema.state_dict(),
            "discriminator": self.discriminator.state_dict(),
            "generator_optimizer": optimizer_tensors(self.generator_optimizer),
            "discriminator_optimizer": optimizer_tensors(self.discriminator_optimizer),
        }

    def restore(self, tensors: Mapping[str, Mapping[str, Tensor]]) -> None:
        """Put back what `state_tensors` gave.

        Raises:
            KeyError, RuntimeError, ValueError: the state is of other networks.
        """
        self.model.load_state_dict(tensors["model"])
        self.ema.load_state_dict(tensors["ema"])
        self.discriminator.load_state_dict(tensors["discriminator"])
        restore_optimizer(self.generator_optimizer, tensors["generator_optimizer"])
        restore_optimizer(self.discriminator_optimizer, tensors["discriminator_optimizer"])
