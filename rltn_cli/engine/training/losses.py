"""The loss terms: those of CoCosNet [6] and the Style-based Contrastive Loss (section 2.3).

One function per term, and at the end a row of `TERM_FUNCTIONS`; `match` and `scl` have modules of their own.
Pictures are (B, 3, H, W) in [-1, 1]; `weights` (B,) says how much each sample counts. Every term is a mean
over the batch, so that the loss of a batch is the mean of the losses of its micro-batches, weighted by their
sizes.
"""

import functools
from collections.abc import Callable, Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from rltn_cli.data.batches import Batch
from rltn_cli.data.matching import find_visible_places
from rltn_cli.engine.training.frozen_networks import FrozenNetworks
from rltn_cli.engine.training.generator_side import GeneratorOutput
from rltn_cli.engine.training.match_loss import match
from rltn_cli.engine.training.style_loss import SCL_LAYERS, style_contrastive
from rltn_cli.models.correspondence import from_patches, to_patches, warp
from rltn_cli.models.discriminator import MultiscaleDiscriminator
from rltn_cli.sizes import PATCH
from rltn_cli.training_config import LossConfig

Features = Mapping[str, Tensor]

# The layers and weights of fm, ctx and perc are CoCosNet's [6].
FM_WEIGHTS = {"relu1_2": 1 / 32, "relu2_2": 1 / 16, "relu3_2": 1 / 8, "relu4_2": 1 / 4, "relu5_2": 1.0}
CTX_WEIGHTS = {"relu3_2": 2.0, "relu4_2": 4.0, "relu5_2": 8.0}
CTX_POSITIONS = 32
"""Largest side of a layer in the contextual loss, in positions; larger ones are average-pooled, since the
loss compares every position with every other."""
PERC_LAYER = "relu4_2"
OUTPUT_LAYERS = tuple(dict.fromkeys([*FM_WEIGHTS, *CTX_WEIGHTS, PERC_LAYER]))
"""Layers of the frozen VGG that fm, ctx and perc look at."""


def _weighted_mean(per_sample: Tensor, weights: Tensor) -> Tensor:
    """Return the batch mean of weighted per-sample losses."""
    return (per_sample * weights).mean()


def _l1(a: Tensor, b: Tensor) -> Tensor:
    """Return the mean absolute difference of each sample, (B,)."""
    return (a.float() - b.float()).abs().flatten(1).mean(dim=1)


def adversarial_generator(fake: Sequence[Tensor]) -> Tensor:
    """Return the hinge loss of the generator, mean over scales (Lim and Ye, 2017): `-D(fake)`."""
    return -torch.stack([score.float().mean() for score in fake]).mean()


def adversarial_discriminator(real: Sequence[Tensor], fake: Sequence[Tensor]) -> Tensor:
    """Return the discriminator's hinge loss, mean over scales.

    `max(0, 1 - D(real)) + max(0, 1 + D(fake))`, each a mean over the patches.
    """
    terms = [
        F.relu(1 - r.float()).mean() + F.relu(1 + f.float()).mean() for r, f in zip(real, fake, strict=True)
    ]
    return torch.stack(terms).mean()


def feature_matching(output: Features, target: Features, weights: Tensor) -> Tensor:
    """Return `fm`: L1 between VGG features relu1_2 to relu5_2 of output and target, weighted by layer [6]."""
    total = sum(w * _l1(output[name], target[name]) for name, w in FM_WEIGHTS.items())
    assert isinstance(total, Tensor)
    return _weighted_mean(total, weights)


def reconstruction(output: Tensor, target: Tensor, weights: Tensor, seen: Tensor | None = None) -> Tensor:
    """Return `rec`: L1 between the painted picture and the target.

    Args:
        output: (B, 3, H, W).
        target: (B, 3, H, W).
        weights: (B,).
        seen: (B, 1, H, W), 0 at places to leave out, which then count as equal; None if all places count.
    """
    if seen is not None:
        output, target = output * seen, target * seen
    return _weighted_mean(_l1(output, target), weights)


