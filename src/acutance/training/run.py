"""A training from its configuration to its folder: begun, or gone on with."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import torch
import torch.distributed as dist

from acutance.errors import ConfigError
from acutance.training.config import LoopConfig, OptimizerConfig, Schedule
from acutance.training.launch import is_first, launch_of
from acutance.training.loop import OnStep, OnValidation, Trainer
from acutance.training.processes import (
    checked_device,
    friendly_errors,
    from_first,
    launched,
    prepare,
    require_same_training,
    share_weights,
    spread_over,
    together,
)
from acutance.training.run_folder import RunFolder, TrainingState
from acutance.training.task import Task
from acutance.types import OnProgress

logger = logging.getLogger(__name__)

BuildTask = Callable[[], Task]
Resume = bool | Literal["auto"]
"""Whether to go on with the run in a folder; ``auto`` if there is one."""


def train(
    build_task: BuildTask,
    *,
    optimizer: OptimizerConfig,
    schedule: Schedule,
    loop: LoopConfig,
    folder: Path,
    config: dict[str, Any],
    resume: Resume = False,
    overwrite: bool = False,
    on_step: OnStep | None = None,
    on_validation: OnValidation | None = None,
    on_prepare: OnProgress | None = None,
) -> RunFolder:
    """Train, writing everything into a folder.

    With several processes this is called in each of them: Fabric starts the others, which run the same command, or
    torchrun started all, on one machine or several. The first one alone reads and writes the folder.

    Args:
        build_task: Builds what is trained; random weights come from the seed that was just set.
        optimizer: How parameters change.
        schedule: How rates change.
        loop: How long, in which batches, on what.
        folder: Where to write.
        config: All of it as plain JSON values, kept as ``config.json``.
        resume: Go on with the run in the folder; ``auto`` begins one where there is none.
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
    launch = launch_of()
    loop = spread_over(loop, launch)
    checked_device(loop, launch)

    def built() -> Task:
        if is_first():
            _require_folder(RunFolder(folder), config, resume=resume, overwrite=overwrite)
        torch.manual_seed(loop.seed)
        task = build_task()
        if loop.processes > 1 and task.alone_because:
            raise ConfigError(
                f"Expected one process, because {task.alone_because}, got {loop.processes}. Set loop.processes=1."
            )
        return task

    there = launched(loop) if launch or (loop.processes > 1 and dist.is_initialized()) else None
    task = together(there, built)  # says what is missing before anything is written or another process is started
    fabric = there or launched(loop)
    run = RunFolder(folder, writes=fabric.is_global_zero)
    settings = {"optimizer": optimizer, "schedule": schedule, "loop": loop}
    require_same_training(fabric, len(task), task.network, settings)

    def begun() -> TrainingState | None:
        if resume is True or (resume and run.has_run()):
            return run.resume(config)
        run.begin(config, overwrite=overwrite)
        return None

    state = from_first(fabric, begun)
    begins = state is None  # what goes on has its weights from the checkpoint, and was told of
    for remark in task.remarks() if fabric.is_global_zero and begins else ():
        run.log(remark, "WARNING")
        logger.warning(remark)
    with friendly_errors(folder):
        fabric.barrier()
        prepare(fabric, task, on_prepare)
        share_weights(fabric, task.network)
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
    if launch is not None:
        run.log(f"{launch.world_size} processes that were started together, {launch.local_world_size} of them here")
    run.log(f"{'resumed at' if state else 'began at'} step {trainer.state.iteration} of {trainer.iterations}")
    trainer.run()
    run.log("done")
    return run


def _require_folder(run: RunFolder, config: dict[str, Any], *, resume: Resume, overwrite: bool) -> None:
    """Raise unless a run can be begun in a folder, or gone on with."""
    if resume is True or (resume and run.has_run()):
        run.require_same(config)
    elif not overwrite:
        run.require_none()
