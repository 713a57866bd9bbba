"""VTAMIQ, last stage: opinions of PIPAL. The values of ``vtamiq-tid2013``.

Where the authors' code is told to freeze the encoder, it does so in the first epoch:

    --set task.frozen_epochs=1
"""

from acutance.training.overrides import with_settings
from acutance.training.recipes import vtamiq_tid2013
from acutance.training.train_config import TrainConfig


def recipe() -> TrainConfig:
    """The configuration."""
    changed = ("recipe=vtamiq-pipal", "task.data.dataset=pipal")
    return with_settings(vtamiq_tid2013.recipe(), changed)
