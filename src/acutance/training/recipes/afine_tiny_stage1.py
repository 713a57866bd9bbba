"""afine-tiny, stage 1: naturalness from the opinions of BIQ2021 and from triplets of made pictures.

acutance train afine-tiny-stage1 -o stage1 --set task.start=pretrain --set task.data.root=BIQ2021
--set task.triplets.root=pairs
"""

from acutance.models.afine_tiny.config import AFINETinyConfig
from acutance.training.config import CosineSchedule, LoopConfig, OptimizerConfig
from acutance.training.recipes import afine_tiny_pretrain
from acutance.training.tasks.afine_tiny_stage1 import AFINETinyStage1Training
from acutance.training.train_config import TrainConfig
from acutance.training.triplet_data import TripletData, TripletSource

TRIPLETS = TripletData(sources=(TripletSource(dataset="train/table.csv", validation_share=0.1, degraded=155),))
"""Each pristine picture gives as many whose reference is degraded as A-FINE's rule gives of 30 pictures."""


def recipe() -> TrainConfig:
    """The configuration."""
    return TrainConfig(
        recipe="afine-tiny-stage1",
        task=AFINETinyStage1Training(
            data=afine_tiny_pretrain.DATA,
            triplets=TRIPLETS,
            model=AFINETinyConfig(dropout=0.1),
        ),
        optimizer=OptimizerConfig(kind="adamw", learning_rate=1e-3, weight_decay=2e-2),
        schedule=CosineSchedule(unit="iteration", length=2820, floor=1e-6),  # ten epochs; the average needs no more
        loop=LoopConfig(
            epochs=6,
            batch_size=32,
            workers=1,
            channels_last=True,
            precision="bfloat16",
            clip_norm=5.0,
            average_decay=0.999,
            validate_every=2,
        ),
    )
