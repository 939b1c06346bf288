"""Batches to train a network that draws lines: colour pictures, augmented in many ways, and their ink."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from rltn_cli.data.pairs import Pair, load_pair, pictures_by_stem
from rltn_cli.engine.training.lines.targets import merge_lines
from rltn_cli.errors import DataError
from rltn_cli.imaging.pixels import Bytes, Floats, to_bytes, to_unit_range

SIZE = 256
"""Height and width in pixels of the pictures that crops are cut from."""


class Lines(Enum):
    """Where an example's lines come from."""

    NATIVE = "native"
    """The drawing's own line layer."""
    OUTLINED = "outlined"
    """Outlines added to a drawing."""
    TAUGHT = "taught"
    """For paintings: extracted lines merged with HED's edges."""


SHARES = {Lines.NATIVE: 0.5, Lines.OUTLINED: 0.12, Lines.TAUGHT: 0.38}
"""Shares of the examples in a batch."""
PAINTED = ("peppercarrot", "duelyst", "wesnoth", "robohash")
"""Sources of openlines whose lines were extracted from paintings."""


@dataclass(frozen=True, slots=True)
class Example:
    """A picture and where its lines come from."""

    pair: Pair
    lines: Lines
    edges: Path | None = None
    """HED's edge map."""

    def load(self) -> tuple[Bytes, Bytes]:
        """Return (color (S, S, 3) RGB, line (S, S) black on white)."""
        color, line = load_pair(self.pair, SIZE)
        if self.edges is None:
            return color, line
        edges = cv2.imread(str(self.edges), cv2.IMREAD_GRAYSCALE)
        if edges is None:
            raise DataError(f"{self.edges}: not a picture that can be decoded")
        return color, merge_lines(line, edges.astype(np.uint8, copy=False))


def find_examples(pairs: Sequence[Pair], edges: Path) -> list[Example]:
    """Return the examples among pairs: drawings with lines, and paintings that have an edge map of HED.

    Args:
        pairs: of one split.
        edges: folder of HED's edge maps, `ID.png`.

    Raises:
        DataError: a kind of lines has no example.
    """
    maps = pictures_by_stem(edges)
    examples = []
    for pair in pairs:
        if pair.native_line:
            examples.append(Example(pair, Lines.NATIVE))
        elif pair.source not in PAINTED:
            examples.append(Example(pair, Lines.OUTLINED))
        elif pair.id in maps:
            examples.append(Example(pair, Lines.TAUGHT, maps[pair.id]))
    for kind in Lines:
        if not any(example.lines is kind for example in examples):
            raise DataError(f"no {kind.value} lines among {len(pairs)} pairs and the edge maps of {edges}")
    return examples


class LineBatches:
    """Draws batches; every crop depends on (seed, step, index) alone."""

    def __init__(self, examples: Sequence[Example], *, batch: int, crop: int, seed: int = 0) -> None:
        self.examples, self.batch, self.crop, self.seed = examples, batch, crop, seed
        self._loaded: dict[int, tuple[Bytes, Bytes]] = {}  # 256 KiB per example
        sources = Counter((example.lines, example.pair.source) for example in examples)
        rarity = np.array([sources[example.lines, example.pair.source] ** -0.5 for example in examples])
        for kind, share in SHARES.items():
            chosen = np.array([example.lines is kind for example in examples])
            if chosen.any():
                rarity[chosen] *= share / rarity[chosen].sum()
        self.odds = rarity / rarity.sum()

    def draw(self, step: int) -> tuple[Tensor, Tensor]:
        """Return a step's pictures (B, 3, S, S) in [-1, 1] and their ink (B, 1, S, S) in [0, 1]."""
        colors, inks = [], []
        for index in range(self.batch):
            rng = np.random.default_rng((self.seed, step, index))
            number = int(rng.choice(len(self.examples), p=self.odds))
            if number not in self._loaded:
                self._loaded[number] = self.examples[number].load()
            color, ink = _crop(*self._loaded[number], self.crop, rng)
            colors.append(vary(color, ink, rng))
            inks.append(ink)
        pictures = torch.from_numpy(np.stack(colors)).permute(0, 3, 1, 2)
        return 2 * pictures - 1, torch.from_numpy(np.stack(inks))[:, None]


