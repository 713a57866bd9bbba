"""The processes that train together, on one machine or several: started, met, told, waited for, and lost."""

import json
import logging
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, TypeVar

import torch
import torch.distributed as dist
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments.torchelastic import TorchElasticEnvironment
from lightning_fabric.strategies.ddp import DDPStrategy
from pydantic import BaseModel, ValidationError
from torch import nn
from torch.distributed.distributed_c10d import PrefixStore
from torch.distributed.rendezvous import rendezvous

from acutance.errors import AcutanceError, ConfigError, OtherProcessError, TrainingError
from acutance.training.config import LoopConfig
from acutance.training.launch import Launch, launch_of
from acutance.training.task import Task
from acutance.types import OnProgress

VALIDATION_LIMIT = timedelta(hours=16)
"""How long processes wait for the first one to validate or to prepare (A-FINE's scripts)."""
LOCAL = ("device", "processes", "timeout", "workers")
"""Settings in which processes that train together may differ."""
Found = TypeVar("Found")


def spread_over(loop: LoopConfig, launch: Launch | None) -> LoopConfig:
    """The loop over as many processes as were started.

    Raises:
        ConfigError: Another number of processes is configured, or one that a batch cannot be shared by.
    """
    if launch is None or loop.processes == launch.world_size:
        return loop
    if loop.processes > 1:
        raise ConfigError(
            f"Expected loop.processes={launch.world_size}, as many as were started (WORLD_SIZE), got "
            f"{loop.processes}. Leave loop.processes out."
        )
    try:
        return LoopConfig.model_validate({**loop.model_dump(), "processes": launch.world_size})
    except ValidationError as error:
        raise ConfigError(
            f"Expected loop.batch_size as a multiple of loop.accumulate={loop.accumulate} times the "
            f"{launch.world_size} processes that were started, got {loop.batch_size}. Change it, or start fewer."
        ) from error


def launched(loop: LoopConfig) -> Fabric:
    """Fabric on the device and with the processes that are asked for, which have met.

    Raises:
        ConfigError: A device that this machine has not, or too few of them.
        OtherProcessError: Processes that did not come.
    """
    launch = launch_of()
    device, several = checked_device(loop, launch), loop.processes > 1
    precision: Literal["bf16-mixed", "32-true"] = "bf16-mixed" if loop.precision == "bfloat16" else "32-true"
    strategy = _Together(
        timeout=timedelta(seconds=loop.timeout), process_group_backend="gloo" if device == "cpu" else "nccl"
    )
    devices: int | list[int] = loop.processes
    plugins: list[Any] = []
    if launch is not None:
        devices = launch.local_world_size if device == "cpu" else list(range(launch.local_rank + 1))
        plugins = [_Started()]
    fabric = Fabric(
        accelerator=device,
        devices=devices,
        strategy=strategy if several else "auto",
        precision=precision,
        plugins=plugins if several else None,
    )
    with _meeting(loop, launch), _silent("lightning_fabric"):
        if launch is not None and launch.rank > 0:
            _find_first(launch, loop.timeout)
        fabric.launch()
    return fabric


def checked_device(loop: LoopConfig, launch: Launch | None) -> str:
    """``cpu`` or ``cuda``.

    Raises:
        ConfigError: A device that this machine has not, or too few of them.
    """
    name = loop.device
    if name not in ("auto", "cpu", "cuda"):
        raise ConfigError(f"Expected auto, cpu or cuda as device, got {name!r}. Change loop.device.")
    there = torch.cuda.is_available()
    if name == "cuda" and not there:
        raise ConfigError("Expected a device that this machine has, got cuda, which PyTorch cannot find. Use cpu.")
    chosen = ("cuda" if there else "cpu") if name == "auto" else name
    wanted, cure = loop.processes, "Lower loop.processes"
    if launch is not None:
        wanted, cure = launch.local_rank + 1, "Lower torchrun's --nproc-per-node"
    if chosen == "cuda" and wanted > torch.cuda.device_count():
        raise ConfigError(
            f"Expected a GPU for each process, got {torch.cuda.device_count()} for {wanted}. {cure}, or set "
            "loop.device=cpu."
        )
    return chosen


