"""A-FINE, stage 2: the weights of the fidelity head, over the CLIP of stage 1 (arXiv 2503.11221).

Values of the option file of the authors' code, ``AFINE_stage2_nlogn``: AdamW at 5e-4, decay 1e-3, betas 0.9 and 0.99;
40,000 iterations of 128 triplets a GPU, here over all processes; cosines as in stage 1; validation each 500 iterations;
KADID-10k, PIPAL and TID2013 without balancing. CLIP is the one of stage 1, as in the option file and not as in the
readme.

    acutance train afine-stage2 --set task.data.root=/data --set task.start=RUN_OF_STAGE_1

Every picture is encoded once for each of its eight flips and transposes, and what the head needs of it stays on disk,
some 15 GB for the three datasets. ``task.features`` names another folder for it; ``task.augment=false`` wants an eighth
of it, and is another training.
"""

from acutance.training.config import LoopConfig, OptimizerConfig
from acutance.training.recipes import afine_stage1
from acutance.training.tasks.afine_stage2 import AFINEStage2Training
from acutance.training.train_config import TrainConfig
from acutance.training.triplet_data import TripletData, TripletSource

DATASETS = ("kadid10k", "pipal", "tid2013")
"""In the order of the option file."""


def recipe() -> TrainConfig:
    """The configuration."""
    sources = tuple(TripletSource(dataset=name, protocol="afine") for name in DATASETS)
    return TrainConfig(
        recipe="afine-stage2",
        task=AFINEStage2Training(data=TripletData(sources=sources)),
        optimizer=OptimizerConfig(kind="adamw", learning_rate=5e-4, weight_decay=1e-3, betas=(0.9, 0.99)),
        schedule=afine_stage1.recipe().schedule,
        loop=LoopConfig(iterations=40_000, batch_size=128, drop_last=True, validate_every=500, workers=2),
    )
