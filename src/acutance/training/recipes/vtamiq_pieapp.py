"""VTAMIQ, second stage: preferences of PieAPP (Chubarau, Clark, arXiv 2110.01655; the repository's code).

2 epochs, batches of 12 and 256 patches are in the names of the authors' runs; the squared error of the preference is
theirs until 2022; the rest are the defaults of their code, as in the first stage (and ``task.frozen_epochs=1`` where
the encoder is to be frozen). It should start where that ended:

    --set task.start=RUN_OF_VTAMIQ_KADIS700K
"""

from acutance.training.config import ExponentialSchedule, LoopConfig, OptimizerConfig
from acutance.training.tasks.vtamiq_patches import PatchDraws
from acutance.training.tasks.vtamiq_preferences import VTAMIQPreferenceTraining
from acutance.training.train_config import TrainConfig


def recipe() -> TrainConfig:
    """The configuration."""
    return TrainConfig(
        recipe="vtamiq-pieapp",
        task=VTAMIQPreferenceTraining(start="vit-b16-384.timm", draws=PatchDraws(patches=256)),
        optimizer=OptimizerConfig(kind="adamw", learning_rate=5e-5, weight_decay=0.01),
        schedule=ExponentialSchedule(final=0.01),
        loop=LoopConfig(epochs=2, batch_size=12, clip_norm=1.0, checkpoint_every=3000, workers=4),
    )
