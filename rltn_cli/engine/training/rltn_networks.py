"""RLTN and its discriminator in training."""

from collections.abc import Callable
from typing import Any

import torch
from accelerate import Accelerator

from rltn_cli.engine.training.generator_side import GeneratorSide
from rltn_cli.engine.training.networks import TrainingNetworks
from rltn_cli.models.discriminator import MultiscaleDiscriminator
from rltn_cli.models.rltn import RLTN
from rltn_cli.training_config import TrainConfig


class RLTNNetworks(TrainingNetworks):
    """RLTN's networks, as they are trained in one or several processes."""

    def __init__(
        self,
        config: TrainConfig,
        accelerator: Accelerator,
        *,
        model: RLTN | None = None,
        compile_networks: bool = False,
    ) -> None:
        """Prepare networks and optimisers; arguments as in Trainer."""
        self.rltn = model or RLTN(config.fresh_model())
        self.rltn.requires_grad_(True)
        if self.rltn.region_match is not None:  # learns by itself: tools/train_region_match.py
            self.rltn.region_match.requires_grad_(False)
        for part in config.freeze:
            getattr(self.rltn, part).requires_grad_(False)
        self.judge = MultiscaleDiscriminator(config.discriminator_width)
        super().__init__(config, accelerator, self.rltn, self.judge)
        prepare: Callable[..., Any] = accelerator.prepare
        self.generator_side: Any = prepare(GeneratorSide(self.rltn, align=config.losses.align > 0))
        self.prepared_discriminator: Any = prepare(self.discriminator)
        """The discriminator as it is trained: it averages its gradients over the processes."""
        self.prepared = [self.generator_side, self.prepared_discriminator]
        if compile_networks:
            self.generator_side = torch.compile(self.generator_side)
            self.prepared_discriminator = torch.compile(self.prepared_discriminator)
