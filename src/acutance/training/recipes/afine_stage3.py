"""A-FINE, stage 3: the five numbers that make one score of naturalness and fidelity (arXiv 2503.11221).

Values of the option file of the authors' code, ``AFINE_stage3_nlogn``: AdamW at 1e-3, decay 1e-3 (on the five numbers
too), betas 0.9 and 0.99; 40,000 iterations of 128 triplets a GPU, here over all processes; cosines as in stage 1;
validation each 500 iterations; the datasets of stage 1. First values are the authors': k 5, fidelity 0.5 and 0.15,
naturalness 4.9592 and 21.5968, which they fitted on PIPAL for their own stage 1: ``task.calibrate_on=pipal`` fits anew.

    acutance train afine-stage3 --set task.data.root=/data --set task.start=RUN_OF_STAGE_2 --set task.clip=ViT-B-32.pt

Every picture is encoded once for each of its eight flips and transposes. Published in the end are the three files of
the stage and ``afine.pth``, all stages in one.
"""

from acutance.training.config import LoopConfig, OptimizerConfig
from acutance.training.recipes import afine_stage1
from acutance.training.tasks.afine_stage3 import AFINEStage3Training
from acutance.training.train_config import TrainConfig
from acutance.training.triplet_data import TripletData, TripletSource


def recipe() -> TrainConfig:
    """The configuration."""
    sources = tuple(TripletSource(dataset=name, protocol="afine") for name in afine_stage1.DATASETS)
    return TrainConfig(
        recipe="afine-stage3",
        task=AFINEStage3Training(data=TripletData(sources=sources)),
        optimizer=OptimizerConfig(kind="adamw", learning_rate=1e-3, weight_decay=1e-3, betas=(0.9, 0.99)),
        schedule=afine_stage1.recipe().schedule,
        loop=LoopConfig(iterations=40_000, batch_size=128, drop_last=True, validate_every=500, workers=2),
    )
