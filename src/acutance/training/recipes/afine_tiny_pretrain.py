"""afine-tiny, before any opinion: its trunk learns to tell 25 distortions at 5 levels.

    acutance train afine-tiny-pretrain -o pretrain --set task.data.root=BIQ2021

Squares of BIQ2021's training photographs, half of them from small copies, for one trunk that then stands in both
places. One in ten of the photographs is held out, by the same seed in all stages.
"""

from acutance.training.config import CosineSchedule, LoopConfig, OptimizerConfig
from acutance.training.data import DataConfig
from acutance.training.tasks.afine_tiny_pretrain import AFINETinyPretraining
from acutance.training.train_config import TrainConfig

DATA = DataConfig(dataset="biq2021", validation_share=0.1)
"""Of all stages that see BIQ2021: its own test part is left alone, 1,000 of the 10,000 others validate."""


def recipe() -> TrainConfig:
    """The configuration."""
    return TrainConfig(
        recipe="afine-tiny-pretrain",
        task=AFINETinyPretraining(data=DATA),
        optimizer=OptimizerConfig(kind="adamw", learning_rate=2e-3, weight_decay=1e-3),
        schedule=CosineSchedule(unit="iteration", floor=1e-5),
        loop=LoopConfig(
            epochs=4,
            batch_size=64,
            workers=1,
            channels_last=True,
            precision="bfloat16",
            clip_norm=5.0,
            validate_every=2,
        ),
    )