def warping(warped: Tensor, target: Tensor, weights: Tensor, seen: Tensor | None = None) -> Tensor:
    """Return `warp`: L1 between the warped reference and the target, both averaged over 4x4 patches.

    Arguments as in `reconstruction`.
    """
    pooled = [F.avg_pool2d(picture, PATCH) for picture in (warped.float(), target)]
    if seen is not None:
        pooled = [picture * F.avg_pool2d(seen, PATCH) for picture in pooled]
    return _weighted_mean(_l1(*pooled), weights)


def perceptual(output: Features, target: Features, weights: Tensor) -> Tensor:
    """Return `perc`: mean squared distance at relu4_2 between output and target [6]."""
    distance = (output[PERC_LAYER].float() - target[PERC_LAYER].float()).square().flatten(1).mean(dim=1)
    return _weighted_mean(distance, weights)


def lpips(distances: Tensor, weights: Tensor) -> Tensor:
    """Return `lpips`: LPIPS distances (B,) between output and target (Zhang et al., 2018)."""
    return _weighted_mean(distances, weights)


def contextual(output: Features, reference: Features, weights: Tensor, bandwidth: float = 0.1) -> Tensor:
    """Return `ctx`: contextual loss (Mechrez et al., 2018) of output and reference, weighted by layer [6].

    Every position of the output looks for the most similar one in the reference: `-log(mean_i max_j CX_ij)`.
    """
    total = torch.zeros(len(weights), device=weights.device)
    for name, weight in CTX_WEIGHTS.items():
        x, y = output[name].float(), reference[name].float()
        while max(x.shape[2:]) > CTX_POSITIONS:
            x, y = F.avg_pool2d(x, 2), F.avg_pool2d(y, 2)
        total = total + weight * contextual_distance(x.flatten(2), y.flatten(2), bandwidth)
    return _weighted_mean(total, weights)


def contextual_distance(x: Tensor, y: Tensor, bandwidth: float) -> Tensor:
    """Return the contextual loss of each sample, (B,), for features x (B, C, N) and y (B, C, M)."""
    with torch.autocast(x.device.type, enabled=False):
        x, y = x.float(), y.float()
        center = y.mean(dim=2, keepdim=True)
        x, y = F.normalize(x - center, dim=1), F.normalize(y - center, dim=1)
        distance = (1 - x.transpose(1, 2) @ y).clamp(min=0)  # (B, N, M)
        relative = distance / (distance.amin(dim=2, keepdim=True) + 1e-3)
        similarity = torch.softmax(-relative / bandwidth, dim=2)
        return -similarity.amax(dim=2).mean(dim=1).log()


def alignment(content: Tensor, target_style: Tensor) -> Tensor:
    """Return `align`: 1 - cosine between the sketch's content and the target's style features.

    Args:
        content: (B, N, d) of unit length.
        target_style: (B, N, d) of unit length.
    """
    return (1 - (content * target_style).sum(dim=2)).mean()


