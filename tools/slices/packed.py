"""Many pairs in one safetensors file: pictures as WebP, facts as JSON in the metadata."""

import dataclasses
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from rltn_cli.data.pairs import Pair, load_pair
from rltn_cli.data.sampling import VARIANTS, extract_variant
from rltn_cli.errors import DataError

Part = Literal["color", "line"]


def write_pack(pairs: Sequence[Pair], path: Path, part: Part, *, size: int = 256, quality: int = 80) -> None:
    """Pack one picture of every pair.

    Args:
        pairs: in the order that they keep.
        path: of the file to write.
        part: which picture of the pair.
        size: height and width of the packed pictures, in pixels.
        quality: of WebP, 1 to 100.
    """

    def encoded(pair: Pair) -> NDArray[np.uint8]:
        color, line = load_pair(pair, size)
        picture = color[:, :, ::-1] if part == "color" else line
        done, data = cv2.imencode(".webp", picture, [cv2.IMWRITE_WEBP_QUALITY, quality])
        assert done
        return data.astype(np.uint8, copy=False).ravel()

    blobs = [encoded(pair) for pair in pairs]
    ends = np.cumsum([len(b) for b in blobs])
    facts = [_facts(pair) for pair in pairs]
    save_file(
        {"bytes": torch.from_numpy(np.concatenate(blobs)), "ends": torch.from_numpy(ends)},
        path,
        metadata={"part": part, "size": str(size), "pairs": json.dumps(facts)},
    )


def _facts(pair: Pair) -> dict[str, object]:
    """Return what a pack keeps of a pair: all but where its pictures were."""
    places = ("color", "line", "beside", "masks", "method")
    return {k: v for k, v in dataclasses.asdict(pair).items() if k not in places}


class PackedStore:
    """Pairs of one or two packs, decoded once into memory, on a GPU if one is named.

    Line art that no pack brings is extracted, and so are the VARIANTS of all.
    """

    def __init__(
        self, paths: Sequence[Path], *, device: str = "cpu", split: str = "train", threads: int = 1
    ) -> None:
        """Read the packs.

        Args:
            paths: a pack of colours, and optionally one of lines, whose pairs may be some of those.
            device: where the pictures lie.
            split: which pairs to keep.
            threads: that decode and extract.

        Raises:
            DataError: no pack of colours, a broken file, or an empty split.
        """
        color_names, colors, self.size = _open(paths, "color")
        line_names, lines, _ = _open(paths, "line") if len(paths) > 1 else ({}, {}, 0)
        self.pairs = [pair for pair in color_names.values() if pair.split == split]
        if not self.pairs:
            raise DataError(f"{paths[0]}: no pairs of split {split!r}")
        count = len(self.pairs)
        self._colors = torch.empty((count, 3, self.size, self.size), dtype=torch.uint8)
        self._lines = torch.empty((count, 1 + len(VARIANTS), self.size, self.size), dtype=torch.uint8)

        def decode(i: int) -> None:
            name = self.pairs[i].id
            color = np.ascontiguousarray(_decode(colors[name], cv2.IMREAD_COLOR)[:, :, ::-1])
            self._colors[i] = torch.from_numpy(color).permute(2, 0, 1)
            extracted = [extract_variant(color, n) for n in range(1, 1 + len(VARIANTS))]
            own = _decode(lines[name], cv2.IMREAD_GRAYSCALE) if name in line_names else extracted[-1]
            self._lines[i] = torch.from_numpy(np.stack([own, *extracted]))

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(decode, range(count)))
        self._colors = self._colors.to(device)
        self._lines = self._lines.to(device)

    def colors(self, indices: Sequence[int]) -> Tensor:
        """Return colour pictures, uint8 (B, 3, S, S), where the store lies."""
        return self._colors[torch.as_tensor(indices, device=self._colors.device)]

    def lines(self, indices: Sequence[int], variants: Sequence[int]) -> Tensor:
        """Return line art, uint8 (B, 1, S, S), where the store lies."""
        device = self._lines.device
        chosen = torch.as_tensor(indices, device=device), torch.as_tensor(variants, device=device)
        return self._lines[chosen][:, None]


def _decode(data: NDArray[np.uint8], flag: int) -> NDArray[np.uint8]:
    picture = cv2.imdecode(data, flag)
    if picture is None:
        raise DataError("a picture of the pack cannot be decoded; make the pack again")
    return picture.astype(np.uint8, copy=False)


def _open(paths: Sequence[Path], part: Part) -> tuple[dict[str, Pair], dict[str, NDArray[np.uint8]], int]:
    """Return the pairs and the encoded pictures of the packs of one part, by id, and the size."""
    pairs: dict[str, Pair] = {}
    blobs: dict[str, NDArray[np.uint8]] = {}
    size = 0
    for path, facts, data, ends, found_size in _packs(paths, part):
        starts = [0, *ends[:-1]]
        for fact, start, end in zip(facts, starts, ends, strict=True):
            pair = Pair(color=path, line=None, **fact)
            pairs[pair.id], blobs[pair.id] = pair, data[start:end]
        size = found_size
    if part == "color" and not pairs:
        raise DataError(f"{', '.join(map(str, paths))}: no pack of colours among these")
    return pairs, blobs, size


def _packs(
    paths: Sequence[Path], part: Part
) -> Iterator[tuple[Path, list[dict[str, Any]], NDArray[np.uint8], list[int], int]]:
    for path in paths:
        try:
            with safe_open(path, framework="pt") as file:
                metadata = file.metadata() or {}
                if metadata.get("part") != part:
                    continue
                data, ends = file.get_tensor("bytes").numpy(), file.get_tensor("ends").tolist()
                facts = json.loads(metadata["pairs"])
        except (OSError, SafetensorError, KeyError, ValueError) as error:
            raise DataError(f"{path}: not a pack of pairs ({error})") from error
        yield path, facts, data, ends, int(metadata["size"])
