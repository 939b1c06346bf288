"""The batches of a run, one after another: drawn, loaded and augmented."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset

from rltn_cli.data.batches import Batch, make_batch
from rltn_cli.data.sampling import Sampler
from rltn_cli.data.stores import PairStore
from rltn_cli.errors import RltnError
from rltn_cli.training_config import TrainConfig


class _StepBatches(Dataset[Batch | RltnError]):
    """The batches of the steps; of several processes each makes its own share."""

    def __init__(
        self, config: TrainConfig, store: PairStore, sampler: Sampler, rank: int, world_size: int
    ) -> None:
        self.config, self.store, self.sampler = config, store, sampler
        self.own = range(rank, config.batch, world_size)
        """Numbers of this process's samples."""

    def __getitem__(self, step: int) -> Batch | RltnError:
        return self.make(step, torch.device("cpu"))

    def make(self, step: int, device: torch.device) -> Batch | RltnError:
        """Return the batch of a step, or why it cannot be made."""
        specs = [self.sampler.draw(step, i, self.config.batch) for i in self.own]
        try:
            return make_batch(self.store, specs, self.config.size_at(step), device)
        except RltnError as error:
            return error


class BatchLoader:
    """Makes this process's share of each step's batch.

    Worker processes make batches on the CPU, whatever the device. Without them, a thread makes the next batch
    for a GPU while the network trains on the last one; on a CPU it would only take the network's time.
    """

    def __init__(
        self,
        config: TrainConfig,
        store: PairStore,
        device: torch.device,
        *,
        rank: int = 0,
        world_size: int = 1,
        workers: int = 0,
    ) -> None:
        """Prepare the draws; `workers` is the number of processes that make batches ahead.

        Raises:
            DataError: no pairs, or source weights that leave nothing to draw.
        """
        self.store = store
        self.sampler = Sampler(store.pairs, config.data, config.seed)
        self._batches = _StepBatches(config, store, self.sampler, rank, world_size)
        self._device, self._workers = device, workers

    def batches(self, first: int, end: int) -> Iterator[Batch | RltnError]:
        """Return the batches of the steps from `first` to before `end`, or why one cannot be made."""
        steps = range(first, end)
        if self._workers:
            return self._by_workers(steps)
        if self._device.type == "cpu":
            return (self._batches[step] for step in steps)
        return self._by_thread(steps)

    def _by_workers(self, steps: range) -> Iterator[Batch | RltnError]:
        loader: Any = DataLoader(
            self._batches,
            batch_size=None,
            sampler=steps,
            collate_fn=_keep,
            num_workers=self._workers,
            pin_memory=self._device.type == "cuda",
        )
        for made in loader:
            yield made if isinstance(made, RltnError) else made.to(self._device)

    def _by_thread(self, steps: range) -> Iterator[Batch | RltnError]:
        with ThreadPoolExecutor(1) as thread:
            waiting = None
            for step in steps:
                coming = thread.submit(self._make_on_own_stream, step)
                if waiting is not None:
                    yield waiting.result()
                waiting = coming
            if waiting is not None:
                yield waiting.result()

    def _make_on_own_stream(self, step: int) -> Batch | RltnError:
        """Make a batch without waiting for the network's work on the same GPU."""
        if self._device.type != "cuda":
            return self._batches.make(step, self._device)
        stream = torch.cuda.Stream(self._device, priority=-1)
        with torch.cuda.stream(stream):
            batch = self._batches.make(step, self._device)
        stream.synchronize()
        return batch


def _keep(item: Any) -> Any:
    """Return a batch as it is: the loader must not take it apart."""
    return item
