"""Optimisers from their settings."""

from collections.abc import Sequence

from torch.optim import SGD, Adam, AdamW, Optimizer

from acutance.training.config import OptimizerConfig
from acutance.training.task import ParameterGroup


def build_optimizer(config: OptimizerConfig, groups: Sequence[ParameterGroup]) -> Optimizer:
    """An optimiser over some groups of parameters, in their order.

    Args:
        config: Kind, decay and so on; rates are set before every step.
        groups: What is trained.
    """
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
