"""What a network says of the regions of drawings and the colours of references, kept in files."""

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from rltn_cli.data.batches import Batch
from rltn_cli.data.tensors import to_array, to_byte_values
from rltn_cli.engine.evaluation.metrics import OFF_LINES, Lab, ciede2000, to_lab
from rltn_cli.engine.inference.clues import palette_colors
from rltn_cli.engine.runtime.precision import is_bf16_native
from rltn_cli.imaging.colors.palette import read_palette
from rltn_cli.imaging.pixels import to_bytes
from rltn_cli.models.correspondence import normalize
from rltn_cli.models.region_slots import RegionSlots, describe_regions
from rltn_cli.models.rltn import RLTN, at_tokens, bring
from rltn_cli.models.windows import Grid
from rltn_cli.sizes import PATCH


@dataclass(frozen=True, slots=True)
class Sample:
    """What the network says of the regions of a drawing and the colours of a reference, and what is true."""

    features: Tensor
    """(R, c), as in `Regions`."""
    votes: Tensor
    """(2, R, K), as there."""
    borders: Tensor
    """(R, R), as there."""
    colors: Tensor
    """(K, c'), of `describe_colors`."""
    difference: Tensor
    """(R, K) CIEDE2000 of each region's true mean colour and each colour of the palette."""
    from_white: Tensor
    """(R,) CIEDE2000 of that mean and white."""
    pixels: Tensor
    """(R,) pixels off the lines."""
    source: str
    """Of the pair."""


TENSORS = [field.name for field in dataclasses.fields(Sample) if field.name != "source"]


def write_samples(samples: Sequence[Sample], path: Path) -> None:
    """Write samples to a file, all but the numbers of pixels in half precision."""
    tensors = {
        f"{i}/{name}": value.contiguous() if name == "pixels" else value.half().contiguous()
        for i, sample in enumerate(samples)
        for name, value in ((name, getattr(sample, name)) for name in TENSORS)
    }
    save_file(tensors, path, metadata={"sources": json.dumps([sample.source for sample in samples])})


def read_samples(folder: Path, split: str) -> list[Sample]:
    """Read the samples of a split from a folder of `write_samples`' files."""
    samples = []
    for path in sorted(folder.glob(f"{split}-*.safetensors")):
        with safe_open(path, "pt") as file:
            for i, source in enumerate(json.loads(file.metadata()["sources"])):
                samples.append(
                    Sample(**{name: file.get_tensor(f"{i}/{name}") for name in TENSORS}, source=source)
                )
    return samples


@torch.inference_mode()
def describe(model: RLTN, batch: Batch, source: str) -> Sample:
    """Return what a network says of a batch of one."""
    reference = to_bytes(to_array(batch.reference[0]))
    colors = palette_colors(read_palette([reference]), [reference])
    device = torch.device("cpu")
    with torch.autocast("cpu", torch.bfloat16, enabled=is_bf16_native(device)):
        content, context = model.content_features(batch.sketch, batch.labels)
        tokens = model.encode_references([batch.reference])
    tokens = model.with_colors(
        tokens, torch.from_numpy(colors.shares)[None], torch.from_numpy(colors.palette.lab)
    )
    assert tokens.more is not None and tokens.colors is not None
    queries = normalize(content.float())
    slots = RegionSlots.of(batch.labels[0])
    votes = bring(queries[:, slots.voters], tokens, None, tokens.more, model.config.temperature)[0]
    regions = describe_regions(slots, queries[0], at_tokens(context)[0], votes, Grid(*batch.labels.shape[1:]))
    mean, pixels = _true_colors(batch, slots)
    palette = to_lab(colors.palette.colors[None])[0]
    white = np.array([[100.0, 0.0, 0.0]])
    return Sample(
        regions.features[0],
        regions.votes[0],
        regions.borders[0],
        tokens.colors[0],
        torch.from_numpy(ciede2000(mean[:, None], palette[None])),
        torch.from_numpy(ciede2000(mean, white)),
        pixels,
        source,
    )


def _true_colors(batch: Batch, slots: RegionSlots) -> tuple[Lab, Tensor]:
    """Return the mean Lab (R, 3) of the target's pixels off the lines in each region, and their number."""
    free = (to_byte_values(batch.sketch)[0] >= OFF_LINES).double()
    lab = torch.from_numpy(to_lab(to_bytes(to_array(batch.target[0])))).permute(2, 0, 1)
    sums = F.avg_pool2d(torch.cat([lab * free, free])[None], PATCH)[0].flatten(1).T * PATCH**2
    regions = torch.zeros(len(slots.sizes) + 1, 4, dtype=sums.dtype).index_add(0, slots.of_tokens, sums)[:-1]
    return (regions[:, :3] / regions[:, 3:].clamp(min=1e-6)).numpy(), regions[:, 3].float()
