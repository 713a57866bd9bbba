"""VTAMIQ, stage by stage (Chubarau, Clark, arXiv 2110.01655; values of the repository's code of 2024).

AdamW 0.01, 5e-5 falling to a hundredth, gradients clipped at 1 and a checkpoint every 3000 batches are the defaults of
the authors' code; epochs, batches and patches are in the names of their runs. Where their code is set to freeze the
encoder, which it is not by default, it does so in the first epoch or epochs: ``task.frozen_epochs``.
"""

from acutance.training.config import ExponentialSchedule, LoopConfig, OptimizerConfig, Recipe

OPTIMIZER = OptimizerConfig(kind="adamw", learning_rate=5e-5, weight_decay=0.01)
SCHEDULE = ExponentialSchedule(final=0.01)
START = "vit-b16-384-timm"

KADIS700K = Recipe(
    name="vtamiq-kadis700k",
    trains="VTAMIQ, first stage: pseudo-MOS",
    data="KADIS-700k with its file of metric scores",
    task={
        "kind": "vtamiq",
        "data": {"dataset": "kadis700k", "validation_share": 0.01},
        "start": START,
        "draws": {"patches": 256},
        "validation": {"protocol": "grid", "patches": 512, "repeats": 1},
    },
    optimizer=OPTIMIZER,
    schedule=SCHEDULE,
    loop=LoopConfig(epochs=2, batch_size=20, clip_norm=1.0, checkpoint_every=3000, workers=4),
)
"""The losses have the weights that the authors' code states and does not apply. Targets are made of the metric as they
are of opinions, 0 for the best and near uniform; their code takes the metric as it is. A hundredth of the scenes
validates; the authors hold none out. Frozen there: one epoch. Two other sets of pseudo-MOS:

    --set task.kadis_metric=fsimc                          another metric than VSI
    --set task.data.dataset=FOLDER/table.csv               made by acutance data synthesize
"""

PIEAPP = Recipe(
    name="vtamiq-pieapp",
    trains="VTAMIQ, second stage: preferences",
    data="PieAPP, 67,000 pairs to train",
    task={"kind": "vtamiq_preferences", "start": START, "draws": {"patches": 256}},
    optimizer=OPTIMIZER,
    schedule=SCHEDULE,
    loop=LoopConfig(epochs=2, batch_size=12, clip_norm=1.0, checkpoint_every=3000, workers=4),
)
"""The squared error of the preference is the authors' until 2022. Frozen there: one epoch. It should start where the
first stage ended: ``--set task.start=RUN_OF_VTAMIQ_KADIS700K``."""


def last_stage(dataset: str, images: str) -> Recipe:
    """Opinions of a dataset: 20 epochs, batches of 16 and 384 patches, a random split of the references 60 : 20 : 20.

    It should start where an earlier stage ended. Frozen in the authors' code: one epoch of KADID-10k and PIPAL, two of
    TID2013 and CSIQ, three of LIVE. Their repeated runs have other rates:

        --set task.start=RUN_OF_VTAMIQ_PIEAPP
        --set optimizer.learning_rate=1e-4 --set 'schedule={"kind": "steps", "milestones": [10, 15]}'
        --set 'task.weights={"absolute": 1, "rank": 1, "correlation": 0.2}'     the losses of 2021
    """
    return Recipe(
        name=f"vtamiq-{dataset}",
        trains="VTAMIQ, last stage: opinions",
        data=images,
        task={
            "kind": "vtamiq",
            "data": {"dataset": dataset, "protocol": "vtamiq"},
            "start": START,
            "draws": {"patches": 384},
        },
        optimizer=OPTIMIZER,
        schedule=SCHEDULE,
        loop=LoopConfig(epochs=20, batch_size=16, clip_norm=1.0, checkpoint_every=3000, workers=4),
    )


RECIPES = (
    KADIS700K,
    PIEAPP,
    last_stage("tid2013", "TID2013, 3,000 images"),
    last_stage("kadid10k", "KADID-10k, 10,125 images"),
    last_stage("csiq", "CSIQ, 866 images"),
    last_stage("live", "LIVE, 779 images"),
    last_stage("pipal", "PIPAL, 23,200 images"),
)
