"""SCFT's objective: Lee et al., 2020, sections 3.2 and 3.4.

The reference of each sample is made from its target, whatever the data's own reference is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from rltn_cli.baseline_config import TERM_WEIGHTS
from rltn_cli.data.augmentation import Deformation, deform, make_sampling_grid
from rltn_cli.data.batches import Batch
from rltn_cli.engine.training.baselines.shared import held, l1, weighted
from rltn_cli.engine.training.frozen_networks import FrozenNetworks
from rltn_cli.engine.training.game import Loss, Moment
from rltn_cli.engine.training.style_loss import gram
from rltn_cli.errors import TrainingError
from rltn_cli.models.baselines.scft import SCFT, STRIDE, gather, to_tokens
from rltn_cli.models.discriminator import MultiscaleDiscriminator

NOISE = 50 / 127.5
"""Largest shift of a colour channel: 50 of 255."""
BEND = 0.05
"""Standard deviation of the thin-plate spline's control points, in picture widths."""
MARGIN = 12.0
"""gamma of the triplet loss."""
LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
"""Layers of the frozen VGG that the perceptual and the style loss compare."""


@dataclass(frozen=True, slots=True)
class AugmentedSelf:
    """A target with noise on its colours, and a reference made from it."""

    target: Tensor
    """I_gt = a(I), (B, 3, H, W) in [-1, 1]."""
    reference: Tensor
    """I_r = s(a(I)), (B, 3, H, W)."""
    deformations: list[Deformation]
    """s of each sample: where in I_gt each pixel of I_r is from."""


class SCFTObjective:
    """Reconstruction, adversarial, perceptual, style and similarity-based triplet loss."""

    def __init__(self, model: SCFT, discriminator: MultiscaleDiscriminator, frozen: FrozenNetworks) -> None:
        """Keep the networks.

        Raises:
            TrainingError: the frozen VGG is missing.
        """
        if frozen.vgg is None:
            raise TrainingError("scft's perceptual and style losses need the frozen network VGG")
        self.model, self.discriminator, self.vgg = model, discriminator, frozen.vgg

    def losses(self, part: Batch, moment: Moment) -> Iterator[Loss]:
        """Yield the discriminator's loss, then the generator's."""
        made = augment_self(part.target, moment.noise)
        painted = self.model(part.sketch, [made.reference]).colors
        judge, sketch = self.discriminator, part.sketch
        judge.train(moment.first)  # spectral norms move once per step
        adversarial = discriminator_loss(judge(sketch, made.target), judge(sketch, painted.detach()))
        yield Loss(adversarial, {"adv_discriminator": adversarial})
        judge.eval()
        with held(judge):
            fooled = generator_loss(judge(sketch, painted))
        with torch.no_grad():
            wanted = self.vgg(made.target, LAYERS)
        features = self.vgg(painted, LAYERS)
        terms = {
            "adv": fooled,
            "rec": l1(painted, made.target),
            "perc": perceptual_loss(features, wanted),
            "style": style_loss(features, wanted),
            "triplet": self.triplet(part, made, moment.noise),
        }
        yield weighted(terms, TERM_WEIGHTS["scft"])

    def triplet(self, part: Batch, made: AugmentedSelf, noise: torch.Generator) -> Tensor:
        """Return L_tr of a batch: the correspondence is known, since s made the reference.

        Each position of the reference that s brings from within the picture has a positive key, its own, for
        the query at the place it came from, which lies between positions and is interpolated. A key drawn at
        random is the negative.
        """
        transfer, size = self.model.transfer, part.sketch.shape[2] // STRIDE
        own = gather(self.model.sketch_encoder(part.sketch))
        queries = transfer.query(to_tokens(own)).transpose(1, 2).unflatten(2, (size, size))
        keys = transfer.key(to_tokens(gather(self.model.reference_encoder(made.reference))))
        grid = make_sampling_grid(made.deformations, size, size, own.device)
        inside = (grid.abs() <= 1).all(dim=3).flatten(1)
        matching = to_tokens(F.grid_sample(queries.float(), grid, align_corners=False))
        order = torch.randperm(size * size, generator=noise)  # the same permutation for all samples
        return triplet_loss(matching, keys, keys[:, order.to(keys.device)], inside)


def augment_self(picture: Tensor, noise: torch.Generator) -> AugmentedSelf:
    """Return target and reference made from colour pictures (B, 3, H, W) in [-1, 1], section 3.2.

    The appearance transformation a adds a random number to each colour channel; the spatial one s is a
    thin-plate spline.
    """
    shift = (2 * torch.rand(len(picture), 3, 1, 1, generator=noise) - 1) * NOISE
    target = (picture + shift.to(picture)).clamp(-1, 1)
    rng = np.random.default_rng(int(torch.randint(2**31, (1,), generator=noise)))
    deformations = [spline(rng, BEND) for _ in picture]
    return AugmentedSelf(target, deform(target, deformations), deformations)


def spline(rng: np.random.Generator, bend: float) -> Deformation:
    """Return a thin-plate spline without an affine map.

    Args:
        rng: source of randomness.
        bend: standard deviation of the control points, in picture widths; 0 is the identity.
    """
    still = Deformation.none()
    shifts = rng.normal(0, 2 * bend, still.shifts.shape).astype(np.float32)
    return Deformation(still.affine, shifts)


def triplet_loss(queries: Tensor, positive: Tensor, negative: Tensor, inside: Tensor) -> Tensor:
    """Return the similarity-based triplet loss L_tr, equation (5).

    `max(0, -S(v_q, v_k^p) + S(v_q, v_k^n) + gamma)`, with the scaled dot product S of `similarity`, as a mean
    over the positions that are `inside`.

    Args:
        queries: v_q, (B, N, d).
        positive: v_k^p, the key that belongs to each query, (B, N, d).
        negative: v_k^n, another key, (B, N, d).
        inside: (B, N) bool.
    """
    right, wrong = (
        (queries.float() * keys.float()).sum(dim=2) / queries.shape[2] ** 0.5 for keys in (positive, negative)
    )
    losses = F.relu(wrong - right + MARGIN) * inside
    return losses.sum() / inside.sum().clamp(min=1)


def discriminator_loss(real: Sequence[Tensor], fake: Sequence[Tensor]) -> Tensor:
    """Return what D minimises: `-log D(I_gt, I_s) - log(1 - D(G(I_s, I_r), I_s))`."""
    return F.softplus(-real[0].float()).mean() + F.softplus(fake[0].float()).mean()


def generator_loss(fake: Sequence[Tensor]) -> Tensor:
    """Return L_adv for G, `-log D(G(I_s, I_r), I_s)`, not saturating (Goodfellow et al., 2014)."""
    return F.softplus(-fake[0].float()).mean()


def perceptual_loss(painted: Mapping[str, Tensor], target: Mapping[str, Tensor]) -> Tensor:
    """Return L_perc, equation (8): L1 between the frozen VGG's features, summed over the layers."""
    return torch.stack([l1(painted[name], target[name]) for name in LAYERS]).sum()


def style_loss(painted: Mapping[str, Tensor], target: Mapping[str, Tensor]) -> Tensor:
    """Return L_style, equation (9): L1 between Gram matrices, divided by C H W, summed over the layers."""
    with torch.autocast(painted[LAYERS[0]].device.type, enabled=False):
        return torch.stack([l1(gram(painted[name]), gram(target[name])) for name in LAYERS]).sum()
