"""HyperIQA (Su et al., CVPR 2020) and MS-HyperIQA (no paper; github ukeSJTU/CS3324-IQA, folder ms_hyperIQA)."""

from acutance.training.config import CosineSchedule, LoopConfig, OptimizerConfig, Recipe, StepSchedule

KONIQ_SIZE = (384, 512)
"""KonIQ-10k's own small version, height and width, which the authors of HyperIQA meant (their issues 6, 22 and 47);
their code takes them the other way round, ``task.model.resize=[512,384]``."""

KONIQ10K = Recipe(
    name="hyperiqa-koniq10k",
    trains="HyperIQA",
    data="KonIQ-10k",
    task={
        "kind": "hyperiqa",
        "data": {"dataset": "koniq10k", "protocol": "hyperiqa", "validation_share": 0.1},
        "model": {"resize": KONIQ_SIZE},
    },
    optimizer=OptimizerConfig(kind="adam", learning_rate=2e-5, weight_decay=5e-4),
    schedule=StepSchedule(every=6, delay=1, scale_until=9),
    loop=LoopConfig(epochs=16, batch_size=96, workers=2),
)
"""Values of the authors' code, github SSL92/hyperIQA. The hyper network trains to the last epoch, Adam keeps its
moments, the backbone's rate falls too, images are not squeezed to portrait, and the best epoch is chosen on a
validation part: the authors' code does none of these. Published: SRCC 0.906, PLCC 0.917 (paper)."""

ANY = KONIQ10K.model_copy(
    update={
        "name": "hyperiqa",
        "data": "any table of rated images",
        "task": {"kind": "hyperiqa", "data": {"validation_share": 0.1}, "model": {"resize": None}},
    }
)
"""As on KonIQ-10k, but all images that are not held out train, and none is resized, as the authors' code has it for
LIVE, CSIQ, TID2013 and LIVE Challenge (BID: ``task.model.resize=[512,512]``). Their rounds of random splits:
``--repeats 10 --set task.data.protocol=hyperiqa``."""

MS_KONIQ10K = Recipe(
    name="ms-hyperiqa-koniq10k",
    trains="MS-HyperIQA",
    data="KonIQ-10k",
    task={
        "kind": "ms_hyperiqa",
        "data": {"dataset": "koniq10k", "seed": 42, "validation_share": 0.1},
        "model": {"resize": KONIQ_SIZE},
    },
    optimizer=OptimizerConfig(kind="adam", learning_rate=2e-5, weight_decay=5e-4),
    schedule=CosineSchedule(floor=2e-7),
    loop=LoopConfig(epochs=30, batch_size=96, workers=4, seed=42),
)
"""Results of its code, one run: SRCC 0.8988, PLCC 0.9166 on KonIQ-10k; 0.8560, 0.8508 on SPAQ. Its other schedule,
whose hyper network it froze after the first epoch: ``schedule={"kind": "steps", "every": 6, "scale_until": 9}``. Images
are not squeezed to portrait, as its code does."""

MS_ANY = MS_KONIQ10K.model_copy(
    update={
        "name": "ms-hyperiqa",
        "data": "any table of rated images",
        "task": {
            "kind": "ms_hyperiqa",
            "data": {"seed": 42, "validation_share": 0.1},
            "model": {"resize": KONIQ_SIZE},
            "labels": "published",
        },
    }
)
"""As on KonIQ-10k, but all images that are not held out train, on opinions as they are. The margin of the rank loss is
made for a scale of 0..100: ``task.labels=percent`` brings another scale to it."""

MS_BIQ2021 = Recipe(
    name="ms-hyperiqa-biq2021",
    trains="MS-HyperIQA with a small backbone, from scratch",
    data="BIQ2021",
    task={
        "kind": "ms_hyperiqa",
        "data": {"dataset": "biq2021", "validation_share": 0.05},
        "model": {"resize": (320, 320), "trunk_blocks": (1, 1, 1, 1), "trunk_channels": (16, 32, 64, 128)},
        "start": "none",
        "labels": "percent",
        "crops": 1,
        "hyper_rate": 1.0,
        "validation_crops": 2,
    },
    optimizer=OptimizerConfig(kind="adamw", learning_rate=1e-3, weight_decay=5e-4),
    schedule=CosineSchedule(unit="iteration", floor=1e-5),
    loop=LoopConfig(epochs=18, batch_size=32, workers=1, channels_last=True, precision="bfloat16", clip_norm=5.0),
)
"""What two CPU cores learn in an hour. No paper trains this; the loss, dropout and decay are those of MS-HyperIQA's
code. The backbone has one bottleneck a stage and a quarter of ResNet-50's channels, an image gives one crop an epoch,
and rates are those of one from scratch. Crops show half of the image, so that it can be seen what the image is of."""

RECIPES = (ANY, MS_ANY, KONIQ10K, MS_KONIQ10K, MS_BIQ2021)
