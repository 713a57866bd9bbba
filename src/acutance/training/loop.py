"""The loop: batches through the network, losses back, validation, checkpoints; on Lightning Fabric."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.nn.utils import clip_grads_with_norm_, get_total_norm
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, Dataset

from acutance.errors import AcutanceError, CheckpointError, OtherProcessError, StatisticsError, TrainingError
from acutance.stats.correlation import srcc
from acutance.training.config import LoopConfig, OptimizerConfig, Schedule
from acutance.training.processes import friendly_errors
from acutance.training.run_folder import RunFolder, TrainingState
from acutance.training.schedules import Place, build_optimizer, rate_at
from acutance.training.sharing import (
    average_buffers,
    gathered,
    leave_padding_out,
    moved,
    share_gradients,
    share_statistics,
)
from acutance.training.task import Batch, Labels, Outputs, Task


@dataclass(frozen=True, kw_only=True)
class Step:
    """What is known after a step."""

    iteration: int
    """Steps done."""
    iterations: int
    """Steps in all."""
    loss: float
    rate: float
    """Learning rate of the first group."""


OnStep = Callable[[Step], None]
OnValidation = Callable[[int, int], None]


@dataclass
class Trainer:
    """One training on this process."""

    fabric: Fabric
    task: Task
    optimizer: OptimizerConfig
    schedule: Schedule
    loop: LoopConfig
    folder: RunFolder
    on_step: OnStep | None = None
    on_validation: OnValidation | None = None
    state: TrainingState = field(default_factory=TrainingState)

    def __post_init__(self) -> None:
        self._order = Order(len(self.task), self.loop.batch_size, self.loop.seed, self.loop.drop_last)
        if not self._order.per_epoch:
            raise TrainingError(
                f"Expected at least {self.loop.batch_size} samples for one batch, got {len(self.task)}. Take a smaller "
                "batch_size, or drop_last=false."
            )
        self._iterations = self.loop.iterations or (self.loop.epochs or 1) * self._order.per_epoch
        self._network = self.task.network.to(self.fabric.device)
        share_statistics(self.fabric, self._network)
        if self.loop.channels_last:
            self._network.to(memory_format=torch.channels_last)
        self._groups = self.task.groups()
        self._optimizer = build_optimizer(self.optimizer, self._groups)
        decay = self.loop.average_decay
        self._average = None if decay is None else WeightAverage(self._network, decay)

    @property
    def iterations(self) -> int:
        """Steps in all."""
        return self._iterations

    def restore(self, state: TrainingState) -> None:
        """Go on from a checkpoint: networks, optimiser, average, and where it was.

        Raises:
            CheckpointError: One of another network or optimiser.
        """
        try:
            self._network.load_state_dict(state.network)
            self._optimizer.load_state_dict(state.optimizer)
            if self._average is not None and state.average is not None:
                self._average.restore(state.average)
        except (RuntimeError, LookupError, ValueError, TypeError, AttributeError) as error:
            got = " ".join(str(error).split())[:200]
            raise CheckpointError(
                f"Expected a checkpoint of this network and optimiser in {self.folder.path}, got: {got}. Start anew "
                "with --overwrite."
            ) from error
        self.state = replace(state, network={}, optimizer={}, average=None)  # they would lie in memory twice

    def run(self) -> None:
        """Train to the end.

        Raises:
            TrainingError: A loss that is no number, no memory, no room on the disk, or a sample that cannot be read.
        """
        began = time.monotonic() - self.state.seconds
        with friendly_errors(self.folder.path):
            while self.state.iteration < self._iterations:
                self.task.start_epoch(self.state.iteration // self._order.per_epoch)
                for counts, batches in self._rest_of_epoch():
                    self._step(counts, batches)
                    self.state.seconds = time.monotonic() - began
                    self._after_step()

    def _rest_of_epoch(self) -> Iterator[tuple[list[int], Iterator[Batch]]]:
        """For each step to the end of the epoch: how many samples its parts have, and where they are read from."""
        epoch, first = divmod(self.state.iteration, self._order.per_epoch)
        steps = [self._parts(batch) for batch in self._order.batches(epoch, first)]
        steps = steps[: self._iterations - self.state.iteration]
        rank, world = self.fabric.global_rank, self.fabric.world_size
        draws = [[(epoch, index) for index in share_of(part, rank, world)] for parts in steps for part in parts]
        batches = reader(self.task, draws, seed=self.loop.seed, workers=self.loop.workers)
        for parts in steps:
            yield [len(part) for part in parts], batches

    def _parts(self, batch: list[int]) -> list[list[int]]:
        """A batch in the parts that are computed one after the other."""
        size = -(-len(batch) // self.loop.accumulate)
        return [batch[start : start + size] for start in range(0, len(batch), size)]

    def _step(self, counts: list[int], batches: Iterator[Batch]) -> None:
        place = Place(self.state.iteration, self._iterations, self._order.per_epoch)
        for group, known in zip(self._optimizer.param_groups, self._groups, strict=True):
            group["lr"] = rate_at(self.schedule, self.optimizer.learning_rate, place, scale=known.rate_scale)
        parts = [next(batches) for _ in counts]  # a reader that begins takes a random number, so it comes first
        torch.manual_seed(_noise_seed(self.loop.seed, self.state.iteration, self.fabric.global_rank))
        self._network.train()
        self._optimizer.zero_grad(set_to_none=True)
        for count, batch in zip(counts, parts, strict=True):
            self._add_gradients(batch, count, count / sum(counts))
        share_gradients(self.fabric, self._network)
        self._clip()
        self._optimizer.step()
        if self._average is not None:
            self._average.update(self._network)
        self.state.iteration += 1

    def _clip(self) -> None:
        """Shorten the gradient if asked for; one that is no number never reaches the weights."""
        trained = [parameter for group in self._groups for parameter in group.parameters]
        norm = get_total_norm([parameter.grad for parameter in trained if parameter.grad is not None])
        self._require_finite("gradient", norm)
        if self.loop.clip_norm is not None:
            clip_grads_with_norm_(trained, self.loop.clip_norm, norm)

    def _add_gradients(self, batch: Batch, count: int, share: float) -> None:
        """Add the gradients of one part of a batch, of which it is a share."""
        batch = moved(batch, self.fabric.device, channels_last=self.loop.channels_last)
        leave_padding_out(self.fabric, self._network, count)
        with self.fabric.autocast():
            outputs: Outputs = self._network(batch.inputs)
        outputs, labels = gathered(self.fabric, outputs, count), gathered(self.fabric, batch.labels, count)
        losses = self.task.losses(outputs, labels)
        self._require_finite("loss", losses["loss"])
        self.fabric.backward(losses["loss"] * share)
        for name, value in losses.items():
            self.state.sums[name] = self.state.sums.get(name, 0.0) + float(value.detach()) * share
        self._remember(outputs, labels)

    def _require_finite(self, name: str, value: Tensor) -> None:
        if not bool(torch.isfinite(value)):
            raise (TrainingError if self.fabric.is_global_zero else OtherProcessError)(
                f"Expected a finite {name}, got {value.item()} in step {self.state.iteration + 1}. Lower "
                "optimizer.learning_rate or set loop.clip_norm; what was saved before is whole."
            )

    def _remember(self, outputs: Outputs, labels: Labels) -> None:
        """Keep scores and labels of the samples, to be correlated over the epoch."""
        if "score" in outputs and "score" in labels:
            pairs = torch.stack([outputs["score"].detach().float().cpu(), labels["score"].float().cpu()], dim=1)
            self.state.seen += pairs.tolist()

    def _after_step(self) -> None:
        iteration, unit = self.state.iteration, 1 if self.loop.iterations else self._order.per_epoch
        if self.on_step is not None:
            rate = float(self._optimizer.param_groups[0]["lr"])
            steps = (iteration - 1) % (self.loop.validate_every * unit) + 1
            loss = self.state.sums["loss"] / steps
            self.on_step(Step(iteration=iteration, iterations=self._iterations, loss=loss, rate=rate))
        if iteration == self._iterations or iteration % (self.loop.validate_every * unit) == 0:
            self._validate(self.loop.validate_every * unit)
            self._checkpoint()
        elif self.loop.checkpoint_every and iteration % self.loop.checkpoint_every == 0:
            self._checkpoint()

    def _validate(self, interval: int) -> None:
        """Validate on the first process, write a line of metrics, and keep the weights if they are the best."""
        average_buffers(self.fabric, self._network)
        network = self._average.network if self._average is not None else self._network
        if self.fabric.is_global_zero:
            network.eval()
            with torch.no_grad():  # in float32, as the weights will score
                numbers = self.task.validate(network, self.on_validation)
            steps = (self.state.iteration - 1) % interval + 1
            self.folder.add_row(self._row(numbers, steps))
            self.folder.write_weights("last", self.task.trained(network))
            if self.loop.save_all_epochs:
                self._keep(network)
            value = numbers.get(self.task.select_by, math.nan)
            if self._is_best(value):
                self.state.best = None if math.isnan(value) else value
                self.state.best_iteration = self.state.iteration
                self.folder.write_weights("best", self.task.trained(network))
                self.folder.publish(lambda folder: self.task.publish(network, folder))
        self.state.rows += 1
        self.state.sums, self.state.seen = {}, []
        self.fabric.barrier()

    def _keep(self, network: nn.Module) -> None:
        """Write the weights of this validation beside the others."""
        iteration, epoch = self.state.iteration, -(-self.state.iteration // self._order.per_epoch)
        name = f"iteration_{iteration}" if self.loop.iterations else f"epoch_{epoch}"
        self.folder.write_weights(name, self.task.trained(network))
        self.folder.publish(lambda folder: self.task.publish(network, folder), name)

    def _row(self, numbers: dict[str, float], steps: int) -> dict[str, float | int | None]:
        """A line of metrics: the epoch, mean losses since the last line, correlations, rates, time."""
        losses = {name: value / steps for name, value in self.state.sums.items()}
        row: dict[str, float | int | None] = {
            "epoch": -(-self.state.iteration // self._order.per_epoch),
            "iteration": self.state.iteration,
            "train_loss": losses.pop("loss"),
        }
        row |= {f"train_{name}_loss": value for name, value in losses.items()}
        if self.state.seen:
            row["train_srcc"] = _correlation(self.state.seen)
        row |= {f"val_{name}": value for name, value in numbers.items()}
        for known, group in zip(self._groups, self._optimizer.param_groups, strict=True):
            row[f"learning_rate_{known.name}"] = float(group["lr"])
        return row | {"seconds": round(self.state.seconds, 3)}

    def _is_best(self, value: float) -> bool:
        """Whether the weights are the best so far; the latest are while there is nothing to choose by."""
        best = self.state.best
        if best is None or math.isnan(value):
            return best is None
        return value > best if self.task.select == "highest" else value < best

    def _checkpoint(self) -> None:
        if not self.fabric.is_global_zero:
            return
        self.state.network = self._network.state_dict()
        self.state.optimizer = self._optimizer.state_dict()
        self.state.average = None if self._average is None else self._average.state()
        self.folder.write_checkpoint(self.state)


def _noise_seed(seed: int, iteration: int, rank: int) -> int:
    """Seed of dropout in a step: the same whether the training was broken off before it or not."""
    return int(np.random.SeedSequence([seed, 2, iteration, rank]).generate_state(1)[0])


def _correlation(pairs: list[list[float]]) -> float | None:
    """Rank correlation of scores and labels; ``None`` where there is none."""
    scores, labels = np.array(pairs, dtype=np.float64).T
    try:
        return srcc(scores, labels)
    except StatisticsError:
        return None


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
        """The indices of each batch of an epoch, from some batch on."""
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


class WeightAverage:
    """The exponential moving average of a network's weights; what it counts or normalises with is copied.

    Args:
        decay: Share that stays at each step, below 1; small at first, (1 + steps) / (10 + steps), so that the
            random start is forgotten.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        def mean(averages: Any, values: Any, steps: Any) -> None:  # noqa: ANN401 (as in torch)
            share = min(decay, (1 + int(steps)) / (10 + int(steps)))
            get_ema_multi_avg_fn(share)(averages, values, steps)  # type: ignore[no-untyped-call]

        self._model = AveragedModel(network, multi_avg_fn=mean)
        self._model.eval().requires_grad_(requires_grad=False)
        self._model.n_averaged.fill_(1)  # torch would replace the first weights by those after a step

    @property
    def network(self) -> nn.Module:
        """With the average."""
        network: nn.Module = self._model.module
        return network

    def update(self, network: nn.Module) -> None:
        """Take the weights after a step into account."""
        self._model.update_parameters(network)

    def state(self) -> dict[str, Tensor | int]:
        """All that a resumed average needs, as 0.1 writes it."""
        own = {f"network.{name}": value for name, value in self.network.state_dict().items()}
        return {"steps": int(self._model.n_averaged) - 1, **own}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from ``state``."""
        own = {name.removeprefix("network."): value for name, value in state.items() if name != "steps"}
        self.network.load_state_dict(own)
        self._model.n_averaged.fill_(int(state["steps"]) + 1)
