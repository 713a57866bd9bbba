"""Batch norms over several processes are those of one with all samples."""

import multiprocessing
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from lightning_fabric import Fabric
from torch import nn

from acutance.training.sharing import SharedBatchNorm2d, leave_padding_out, share_statistics

PROCESSES = 2
COUNTS = (4, 5, 1)
"""Samples of both: as many each, one more on the first, none on the second."""


def layer() -> nn.Sequential:
    torch.manual_seed(1)
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 2, 1), nn.BatchNorm2d(2))
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight)
            nn.init.normal_(module.bias)
    return network


def samples(count: int) -> torch.Tensor:
    return torch.randn(count, 3, 6, 5, generator=torch.Generator().manual_seed(count)) * 3 + 20


def loss(output: torch.Tensor) -> torch.Tensor:
    return (output * torch.arange(1, 3).view(1, 2, 1, 1)).pow(2).sum()


class _Two(Fabric):
    """What a process knows of itself and the other."""

    def __init__(self, rank: int) -> None:
        self._rank = rank

    @property
    def world_size(self) -> int:
        return PROCESSES

    @property
    def global_rank(self) -> int:
        return self._rank


def _one_of_two(rank: int, folder: Path) -> None:
    dist.init_process_group("gloo", f"file://{folder}/meeting", rank=rank, world_size=PROCESSES)
    for count in COUNTS:
        fabric, network = _Two(rank), layer()
        share_statistics(fabric, network)
        each = -(-count // PROCESSES)
        own = samples(count)[torch.arange(each * PROCESSES) % count][rank * each : (rank + 1) * each]
        for _ in range(2):
            leave_padding_out(fabric, network, count)
            output = network(own)[: count - rank * each]
            loss(output).backward()
        for parameter in network.parameters():
            if parameter.grad is not None:
                dist.all_reduce(parameter.grad)
        gradients = [parameter.grad for parameter in network.parameters()]
        found = {"output": output.detach(), "state": network.state_dict(), "gradients": gradients}
        torch.save(found, folder / f"{count}_{rank}.pt")
    dist.destroy_process_group()


@pytest.fixture(scope="module")
def two_processes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What each of two processes found."""
    folder = tmp_path_factory.mktemp("parts")
    started = multiprocessing.get_context("spawn")
    processes = [started.Process(target=_one_of_two, args=(rank, folder)) for rank in range(PROCESSES)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=600)
        assert process.exitcode == 0
    return folder


@pytest.mark.parametrize("count", COUNTS)
def test_two_processes_normalise_as_one_with_all_samples(two_processes: Path, count: int):
    network = layer()
    for _ in range(2):
        output = network(samples(count))
        loss(output).backward()
    first, second = (torch.load(two_processes / f"{count}_{rank}.pt", weights_only=True) for rank in range(PROCESSES))
    torch.testing.assert_close(torch.cat([first["output"], second["output"]]), output, rtol=1e-4, atol=1e-5)
    for name, value in network.state_dict().items():
        torch.testing.assert_close(first["state"][name], value, rtol=1e-5, atol=1e-6)
        assert torch.equal(first["state"][name], second["state"][name])
    for own, parameter in zip(first["gradients"], network.parameters(), strict=True):
        torch.testing.assert_close(own, parameter.grad, rtol=1e-3, atol=1e-3)


def test_one_process_keeps_pytorch_s_own_layers():
    fabric, network = Fabric(accelerator="cpu", devices=1), layer()
    share_statistics(fabric, network)
    leave_padding_out(fabric, network, 3)
    assert [type(module) for module in network] == [nn.Conv2d, nn.BatchNorm2d, nn.ReLU, nn.Conv2d, nn.BatchNorm2d]


def test_in_evaluation_mode_it_is_pytorch_s_own():
    network, shared = layer().eval(), layer().eval()
    share_statistics(_Two(0), shared)
    assert isinstance(shared[1], SharedBatchNorm2d)
    assert torch.equal(network(samples(3)), shared(samples(3)))
    assert network.state_dict().keys() == shared.state_dict().keys()
