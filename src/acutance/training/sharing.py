"""What several processes share in a step: outputs, gradients, statistics of batch norms."""

from collections.abc import Mapping
from typing import Any

import torch
import torch.distributed as dist
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.autograd import Function

from acutance.training.task import Batch, Inputs


def moved(batch: Batch, device: torch.device, *, channels_last: bool = False) -> Batch:
    """A batch on a device."""

    def one(value: Any) -> Any:  # noqa: ANN401 (whatever a task puts into a batch)
        if isinstance(value, Tensor):
            value = value.to(device, non_blocking=True)
            return value.contiguous(memory_format=torch.channels_last) if channels_last and value.ndim == 4 else value
        return [one(item) for item in value] if isinstance(value, list) else value

    inputs: Inputs = {name: one(value) for name, value in batch.inputs.items()}
    return Batch(inputs, {name: value.to(device) for name, value in batch.labels.items()})


def gathered(fabric: Fabric, values: Mapping[str, Tensor], count: int) -> dict[str, Tensor]:
    """The values of all processes in the order of the batch, differentiable; the padding of the last one goes."""
    if fabric.world_size == 1:
        return dict(values)
    together = {}
    for name, value in values.items():
        together[name] = every_process(value).flatten(0, 1)[:count]
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
    for kind in dict.fromkeys(tensor.dtype for tensor in tensors):
        same = [tensor for tensor in tensors if tensor.dtype == kind]
        flat = torch.cat([tensor.flatten() for tensor in same])
        mean = fabric.all_reduce(flat, reduce_op="mean")
        if not isinstance(mean, Tensor):
            raise TypeError(f"expected a tensor, got {type(mean).__name__}")
        parts = torch.split(mean, [tensor.numel() for tensor in same])
        with torch.no_grad():
            for tensor, part in zip(same, parts, strict=True):
                tensor.copy_(part.view_as(tensor))


def share_statistics(fabric: Fabric, network: nn.Module) -> None:
    """Let the batch norms of a network see the samples of all processes while they train.

    PyTorch's own such layer works on GPUs only. Names of tensors stay as they are.
    """
    if fabric.world_size == 1:
        return
    for module in network.modules():
        if type(module) is nn.BatchNorm2d:
            module.__class__ = SharedBatchNorm2d


def leave_padding_out(fabric: Fabric, network: nn.Module, count: int) -> None:
    """Tell shared batch norms how many samples of a batch of ``count`` are not there for padding on this process."""
    if fabric.world_size == 1:
        return
    each = -(-count // fabric.world_size)
    own = min(each, max(0, count - each * fabric.global_rank))
    for module in network.modules():
        if isinstance(module, SharedBatchNorm2d):
            module.counted = own


class SharedBatchNorm2d(nn.BatchNorm2d):
    """A batch norm over the samples of all processes."""

    counted: int | None = None
    """How many samples of this process count, the first ones; all of them if it is not set."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 (PyTorch's name)
        """(batch, channels, rows, columns), normalised; in evaluation mode by what was learned."""
        if not self.training:
            return super().forward(input)
        mean, variance, count = self._statistics(input.float()[: self.counted])
        self._learn(mean.detach(), variance.detach() * count / (count - 1).clamp(min=1))
        scale = self.weight * torch.rsqrt(variance + self.eps)
        shift = self.bias - mean * scale
        return torch.addcmul(_as_map(shift), input.float(), _as_map(scale)).to(input.dtype)

    def _statistics(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Mean and variance of each channel, and how many numbers they are over, in all processes."""
        # variances about own means, joined by Chan's formula: the mean square less the squared mean would cancel, and
        # processes may hold unequal counts, or none where a batch is padded
        size = features.new_tensor(float(features.numel() // features.shape[1]))
        mean = features.sum((0, 2, 3)) / size.clamp(min=1)
        variance = (features - _as_map(mean)).square().sum((0, 2, 3)) / size.clamp(min=1)
        every = every_process(torch.stack([mean, variance, size.expand_as(mean)]))  # (processes, 3, channels)
        means, variances, sizes = every.unbind(1)
        count = sizes.sum(0)
        mean = (means * sizes).sum(0) / count
        return mean, ((variances + (means - mean).square()) * sizes).sum(0) / count, count.detach()

    @torch.no_grad()
    def _learn(self, mean: Tensor, variance: Tensor) -> None:
        """Move the running statistics as PyTorch's layer does."""
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        self.num_batches_tracked.add_(1)
        share = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean, share)
        self.running_var.lerp_(variance, share)


def every_process(value: Tensor) -> Tensor:
    """The values of all processes, (processes, ...), differentiable.

    The derivative that a process gets back is the sum of those of all processes.
    """
    gathered: Tensor = _Gather.apply(value)
    return gathered


class _Gather(Function):
    @staticmethod
    def forward(ctx: Any, value: Tensor) -> Tensor:  # noqa: ANN401 (PyTorch's)
        every = [torch.empty_like(value) for _ in range(dist.get_world_size())]
        dist.all_gather(every, value.contiguous())
        return torch.stack(every)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # noqa: ANN401 (PyTorch's)
        total = gradient.clone()
        dist.all_reduce(total)
        return total[dist.get_rank()]


def _as_map(values: Tensor) -> Tensor:
    return values.view(1, -1, 1, 1)
