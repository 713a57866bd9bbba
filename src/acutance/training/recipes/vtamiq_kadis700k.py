"""VTAMIQ, first stage: weak labels of KADIS-700k (Chubarau, Clark, arXiv 2110.01655; the repository's code of 2024).

2 epochs, batches of 20 and 256 patches are in the names of the authors' runs; the rest are the defaults of their code:
AdamW 0.01, 5e-5 falling to a hundredth, gradients clipped at 1, a checkpoint every 3000 batches. The losses have the
weights that their code states and does not apply. Targets are made of the metric as they are of opinions, 0 for the
best and near uniform; their code takes the metric as it is. A hundredth of the scenes validates; the authors hold none
out. Where their code is told to freeze the encoder, it does so in the first epoch (``task.frozen_epochs=1``). Two other
sets of weak labels:

    --set task.kadis_metric=fsimc                          another metric than VSI
    --set task.data.dataset=FOLDER/table.csv               made by acutance data synthesize
"""

from acutance.models.vtamiq.preprocess import VTAMIQViews
from acutance.training.config import ExponentialSchedule, LoopConfig, OptimizerConfig
from acutance.training.data import DataConfig
from acutance.training.tasks.vtamiq import VTAMIQTraining
from acutance.training.tasks.vtamiq_patches import PatchDraws
from acutance.training.train_config import TrainConfig


def recipe() -> TrainConfig:
    """The configuration."""
    return TrainConfig(
        recipe="vtamiq-kadis700k",
        task=VTAMIQTraining(
            data=DataConfig(dataset="kadis700k", validation_share=0.01),
            start="vit-b16-384.timm",
            draws=PatchDraws(patches=256),
            validation=VTAMIQViews(protocol="grid", patches=512, repeats=1),
        ),
        optimizer=OptimizerConfig(kind="adamw", learning_rate=5e-5, weight_decay=0.01),
        schedule=ExponentialSchedule(final=0.01),
        loop=LoopConfig(epochs=2, batch_size=20, clip_norm=1.0, checkpoint_every=3000, workers=4),
    )
