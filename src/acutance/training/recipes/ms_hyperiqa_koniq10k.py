"""MS-HyperIQA on KonIQ-10k (no paper; values of the code, github ukeSJTU/CS3324-IQA, folder ms_hyperIQA).

Its results, one run: SRCC 0.8988, PLCC 0.9166 on KonIQ-10k; 0.8560, 0.8508 on SPAQ. Its other schedule, whose hyper
network it froze after the first epoch: ``schedule={"kind": "steps", "every": 6, "scale_until": 9}``. Pictures are not
squeezed to portrait, as its code does.
"""

from acutance.models.ms_hyperiqa.model import MSHyperIQAConfig
from acutance.training.config import CosineSchedule, LoopConfig, OptimizerConfig
from acutance.training.data import DataConfig
from acutance.training.recipes.hyperiqa_koniq10k import KONIQ_SIZE
from acutance.training.tasks.hyperiqa import MSHyperIQATraining
from acutance.training.train_config import TrainConfig


def recipe() -> TrainConfig:
    """The configuration."""
    return TrainConfig(
        recipe="ms-hyperiqa-koniq10k",
        task=MSHyperIQATraining(
            data=DataConfig(dataset="koniq10k", seed=42, validation_share=0.1),
            model=MSHyperIQAConfig(resize=KONIQ_SIZE),
        ),
        optimizer=OptimizerConfig(kind="adam", learning_rate=2e-5, weight_decay=5e-4),
        schedule=CosineSchedule(floor=2e-7),
        loop=LoopConfig(epochs=30, batch_size=96, workers=4, seed=42),
    )