def _crop(color: Bytes, line: Bytes, size: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return (color, ink) in [0, 1]: a part of the picture, scaled, flipped and rotated."""
    scale = float(np.exp(rng.uniform(np.log(0.7), np.log(1.8))))
    side = min(round(size / scale), SIZE)
    top, left = rng.integers(0, SIZE - side + 1, 2)
    part = (slice(top, top + side), slice(left, left + side))
    method = cv2.INTER_AREA if side > size else cv2.INTER_CUBIC
    planes = [to_unit_range(np.ascontiguousarray(x[part])) for x in (color, 255 - line)]
    color_part, ink = (np.clip(cv2.resize(x, (size, size), interpolation=method), 0, 1) for x in planes)
    if side < size:  # enlarged lines are blurred: sharpen their edges
        ink = np.clip((ink - 0.5) * size / side + 0.5, 0, 1)
    if rng.random() < 0.5:
        color_part, ink = color_part[:, ::-1], ink[:, ::-1]
    turns = int(rng.integers(4))
    turned = (np.ascontiguousarray(np.rot90(x, turns), np.float32) for x in (color_part, ink))
    return next(turned), next(turned)


def vary(color: Floats, ink: Floats, rng: np.random.Generator) -> Floats:
    """Return a picture as with another artist, light or camera; its lines stay in place.

    Args:
        color: (H, W, 3) RGB in [0, 1].
        ink: (H, W), 1 on a line.
        rng: source of randomness.
    """
    height, width = ink.shape
    some = rng.random(10)
    if some[0] < 0.35:  # pale or coloured lines
        tint = rng.uniform(0, 0.5, 3).astype(np.float32)
        cover = np.float32(rng.uniform(0.2, 0.85)) * ink[..., None]
        color = color + cover * (np.minimum(tint, color + 0.3) - color)
    if some[1] < 0.5:  # other colours: channels mixed and swapped
        mix = np.eye(3)[rng.permutation(3)] + rng.normal(0, 0.15, (3, 3))
        mix /= mix.sum(1, keepdims=True)  # white stays white
        color = color @ mix.T.astype(np.float32)
    if some[2] < 0.1:
        color = np.repeat(color.mean(2, keepdims=True), 3, 2)
    if some[3] < 0.35:  # shading: light and colour that change slowly over the picture
        field = rng.uniform(0.35, 1.05, (3, 3, 1)) * rng.uniform(0.75, 1, (3, 3, 3))
        color = color * cv2.resize(field.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    if some[4] < 0.5:
        color = np.clip(color, 0, 1) ** np.float32(np.exp(rng.normal(0, 0.35)))
    if some[5] < 0.2:  # a dark or pale picture
        low, high = np.sort(rng.uniform(0, 1, 2))
        color = np.float32(low * 0.4) + color * np.float32(max(high - low * 0.4, 0.25))
    if some[6] < 0.03:
        color = 1 - color
    if some[7] < 0.2:
        color = cv2.GaussianBlur(color, (0, 0), float(rng.uniform(0.4, 0.9))).astype(np.float32)
    if some[8] < 0.3:
        color = _compress(np.clip(color, 0, 1), int(rng.integers(30, 90)))
    if some[9] < 0.25:
        color = color + rng.normal(0, rng.uniform(0.005, 0.04), color.shape).astype(np.float32)
    return np.asarray(np.clip(color, 0, 1), np.float32)


def _compress(color: Floats, quality: int) -> Floats:
    """Return a picture after compression as JPEG."""
    _, data = cv2.imencode(".jpg", to_bytes(color), [cv2.IMWRITE_JPEG_QUALITY, quality])
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert picture is not None, "what was just encoded can be decoded"
    return to_unit_range(np.asarray(picture, np.uint8))
