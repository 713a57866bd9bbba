"""All of a training: what, how, and how long."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from acutance.training.config import LoopConfig, OptimizerConfig, Schedule, Settings
from acutance.training.task import Task
from acutance.training.tasks.afine_stage1 import AFINEStage1Task, AFINEStage1Training
from acutance.training.tasks.afine_stage2 import AFINEStage2Task, AFINEStage2Training
from acutance.training.tasks.afine_stage3 import AFINEStage3Task, AFINEStage3Training
from acutance.training.tasks.afine_tiny_head import AFINETinyHeadTask, AFINETinyHeadTraining
from acutance.training.tasks.afine_tiny_pretrain import AFINETinyPretraining, AFINETinyPretrainTask
from acutance.training.tasks.afine_tiny_stage1 import AFINETinyStage1Task, AFINETinyStage1Training
from acutance.training.tasks.afine_tiny_stage2 import AFINETinyStage2Task, AFINETinyStage2Training
from acutance.training.tasks.afine_tiny_stage3 import AFINETinyStage3Task, AFINETinyStage3Training
from acutance.training.tasks.ahiq import AHIQTask, AHIQTraining
from acutance.training.tasks.hyperiqa import CropTask, HyperIQATraining, MSHyperIQATraining
from acutance.training.tasks.vtamiq import VTAMIQRatings, VTAMIQTraining
from acutance.training.tasks.vtamiq_preferences import VTAMIQPreferences, VTAMIQPreferenceTraining

TaskConfig = Annotated[
    HyperIQATraining
    | MSHyperIQATraining
    | AFINEStage1Training
    | AFINEStage2Training
    | AFINEStage3Training
    | AFINETinyPretraining
    | AFINETinyStage1Training
    | AFINETinyHeadTraining
    | AFINETinyStage2Training
    | AFINETinyStage3Training
    | VTAMIQTraining
    | VTAMIQPreferenceTraining
    | AHIQTraining,
    Field(discriminator="kind"),
]


class TrainConfig(Settings):
    """A recipe with its settings; written beside the weights, it can be run again."""

    recipe: str
    """Name of the recipe it came from."""
    task: TaskConfig
    """What is trained, on what."""
    optimizer: OptimizerConfig
    schedule: Schedule
    loop: LoopConfig


def build_task(config: TaskConfig, folder: Path) -> Task:
    """What is trained.

    Args:
        config: Its settings.
        folder: Of the run.
    """
    return _TASKS[type(config)](config, folder)


_TASKS: dict[type[Settings], Callable[[Any, Path], Task]] = {
    AFINEStage1Training: lambda config, _: AFINEStage1Task(config),
    AFINEStage2Training: AFINEStage2Task,
    AFINEStage3Training: AFINEStage3Task,
    AFINETinyPretraining: lambda config, _: AFINETinyPretrainTask(config),
    AFINETinyStage1Training: AFINETinyStage1Task,
    AFINETinyHeadTraining: AFINETinyHeadTask,
    AFINETinyStage2Training: AFINETinyStage2Task,
    AFINETinyStage3Training: AFINETinyStage3Task,
    AHIQTraining: lambda config, _: AHIQTask(config),
    HyperIQATraining: lambda config, _: CropTask(config),
    MSHyperIQATraining: lambda config, _: CropTask(config),
    VTAMIQPreferenceTraining: lambda config, _: VTAMIQPreferences(config),
    VTAMIQTraining: lambda config, _: VTAMIQRatings(config),
}
"""What trains by each kind of settings; features of frozen networks are kept in the folder of the run."""
