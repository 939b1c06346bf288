"""References of a batch: read and encoded once, kept while there is room, and chosen by similarity."""

import contextlib
import hashlib
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import cosine_similarity

from rltn_cli.choices import MarginMode
from rltn_cli.data.references import thumbnail
from rltn_cli.engine.inference.colorizer import Colorizer
from rltn_cli.engine.inference.references import References
from rltn_cli.errors import PictureError
from rltn_cli.imaging.files.pictures import read_bytes, read_picture
from rltn_cli.imaging.pixels import Bytes, Floats, to_eight_bit
from rltn_cli.models.architectures import PaintingNetwork
from rltn_cli.models.correspondence import warp
from rltn_cli.models.painted import Painted
from rltn_cli.models.rltn import RLTN, RLTNOutput

CACHE_BYTES = 256 << 20
"""Encoded references are kept up to this total size; one at 256 pixels per side takes 1.2 MB."""
_SAMPLE = 29
"""A score looks at one place of the drawing in this many."""
_MANY = 65536
"""In drawings with more places it looks at fewer of them."""

_log = logging.getLogger(__name__)


class ReferenceCache:
    """The references of a batch, for any number of threads."""

    def __init__(
        self,
        colorizer: Colorizer,
        size: int,
        *,
        margins: MarginMode = "auto",
        slot: Callable[[], AbstractContextManager[object]] = contextlib.nullcontext,
        limit: int = CACHE_BYTES,
    ) -> None:
        """Begin with an empty cache.

        Args:
            colorizer: encodes.
            size: pixels of the shorter side for the network.
            margins: what becomes of blank margins.
            slot: entered while the network runs.
            limit: bytes that encoded references may take together.
        """
        self._colorizer, self._size, self._margins = colorizer, size, margins
        self._slot, self._limit = slot, limit
        self._lock = threading.Lock()
        self._hashes: dict[Path, str] = {}
        self._encoded: OrderedDict[tuple[str, ...], Future[References]] = OrderedDict()
        self._thumbnails: dict[Path, Floats | None] = {}
        self._thumbnail_lock = threading.Lock()
        self.encodings = 0
        """Number of times that references were encoded."""

    def hashes(self, paths: Sequence[Path]) -> list[str]:
        """Return the SHA-256 of each file, as it was when it was first asked for.

        Raises:
            PictureError: one cannot be read.
        """
        for path in paths:
            if path not in self._hashes:
                self._hashes[path] = hashlib.sha256(read_bytes(path)).hexdigest()
        return [self._hashes[path] for path in paths]

    def set_hash(self, paths: Sequence[Path]) -> str:
        """Return one hash of files that may be chosen from; those that cannot be read do not count."""
        hashes = []
        for path in paths:
            with contextlib.suppress(PictureError):
                hashes += self.hashes([path])
        return hashlib.sha256("".join(sorted(hashes)).encode()).hexdigest()

    def encode(self, paths: tuple[Path, ...]) -> References:
        """Return references, encoded now or earlier, then under whatever names their files had.

        Raises:
            PictureError: one cannot be read, is too small, or has changed since `hashes` saw it.
            RltnError: the device does not have enough memory.
        """
        key = tuple(self.hashes(paths))
        with self._lock:
            future = self._encoded.get(key)
            if mine := future is None:
                future = self._encoded[key] = Future()
            self._encoded.move_to_end(key)
        assert future is not None
        if mine:
            try:
                future.set_result(self._encode(paths))
            except BaseException as error:
                future.set_exception(error)
                with self._lock:
                    self._encoded.pop(key, None)
                raise
            self._make_room()
        found, names = future.result(), tuple(map(str, paths))
        return found if found.names == names else replace(found, names=names)

    def _encode(self, paths: tuple[Path, ...]) -> References:
        """Read and encode references."""
        pictures = []
        for path, known in zip(paths, self.hashes(paths), strict=True):
            data = read_bytes(path)
            if hashlib.sha256(data).hexdigest() != known:
                raise PictureError(f"{path}: changed while the batch was running; run it again")
            pictures.append(read_picture(data, name=str(path)))
        with self._slot():
            self.encodings += 1
            return self._colorizer.encode(pictures, size=self._size, margins=self._margins)

    def _make_room(self) -> None:
        """Forget the least recently used references, until the rest fits."""
        with self._lock:
            done = [
                (key, _bytes_of(future.result()))
                for key, future in self._encoded.items()
                if future.done() and not future.exception()
            ]
            total = sum(size for _, size in done)
            for key, size in done[:-1]:
                if total <= self._limit:
                    return
                del self._encoded[key]
                total -= size

    def nearest(self, drawing: Bytes, paths: Sequence[Path], count: int) -> list[tuple[Path, float]]:
        """Return the most similar references by cosine at 8x8 (RLTN, section 3.1), the best first.

        Args:
            drawing: (H, W, 3) on white paper.
            paths: the candidates; those that cannot be read are left out, with a warning.
            count: how many to return at most.

        Raises:
            PictureError: none of them can be read.
        """
        with self._thumbnail_lock:
            for path in paths:
                if path not in self._thumbnails:
                    self._thumbnails[path] = _thumbnail_of(path)
        vectors = {path: vector for path in paths if (vector := self._thumbnails[path]) is not None}
        if not vectors:
            raise PictureError(f"{paths[0].parent}: none of the references can be read")
        cosines = np.round(np.stack(list(vectors.values())) @ thumbnail(drawing), 6)
        order = np.argsort(-cosines, kind="stable")[:count]
        names = list(vectors)
        return [(names[index], float(cosines[index])) for index in order]


def match_score(model: PaintingNetwork, outputs: Sequence[Painted], references: References) -> float | None:
    """Return how well references match a drawing: mean confidence of a sample of places, in [-1, 1].

    It is None for a network without correspondence.

    Args:
        model: the network.
        outputs: what it gave for the drawing's tiles, with whatever references.
        references: those to score.
    """
    if not isinstance(model, RLTN):
        return None
    style = references.tokens.style
    cosines = []
    with torch.inference_mode():
        for output in outputs:
            assert isinstance(output, RLTNOutput)
            content = output.content[:, :: _SAMPLE * max(1, output.content.shape[1] // _MANY)]
            warped = warp(content, style, style, model.config.temperature, references.tokens.bias)
            cosines.append(cosine_similarity(content, warped.to(content.dtype), dim=2).flatten())
        return round(float(torch.cat(cosines).mean()), 4)


def _thumbnail_of(path: Path) -> Floats | None:
    """Return a reference's picture at 8x8; None, with a warning, where it cannot be read."""
    try:
        return thumbnail(to_eight_bit(read_picture(path).flatten()))
    except PictureError as error:
        _log.warning("%s; it is left out", error)
        return None


def _bytes_of(references: References) -> int:
    """Return how much memory encoded references take."""
    tokens = references.tokens
    parts = (tokens.style, tokens.patches, tokens.more, tokens.colors, *references.pictures)
    return sum(part.nbytes for part in parts if part is not None)
