"""What users do with a loaded model in a training of their own."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, distributed, nn

from acutance.models.quality_model import QualityModel


class Parent(nn.Module):
    """A network with a trainable layer, which starts as nothing, and a loaded model as its loss."""

    def __init__(self, loss: QualityModel) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, 3, 1, bias=False)
        self.loss = loss
        with torch.no_grad():
            self.layer.weight.copy_(torch.eye(3)[:, :, None, None])

    def forward(self, distorted: Tensor, *reference: Tensor) -> Tensor:
        scores: Tensor = self.loss(self.layer(distorted), *reference)
        return scores


def train_a_step(parent: nn.Module, *images: Tensor) -> None:
    """A step over all parameters, with decay of weights."""
    optimizer = torch.optim.AdamW(parent.parameters(), 0.01, weight_decay=0.1)
    parent(*images).sum().backward()
    optimizer.step()


def sha256_of_tensors(module: nn.Module) -> str:
    """Of every parameter and buffer, with those that no state dict holds."""
    digest = hashlib.sha256()
    for name, tensor in (*module.named_parameters(), *module.named_buffers()):
        digest.update(name.encode() + tensor.detach().contiguous().numpy().tobytes())
    return digest.hexdigest()


@contextmanager
def one_process(folder: Path) -> Iterator[None]:
    """A process group of this process alone."""
    distributed.init_process_group("gloo", init_method=f"file://{folder / 'group'}", rank=0, world_size=1)
    try:
        yield
    finally:
        distributed.destroy_process_group()
