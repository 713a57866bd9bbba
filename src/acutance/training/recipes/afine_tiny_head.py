"""afine-tiny, between stages 1 and 2: the naturalness head anew, of whole pictures, over frozen trunks.

    acutance train afine-tiny-head -o head --set task.start=stage1 --set task.data.root=BIQ2021
    --set task.triplets.root=pairs

Stage 1 shows parts of pictures, and its head follows trunks that change. Here every picture is described once, whole,
and the head looks in the few directions along which opinions, or the wins of made pictures, change, which kernel
regression finds before.
"""

from acutance.training.config import CosineSchedule, LoopConfig, OptimizerConfig
from acutance.training.recipes import afine_tiny_pretrain
from acutance.training.recipes.afine_tiny_stage1 import TRIPLETS
from acutance.training.tasks.afine_tiny_head import AFINETinyHeadTraining
from acutance.training.train_config import TrainConfig


def recipe() -> TrainConfig:
    """The configuration."""
    return TrainConfig(
        recipe="afine-tiny-head",
        task=AFINETinyHeadTraining(data=afine_tiny_pretrain.DATA, triplets=TRIPLETS, preference_weight=0.2),
        optimizer=OptimizerConfig(kind="adamw", learning_rate=1e-3, weight_decay=1e-2),
        schedule=CosineSchedule(unit="iteration", floor=1e-6),
        loop=LoopConfig(epochs=30, batch_size=64, workers=0, average_decay=0.999, validate_every=2),
    )
