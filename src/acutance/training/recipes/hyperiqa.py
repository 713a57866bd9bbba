"""HyperIQA on any table of rated pictures (values of the authors' code, github SSL92/hyperIQA).

As ``hyperiqa-koniq10k``, but for pictures: all that are not held out train, and none is resized, as their code has it
for LIVE, CSIQ, TID2013 and LIVE Challenge (BID: ``task.model.resize=[512,512]``). Their rounds of random splits:
``--repeats 10 --set task.data.protocol=hyperiqa``.
"""

from acutance.models.hyperiqa.model import HyperIQAConfig
from acutance.training.data import DataConfig
from acutance.training.recipes import hyperiqa_koniq10k
from acutance.training.tasks.hyperiqa import HyperIQATraining
from acutance.training.train_config import TrainConfig


def recipe() -> TrainConfig:
    """The configuration."""
    task = HyperIQATraining(data=DataConfig(validation_share=0.1), model=HyperIQAConfig(resize=None))
    return hyperiqa_koniq10k.recipe().model_copy(update={"recipe": "hyperiqa", "task": task})
