"""The trainings of afine-tiny, in their order.

Backbones learn to tell 25 distortions, then naturalness from the opinions of BIQ2021 and from images that ``pairs``
makes; the head is trained again on whole images; fidelity and damage over frozen backbones; in the end the five numbers
that make one score of both. One in ten of the photographs is held out, by the same seed in all trainings.
"""

from typing import Any

from acutance.training.config import CosineSchedule, LoopConfig, OptimizerConfig, Recipe

DATA = {"dataset": "biq2021", "validation_share": 0.1}
"""Of all trainings that see BIQ2021: its own test part is left alone, 1,000 of the 10,000 others validate."""
TRIPLETS: dict[str, Any] = {"sources": [{"dataset": "train/table.csv", "validation_share": 0.1, "degraded": 155}]}
"""Each pristine image gives as many whose reference is degraded as A-FINE's rule gives of 30 images."""


def _sources(*names: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 (settings of TripletSource)
    return {"sources": [{"dataset": f"{name}/table.csv", "validation_share": 0.1, **more} for name in names]}


PRETRAIN = Recipe(
    name="afine-tiny-pretrain",
    trains="afine-tiny, before any opinion: its backbone",
    data="BIQ2021, opinions unused",
    task={"kind": "projects.afine_tiny.pretrain:Pretraining", "data": DATA},
    optimizer=OptimizerConfig(kind="adamw", learning_rate=2e-3, weight_decay=1e-3),
    schedule=CosineSchedule(unit="iteration", floor=1e-5),
    loop=LoopConfig(
        epochs=4,
        batch_size=64,
        workers=1,
        channels_last=True,
        precision="bfloat16",
        clip_norm=5.0,
        validate_every=2,
    ),
)
"""Squares of BIQ2021's training photographs, half of them from small copies, for one backbone that then stands in both
places.

    python -m projects.afine_tiny.train pretrain -o pretrain --set task.data.root=BIQ2021
"""

STAGE1 = Recipe(
    name="afine-tiny-stage1",
    trains="afine-tiny, stage 1: naturalness",
    data="BIQ2021, synthetic images, and a run of the pretraining",
    task={
        "kind": "projects.afine_tiny.stage1:Stage1Training",
        "data": DATA,
        "triplets": TRIPLETS,
        "model": {"dropout": 0.1},
    },
    optimizer=OptimizerConfig(kind="adamw", learning_rate=1e-3, weight_decay=2e-2),
    schedule=CosineSchedule(unit="iteration", length=2820, floor=1e-6),  # ten epochs; the average needs no more
    loop=LoopConfig(
        epochs=6,
        batch_size=32,
        workers=1,
        channels_last=True,
        precision="bfloat16",
        clip_norm=5.0,
        average_decay=0.999,
        validate_every=2,
    ),
)
"""
    python -m projects.afine_tiny.train stage1 -o stage1 --set task.start=pretrain --set task.data.root=BIQ2021
    --set task.triplets.root=pairs
"""

HEAD = Recipe(
    name="afine-tiny-head",
    trains="afine-tiny, between stages 1 and 2: the naturalness head",
    data="BIQ2021, synthetic images, and a run of stage 1",
    task={"kind": "projects.afine_tiny.head:HeadTraining", "data": DATA, "triplets": TRIPLETS},
    optimizer=OptimizerConfig(kind="adamw", learning_rate=1e-3, weight_decay=1e-2),
    schedule=CosineSchedule(unit="iteration", floor=1e-6),
    loop=LoopConfig(epochs=30, batch_size=64, workers=0, average_decay=0.999, validate_every=2),
)
"""Stage 1 shows parts of images, and its head follows backbones that change. Here every image is described once, whole,
and the head looks in the few directions along which opinions, or the wins of made images, change, which kernel
regression finds before.

    python -m projects.afine_tiny.train head -o head --set task.start=stage1 --set task.data.root=BIQ2021
    --set task.triplets.root=pairs
"""

STAGE2 = Recipe(
    name="afine-tiny-stage2",
    trains="afine-tiny, stage 2: fidelity and damage",
    data="synthetic images, and a run of the head",
    task={
        "kind": "projects.afine_tiny.stage2:Stage2Training",
        "data": _sources("copies", "copies_small"),
        "augment": False,
        "damage_rate": 0.1,
    },
    optimizer=OptimizerConfig(kind="adamw", learning_rate=2e-2, weight_decay=1e-3, betas=(0.9, 0.99)),
    schedule=CosineSchedule(unit="iteration", floor=1e-6),
    loop=LoopConfig(iterations=3000, batch_size=128, drop_last=True, validate_every=500, workers=0),
)
"""Triplets of the images made by ``pairs``, by A-FINE's rule, the winner by pseudo-MOS; no flips, since the backbones
saw them. Every pair is encoded once. How much the mean and the structure of each channel count for fidelity is learned
from the order of two copies; damage from the order of a copy and its original.

    python -m projects.afine_tiny.train stage2 -o stage2 --set task.start=head --set task.data.root=pairs
"""

STAGE3 = Recipe(
    name="afine-tiny-stage3",
    trains="afine-tiny, stage 3: both in one score",
    data="synthetic images, and a run of stage 2",
    task={
        "kind": "projects.afine_tiny.stage3:Stage3Training",
        "data": _sources("sums", "sums_small", degraded=30, degraded_worst=1.0),
        "augment": False,
        "k": 8.0,
        "reference_weight": 3.0,
        "better_share": 0.35,
    },
    optimizer=OptimizerConfig(kind="adamw", learning_rate=2e-2, betas=(0.9, 0.99)),
    schedule=CosineSchedule(unit="iteration", floor=1e-6),
    loop=LoopConfig(iterations=2000, batch_size=128, drop_last=True, validate_every=200, workers=0),
)
"""Besides A-FINE's triplets each pristine image gives some whose reference is degraded, so that the better image is
often the one that is less like its reference: 30 distorted images of a reference give 155 triplets by A-FINE's rule.
Those with degraded references each want encodings of their own, but five numbers need few images.

    python -m projects.afine_tiny.train stage3 -o stage3 --set task.start=stage2 --set task.data.root=pairs
"""

RECIPES = {recipe.name.removeprefix("afine-tiny-"): recipe for recipe in (PRETRAIN, STAGE1, HEAD, STAGE2, STAGE3)}
