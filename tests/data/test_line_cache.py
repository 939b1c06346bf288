import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import PIPE

import cv2
import numpy as np
import pytest

from rltn_cli.data.line_cache import LineCache
from rltn_cli.data.pairs import Pair, load_pair
from rltn_cli.data.stores import FolderStore
from rltn_cli.errors import DataError, OutputError


class Extractor:
    """Draws every picture's green channel, and counts."""

    def __init__(self) -> None:
        self.sizes: list[tuple[int, ...]] = []

    def __call__(self, color: np.ndarray) -> np.ndarray:
        self.sizes.append(color.shape)
        return np.ascontiguousarray(color[..., 1])


@pytest.fixture
def extractor() -> Extractor:
    return Extractor()


@pytest.fixture
def cache(tmp_path: Path, extractor: Extractor) -> LineCache:
    return LineCache(tmp_path / "cache", extractor, "green 1")


def draw(path: Path, *, green: int = 200, size: tuple[int, int] = (48, 64)) -> Pair:
    picture = np.full((*size, 3), 255, np.uint8)
    picture[10:20, 10:30, 1] = green
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), picture)
    return Pair(path.stem, path, None)


def entries(cache: LineCache) -> list[Path]:
    return sorted(path for path in cache.folder.rglob("*") if path.is_file())


def test_a_picture_is_extracted_once(tmp_path: Path, cache: LineCache, extractor: Extractor) -> None:
    pair = draw(tmp_path / "a.png")
    first = cache.lines(pair)
    np.testing.assert_array_equal(cache.lines(pair), first)
    assert first[15, 20] == 200
    assert first[0, 0] == 255
    assert len(extractor.sizes) == 1
    again = LineCache(cache.folder, extractor, "green 1")
    np.testing.assert_array_equal(again.lines(pair), first)
    assert len(extractor.sizes) == 1


def test_the_key_is_content_and_settings_not_the_name(
    tmp_path: Path, cache: LineCache, extractor: Extractor
) -> None:
    pair = draw(tmp_path / "a.png")
    cache.lines(pair)
    copy = Pair("b", (tmp_path / "b.png"), None)
    copy.color.write_bytes(pair.color.read_bytes())
    cache.lines(copy)
    assert len(extractor.sizes) == 1
    draw(pair.color, green=100)
    assert cache.lines(pair)[15, 20] == 100
    LineCache(cache.folder, extractor, "green 2").lines(pair)
    LineCache(cache.folder, extractor, "green 1", longest=32).lines(pair)
    assert len(extractor.sizes) == len(entries(cache)) == 4


def test_a_cache_is_filled_with_what_is_missing(
    tmp_path: Path, cache: LineCache, extractor: Extractor
) -> None:
    a, b, c = (draw(tmp_path / f"{green}.png", green=green) for green in (0, 50, 100))
    cache.lines(a)
    seen: list[int] = []
    assert cache.fill([a, b, Pair("c", c.color, c.color)], seen.append) == 1
    assert seen == [1, 2, 3]
    assert cache.fill([a, b]) == 0
    assert len(extractor.sizes) == len(entries(cache)) == 2


def test_large_pictures_are_reduced_before(tmp_path: Path, extractor: Extractor) -> None:
    pair = draw(tmp_path / "a.png", size=(120, 240))
    lines = LineCache(tmp_path / "cache", extractor, "", longest=100).lines(pair)
    assert extractor.sizes == [(50, 100, 3)]
    assert lines.shape == (50, 100)


def test_a_damaged_entry_is_made_again(tmp_path: Path, cache: LineCache, extractor: Extractor) -> None:
    pair = draw(tmp_path / "a.png")
    first = cache.lines(pair)
    (entry,) = entries(cache)
    whole = entry.read_bytes()
    for damaged in (b"", b"text", whole[: len(whole) // 2]):
        entry.write_bytes(damaged)
        np.testing.assert_array_equal(cache.lines(pair), first)
        assert entry.read_bytes() == whole
    assert len(extractor.sizes) == 4


def test_many_at_once_leave_whole_entries_and_nothing_else(tmp_path: Path, cache: LineCache) -> None:
    pairs = [draw(tmp_path / f"{green}.png", green=green) for green in range(0, 200, 40)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(cache.lines, pairs * 8))
    assert [int(lines[15, 20]) for lines in found] == [0, 40, 80, 120, 160] * 8
    assert len(entries(cache)) == len(pairs)


def test_pairs_without_lines_get_them_from_the_cache(
    tmp_path: Path, cache: LineCache, extractor: Extractor
) -> None:
    pair = draw(tmp_path / "a.png")
    color, line = load_pair(pair, 32, cache)
    assert color.shape == (32, 32, 3)
    assert line[11, 10] < 220
    own = draw(tmp_path / "line" / "a.png", green=255)
    with_lines = Pair("a", pair.color, own.color)
    assert (load_pair(with_lines, 32, cache)[1] == 255).all()
    store = FolderStore([pair, with_lines], 32, cache)
    np.testing.assert_array_equal(store.lines([0, 1], [0, 0])[0, 0].numpy(), line)
    assert (store.lines([1], [0]) == 255).all()
    assert len(extractor.sizes) == 1


def test_a_store_keeps_what_it_has_room_for(tmp_path: Path) -> None:
    pairs = [draw(tmp_path / f"{green}.png", green=green) for green in (0, 50, 100)]
    store, forgetful = FolderStore(pairs, 32), FolderStore(pairs, 32, memory=0)
    before = store.colors([0, 1, 2])
    assert (forgetful.colors([0, 1, 2]) == before).all()
    for pair in pairs:
        pair.color.unlink()
    assert (store.colors([0, 1, 2]) == before).all()
    with pytest.raises(DataError, match="there is no such file"):
        forgetful.colors([1])


def test_what_cannot_be_read_or_written_is_said(tmp_path: Path, cache: LineCache) -> None:
    with pytest.raises(DataError, match=r"none\.png: there is no such file"):
        cache.lines(Pair("none", tmp_path / "none.png", None))
    with pytest.raises(DataError, match="there is no such file"):
        cache.fill([Pair("none", tmp_path / "none.png", None)])
    (tmp_path / "bad.png").write_bytes(b"text")
    with pytest.raises(DataError, match=r"bad\.png: not a picture"):
        cache.lines(Pair("bad", tmp_path / "bad.png", None))
    cache.folder.write_text("a file where the folder should be")
    with pytest.raises(OutputError, match="the folder cannot be made"):
        cache.lines(draw(tmp_path / "a.png"))


WORKER = """
import sys
from pathlib import Path
from rltn_cli.data.line_cache import LineCache
from rltn_cli.data.pairs import Pair

cache = LineCache(Path(sys.argv[1]), lambda color: color[..., 1].copy(), "green 1")
print("ready", flush=True)
sys.stdin.readline()
for path in map(Path, sys.argv[2:]):
    assert cache.lines(Pair(path.stem, path, None))[15, 20] == int(path.stem), path
"""


def test_several_processes_share_a_folder(tmp_path: Path, cache: LineCache) -> None:
    pairs = [draw(tmp_path / f"{green}.png", green=green) for green in range(0, 250, 10)]
    command = [sys.executable, "-c", WORKER, str(cache.folder), *(str(pair.color) for pair in pairs)]
    workers = [subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True) for _ in range(2)]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        worker.communicate("go\n")
    assert [worker.returncode for worker in workers] == [0, 0]
    assert len(entries(cache)) == len(pairs)
