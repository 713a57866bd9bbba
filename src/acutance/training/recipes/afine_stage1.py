"""A-FINE, stage 1: CLIP's image tower and the naturalness head (Chen, Wu, Ma, Zhang, CVPR 2025, arXiv 2503.11221).

Values of the option file of the authors' code, ``AFINE_stage1_nlogn``: AdamW at 5e-6 for the head and for CLIP, decay
1e-3, betas 0.9 and 0.99; 40,000 iterations of 32 triplets a GPU; four cosines of 10,000 iterations with tops of 1, 0.5,
0.5, 0.5 and floor 1e-8; validation each 1000 iterations; incomplete batches dropped; seed 0; 2 loading workers; lists
not balanced. How many GPUs their weights took is not stated; here the batch is 32 over all processes. Put right:
several processes train one CLIP, and see disjoint samples; DiffIQA validates.

    acutance train afine-stage1 --set task.data.root=/data --set task.start=ViT-B-32.pt

``/data`` holds diffiqa, kadid10k, pipal and tid2013. The 96 pictures of a batch of 512 x 512 need some 20 GB for their
derivatives: set ``loop.accumulate=8`` to take a batch in eight parts on a CPU or a small GPU, with the same gradient.
"""

from acutance.training.config import CosineRestartSchedule, LoopConfig, OptimizerConfig
from acutance.training.tasks.afine_stage1 import AFINEStage1Training
from acutance.training.train_config import TrainConfig
from acutance.training.triplet_data import TripletData, TripletSource

DATASETS = ("diffiqa", "kadid10k", "pipal", "tid2013")
"""In the order of the option file."""


def recipe() -> TrainConfig:
    """The configuration."""
    sources = tuple(TripletSource(dataset=name, protocol="afine") for name in DATASETS)
    return TrainConfig(
        recipe="afine-stage1",
        task=AFINEStage1Training(data=TripletData(sources=sources)),
        optimizer=OptimizerConfig(kind="adamw", learning_rate=5e-6, weight_decay=1e-3, betas=(0.9, 0.99)),
        schedule=CosineRestartSchedule(periods=(10_000,) * 4, weights=(1.0, 0.5, 0.5, 0.5), floor=1e-8),
        loop=LoopConfig(iterations=40_000, batch_size=32, drop_last=True, validate_every=1000, workers=2),
    )
