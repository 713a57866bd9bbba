"""A-FINE, stage by stage (Chen, Wu, Ma, Zhang, CVPR 2025, arXiv 2503.11221; values of the authors' option files).

AdamW with betas 0.9 and 0.99 and decay 1e-3; 40,000 iterations; four cosines of 10,000 iterations with tops of 1, 0.5,
0.5, 0.5 and floor 1e-8; incomplete batches dropped; seed 0; 2 loading workers; lists not balanced. How many GPUs their
weights took is not stated; batches, theirs of one GPU, are over all processes here. ``/data`` below holds diffiqa,
kadid10k, pipal and tid2013.
"""

from acutance.training.config import CosineRestartSchedule, LoopConfig, OptimizerConfig, Recipe

DATASETS = ("diffiqa", "kadid10k", "pipal", "tid2013")
"""In the order of the option files; stage 2 leaves DiffIQA out."""
SCHEDULE = CosineRestartSchedule(periods=(10_000,) * 4, weights=(1.0, 0.5, 0.5, 0.5), floor=1e-8)


def _stage(number: int, trains: str, data: str, datasets: tuple[str, ...], rate: float, loop: LoopConfig) -> Recipe:
    return Recipe(
        name=f"afine-stage{number}",
        trains=f"A-FINE, stage {number}: {trains}",
        data=data,
        task={
            "kind": f"afine_stage{number}",
            "data": {"sources": [{"dataset": name, "protocol": "afine"} for name in datasets]},
        },
        optimizer=OptimizerConfig(kind="adamw", learning_rate=rate, weight_decay=1e-3, betas=(0.9, 0.99)),
        schedule=SCHEDULE,
        loop=loop,
    )


STAGE1 = _stage(
    1,
    "naturalness",
    "DiffIQA, KADID-10k, PIPAL and TID2013",
    DATASETS,
    5e-6,
    LoopConfig(iterations=40_000, batch_size=32, drop_last=True, validate_every=1000, workers=2),
)
"""CLIP's image tower and the naturalness head, at one rate (option file ``AFINE_stage1_nlogn``). Put right: several
processes train one CLIP, and see disjoint samples; DiffIQA validates.

    acutance train afine-stage1 --set task.data.root=/data --set task.start=ViT-B-32.pt

The 96 images of a batch of 512 x 512 need some 20 GB for their derivatives: set ``loop.accumulate=8`` to take a batch
in eight parts on a CPU or a small GPU, with the same gradient."""

STAGE2 = _stage(
    2,
    "fidelity",
    "KADID-10k, PIPAL and TID2013, and a run of stage 1",
    DATASETS[1:],
    5e-4,
    LoopConfig(iterations=40_000, batch_size=128, drop_last=True, validate_every=500, workers=2),
)
"""The weights of the fidelity head, over the CLIP of stage 1, as in the option file and not as in the readme.

    acutance train afine-stage2 --set task.data.root=/data --set task.start=RUN_OF_STAGE_1

Every image is encoded once for each of its eight flips and transposes, and what the head needs of it stays on disk,
some 15 GB for the three datasets. ``task.features`` names another folder for it; ``task.augment=false`` wants an eighth
of it, and is another training."""

STAGE3 = _stage(
    3,
    "both in one score",
    "the data of stage 1, and a run of stage 2",
    DATASETS,
    1e-3,
    LoopConfig(iterations=40_000, batch_size=128, drop_last=True, validate_every=500, workers=2),
)
"""The five numbers that make one score of naturalness and fidelity; decay is on them too. First values are the
authors': k 5, fidelity 0.5 and 0.15, naturalness 4.9592 and 21.5968, which they fitted on PIPAL for their own stage 1:
``task.calibrate_on=pipal`` fits anew.

    acutance train afine-stage3 --set task.data.root=/data --set task.start=RUN_OF_STAGE_2 --set task.clip=ViT-B-32.pt

Every image is encoded once for each of its eight flips and transposes. Published in the end are the three files of the
stage and ``afine.pth``, all stages in one."""

RECIPES = (STAGE1, STAGE2, STAGE3)
