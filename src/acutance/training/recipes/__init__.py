"""The recipes: each file of this folder has those of a system, as values in its ``RECIPES``."""

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING

from acutance.errors import ConfigError, UnknownNameError

if TYPE_CHECKING:  # the help of the command needs neither
    from acutance.training.config import Recipe, TrainConfig

PROJECT = "afine-tiny-"
"""What recipes of the project beside the package begin with."""

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


@cache
def recipes() -> "dict[str, Recipe]":
    """All recipes by name, those of one system together."""
    modules = [importlib.import_module(f"{__name__}.{each.name}") for each in pkgutil.iter_modules(__path__)]
    return {recipe.name: recipe for module in modules for recipe in module.RECIPES}


def find_recipe(name: str) -> "TrainConfig":
    """The configuration of a recipe.

    Raises:
        UnknownNameError: A name that is not there; the message offers the nearest.
        ConfigError: A recipe of afine-tiny, which is trained beside the package.
    """
    if name not in recipes():
        if name.startswith(PROJECT):
            stage = name.removeprefix(PROJECT)
            raise ConfigError(
                f"Expected a recipe of acutance, got {name}, which is one of projects/afine_tiny beside the package. "
                "Run it in a clone of the repository: python -m projects.afine_tiny.train "
                f"{stage} --output runs/{stage}"
            )
        raise UnknownNameError("recipe", name, recipes())
    return recipes()[name].config()