def prepare(fabric: Fabric, task: Task, on_progress: OnProgress | None = None) -> None:
    """Let the first process prepare a task, and then the others, who find it done.

    Where they do not see the first one's folder, the first of each machine does it for the others there.
    """
    own = 0 if fabric.is_global_zero else 1 if fabric.local_rank == 0 else 2
    for turn in range(3):
        if turn == own:
            task.prepare(fabric.device, on_progress if own == 0 else None)
        fabric.barrier()


def together(fabric: Fabric | None, act: Callable[[], Found]) -> Found:
    """What each process gets by doing something; if it goes wrong in one, it is an error in all.

    Raises:
        AcutanceError: Of this process.
        OtherProcessError: What another one said.
    """
    if fabric is None or fabric.world_size == 1:
        return act()
    found, fault = _tried(act)
    faults: list[tuple[str, str] | None] = [None] * fabric.world_size
    with friendly_losses():
        dist.all_gather_object(
            faults, None if fault is None else (str(fault), socket.gethostname()), group=_waiting(fabric)
        )
    told = [(rank, *each) for rank, each in enumerate(faults) if each is not None]
    if told and fault is not None and fabric.is_global_zero:
        raise fault
    if told:
        rank, words, host = told[0]
        where = "" if rank == 0 else f" (process {rank} on {host})"
        raise OtherProcessError(f"{words}{where}")
    return found[0]


def from_first(fabric: Fabric | None, act: Callable[[], Found]) -> Found:
    """What the first process gets by doing something, in all of them; nobody else does it.

    Raises:
        AcutanceError: Of the first process.
        OtherProcessError: The same in the others.
    """
    if fabric is None or fabric.world_size == 1:
        return act()
    found, fault = _tried(act) if fabric.is_global_zero else ([], None)
    sent: list[Any] = [(found, None if fault is None else str(fault))]
    with friendly_losses():
        dist.broadcast_object_list(sent, src=0, group=_waiting(fabric))
    if fault is not None:
        raise fault
    values, words = sent[0]
    if words is not None:
        raise OtherProcessError(words)
    value: Found = values[0]
    return value


def require_same_training(fabric: Fabric, samples: int, network: nn.Module, settings: Mapping[str, BaseModel]) -> None:
    """Raise unless all processes train the same: as many samples, the same network, the same settings.

    Raises:
        OtherProcessError: One that trains something else.
        ConfigError: The same in the first process.
    """
    if fabric.world_size == 1:
        return
    shapes = {name: list(value.shape) for name, value in network.state_dict().items()}
    own: dict[str, object] = {"number of training samples": samples, "tensors of the network": shapes}
    for name, each in settings.items():
        plain = each.model_dump(mode="json", exclude={*LOCAL})
        own |= {f"{name}.{setting}": value for setting, value in plain.items()}
    whole = from_first(fabric, lambda: own)

    def compared() -> None:
        for name, value in own.items():
            if value != whole.get(name):
                first, here = (json.dumps(each)[:200] for each in (whole.get(name), value))
                raise ConfigError(
                    f"Expected the same {name} in all processes, got {here} where the first one has {first}. Give "
                    "each machine the same data, weights and settings."
                )

    together(fabric, compared)


@torch.no_grad()
def share_weights(fabric: Fabric, network: nn.Module) -> None:
    """Give every process the weights of the first, whatever files the others began with."""
    if fabric.world_size == 1:
        return
    with friendly_losses():
        for tensor in network.state_dict().values():
            value = tensor.detach().cpu().contiguous()
            dist.broadcast(value.reshape(-1).view(torch.uint8), 0, group=_waiting(fabric))
            tensor.copy_(value)


