"""afine-tiny, stage 3: the five numbers that make one score of naturalness and fidelity.

    acutance train afine-tiny-stage3 -o stage3 --set task.start=stage2 --set task.data.root=pairs

Besides A-FINE's triplets each pristine picture gives some whose reference is degraded, so that the better picture is
often the one that is less like its reference.
"""

from acutance.training.config import CosineSchedule, LoopConfig, OptimizerConfig
from acutance.training.tasks.afine_tiny_stages import AFINETinyStage3Training
from acutance.training.train_config import TrainConfig
from acutance.training.triplet_data import TripletData, TripletSource

MADE = TripletSource(dataset="train/table.csv", validation_share=0.1, degraded=10)
"""Of the folder of pairs; 30 distorted pictures of a reference give 155 triplets by A-FINE's rule besides. More with
degraded references would each want encodings of their own, and five numbers need few."""


def recipe() -> TrainConfig:
    """The configuration."""
    return TrainConfig(
        recipe="afine-tiny-stage3",
        task=AFINETinyStage3Training(data=TripletData(sources=(MADE,)), augment=False),
        optimizer=OptimizerConfig(kind="adamw", learning_rate=1e-2, betas=(0.9, 0.99)),
        schedule=CosineSchedule(unit="iteration", floor=1e-6),
        loop=LoopConfig(iterations=2000, batch_size=128, drop_last=True, validate_every=200, workers=0),
    )
