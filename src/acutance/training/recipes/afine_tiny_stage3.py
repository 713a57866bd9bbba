"""afine-tiny, stage 3: the five numbers that make one score of damage and fidelity.

    acutance train afine-tiny-stage3 -o stage3 --set task.start=stage2 --set task.data.root=pairs

Besides A-FINE's triplets each pristine picture gives some whose reference is degraded, so that the better picture is
often the one that is less like its reference.
"""

from acutance.training.config import CosineSchedule, LoopConfig, OptimizerConfig
from acutance.training.tasks.afine_tiny_stage3 import AFINETinyStage3Training
from acutance.training.train_config import TrainConfig
from acutance.training.triplet_data import TripletData, TripletSource

SUMS = tuple(
    TripletSource(dataset=f"{name}/table.csv", validation_share=0.1, degraded=30, degraded_worst=1.0)
    for name in ("sums", "sums_small")
)
"""Of the folder of pairs; 30 distorted pictures of a reference give 155 triplets by A-FINE's rule besides. Those with
degraded references each want encodings of their own, but five numbers need few pictures."""


def recipe() -> TrainConfig:
    """The configuration."""
    return TrainConfig(
        recipe="afine-tiny-stage3",
        task=AFINETinyStage3Training(
            data=TripletData(sources=SUMS), augment=False, k=8.0, reference_weight=3.0, better_share=0.35
        ),
        optimizer=OptimizerConfig(kind="adamw", learning_rate=2e-2, betas=(0.9, 0.99)),
        schedule=CosineSchedule(unit="iteration", floor=1e-6),
        loop=LoopConfig(iterations=2000, batch_size=128, drop_last=True, validate_every=200, workers=0),
    )
