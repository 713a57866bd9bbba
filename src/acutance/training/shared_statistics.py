"""Batch norms that normalise by the statistics of all processes, so that a batch may be spread over several."""

from typing import Any

import torch
import torch.distributed as dist
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.autograd import Function


def share_statistics(fabric: Fabric, network: nn.Module) -> None:
    """Let the batch norms of a network see the samples of all processes while they train.

    PyTorch's own such layer works on GPUs only. Names of tensors stay as they are.

    Args:
        fabric: Knows the other processes; of one alone nothing changes.
        network: Changed in place.
    """
    if fabric.world_size == 1:
        return
    for module in network.modules():
        if type(module) is nn.BatchNorm2d:
            module.__class__ = SharedBatchNorm2d


def leave_padding_out(fabric: Fabric, network: nn.Module, count: int) -> None:
    """Tell shared batch norms how many samples of the next batch on this process are not there for padding.

    Args:
        fabric: Knows the other processes.
        network: After ``share_statistics``.
        count: Samples of all processes.
    """
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

    Args:
        value: Of the same shape on each.
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