def cycle(warped: Tensor, content: Tensor, style: Tensor, reference: Tensor, temperature: float) -> Tensor:
    """Return `cycle`: L1 between the reference and the warped picture warped back to it [6].

    Only every second patch of a row and of a column is warped back, which takes a quarter of the time.

    Args:
        warped: (B, 3, H, W).
        content: (B, N, d) of unit length.
        style: (B, M, d) of unit length.
        reference: (B, 3, H', W').
        temperature: tau of the correspondence.
    """
    grid = reference.shape[2] // PATCH, reference.shape[3] // PATCH

    def every_second(tokens: Tensor) -> Tensor:
        kept: Tensor = tokens.unflatten(1, grid)[:, ::2, ::2]
        return kept.flatten(1, 2)

    back = warp(every_second(style), content, to_patches(warped), temperature)
    height, width = (PATCH * -(-side // 2) for side in grid)
    pictures = (
        from_patches(patches, height, width) for patches in (back, every_second(to_patches(reference)))
    )
    return _l1(*pictures).mean()


class TermInputs:
    """What the terms of a batch are computed from; features that several terms share are computed once."""

    def __init__(
        self,
        output: GeneratorOutput,
        batch: Batch,
        discriminator: MultiscaleDiscriminator,
        config: LossConfig,
        frozen: FrozenNetworks,
        temperature: float,
    ) -> None:
        """Keep the parts; see `Objective.generator_terms`."""
        self.output, self.batch, self.discriminator = output, batch, discriminator
        self.config, self.frozen, self.temperature = config, frozen, temperature
        self.trusted = batch.pseudo + config.exemplar * batch.shared
        """(B,) how far the target is known to be right."""
        self.everyone = torch.ones_like(batch.pseudo)

    @functools.cached_property
    def seen(self) -> Tensor | None:
        """Where the reference shows the target's colour, (B, 1, H, W); None if all places count."""
        if not self.config.unseen:
            return None
        return find_visible_places(self.batch.target, self.batch.reference, self.config.unseen)

    @functools.cached_property
    def painted_features(self) -> Features:
        """The output's features."""
        return self.features(self.output.colors, OUTPUT_LAYERS)

    @functools.cached_property
    def target_features(self) -> Features:
        """The target's features."""
        return self.features(self.batch.target, OUTPUT_LAYERS, fixed=True)

    def features(self, pictures: Tensor, layers: tuple[str, ...], *, fixed: bool = False) -> Features:
        """Return features of the frozen VGG; no gradient comes back from `fixed` ones."""
        assert self.frozen.vgg is not None
        with torch.set_grad_enabled(not fixed and torch.is_grad_enabled()):
            found: Features = self.frozen.vgg(pictures, layers)
        return found


def _align_term(inputs: TermInputs) -> Tensor:
    assert inputs.output.target_style is not None
    return alignment(inputs.output.content, inputs.output.target_style)


def _cycle_term(inputs: TermInputs) -> Tensor:
    output = inputs.output
    return cycle(output.warped, output.content, output.style, inputs.batch.reference, inputs.temperature)


def _match_term(inputs: TermInputs) -> Tensor:
    output, batch, place = inputs.output, inputs.batch, inputs.config.match_place
    return match(output.content, output.style, batch.matches, batch.pseudo, inputs.temperature, place=place)


def _adversarial_term(inputs: TermInputs) -> Tensor:
    inputs.discriminator.requires_grad_(False)
    term = adversarial_generator(inputs.discriminator(inputs.batch.sketch, inputs.output.colors))
    inputs.discriminator.requires_grad_(True)
    return term


def _contextual_term(inputs: TermInputs) -> Tensor:
    reference = inputs.features(inputs.batch.reference, tuple(CTX_WEIGHTS), fixed=True)
    return contextual(inputs.painted_features, reference, inputs.everyone)


def _style_contrastive_term(inputs: TermInputs) -> Tensor:
    """Return `scl` of the samples whose reference has other colours, as a mean over the whole batch."""
    batch, warped = inputs.batch, inputs.output.warped
    rows = torch.nonzero(1 - batch.pseudo - batch.shared).flatten()
    if not len(rows):
        return warped.sum() * 0  # a term without samples, which still has a graph
    target = inputs.features(batch.target[rows], SCL_LAYERS, fixed=True)
    reference = inputs.features(batch.reference[rows], SCL_LAYERS, fixed=True)
    style = inputs.features(warped[rows], SCL_LAYERS)
    share = torch.full((len(rows),), len(rows) / len(warped), device=warped.device)
    return style_contrastive(style, reference, target, share)


def _lpips_term(inputs: TermInputs) -> Tensor:
    assert inputs.frozen.lpips is not None
    distances = inputs.frozen.lpips.distances(inputs.output.colors, inputs.batch.target)
    return lpips(distances, inputs.batch.pseudo + inputs.batch.shared)


TERM_FUNCTIONS: Mapping[str, Callable[[TermInputs], Tensor]] = {
    "rec": lambda i: reconstruction(i.output.colors, i.batch.target, i.trusted, i.seen),
    "warp": lambda i: warping(i.output.warped, i.batch.target, i.trusted, i.seen),
    "align": _align_term,
    "cycle": _cycle_term,
    "match": _match_term,
    "adv": _adversarial_term,
    "fm": lambda i: feature_matching(i.painted_features, i.target_features, i.batch.pseudo),
    "perc": lambda i: perceptual(i.painted_features, i.target_features, i.everyone),
    "ctx": _contextual_term,
    "scl": _style_contrastive_term,
    "lpips": _lpips_term,
}
"""How each term of `LossConfig` is computed from a batch, not yet weighted."""
