"""The networks in training, their averaged weights and their optimisers."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from rltn_cli.engine.training.generator_side import GeneratorSide
from rltn_cli.engine.training.schedule import make_ema_update, set_lr
from rltn_cli.engine.training.state import optimizer_tensors, restore_optimizer
from rltn_cli.models.discriminator import MultiscaleDiscriminator
from rltn_cli.models.rltn import RLTN
from rltn_cli.training_config import TrainConfig


class TrainingNetworks:
    """RLTN and the discriminator, on the run's device, with all that training adds to them."""

    def __init__(
        self,
        config: TrainConfig,
        accelerator: Accelerator,
        *,
        model: RLTN | None = None,
        compile_networks: bool = False,
    ) -> None:
        """Prepare networks and optimisers; arguments as in Trainer."""
        self.config = config
        torch.manual_seed(config.seed)
        self.model = model or RLTN(config.fresh_model())
        self.model.requires_grad_(True)
        for part in config.freeze:
            getattr(self.model, part).requires_grad_(False)
        self.discriminator = MultiscaleDiscriminator(config.discriminator_width)
        for network in (self.model, self.discriminator):
            network.to(accelerator.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.ema = AveragedModel(self.model, multi_avg_fn=make_ema_update(config.ema))
        betas = (config.beta1, config.beta2)
        self.trained = [value for value in self.model.parameters() if value.requires_grad]
        """Parameters of the model that are not frozen."""
        self.generator_optimizer = torch.optim.Adam(self.trained, config.generator_lr, betas)
        self.discriminator_optimizer = torch.optim.Adam(
            self.discriminator.parameters(), config.discriminator_lr, betas
        )
        # The optimisers stay PyTorch's own: Accelerate would update the fp16 scale after each of the two.
        prepare: Callable[..., Any] = accelerator.prepare
        self.generator_side: Any = prepare(GeneratorSide(self.model, align=config.losses.align > 0))
        self.prepared_discriminator: Any = prepare(self.discriminator)
        """The discriminator as it is trained: it averages its gradients over the processes."""
        if compile_networks:
            self.generator_side = torch.compile(self.generator_side)
            self.prepared_discriminator = torch.compile(self.prepared_discriminator)

    @property
    def ema_model(self) -> RLTN:
        """RLTN with the averaged weights: what is evaluated and shipped."""
        model = self.ema.module
        assert isinstance(model, RLTN)
        return model

    def count_parameters(self) -> int:
        """Return the number of RLTN's parameters, frozen ones included."""
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
