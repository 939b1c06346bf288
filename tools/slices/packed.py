"""Many pairs in one safetensors file: pictures as WebP, the other values as JSON in the metadata."""

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
from safetensors.torch import load_file, save_file
from torch import Tensor

from rltn_cli.data.backdrops import find_paper
from rltn_cli.data.coords import load_coords
from rltn_cli.data.pairs import Pair, load_pair
from rltn_cli.data.stores import VARIANTS, extract_variant
from rltn_cli.errors import DataError
from rltn_cli.sizes import PATCH

Part = Literal["color", "line", "coords"]


def write_pack(pairs: Sequence[Pair], path: Path, part: Part, *, size: int = 256, quality: int = 80) -> None:
    """Pack one picture of every pair.

    Args:
        pairs: in the order to keep.
        path: the file to write.
        part: which picture of each pair.
        size: height and width of the packed pictures, in pixels.
        quality: of WebP, from 1 to 100.
    """

    def encode(pair: Pair) -> NDArray[np.uint8]:
        if part == "coords":
            if pair.coords is None:
                return np.empty(0, np.uint8)
            done, data = cv2.imencode(".png", load_coords(pair, size), [cv2.IMWRITE_PNG_COMPRESSION, 9])
            assert done
            return data.astype(np.uint8, copy=False).ravel()
        color, line = load_pair(pair, size)
        picture = color[:, :, ::-1] if part == "color" else line
        done, data = cv2.imencode(".webp", picture, [cv2.IMWRITE_WEBP_QUALITY, quality])
        assert done
        return data.astype(np.uint8, copy=False).ravel()

    blobs = [encode(pair) for pair in pairs]
    ends = np.cumsum([len(b) for b in blobs])
    values = [_values(pair) for pair in pairs]
    save_file(
        {"bytes": torch.from_numpy(np.concatenate(blobs)), "ends": torch.from_numpy(ends)},
        path,
        metadata={"part": part, "size": str(size), "pairs": json.dumps(values)},
    )


def _values(pair: Pair) -> dict[str, object]:
    """Return the values of a pair that a pack keeps: all but the places of its pictures."""
    places = ("color", "line", "coords", "beside", "masks", "method")
    return {k: v for k, v in dataclasses.asdict(pair).items() if k not in places}


