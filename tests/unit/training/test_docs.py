"""docs/training.md names every recipe and every setting that it is about."""

import re
from pathlib import Path

import pytest

from acutance.recipes.catalogue import RECIPES, RecipeEntry
from acutance.training.config import LoopConfig, OptimizerConfig
from acutance.training.data import DataConfig
from acutance.training.tasks.hyperiqa import MSHyperIQATraining

PAGE = (Path(__file__).parents[3] / "docs/training.md").read_text()


@pytest.mark.parametrize("entry", RECIPES.values(), ids=lambda entry: entry.name)
def test_every_recipe_has_its_row(entry: RecipeEntry):
    assert f"| `{entry.name}` | {entry.trains} | {entry.data} |" in PAGE


@pytest.mark.parametrize("settings", [LoopConfig, OptimizerConfig, DataConfig, MSHyperIQATraining])
def test_every_setting_is_told(settings: type[LoopConfig | OptimizerConfig | DataConfig | MSHyperIQATraining]):
    told = set(re.findall(r"`(?:[a-z_]+\.)*([a-z_]+)(?:[=\[][^`]*)?`", PAGE))
    assert set(settings.model_fields) - {"model", "data"} <= told
