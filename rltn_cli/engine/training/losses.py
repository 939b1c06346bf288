"""The loss terms: those of CoCosNet [6] and the Style-based Contrastive Loss (section 2.3).

One function per term; `match` has a module of its own. Pictures are (B, 3, H, W) in [-1, 1]; `weights` (B,)
says how much each sample counts. Every term is a mean over the batch, so that the loss of a batch is the mean
of the losses of its micro-batches, weighted by their sizes.
"""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from rltn_cli.models.correspondence import from_patches, to_patches, warp
from rltn_cli.sizes import PATCH

Features = Mapping[str, Tensor]

# The layers and weights of fm, ctx and perc are CoCosNet's [6].
FM_WEIGHTS = {"relu1_2": 1 / 32, "relu2_2": 1 / 16, "relu3_2": 1 / 8, "relu4_2": 1 / 4, "relu5_2": 1.0}
CTX_WEIGHTS = {"relu3_2": 2.0, "relu4_2": 4.0, "relu5_2": 8.0}
CTX_POSITIONS = 32
"""Largest side of a layer in the contextual loss, in positions; larger ones are average-pooled, since the
loss compares every position with every other."""
PERC_LAYER = "relu4_2"
SCL_LAYERS = ("relu2_1", "relu3_1", "relu4_1", "relu5_1")
SCL_MARGIN = 0.01
"""m of equation (4): keeps the quotient finite."""


def _weighted(per_sample: Tensor, weights: Tensor) -> Tensor:
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
    return _weighted(total, weights)


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
    return _weighted(_l1(output, target), weights)


def warping(warped: Tensor, target: Tensor, weights: Tensor, seen: Tensor | None = None) -> Tensor:
    """Return `warp`: L1 between the warped reference and the target, both averaged over 4x4 patches.

    Arguments as in `reconstruction`.
    """
    pooled = [F.avg_pool2d(picture, PATCH) for picture in (warped.float(), target)]
    if seen is not None:
        pooled = [picture * F.avg_pool2d(seen, PATCH) for picture in pooled]
    return _weighted(_l1(*pooled), weights)


def perceptual(output: Features, target: Features, weights: Tensor) -> Tensor:
    """Return `perc`: mean squared distance at relu4_2 between output and target [6]."""
    distance = (output[PERC_LAYER].float() - target[PERC_LAYER].float()).square().flatten(1).mean(dim=1)
    return _weighted(distance, weights)


def lpips(distances: Tensor, weights: Tensor) -> Tensor:
    """Return `lpips`: LPIPS distances (B,) between output and target (Zhang et al., 2018)."""
    return _weighted(distances, weights)


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
    return _weighted(total, weights)


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


def gram(features: Tensor) -> Tensor:
    """Return Gram matrices (B, C, C) of features (B, C, H, W), divided by C H W, in float32."""
    flat = features.float().flatten(2)
    return flat @ flat.transpose(1, 2) / flat[0].numel()


def style_contrastive(
    warped: Features, reference: Features, target: Features, weights: Tensor, margin: float = SCL_MARGIN
) -> Tensor:
    """Return `scl`, equation (4): the warped image is to have the reference's style, not the target's.

    `max(0, 1 - sum_i |g(x_n) - g(x_w)| / (m + sum_i |g(x_p) - g(x_w)|))` over relu2_1, relu3_1, relu4_1 and
    relu5_1, with the target x_n, the reference x_p and the warped image x_w.
    """
    with torch.autocast(weights.device.type, enabled=False):
        negative = positive = torch.zeros(len(weights), device=weights.device)
        for name in SCL_LAYERS:
            style = gram(warped[name])
            negative = negative + _norm(gram(target[name]) - style)
            positive = positive + _norm(gram(reference[name]) - style)
        return _weighted(F.relu(1 - negative / (margin + positive)), weights)


def _norm(matrices: Tensor) -> Tensor:
    """Return the Frobenius norm of each matrix, (B,), with a gradient of 0 at 0 instead of NaN."""
    squared = matrices.square().sum(dim=(1, 2))
    safe = torch.where(squared > 0, squared, torch.ones_like(squared))
    return torch.where(squared > 0, safe.sqrt(), torch.zeros_like(squared))
