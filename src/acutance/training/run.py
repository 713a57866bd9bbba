"""A training from its configuration to its folder: begun, or gone on with."""

import logging
import warnings
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies.ddp import DDPStrategy
from lightning_fabric.strategies.strategy import Strategy

from acutance.errors import ConfigError
from acutance.training.config import LoopConfig, OptimizerConfig, Schedule
from acutance.training.faults import named_faults
from acutance.training.loop import OnStep, OnValidation, Trainer
from acutance.training.run_folder import RunFolder
from acutance.training.task import OnProgress, Task

logger = logging.getLogger(__name__)

BuildTask = Callable[[], Task]
VALIDATION_LIMIT = timedelta(hours=16)
"""How long processes wait for the first one to validate (A-FINE's scripts)."""


def train(
    build_task: BuildTask,
    *,
    optimizer: OptimizerConfig,
    schedule: Schedule,
    loop: LoopConfig,
    folder: Path,
    config: dict[str, Any],
    resume: bool = False,
    overwrite: bool = False,
    on_step: OnStep | None = None,
    on_validation: OnValidation | None = None,
    on_prepare: OnProgress | None = None,
) -> RunFolder:
    """Train, writing everything into a folder.

    With several processes this is called in each of them: Fabric starts the others, which run the same command.

    Args:
        build_task: Builds what is trained; random weights come from the seed that was just set.
        optimizer: How parameters change.
        schedule: How rates change.
        loop: How long, in which batches, on what.
        folder: Where to write.
        config: All of it as plain JSON values, kept as ``config.json``.
        resume: Go on with the run in the folder.
        overwrite: Replace it.
        on_step: Told after each step.
        on_validation: Told while validating.
        on_prepare: Told while the task prepares itself.

    Raises:
        ConfigError: A run that is there, or another one than is to be resumed; several processes for a task that one
            must train.
        TrainingError: A training that cannot go on; what was written is whole.
    """
    if resume and overwrite:
        raise ConfigError("Expected --resume or --overwrite, got both. Leave one of them out.")
    if resume:
        RunFolder(folder).demand_same(config)
    elif not overwrite:
        RunFolder(folder).demand_none()
    _device(loop)
    torch.manual_seed(loop.seed)
    task = build_task()  # says what is missing before anything is written or another process is started
    if loop.processes > 1 and task.alone_because:
        raise ConfigError(
            f"Expected one process, because {task.alone_because}, got {loop.processes}. Set loop.processes=1."
        )
    fabric = launched(loop)
    run = RunFolder(folder, writes=fabric.is_global_zero)
    state = run.resume(config) if resume else None
    if not resume:
        run.begin(config, overwrite=overwrite)
    begins = state is None  # what goes on has its weights from the checkpoint, and was told of
    for remark in task.remarks() if fabric.is_global_zero and begins else ():
        run.log(remark, "WARNING")
        logger.warning(remark)
    with named_faults(folder):
        fabric.barrier()
        prepare(fabric, task, on_prepare)
        trainer = Trainer(
            fabric=fabric,
            task=task,
            optimizer=optimizer,
            schedule=schedule,
            loop=loop,
            folder=run,
            on_step=on_step if fabric.is_global_zero else None,
            on_validation=on_validation if fabric.is_global_zero else None,
        )
        if state is not None:
            trainer.restore(state)
    run.log(f"{'resumed at' if state else 'began at'} step {trainer.state.iteration} of {trainer.iterations}")
    trainer.run()
    run.log("done")
    return run


def prepare(fabric: Fabric, task: Task, on_progress: OnProgress | None = None) -> None:
    """Let the first process prepare a task, and then the others, who find it done."""
    if fabric.is_global_zero:
        task.prepare(fabric.device, on_progress)
    fabric.barrier()
    if not fabric.is_global_zero:
        task.prepare(fabric.device)


def launched(loop: LoopConfig) -> Fabric:
    """Fabric on the device and with the processes that are asked for, started.

    Raises:
        ConfigError: A device that this machine has not, or too few of them.
    """
    device = _device(loop)
    strategy: Strategy | str = "auto"
    if loop.processes > 1:
        strategy = DDPStrategy(timeout=VALIDATION_LIMIT, process_group_backend="gloo" if device == "cpu" else "nccl")
    precision: Literal["bf16-mixed", "32-true"] = "bf16-mixed" if loop.precision == "bfloat16" else "32-true"
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # it tells every process's birth
    warnings.filterwarnings("ignore", "torch.distributed.nn.functional", FutureWarning, "lightning_fabric")
    fabric = Fabric(accelerator=device, devices=loop.processes, strategy=strategy, precision=precision)
    fabric.launch()
    return fabric


def _device(loop: LoopConfig) -> str:
    name = loop.device
    if name not in ("auto", "cpu", "cuda"):
        raise ConfigError(f"Expected auto, cpu or cuda as device, got {name!r}. Change loop.device.")
    there = torch.cuda.is_available()
    if name == "cuda" and not there:
        raise ConfigError("Expected a device that this machine has, got cuda, which PyTorch cannot find. Use cpu.")
    chosen = ("cuda" if there else "cpu") if name == "auto" else name
    if chosen == "cuda" and loop.processes > torch.cuda.device_count():
        raise ConfigError(
            f"Expected a GPU for each process, got {torch.cuda.device_count()} for {loop.processes}. Lower "
            "loop.processes, or set loop.device=cpu."
        )
    return chosen
