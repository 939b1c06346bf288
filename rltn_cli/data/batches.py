"""Training batches: the pictures of samples, augmented and stacked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from rltn_cli.data.augmentation import Deformation, deform, degrade_lines, recolor
from rltn_cli.data.backdrops import FULL_BLEED, LEAST_PAPER, Backdrop, fill_backdrop, place_beside
from rltn_cli.data.matching import MatchTargets, make_match_targets
from rltn_cli.data.sampling import ReferenceKind, SampleSpec
from rltn_cli.data.stores import PairStore
from rltn_cli.data.tensors import label_sketches, to_floats
from rltn_cli.sizes import PATCH


@dataclass(frozen=True, slots=True)
class Batch:
    """Samples on one device; pictures in [-1, 1]."""

    sketch: Tensor
    """(B, 1, H, W)"""
    target: Tensor
    """(B, 3, H, W), the drawing in its true colours."""
    reference: Tensor
    """(B, 3, H, W)"""
    pseudo: Tensor
    """(B,) float, 1 where the reference is the deformed target."""
    shared: Tensor
    """(B,) float, 1 where the reference is another picture with the target's colours."""
    labels: Tensor
    """(B, H / 4, W / 4) int64, the region between lines of each token; see `token_labels`."""
    matches: MatchTargets

    def select(self, samples: slice) -> "Batch":
        """Return some of the samples."""
        return self._map(lambda values: values[samples])

    def pin_memory(self) -> "Batch":
        """Return the batch in page-locked memory, from which copies to a GPU need not be waited for."""
        return self._map(lambda values: values.pin_memory())

    def to(self, device: torch.device) -> "Batch":
        """Return the batch on a device."""
        return self._map(lambda values: values.to(device, non_blocking=True))

    def _map(self, change: Callable[[Tensor], Tensor]) -> "Batch":
        return Batch(
            sketch=change(self.sketch),
            target=change(self.target),
            reference=change(self.reference),
            pseudo=change(self.pseudo),
            shared=change(self.shared),
            labels=change(self.labels),
            matches=self.matches.map(change),
        )


def make_batch(
    store: PairStore, specs: Sequence[SampleSpec], size: int, device: torch.device | str = "cpu"
) -> Batch:
    """Load, augment and stack samples.

    Args:
        store: of the pairs that were drawn from.
        specs: one per sample.
        size: height and width of the batch's pictures, in pixels.
        device: where augmentation runs and the batch lies.
    """
    pictures = _StoredPictures(store, specs, device)
    recolorings, degradations = [spec.recoloring for spec in specs], [spec.degradation for spec in specs]
    crops, deformations = [spec.crop for spec in specs], [spec.deformation for spec in specs]
    target, sketch = deform(torch.cat([pictures.target, pictures.sketch], dim=1), crops).split((3, 1), dim=1)
    # recoloured when they are small, which is the cheaper order
    target = recolor(_resize(target, size), recolorings)
    reference = recolor(_resize(deform(pictures.reference, deformations), size), recolorings)
    sketch = degrade_lines(_resize_lines(sketch, size), degradations)
    matches = make_match_targets(
        target, reference, (pictures.target_coords, pictures.reference_coords), (crops, deformations),
        [spec.seed for spec in specs],
    )  # fmt: skip

    def mask(kind: ReferenceKind) -> Tensor:
        return torch.tensor([float(spec.kind is kind) for spec in specs], device=device)

    layout = torch.channels_last
    return Batch(
        sketch=sketch.contiguous(memory_format=layout),
        target=target.contiguous(memory_format=layout),
        reference=reference.contiguous(memory_format=layout),
        pseudo=mask(ReferenceKind.PSEUDO),
        shared=mask(ReferenceKind.SHARED),
        labels=label_sketches(sketch),
        matches=matches,
    )


