"""The list of recipes."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

import acutance.training.recipes
from acutance.errors import UnknownNameError
from acutance.training.recipes.catalogue import RECIPES, find_recipe, list_recipes
from acutance.training.recipes.settings import configuration
from acutance.training.train_config import TrainConfig
from tests.raising import raises


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_is_what_its_entry_says(name: str):
    config = find_recipe(name)
    assert config.recipe == name
    assert isinstance(config, TrainConfig)
    assert RECIPES[name].trains
    assert RECIPES[name].data


@pytest.mark.parametrize("name", RECIPES)
def test_a_written_recipe_is_read_as_it_was(name: str, tmp_path: Path):
    path = tmp_path / "config.json"
    path.write_text(find_recipe(name).model_dump_json())
    assert configuration(str(path)) == find_recipe(name)


def test_every_file_of_a_recipe_is_listed():
    folder = Path(str(acutance.training.recipes.__file__)).parent
    files = {path.stem for path in folder.glob("*.py") if "\ndef recipe()" in path.read_text(encoding="utf-8")}
    assert {entry.module for entry in list_recipes()} == files
    assert all(importlib.util.find_spec(f"acutance.training.recipes.{entry.module}") for entry in list_recipes())


def test_an_unknown_recipe_names_the_nearest():
    with raises(UnknownNameError, "hyperiqa-koniq", "hyperiqa-koniq10k"):
        find_recipe("hyperiqa-koniq")


def test_listing_recipes_loads_no_torch():
    listed = "from acutance.training.recipes.catalogue import list_recipes; list_recipes()"
    code = f"import sys; {listed}; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout == "False\n"
