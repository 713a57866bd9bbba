"""VTAMIQ, last stage: opinions of PIPAL. The values of ``vtamiq-tid2013``, but for how long the encoder is frozen.

In the first epoch, as in the authors' code.
"""

from acutance.recipes import vtamiq_tid2013
from acutance.training.overrides import with_settings
from acutance.training.train_config import TrainConfig


def recipe() -> TrainConfig:
    """The configuration."""
    changed = ("recipe=vtamiq-pipal", "task.data.dataset=pipal", "task.frozen_epochs=1")
    return with_settings(vtamiq_tid2013.recipe(), changed)
