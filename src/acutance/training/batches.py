"""Which samples make which batch, and how they are read: the same whatever the processes, workers and breaks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from acutance.errors import AcutanceError, TrainingError
from acutance.training.task import Batch, Task

Draw = tuple[int, int]
"""Epoch and index of a sample."""


@dataclass(frozen=True)
class Order:
    """The order of the samples in every epoch."""

    samples: int
    """How many there are."""
    batch_size: int
    """Samples in a step, over all processes."""
    seed: int
    drop_last: bool = False
    """Whether the last, smaller batch of an epoch is left out."""

    @property
    def per_epoch(self) -> int:
        """Steps in an epoch."""
        whole, rest = divmod(self.samples, self.batch_size)
        return whole + (1 if rest and not self.drop_last else 0)

    def batches(self, epoch: int, first: int = 0) -> Iterator[list[int]]:
        """The indices of each batch of an epoch.

        Args:
            epoch: Counted from 0.
            first: The batch to begin with.
        """
        order = np.random.default_rng([self.seed, 0, epoch]).permutation(self.samples)
        for step in range(first, self.per_epoch):
            yield order[step * self.batch_size : (step + 1) * self.batch_size].tolist()


def share_of(batch: Sequence[int], process: int, processes: int) -> list[int]:
    """What one process computes of a batch: as many samples as every other, the first ones again if need be."""
    each = -(-len(batch) // processes)
    padded = [batch[place % len(batch)] for place in range(each * processes)]
    return padded[process * each : (process + 1) * each]


def reader(task: Task, draws: Sequence[Sequence[Draw]], *, seed: int, workers: int) -> Iterator[Batch]:
    """The batches of some draws, read ahead by worker processes.

    Args:
        task: Reads and collates samples.
        draws: Epoch and index of every sample of every batch.
        seed: Of crops, flips and whatever else a sample draws.
        workers: Processes that read; 0 reads when a batch is asked for.

    Raises:
        TrainingError: A sample that cannot be read.
    """
    loader: DataLoader[Any] = DataLoader(
        _Samples(task, seed),
        batch_sampler=draws,  # type: ignore[arg-type]
        num_workers=workers,
        collate_fn=_Collate(task),
        worker_init_fn=_one_thread,
        prefetch_factor=2 if workers else None,
    )
    for batch in loader:
        if isinstance(batch, str):
            raise TrainingError(f"{batch} The training stops here: mend it and go on with --resume.")
        yield batch


class _Samples(Dataset[Any]):
    """Samples, each by a generator of its own; a fault becomes its words, which a process can hand on."""

    def __init__(self, task: Task, seed: int) -> None:
        self._task = task
        self._seed = seed

    def __getitem__(self, draw: Draw) -> Mapping[str, Any] | str:
        epoch, index = draw
        try:
            return self._task.sample(index, np.random.default_rng([self._seed, 1, epoch, index]))
        except AcutanceError as error:
            return " ".join(str(error).split())
        except OSError as error:
            return f"Expected to read sample {index}, got: {error}."


class _Collate:
    def __init__(self, task: Task) -> None:
        self._task = task

    def __call__(self, samples: Sequence[Mapping[str, Any] | str]) -> Batch | str:
        faults = [sample for sample in samples if isinstance(sample, str)]
        return (
            faults[0] if faults else self._task.collate([sample for sample in samples if not isinstance(sample, str)])
        )


def _one_thread(worker: int) -> None:
    """Workers share the cores with the training: one thread each."""
    torch.set_num_threads(1)
