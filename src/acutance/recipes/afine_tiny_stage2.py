"""afine-tiny, stage 2: how much the mean and the structure of each channel count for fidelity, over frozen trunks.

    acutance train afine-tiny-stage2 -o stage2 --set task.start=head --set task.data.root=pairs

Triplets of the made pictures of ``afine_tiny_pairs`` by A-FINE's rule, who wins by weak labels; no flips, since the
trunks saw them. Every pair is encoded once.
"""

from acutance.training.config import CosineSchedule, LoopConfig, OptimizerConfig
from acutance.training.tasks.afine_tiny_stages import AFINETinyStage2Training
from acutance.training.train_config import TrainConfig
from acutance.training.triplet_data import TripletData, TripletSource

MADE = TripletSource(dataset="train/table.csv", validation_share=0.1)
"""Of the folder of pairs."""


def recipe() -> TrainConfig:
    """The configuration."""
    return TrainConfig(
        recipe="afine-tiny-stage2",
        task=AFINETinyStage2Training(data=TripletData(sources=(MADE,)), augment=False),
        optimizer=OptimizerConfig(kind="adamw", learning_rate=5e-3, weight_decay=1e-3, betas=(0.9, 0.99)),
        schedule=CosineSchedule(unit="iteration", floor=1e-6),
        loop=LoopConfig(iterations=4000, batch_size=128, drop_last=True, validate_every=500, workers=0),
    )
