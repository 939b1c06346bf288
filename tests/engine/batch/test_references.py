"""References of a batch: encoded once, forgotten when room is short, left out when they cannot be read."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from rltn_cli.engine.batch.references import ReferenceCache, match_score
from rltn_cli.engine.inference.colorizer import Colorizer
from rltn_cli.errors import PictureError
from rltn_cli.model_config import PRESETS
from rltn_cli.models.rltn import RLTN


@pytest.fixture(scope="module")
def colorizer() -> Colorizer:
    torch.manual_seed(0)
    return Colorizer(RLTN(PRESETS["tiny"]), "cpu")


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    """A white, a light red and a dark blue picture with a gradient, so that each has a direction at 8x8."""
    rng = np.random.default_rng(0)
    found = []
    for name, color in {"white": (255, 255, 255), "red": (250, 60, 60), "blue": (20, 20, 250)}.items():
        noise = rng.integers(0, 20, (64, 64, 3))
        found.append(tmp_path / f"{name}.png")
        Image.fromarray(np.clip(np.array(color) - noise, 0, 255).astype(np.uint8)).save(found[-1])
    return found


def test_a_reference_is_encoded_once_whoever_asks(colorizer: Colorizer, paths: list[Path]) -> None:
    cache = ReferenceCache(colorizer, 64)
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(cache.encode, [(paths[0],)] * 12))
    assert cache.encodings == 1
    assert all(result is results[0] for result in results)
    assert cache.encode((paths[0], paths[1])).tokens.style.shape[1] == 2 * 256
    assert cache.encodings == 2


def test_a_reference_is_encoded_once_under_all_its_names(colorizer: Colorizer, paths: list[Path]) -> None:
    cache = ReferenceCache(colorizer, 64)
    path = paths[1]
    copy = path.with_name("copy.png")
    copy.write_bytes(path.read_bytes())
    again = path.parent / ".." / path.parent.name / path.name
    results = {name: cache.encode((name,)) for name in (path, again, copy)}
    assert cache.encodings == 1
    assert all(result.names == (str(name),) for name, result in results.items())
    assert len({id(result.tokens) for result in results.values()}) == 1


def test_the_one_not_used_for_longest_makes_room(colorizer: Colorizer, paths: list[Path]) -> None:
    keys = [(path,) for path in paths]
    one = ReferenceCache(colorizer, 64).encode(keys[0])
    tokens = one.tokens
    assert tokens.more is not None  # the votes
    size = sum(part.nbytes for part in (tokens.style, tokens.patches, tokens.more, one.pictures[0]))
    cache = ReferenceCache(colorizer, 64, limit=2 * size)
    for key in (keys[0], keys[1], keys[0], keys[2], keys[0]):
        cache.encode(key)
    assert cache.encodings == 3
    cache.encode(keys[1])
    assert cache.encodings == 4


def test_one_that_is_larger_than_the_room_is_still_given(colorizer: Colorizer, paths: list[Path]) -> None:
    cache = ReferenceCache(colorizer, 64, limit=1)
    assert cache.encode((paths[0],)) is cache.encode((paths[0],))


def test_the_network_is_entered_through_the_slot(colorizer: Colorizer, paths: list[Path]) -> None:
    slot = threading.BoundedSemaphore(1)
    cache = ReferenceCache(colorizer, 64, slot=lambda: slot)
    with slot, ThreadPoolExecutor(1) as pool:
        future = pool.submit(cache.encode, (paths[0],))
        with pytest.raises(TimeoutError):
            future.result(timeout=0.3)
        slot.release()
        assert future.result(timeout=10).pictures
        slot.acquire()


def test_one_that_disappears_or_changes_on_the_way_is_named(colorizer: Colorizer, paths: list[Path]) -> None:
    cache = ReferenceCache(colorizer, 64)
    cache.hashes(paths)
    paths[0].unlink()
    paths[1].write_bytes(paths[2].read_bytes())
    with pytest.raises(PictureError, match=r"white\.png: there is no such file"):
        cache.encode((paths[0],))
    with pytest.raises(PictureError, match=r"red\.png: changed while the batch was running"):
        cache.encode((paths[1],))
    assert cache.encode((paths[2],)).pictures


def test_the_hash_of_a_set_is_that_of_what_can_be_read(colorizer: Colorizer, paths: list[Path]) -> None:
    whole = ReferenceCache(colorizer, 64).set_hash(paths)
    assert ReferenceCache(colorizer, 64).set_hash(paths[::-1]) == whole
    paths[0].unlink()
    fewer = ReferenceCache(colorizer, 64).set_hash(paths)
    assert fewer != whole
    assert fewer == ReferenceCache(colorizer, 64).set_hash(paths[1:])


def test_the_nearest_are_those_of_the_largest_cosine(
    colorizer: Colorizer, paths: list[Path], caplog: pytest.LogCaptureFixture
) -> None:
    cache = ReferenceCache(colorizer, 64)
    broken = paths[0].with_name("broken.png")
    broken.write_bytes(b"no picture")
    drawing = np.full((90, 70, 3), (240, 80, 80), np.uint8)
    near = cache.nearest(drawing, [*paths, broken], 2)
    assert [path.name for path, _ in near] == ["red.png", "white.png"]
    assert near[0][1] > near[1][1] > 0.5
    assert "broken.png: not a picture" in caplog.text
    with pytest.raises(PictureError, match="none of the references can be read"):
        cache.nearest(drawing, [broken], 2)


def test_the_score_is_the_mean_confidence_of_a_sample(colorizer: Colorizer, paths: list[Path]) -> None:
    drawing_pixels = np.full((64, 64), 255, np.uint8)
    drawing_pixels[20:40, 20:24] = 0
    drawing = colorizer.prepare(drawing_pixels, size=64)
    references = ReferenceCache(colorizer, 64).encode((paths[1],))
    outputs = colorizer.paint(drawing, references)
    score = match_score(colorizer.model, outputs, references)
    with torch.inference_mode():
        confidence = colorizer.model.confidence(outputs[0]).flatten()
    # a similarity of 16 features rounds some 17 times, by up to 2**-24, before the temperature divides it
    rounding = 2 * 17 * 2**-24 / colorizer.model.config.temperature
    assert score == pytest.approx(float(confidence[::29].mean()), abs=rounding)
