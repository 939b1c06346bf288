"""The networks and the objective of a run, by its architecture."""

from pathlib import Path

import torch
from accelerate import Accelerator
from torch import nn

from rltn_cli.engine.checkpoints.trunks import read_trunk
from rltn_cli.engine.training.baselines.adain import AdaINObjective
from rltn_cli.engine.training.baselines.drit import DRITObjective
from rltn_cli.engine.training.baselines.munit import MUNITObjective
from rltn_cli.engine.training.baselines.scft import SCFTObjective
from rltn_cli.engine.training.frozen_networks import FrozenNetworks
from rltn_cli.engine.training.game import TrainingObjective
from rltn_cli.engine.training.networks import TrainingNetworks
from rltn_cli.engine.training.objective import RLTNObjective
from rltn_cli.engine.training.rltn_networks import RLTNNetworks
from rltn_cli.errors import ModelError, TrainingError
from rltn_cli.models.architectures import PaintingNetwork, build_network
from rltn_cli.models.baselines.adain import AdaIN
from rltn_cli.models.baselines.drit import DRIT, DRITDiscriminator
from rltn_cli.models.baselines.munit import MUNIT, MUNITDiscriminator
from rltn_cli.models.baselines.scft import SCFT
from rltn_cli.models.discriminator import MultiscaleDiscriminator
from rltn_cli.models.rltn import RLTN
from rltn_cli.training_config import TrainConfig


def prepare_architecture(
    config: TrainConfig,
    accelerator: Accelerator,
    model: PaintingNetwork | None,
    frozen: FrozenNetworks,
    *,
    compile_networks: bool = False,
) -> tuple[TrainingNetworks, TrainingObjective]:
    """Return what is trained, and what for.

    Args:
        config: of the run.
        accelerator: device and processes.
        model: weights to start from; otherwise fresh ones from the seed.
        frozen: the networks that the loss terms look through; they are moved to the device.
        compile_networks: use torch.compile, for RLTN.

    Raises:
        TrainingError: a term lacks its frozen network, or the model is another architecture's.
        ModelError: AdaIN's encoder is unavailable; the message says how to get it.
    """
    if model is not None and architecture_of(model) != config.architecture:
        raise TrainingError(
            f"the weights to start from are of the architecture {architecture_of(model)}, and "
            f"{config.architecture} is to be trained: pass --architecture {architecture_of(model)}"
        )
    torch.manual_seed(config.seed)
    if config.architecture == "rltn":
        frozen.check(config.losses)
        assert model is None or isinstance(model, RLTN)
        networks = RLTNNetworks(config, accelerator, model=model, compile_networks=compile_networks)
        frozen.move_to(accelerator.device)
        return networks, RLTNObjective(networks, config.losses, frozen)
    if config.freeze:
        raise TrainingError("freeze names parts of RLTN: leave it out for other architectures")
    if model is None:
        model = fresh_baseline(config)
    discriminator = make_discriminator(model, config.discriminator_width)
    frozen.move_to(accelerator.device)
    objective = make_objective(model, discriminator, frozen)
    return TrainingNetworks(config, accelerator, model, discriminator), objective


def architecture_of(model: PaintingNetwork) -> str:
    """Return the name of a network's architecture."""
    return "rltn" if isinstance(model, RLTN) else model.config.network


def fresh_baseline(config: TrainConfig) -> PaintingNetwork:
    """Return a network other than RLTN with fresh weights; AdaIN's encoder has VGG16's.

    Raises:
        ModelError: VGG16's weights are unavailable; the message says how to get them.
    """
    model = build_network(config.fresh_network())
    if isinstance(model, AdaIN):
        wanted = model.encoder.state_dict()
        stored = read_trunk("vgg16", Path(config.frozen) if config.frozen else None)
        try:
            model.encoder.load_state_dict({key: value for key, value in stored.items() if key in wanted})
        except RuntimeError as error:
            raise ModelError(
                "the file vgg16_features.safetensors does not hold VGG16's convolutions"
            ) from error
    return model


def make_discriminator(model: PaintingNetwork, width: int) -> nn.Module:
    """Return the discriminator of an architecture other than RLTN, with fresh weights.

    Args:
        model: what it plays against.
        width: channels of its first layer.
    """
    match model:
        case MUNIT():
            return MUNITDiscriminator(width)
        case DRIT():
            return DRITDiscriminator(width, model.content_width)
        case SCFT():
            return MultiscaleDiscriminator(width, scales=1)
    return nn.Module()


def make_objective(
    model: PaintingNetwork, discriminator: nn.Module, frozen: FrozenNetworks
) -> TrainingObjective:
    """Return the losses of an architecture other than RLTN.

    Raises:
        TrainingError: the frozen VGG is missing.
    """
    match model, discriminator:
        case AdaIN(), _:
            return AdaINObjective(model)
        case MUNIT(), MUNITDiscriminator():
            return MUNITObjective(model, discriminator)
        case DRIT(), DRITDiscriminator():
            return DRITObjective(model, discriminator)
        case SCFT(), MultiscaleDiscriminator():
            return SCFTObjective(model, discriminator, frozen)
    raise AssertionError(f"no objective for {type(model).__name__}")