class PackedStore:
    """Pairs of some packs, each decoded once into memory: on a CPU when first asked for, on a GPU at once.

    Line art that no pack holds is extracted, and so are the VARIANTS of all pictures.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        *,
        device: str = "cpu",
        split: str = "train",
        threads: int = 1,
        decoded: Path | None = None,
    ) -> None:
        """Read the packs.

        Args:
            paths: packs of colours, and optionally of lines and of coords, which need not cover all pairs.
            device: where to keep the pictures.
            split: which pairs to keep.
            threads: number of threads that decode and extract.
            decoded: folder in which decoded pictures are kept for the next store of these packs; then all of
                them are decoded at once on a CPU, too.

        Raises:
            DataError: no pack of colours, a broken file, or an empty split.
        """
        color_names, self._color_data, self.size = _open(paths, "color")
        _, self._line_data, _ = _open(paths, "line")
        _, self._coords_data, _ = _open(paths, "coords")
        self.pairs = [pair for pair in color_names.values() if pair.split == split]
        if not self.pairs:
            raise DataError(f"{paths[0]}: no pairs of split {split!r}")
        count, side = len(self.pairs), self.size // PATCH
        self._colors = torch.empty((count, 3, self.size, self.size), dtype=torch.uint8)
        self._lines = torch.empty((count, 1 + len(VARIANTS), self.size, self.size), dtype=torch.uint8)
        self._coords = torch.zeros((count, 4, side, side), dtype=torch.uint8)
        self._paper = torch.empty((count, 1, self.size, self.size), dtype=torch.uint8)
        self._shares = np.empty(count)
        self._decoded = np.zeros(count, bool)
        if decoded or device != "cpu":
            self._decode_all(threads, decoded and decoded / f"{split}.safetensors")
            self._colors, self._lines = self._colors.to(device), self._lines.to(device)
            self._coords, self._paper = self._coords.to(device), self._paper.to(device)

    def colors(self, indices: Sequence[int]) -> Tensor:
        """Return colour pictures, uint8 (B, 3, S, S), on the store's device."""
        return self._colors[self._ready(indices)]

    def lines(self, indices: Sequence[int], variants: Sequence[int]) -> Tensor:
        """Return line art, uint8 (B, 1, S, S), on the store's device."""
        chosen = torch.as_tensor(variants, device=self._lines.device)
        return self._lines[self._ready(indices), chosen][:, None]

    def coords(self, indices: Sequence[int]) -> Tensor:
        """Return places on figures, uint8 (B, 4, S / 4, S / 4), on the store's device."""
        return self._coords[self._ready(indices)]

    def paper(self, indices: Sequence[int]) -> Tensor:
        """Return where there is blank paper, uint8 (B, 1, S, S), on the store's device."""
        return self._paper[self._ready(indices)]

    def paper_share(self, index: int) -> float:
        """Return the share of a picture that is blank paper."""
        self._ready([index])
        return float(self._shares[index])

    def _ready(self, indices: Sequence[int]) -> Tensor:
        """Return the indices where the store lies, once their pictures are decoded."""
        for index in indices:
            if not self._decoded[index]:
                self._decode(index)
        return torch.as_tensor(indices, device=self._colors.device)

    def _decode_all(self, threads: int, kept: Path | None) -> None:
        """Decode all pictures, or read them from the file where an earlier store kept them."""
        if kept and kept.exists():
            found = load_file(kept)
            if len(found["colors"]) == len(self.pairs):
                self._colors, self._lines = found["colors"], found["lines"]
                self._coords, self._paper = found["coords"], found["paper"]
                self._shares = found["shares"].numpy()
                self._decoded[:] = True
                return
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(self._decode, range(len(self.pairs))))
        if kept:
            kept.parent.mkdir(parents=True, exist_ok=True)
            pictures = {"colors": self._colors, "lines": self._lines, "coords": self._coords}
            save_file(
                pictures | {"paper": self._paper, "shares": torch.from_numpy(self._shares)},
                kept.with_suffix(".part"),
            )
            kept.with_suffix(".part").replace(kept)

    def _decode(self, index: int) -> None:
        """Decode the pictures of a pair; the same where two threads do so at once."""
        name = self.pairs[index].id
        color = np.ascontiguousarray(_decode_picture(self._color_data[name], cv2.IMREAD_COLOR)[:, :, ::-1])
        self._colors[index] = torch.from_numpy(color).permute(2, 0, 1)
        extracted = [extract_variant(color, n) for n in range(1, 1 + len(VARIANTS))]
        packed = self._line_data.get(name)
        own = extracted[-1] if packed is None else _decode_picture(packed, cv2.IMREAD_GRAYSCALE)
        self._lines[index] = torch.from_numpy(np.stack([own, *extracted]))
        side = self.size // PATCH
        places = np.zeros((side, side, 4), np.uint8)
        if len(self._coords_data.get(name, ())):
            found = _decode_picture(self._coords_data[name], cv2.IMREAD_UNCHANGED)
            resized = cv2.resize(found, (side, side), interpolation=cv2.INTER_NEAREST)
            places = resized.astype(np.uint8, copy=False)
        self._coords[index] = torch.from_numpy(places).permute(2, 0, 1)
        paper = find_paper(color, own, places[..., 3])
        self._paper[index, 0], self._shares[index] = torch.from_numpy(paper), paper.mean() / 255
        self._decoded[index] = True


def _decode_picture(data: NDArray[np.uint8], flag: int) -> NDArray[np.uint8]:
    picture = cv2.imdecode(data, flag)
    if picture is None:
        raise DataError("a picture of the pack cannot be decoded; make the pack again")
    return picture.astype(np.uint8, copy=False)


def _open(paths: Sequence[Path], part: Part) -> tuple[dict[str, Pair], dict[str, NDArray[np.uint8]], int]:
    """Return pairs and encoded pictures of all packs of one part, by id, and the size of the pictures."""
    pairs: dict[str, Pair] = {}
    blobs: dict[str, NDArray[np.uint8]] = {}
    size = 0
    for path, values, data, ends, found_size in _read_packs(paths, part):
        starts = [0, *ends[:-1]]
        for known, start, end in zip(values, starts, ends, strict=True):
            pair = Pair(color=path, line=None, **known)
            pairs[pair.id], blobs[pair.id] = pair, data[start:end]
        size = found_size
    if part == "color" and not pairs:
        raise DataError(f"{', '.join(map(str, paths))}: no pack of colours among these")
    return pairs, blobs, size


def _read_packs(
    paths: Sequence[Path], part: Part
) -> Iterator[tuple[Path, list[dict[str, Any]], NDArray[np.uint8], list[int], int]]:
    for path in paths:
        try:
            with safe_open(path, framework="pt") as file:
                metadata = file.metadata() or {}
                if metadata.get("part") != part:
                    continue
                data, ends = file.get_tensor("bytes").numpy(), file.get_tensor("ends").tolist()
                values = json.loads(metadata["pairs"])
        except (OSError, SafetensorError, KeyError, ValueError) as error:
            raise DataError(f"{path}: not a pack of pairs ({error})") from error
        yield path, values, data, ends, int(metadata["size"])
