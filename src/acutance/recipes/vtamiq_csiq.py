"""VTAMIQ, last stage: opinions of CSIQ. The values of ``vtamiq-tid2013``, but for how long the encoder is frozen.

In the first two epochs, as in the authors' code.
"""

from acutance.recipes import vtamiq_tid2013
from acutance.training.overrides import with_settings
from acutance.training.train_config import TrainConfig


def recipe() -> TrainConfig:
    """The configuration."""
    changed = ("recipe=vtamiq-csiq", "task.data.dataset=csiq", "task.frozen_epochs=2")
    return with_settings(vtamiq_tid2013.recipe(), changed)
