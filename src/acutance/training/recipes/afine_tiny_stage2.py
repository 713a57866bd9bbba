"""afine-tiny, stage 2: fidelity, and what tells a picture from worse copies of it, over frozen trunks.

    acutance train afine-tiny-stage2 -o stage2 --set task.start=head --set task.data.root=pairs

Triplets of the images made by projects.afine_tiny.pairs, by A-FINE's rule, who wins by weak labels; no flips, since the
trunks saw them. Every pair is encoded once. How much the mean and the structure of each channel count for fidelity is
learned from the order of two copies; damage from the order of a copy and its original.
"""

from acutance.training.config import CosineSchedule, LoopConfig, OptimizerConfig
from acutance.training.tasks.afine_tiny_stage2 import AFINETinyStage2Training
from acutance.training.train_config import TrainConfig
from acutance.training.triplet_data import TripletData, TripletSource

COPIES = tuple(TripletSource(dataset=f"{name}/table.csv", validation_share=0.1) for name in ("copies", "copies_small"))
"""Of the folder of pairs."""


def recipe() -> TrainConfig:
    """The configuration."""
    return TrainConfig(
        recipe="afine-tiny-stage2",
        task=AFINETinyStage2Training(data=TripletData(sources=COPIES), augment=False, damage_rate=0.1),
        optimizer=OptimizerConfig(kind="adamw", learning_rate=2e-2, weight_decay=1e-3, betas=(0.9, 0.99)),
        schedule=CosineSchedule(unit="iteration", floor=1e-6),
        loop=LoopConfig(iterations=3000, batch_size=128, drop_last=True, validate_every=500, workers=0),
    )
