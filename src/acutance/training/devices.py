"""Batches on their device, and what several processes share: outputs, gradients, statistics."""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from acutance.training.task import Batch, Inputs


def moved(batch: Batch, device: torch.device, *, channels_last: bool = False) -> Batch:
    """A batch on a device.

    Args:
        batch: Tensors, and lists of them.
        device: Where to.
        channels_last: Memory order of tensors (batch, channels, height, width).
    """

    def one(value: Any) -> Any:  # noqa: ANN401 (whatever a task puts into a batch)
        if isinstance(value, Tensor):
            value = value.to(device, non_blocking=True)
            return value.contiguous(memory_format=torch.channels_last) if channels_last and value.ndim == 4 else value
        return [one(item) for item in value] if isinstance(value, list) else value

    inputs: Inputs = {name: one(value) for name, value in batch.inputs.items()}
    return Batch(inputs, {name: value.to(device) for name, value in batch.labels.items()})


def gathered(fabric: Fabric, values: Mapping[str, Tensor], count: int) -> dict[str, Tensor]:
    """The values of all processes in the order of the batch, differentiable; the padding of the last one goes.

    Args:
        fabric: Knows the other processes.
        values: Tensors (samples of this process, ...).
        count: Samples of all processes.
    """
    if fabric.world_size == 1:
        return dict(values)
    together = {}
    for name, value in values.items():
        every = fabric.all_gather(value, sync_grads=value.requires_grad)  # (processes, samples, ...)
        if not isinstance(every, Tensor):
            raise TypeError(f"expected a tensor {name}, got {type(every).__name__}")
        together[name] = every.flatten(0, 1)[:count]
    return together


def share_gradients(fabric: Fabric, network: nn.Module) -> None:
    """Give every process the mean gradient.

    Each process computed the loss of the whole batch, so that the gradients that came back through ``gathered`` are
    those of its own samples times the number of processes: their mean is the gradient of the whole batch.
    """
    if fabric.world_size == 1:
        return
    gradients = [parameter.grad for parameter in network.parameters() if parameter.grad is not None]
    _average(fabric, gradients)


def average_buffers(fabric: Fabric, network: nn.Module) -> None:
    """Give every process the mean of what batch norms learned of their inputs."""
    if fabric.world_size > 1:
        _average(fabric, [buffer for buffer in network.buffers() if buffer.is_floating_point()])


def _average(fabric: Fabric, tensors: list[Tensor]) -> None:
    """Replace tensors by their means over the processes, those of one type in one message."""
    for kind in _kinds(tensors):
        same = [tensor for tensor in tensors if tensor.dtype == kind]
        flat = torch.cat([tensor.flatten() for tensor in same])
        mean = fabric.all_reduce(flat, reduce_op="mean")
        if not isinstance(mean, Tensor):
            raise TypeError(f"expected a tensor, got {type(mean).__name__}")
        parts = torch.split(mean, [tensor.numel() for tensor in same])
        with torch.no_grad():
            for tensor, part in zip(same, parts, strict=True):
                tensor.copy_(part.view_as(tensor))


def _kinds(tensors: list[Tensor]) -> Iterator[torch.dtype]:
    yield from dict.fromkeys(tensor.dtype for tensor in tensors)
