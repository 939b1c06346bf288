"""The batches of a run, one after another: drawn, loaded and augmented."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset

from rltn_cli.data.batches import Batch, make_batch
from rltn_cli.data.sampling import Sampler, SampleSpec
from rltn_cli.data.stores import PairStore
from rltn_cli.errors import RltnError
from rltn_cli.training_config import TrainConfig


class _StepSpecs(Dataset[list[SampleSpec]]):
    """The samples of each step; of several processes each draws its own share."""

    def __init__(self, sampler: Sampler, batch: int, rank: int, world_size: int) -> None:
        self.sampler, self.batch, self.rank, self.world_size = sampler, batch, rank, world_size

    def __getitem__(self, step: int) -> list[SampleSpec]:
        own = range(self.rank, self.batch, self.world_size)
        return [self.sampler.draw(step, i, self.batch) for i in own]


class BatchLoader:
    """Makes this process's share of each step's batch.

    For a GPU a thread makes the next batch while the network trains on the last one; on a CPU it would only
    take the network's processor time.
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
        """Prepare the draws; `workers` is the number of processes that draw samples ahead.

        Raises:
            DataError: no pairs, or source weights that leave nothing to draw.
        """
        self.store = store
        self.sampler = Sampler(store.pairs, config.data, config.seed)
        self._config, self._device, self._workers = config, device, workers
        self._specs = _StepSpecs(self.sampler, config.batch, rank, world_size)

    def batches(self, first: int, end: int) -> Iterator[Batch | RltnError]:
        """Return the batches of the steps from `first` to before `end`, or why one cannot be made."""
        loader: Any = DataLoader(
            self._specs,
            batch_size=None,
            sampler=range(first, end),
            collate_fn=_keep,
            num_workers=self._workers,
        )
        draws: Iterator[list[SampleSpec]] = iter(loader)
        if self._device.type == "cpu":
            for step, specs in zip(range(first, end), draws, strict=True):
                yield self._make(step, specs)
            return
        with ThreadPoolExecutor(1) as thread:
            waiting = None
            for step in range(first, end):
                coming = thread.submit(lambda step: self._make_on_own_stream(step, next(draws)), step)
                if waiting is not None:
                    yield waiting.result()
                waiting = coming
            if waiting is not None:
                yield waiting.result()

    def _make(self, step: int, specs: list[SampleSpec]) -> Batch | RltnError:
        try:
            return make_batch(self.store, specs, self._config.size_at(step), self._device)
        except RltnError as error:
            return error

    def _make_on_own_stream(self, step: int, specs: list[SampleSpec]) -> Batch | RltnError:
        """Make a batch without waiting for the network's work on the same GPU."""
        if self._device.type != "cuda":
            return self._make(step, specs)
        stream = torch.cuda.Stream(self._device)
        with torch.cuda.stream(stream):
            batch = self._make(step, specs)
        stream.synchronize()
        return batch


def _keep(item: list[SampleSpec]) -> list[SampleSpec]:
    """Return the samples as they are: the loader must not make tensors of them."""
    return item
