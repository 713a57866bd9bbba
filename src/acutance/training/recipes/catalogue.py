"""The recipes by name, written by hand; each is a file with one function."""

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acutance.errors import ConfigError, UnknownNameError

if TYPE_CHECKING:  # listing recipes must not load torch
    from acutance.training.train_config import TrainConfig


@dataclass(frozen=True, slots=True)
class RecipeEntry:
    """What a list of recipes tells of one."""

    name: str
    trains: str
    """What comes out."""
    data: str
    """What it wants, and how large that is."""
    module: str
    """The file here that has ``recipe()``."""


RECIPES = {
    entry.name: entry
    for entry in (
        RecipeEntry("hyperiqa", "HyperIQA", "any table of rated pictures", "hyperiqa"),
        RecipeEntry("ms-hyperiqa", "MS-HyperIQA", "any table of rated pictures", "ms_hyperiqa"),
        RecipeEntry("hyperiqa-koniq10k", "HyperIQA", "KonIQ-10k", "hyperiqa_koniq10k"),
        RecipeEntry("ms-hyperiqa-koniq10k", "MS-HyperIQA", "KonIQ-10k", "ms_hyperiqa_koniq10k"),
        RecipeEntry(
            "ms-hyperiqa-biq2021",
            "MS-HyperIQA with a small trunk, from scratch",
            "BIQ2021",
            "ms_hyperiqa_biq2021",
        ),
        RecipeEntry(
            "vtamiq-kadis700k",
            "VTAMIQ, first stage: weak labels",
            "KADIS-700k with its file of metric scores",
            "vtamiq_kadis700k",
        ),
        RecipeEntry(
            "vtamiq-pieapp",
            "VTAMIQ, second stage: preferences",
            "PieAPP, 67,000 pairs to train",
            "vtamiq_pieapp",
        ),
        RecipeEntry(
            "vtamiq-tid2013",
            "VTAMIQ, last stage: opinions",
            "TID2013, 3,000 pictures",
            "vtamiq_tid2013",
        ),
        RecipeEntry(
            "vtamiq-kadid10k",
            "VTAMIQ, last stage: opinions",
            "KADID-10k, 10,125 pictures",
            "vtamiq_kadid10k",
        ),
        RecipeEntry("vtamiq-csiq", "VTAMIQ, last stage: opinions", "CSIQ, 866 pictures", "vtamiq_csiq"),
        RecipeEntry("vtamiq-live", "VTAMIQ, last stage: opinions", "LIVE, 779 pictures", "vtamiq_live"),
        RecipeEntry(
            "vtamiq-pipal",
            "VTAMIQ, last stage: opinions",
            "PIPAL, 23,200 pictures",
            "vtamiq_pipal",
        ),
        RecipeEntry(
            "afine-stage1",
            "A-FINE, stage 1: naturalness",
            "DiffIQA, KADID-10k, PIPAL and TID2013",
            "afine_stage1",
        ),
        RecipeEntry(
            "afine-stage2",
            "A-FINE, stage 2: fidelity",
            "KADID-10k, PIPAL and TID2013, and a run of stage 1",
            "afine_stage2",
        ),
        RecipeEntry(
            "afine-stage3",
            "A-FINE, stage 3: both in one score",
            "the data of stage 1, and a run of stage 2",
            "afine_stage3",
        ),
        RecipeEntry(
            "afine-tiny-pretrain",
            "afine-tiny, before any opinion: its trunk",
            "BIQ2021, opinions unused",
            "afine_tiny_pretrain",
        ),
        RecipeEntry(
            "afine-tiny-stage1",
            "afine-tiny, stage 1: naturalness",
            "BIQ2021, made pictures, and a run of the pretraining",
            "afine_tiny_stage1",
        ),
        RecipeEntry(
            "afine-tiny-head",
            "afine-tiny, between stages 1 and 2: the naturalness head",
            "BIQ2021, made pictures, and a run of stage 1",
            "afine_tiny_head",
        ),
        RecipeEntry(
            "afine-tiny-stage2",
            "afine-tiny, stage 2: fidelity and damage",
            "made pictures, and a run of the head",
            "afine_tiny_stage2",
        ),
        RecipeEntry(
            "afine-tiny-stage3",
            "afine-tiny, stage 3: both in one score",
            "made pictures, and a run of stage 2",
            "afine_tiny_stage3",
        ),
        RecipeEntry("ahiq-pipal", "AHIQ", "PIPAL, 23,200 pictures", "ahiq_pipal"),
    )
}


AUTHORS_NAMES = {
    "dataset": "--data",
    "train_json": "--data",
    "dataset_root": "--root",
    "val_split": "--validation",
    "checkpoint_dir": "--output",
    "train_test_num": "--repeats",
    "lr": "optimizer.learning_rate",
    "lr_ratio": "task.hyper_rate",
    "weight_decay": "optimizer.weight_decay",
    "lr_schedule": "schedule.kind",
    "batch_size": "loop.batch_size",
    "epochs": "loop.epochs",
    "seed": "loop.seed",
    "save_all_epochs": "loop.save_all_epochs",
    "loss_type": "task.rank_weight",
    "rank_loss_weight": "task.rank_weight",
    "patch_num": "task.crops",
    "train_patch_num": "task.crops",
    "val_patch_num": "task.validation_crops",
    "test_patch_num": "task.validation_crops",
}
"""What the options of the train programs of HyperIQA and MS-HyperIQA are called here; docs/guides has the values."""


def refuse_authors_name(word: str) -> None:
    """Refuse an option of the authors' train programs, as ``lr=1e-5`` or ``--lr``, and say what it is called here.

    Raises:
        ConfigError: It is one of theirs.
    """
    name = word.partition("=")[0].strip().lstrip("-")
    if name in AUTHORS_NAMES:
        ours = AUTHORS_NAMES[name]
        written = f"{ours} VALUE" if ours.startswith("--") else f"--set {ours}=VALUE"
        raise ConfigError(
            f"Expected an option or setting of acutance train, got {name!r}, an option of HyperIQA's programs. Write "
            f"{written}; the values are in docs/guides/from-the-authors-code.md."
        )


def list_recipes() -> list[RecipeEntry]:
    """All recipes, in the order of the catalogue."""
    return list(RECIPES.values())


def find_recipe(name: str) -> "TrainConfig":
    """The configuration of a recipe.

    Raises:
        UnknownNameError: A name that is not there; the message offers the nearest.
    """
    if name not in RECIPES:
        raise UnknownNameError("recipe", name, RECIPES)
    config: TrainConfig = importlib.import_module(f"{__package__}.{RECIPES[name].module}").recipe()
    return config