def make_plain_batch(
    sketch: Tensor, target: Tensor, reference: Tensor, pseudo: Tensor, shared: Tensor
) -> Batch:
    """Return pictures as a batch, without augmentation and without known places on figures.

    Arguments as in `Batch`.
    """
    count, side = len(sketch), target.shape[2] // PATCH
    unknown = torch.zeros(count, 4, side, side, device=target.device)
    unchanged = [Deformation.none()] * count
    matches = make_match_targets(target, reference, (unknown, unknown), (unchanged, unchanged), range(count))
    return Batch(sketch, target, reference, pseudo, shared, label_sketches(sketch), matches)


class _StoredPictures:
    """The stored pictures of samples, with backdrops and companions, in [-1, 1]."""

    def __init__(self, store: PairStore, specs: Sequence[SampleSpec], device: torch.device | str) -> None:
        self._store, self._device = store, device
        targets, references = [spec.target for spec in specs], [spec.reference for spec in specs]
        self.target = self._to_floats(store.colors(targets))
        self.reference = self._to_floats(store.colors(references))
        self.sketch = self._to_floats(store.lines(targets, [spec.variant for spec in specs]))
        self.target_coords = store.coords(targets).to(device)
        self.reference_coords = store.coords(references).to(device)
        for i, spec in enumerate(specs):
            if spec.backdrop is not None:
                self._add_backdrop(i, spec, spec.backdrop)
            if spec.companion is not None:
                self._add_companion(i, spec, spec.companion)

    def _to_floats(self, pictures: Tensor) -> Tensor:
        return to_floats(pictures.to(self._device))

    def _paper(self, index: int) -> Tensor:
        """Return where a picture is blank paper, bool (1, S, S)."""
        return self._store.paper([index])[0].to(self._device) > 127

    def _has_paper(self, index: int) -> bool:
        """Return whether a picture has enough blank paper for something to lie behind its figure."""
        return self._store.paper_share(index) >= LEAST_PAPER

    def _add_backdrop(self, i: int, spec: SampleSpec, backdrop: Backdrop) -> None:
        """Lay a backdrop behind the figures of sample i; a pseudo reference is the target with it."""
        kind, source = backdrop.kind, spec.target
        if kind == "picture":
            full = [n for n in backdrop.pictures if self._store.paper_share(n) <= FULL_BLEED]
            if full:
                source = full[0]
            else:
                kind = "gradient"
        color = self._to_floats(self._store.colors([source]))[0]
        line = self._to_floats(self._store.lines([source], [0]))[0]
        if backdrop.behind[0] and self._has_paper(spec.target):
            paper = self._paper(spec.target)
            behind, lines = fill_backdrop(backdrop, kind, 0, color, line)
            self.target[i] = torch.where(paper, behind, self.target[i])
            self.sketch[i] = torch.where(paper, torch.minimum(self.sketch[i], lines), self.sketch[i])
        if spec.kind is ReferenceKind.PSEUDO:
            self.reference[i] = self.target[i]
        elif backdrop.behind[1] and self._has_paper(spec.reference):
            behind, _ = fill_backdrop(backdrop, kind, 1, color, line)
            self.reference[i] = torch.where(self._paper(spec.reference), behind, self.reference[i])

    def _add_companion(self, i: int, spec: SampleSpec, other: int) -> None:
        """Put another figure next to the reference of sample i, where both stand on blank paper."""
        if not (self._has_paper(spec.reference) and self._has_paper(other)):
            return
        self.reference[i], self.reference_coords[i] = place_beside(
            self.reference[i], self._paper(spec.reference), self.reference_coords[i],
            self._to_floats(self._store.colors([other]))[0], left=spec.on_left,
        )  # fmt: skip


def _resize(pictures: Tensor, size: int) -> Tensor:
    if pictures.shape[2] == size:
        return pictures
    return F.interpolate(pictures, size=(size, size), mode="bilinear", antialias=True).clamp(-1, 1)


def _resize_lines(sketch: Tensor, size: int) -> Tensor:
    """Resize line art so that thin lines stay dark: half the mean, half the darkest of each window."""
    if sketch.shape[2] <= size:
        return _resize(sketch, size)
    return (_resize(sketch, size) - F.adaptive_max_pool2d(-sketch, size)) / 2
