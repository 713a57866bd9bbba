"""VTAMIQ, last stage: opinions of TID2013 (Chubarau, Clark, arXiv 2110.01655; its code of 2024).

20 epochs, batches of 16 and 384 patches, AdamW 0.01, 5e-5 falling to a hundredth, gradients clipped at 1; random
split of the references 60 : 20 : 20. It should start where an earlier stage ended. Their code freezes the encoder in
the first two epochs where it is told to, which it is not by default; their repeated runs have other rates:

    --set task.start=RUN_OF_VTAMIQ_PIEAPP
    --set task.frozen_epochs=2
    --set optimizer.learning_rate=1e-4 --set 'schedule={"kind": "steps", "milestones": [10, 15]}'
    --set 'task.weights={"absolute": 1, "rank": 1, "correlation": 0.2}'     the losses of 2021
"""

from acutance.training.config import ExponentialSchedule, LoopConfig, OptimizerConfig
from acutance.training.data import DataConfig
from acutance.training.tasks.vtamiq import VTAMIQTraining
from acutance.training.tasks.vtamiq_patches import PatchDraws
from acutance.training.train_config import TrainConfig


def recipe() -> TrainConfig:
    """The configuration."""
    return TrainConfig(
        recipe="vtamiq-tid2013",
        task=VTAMIQTraining(
            data=DataConfig(dataset="tid2013", protocol="vtamiq"),
            start="vit-b16-384.timm",
            draws=PatchDraws(patches=384),
        ),
        optimizer=OptimizerConfig(kind="adamw", learning_rate=5e-5, weight_decay=0.01),
        schedule=ExponentialSchedule(final=0.01),
        loop=LoopConfig(epochs=20, batch_size=16, clip_norm=1.0, checkpoint_every=3000, workers=4),
    )
