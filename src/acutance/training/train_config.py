"""All of a training: what, how, and how long."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from acutance.training.config import LoopConfig, OptimizerConfig, Schedule, Settings
from acutance.training.task import Task
from acutance.training.tasks.afine_stage1 import AFINEStage1Task, AFINEStage1Training
from acutance.training.tasks.afine_stage2 import AFINEStage2Task, AFINEStage2Training
from acutance.training.tasks.afine_stage3 import AFINEStage3Task, AFINEStage3Training
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
    match config:
        case AFINEStage1Training():
            return AFINEStage1Task(config)
        case AFINEStage2Training():
            return AFINEStage2Task(config, folder)
        case AFINEStage3Training():
            return AFINEStage3Task(config, folder)
        case VTAMIQTraining():
            return VTAMIQRatings(config)
        case VTAMIQPreferenceTraining():
            return VTAMIQPreferences(config)
        case AHIQTraining():
            return AHIQTask(config)
        case _:
            return CropTask(config)
