"""HyperIQA on KonIQ-10k (Su et al., CVPR 2020; values of the authors' code, github SSL92/hyperIQA).

The hyper network trains to the last epoch, Adam keeps its moments, the backbone's rate falls too, pictures are not
squeezed to portrait, and the best epoch is chosen on a validation part: the authors' code does none of these.
Published: SRCC 0.906, PLCC 0.917 (paper).
"""

from acutance.models.hyperiqa.model import HyperIQAConfig
from acutance.training.config import LoopConfig, OptimizerConfig, StepSchedule
from acutance.training.data import DataConfig
from acutance.training.tasks.hyperiqa import HyperIQATraining
from acutance.training.train_config import TrainConfig

KONIQ_SIZE = (384, 512)
"""KonIQ-10k's own small version, height and width, which the authors meant (their issues 6, 22 and 47); their code
takes them the other way round, ``task.model.resize=[512,384]``."""


def recipe() -> TrainConfig:
    """The configuration."""
    return TrainConfig(
        recipe="hyperiqa-koniq10k",
        task=HyperIQATraining(
            data=DataConfig(dataset="koniq10k", protocol="hyperiqa", validation_share=0.1),
            model=HyperIQAConfig(resize=KONIQ_SIZE),
        ),
        optimizer=OptimizerConfig(kind="adam", learning_rate=2e-5, weight_decay=5e-4),
        schedule=StepSchedule(every=6, delay=1, scale_until=9),
        loop=LoopConfig(epochs=16, batch_size=96, workers=2),
    )
