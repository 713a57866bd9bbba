"""MS-HyperIQA on any table of rated pictures (values of the code, github ukeSJTU/CS3324-IQA, folder ms_hyperIQA).

As ``ms-hyperiqa-koniq10k``, but for the data: all pictures that are not held out train, on opinions as they are. The
margin of the rank loss is made for a scale of 0..100: ``task.labels=percent`` brings another scale to it.
"""

from acutance.models.ms_hyperiqa.model import MSHyperIQAConfig
from acutance.training.data import DataConfig
from acutance.training.recipes import ms_hyperiqa_koniq10k
from acutance.training.recipes.hyperiqa_koniq10k import KONIQ_SIZE
from acutance.training.tasks.hyperiqa import MSHyperIQATraining
from acutance.training.train_config import TrainConfig


def recipe() -> TrainConfig:
    """The configuration."""
    task = MSHyperIQATraining(
        data=DataConfig(seed=42, validation_share=0.1), model=MSHyperIQAConfig(resize=KONIQ_SIZE), labels="published"
    )
    return ms_hyperiqa_koniq10k.recipe().model_copy(update={"recipe": "ms-hyperiqa", "task": task})
