"""Learning rates as a function of where a training is, and the optimisers that take them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from torch.optim import SGD, Adam, AdamW, Optimizer

from acutance.training.config import (
    ConstantSchedule,
    CosineRestartSchedule,
    CosineSchedule,
    ExponentialSchedule,
    OptimizerConfig,
    Schedule,
    StepSchedule,
)
from acutance.training.task import ParameterGroup


@dataclass(frozen=True, slots=True)
class Place:
    """Where a training is."""

    iteration: int
    """Steps done."""
    iterations: int
    """Steps in all."""
    per_epoch: int
    """Steps in an epoch."""

    @property
    def epoch(self) -> int:
        """Epochs done."""
        return self.iteration // self.per_epoch

    @property
    def epochs(self) -> int:
        """Epochs in all, the last of them perhaps not whole."""
        return -(-self.iterations // self.per_epoch)


def rate_at(schedule: Schedule, rate: float, place: Place, *, scale: float = 1.0) -> float:
    """The learning rate of the next step of a group that has ``scale`` times the rate.

    Example:
        >>> rate_at(CosineSchedule(unit="iteration", length=50), 1e-4, Place(100, 200, 10))
        0.0001
    """
    match schedule:
        case ConstantSchedule():
            return rate * scale
        case CosineSchedule():
            return _cosine(schedule, rate * scale, place)
        case CosineRestartSchedule():
            return _cosine_restarts(schedule, rate * scale, place.iteration)
        case StepSchedule():
            return _steps(schedule, rate, scale, place.epoch)
        case ExponentialSchedule():
            return float(rate * scale * schedule.final ** (place.epoch / place.epochs))


def _cosine(schedule: CosineSchedule, top: float, place: Place) -> float:
    done, whole = (place.epoch, place.epochs) if schedule.unit == "epoch" else (place.iteration, place.iterations)
    return _between(schedule.floor, top, done / (schedule.length or whole))


def _cosine_restarts(schedule: CosineRestartSchedule, rate: float, iteration: int) -> float:
    """A boundary belongs to the earlier cosine, as in BasicSR, which A-FINE trains with."""
    ends = list(accumulate(schedule.periods))
    index = next((place for place, end in enumerate(ends) if iteration <= end), len(ends) - 1)
    start = ends[index] - schedule.periods[index]
    share = (iteration - start) / schedule.periods[index]
    return schedule.floor + schedule.weights[index] * (_between(schedule.floor, rate, share) - schedule.floor)


def _steps(schedule: StepSchedule, rate: float, scale: float, epoch: int) -> float:
    counted = max(0, epoch - schedule.delay)
    steps = sum(epoch >= milestone for milestone in schedule.milestones)
    steps += counted // schedule.every if schedule.every else 0
    same = schedule.scale_until is not None and counted >= schedule.scale_until
    return rate * (1.0 if same else scale) * schedule.factor**steps


def _between(floor: float, top: float, share: float) -> float:
    return floor + 0.5 * (top - floor) * (1 + math.cos(math.pi * share))


def build_optimizer(config: OptimizerConfig, groups: Sequence[ParameterGroup]) -> Optimizer:
    """An optimiser over some groups of parameters, in their order."""
    parameters = [
        {"params": list(group.parameters), "lr": config.learning_rate * group.rate_scale, "name": group.name}
        for group in groups
    ]
    decay = config.weight_decay
    if config.kind == "sgd":
        nesterov = config.momentum > 0
        return SGD(parameters, momentum=config.momentum, nesterov=nesterov, weight_decay=decay)
    kind = AdamW if config.kind == "adamw" else Adam
    return kind(parameters, betas=config.betas, eps=config.epsilon, weight_decay=decay)