class _Together(DDPStrategy):
    """Processes that wait for one another in steps for a while, and at barriers for as long as the first one works.

    A process that dies ends both at once: its connections close.
    """

    waiting: dist.ProcessGroup | None = None
    """What barriers are kept by; on the CPU with GPUs too, where a message can be of anything."""

    def setup_environment(self) -> None:
        """Meet."""
        attempt = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
        if attempt != "0" and not dist.is_initialized():
            self._meet_again(attempt)
        super().setup_environment()
        group = dist.new_group(backend="gloo", timeout=VALIDATION_LIMIT)
        self.waiting = group if isinstance(group, dist.ProcessGroup) else None

    def _meet_again(self, attempt: str) -> None:
        """Meet after a restart, where torchrun's list of processes still holds those that died."""
        if self.accelerator is not None:
            self.accelerator.setup_device(self.root_device)
        store, rank, world_size = next(rendezvous("env://", timeout=self._timeout))
        dist.init_process_group(
            self.process_group_backend,
            store=PrefixStore(f"attempt_{attempt}", store),
            rank=rank,
            world_size=world_size,
            timeout=self._timeout,
            device_id=None if self.root_device.type == "cpu" else self.root_device,
        )

    def barrier(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 (Fabric's)
        """Wait for all."""
        dist.all_reduce(torch.zeros(1), group=self.waiting)


class _Started(TorchElasticEnvironment):
    """Processes that are there already; machines may have different numbers of them."""

    def validate_settings(self, num_devices: int, num_nodes: int) -> None:
        """Nothing to compare: torchrun says it all."""


def _waiting(fabric: Fabric) -> dist.ProcessGroup | None:
    return fabric.strategy.waiting if isinstance(fabric.strategy, _Together) else None


def _find_first(launch: Launch, seconds: float) -> None:
    """Wait until the first process can be reached, with fewer words than PyTorch's where it cannot."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection((launch.address, launch.port), timeout=seconds).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.2)


def _tried(act: Callable[[], Found]) -> tuple[list[Found], Exception | None]:
    try:
        return [act()], None
    except (AcutanceError, OSError) as error:
        return [], error


def leave() -> None:
    """End what processes share; threads of it that still run when Python ends would abort the process."""
    if dist.is_available() and dist.is_initialized():
        dist.destroy_process_group()


@contextmanager
def _silent(name: str) -> Iterator[None]:
    """Without the news of a logger, such as every process's birth."""
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(before)


@contextmanager
def _meeting(loop: LoopConfig, launch: Launch | None) -> Iterator[None]:
    """Turns processes that do not come into one line."""
    try:
        yield
    except (RuntimeError, OSError) as error:
        if isinstance(error, AcutanceError) or loop.processes == 1:
            raise
        place = f"{os.environ.get('MASTER_ADDR')}:{os.environ.get('MASTER_PORT')}"
        kind = TrainingError if launch is None else OtherProcessError
        raise kind(
            f"Expected {loop.processes} processes to meet at {place} within {loop.timeout} seconds (loop.timeout), "
            f"got: {' '.join(str(error).split())[:200].rstrip('.')}. Start the same command on every machine, with the "
            "address and a free port of the first."
        ) from error


_CUT_SHORT = ("unexpected pos", "iostream error")
"""What ``torch.save`` says when a disk is full, of which it does not tell."""
_LOST = ("gloo", "nccl", "connection closed by peer", "connection reset by peer")
_SHORTAGE = ("out of memory", "not enough memory", "can't allocate", "no space left on device", "dataloader worker")


@contextmanager
def friendly_errors(folder: Path) -> Iterator[None]:
    """Turns a full disk, too little memory and a process that is gone into one line each."""
    try:
        with friendly_losses():
            yield
    except AcutanceError:  # says already what is wrong, even where it is an OSError too
        raise
    except OSError as error:
        raise _unwritten(folder, error.strerror or str(error)) from error
    except (MemoryError, RuntimeError) as error:
        words = " ".join(str(error).split())
        if any(word in words for word in _CUT_SHORT):
            raise _unwritten(folder, "a file that was cut short, as on a full disk") from error
        if not isinstance(error, MemoryError) and not any(word in words.lower() for word in _SHORTAGE):
            raise
        raise TrainingError(
            f"Expected enough memory for a step, got: {words[:200] or 'not enough'}. Go on with --resume and more "
            "parts of a step, --set loop.accumulate=8, or fewer loop.workers; or begin anew with a smaller "
            "loop.batch_size."
        ) from error


@contextmanager
def friendly_losses() -> Iterator[None]:
    """Turns a process that is gone, or does not answer, into one line."""
    try:
        yield
    except AcutanceError:
        raise
    except RuntimeError as error:
        words = str(error).lower()
        if not any(word in words for word in _LOST):
            raise
        got = (
            "one that does not answer; loop.timeout says for how many seconds to wait"
            if "timed out" in words or "timeout" in words
            else "one that stopped"
        )
        raise OtherProcessError(
            f"Expected all processes to train to the end, got {got}. See what it says; go on with --resume."
        ) from error


def _unwritten(folder: Path, got: str) -> TrainingError:
    return TrainingError(
        f"Expected to write to {folder}, got: {got}. Make room and go on with --resume; the last checkpoint is whole."
    )
