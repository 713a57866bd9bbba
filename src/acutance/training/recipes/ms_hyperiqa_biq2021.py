"""MS-HyperIQA with a small ResNet trunk on BIQ2021, from random weights: what two CPU cores learn in an hour.

No paper trains this; the loss, dropout and decay are those of MS-HyperIQA's code. The trunk has one bottleneck a stage
and a quarter of ResNet-50's channels, a picture gives one crop an epoch, and rates are those of one from scratch. Crops
show half of the picture, so that it can be seen what the picture is of.
"""

from acutance.models.ms_hyperiqa.model import MSHyperIQAConfig
from acutance.training.config import CosineSchedule, LoopConfig, OptimizerConfig
from acutance.training.data import DataConfig
from acutance.training.earlier import RANDOM
from acutance.training.tasks.hyperiqa import MSHyperIQATraining
from acutance.training.train_config import TrainConfig


def recipe() -> TrainConfig:
    """The configuration."""
    return TrainConfig(
        recipe="ms-hyperiqa-biq2021",
        task=MSHyperIQATraining(
            data=DataConfig(dataset="biq2021", validation_share=0.05),
            model=MSHyperIQAConfig(resize=(320, 320), trunk_blocks=(1, 1, 1, 1), trunk_channels=(16, 32, 64, 128)),
            start=RANDOM,
            labels="percent",
            crops=1,
            hyper_rate=1.0,
            validation_crops=2,
        ),
        optimizer=OptimizerConfig(kind="adamw", learning_rate=1e-3, weight_decay=5e-4),
        schedule=CosineSchedule(unit="iteration", floor=1e-5),
        loop=LoopConfig(epochs=18, batch_size=32, workers=1, channels_last=True, precision="bfloat16", clip_norm=5.0),
    )
