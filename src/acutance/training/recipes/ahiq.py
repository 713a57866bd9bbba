"""AHIQ (Lao et al., CVPR workshops 2022, arXiv 2204.10485; values of the authors' code, github IIGROUP/AHIQ)."""

from acutance.training.config import CosineSchedule, LoopConfig, OptimizerConfig, Recipe

PIPAL = Recipe(
    name="ahiq-pipal",
    trains="AHIQ",
    data="PIPAL, 23,200 images",
    task={
        "kind": "ahiq",
        "data": {"dataset": "pipal", "validation_share": 0.1},
        "resnet": "resnet50.a1_in1k",
        "vit": "vit_base_patch8_224.augreg_in21k_ft_in1k",
    },
    optimizer=OptimizerConfig(kind="adam", learning_rate=1e-4, weight_decay=1e-5),
    schedule=CosineSchedule(unit="iteration", length=50),
    loop=LoopConfig(epochs=200, batch_size=4, workers=8, seed=1919),
)
"""The authors' rate falls to 0 in 50 iterations and rises again in the next 50, to the end: that is kept. Put right:
flips are horizontal, labels are stretched by the limits of the training part alone, a tenth of PIPAL's rated references
validates (theirs is the validation part of a challenge, without opinions in the download), the last crop positions are
drawn too. Published on PIPAL: PLCC 0.823, SRCC 0.813 (test of the NTIRE 2022 challenge)."""

RECIPES = (PIPAL,)
