"""Batches are the same whoever makes them, and come in the order of their steps."""

import dataclasses

import pytest
import torch
from support.drawn_store import CONFIG, DrawnStore

from rltn_cli.engine.training import batch_loader
from rltn_cli.engine.training.batch_loader import BatchLoader
from rltn_cli.errors import DataError

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


def same(first, second):
    names = [field.name for field in dataclasses.fields(first)]
    return all(
        same(a, b) if dataclasses.is_dataclass(a) else torch.equal(a, b)
        for a, b in ((getattr(first, name), getattr(second, name)) for name in names)
    )


class GraphicsCard:
    """A device that is no CPU; its batches are made on the CPU."""

    type = "elsewhere"


class BrokenStore(DrawnStore):
    def colors(self, indices):
        raise DataError("a.png: cannot be read")


@pytest.fixture
def elsewhere(monkeypatch):
    real = batch_loader.make_batch
    monkeypatch.setattr(batch_loader, "make_batch", lambda *given: real(*given[:3], CPU))
    return GraphicsCard()


def test_worker_processes_make_the_same_batches():
    alone = list(BatchLoader(CONFIG, DrawnStore(), CPU).batches(1, 4))
    helped = list(BatchLoader(CONFIG, DrawnStore(), CPU, workers=2).batches(1, 4))
    assert len(alone) == len(helped) == 3
    assert all(same(a, b) for a, b in zip(alone, helped, strict=True))


def test_a_thread_makes_the_same_batches(elsewhere):
    alone = list(BatchLoader(CONFIG, DrawnStore(), CPU).batches(0, 3))
    ahead = list(BatchLoader(CONFIG, DrawnStore(), elsewhere).batches(0, 3))
    assert len(ahead) == 3
    assert all(same(a, b) for a, b in zip(alone, ahead, strict=True))
    assert not same(alone[0], ahead[1])


def test_no_steps_are_no_batches(elsewhere):
    assert list(BatchLoader(CONFIG, DrawnStore(), elsewhere).batches(2, 2)) == []


@pytest.mark.parametrize("workers", [0, 1])
def test_a_batch_that_cannot_be_made_is_its_error(workers):
    (made,) = BatchLoader(CONFIG, BrokenStore(), CPU, workers=workers).batches(0, 1)
    assert isinstance(made, DataError)
    assert str(made) == "a.png: cannot be read"


def test_processes_share_a_batch():
    config = dataclasses.replace(CONFIG, batch=4)
    (whole,) = BatchLoader(config, DrawnStore(), CPU).batches(0, 1)
    shares = [
        next(BatchLoader(config, DrawnStore(), CPU, rank=rank, world_size=2).batches(0, 1)) for rank in (0, 1)
    ]
    assert torch.equal(torch.cat([share.sketch for share in shares]), whole.sketch[[0, 2, 1, 3]])
