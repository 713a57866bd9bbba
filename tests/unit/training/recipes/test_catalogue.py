"""The list of recipes."""

import subprocess
import sys
from pathlib import Path

import pytest

from acutance.errors import ConfigError, UnknownNameError
from acutance.training.config import TrainConfig
from acutance.training.recipes import find_recipe, recipes
from acutance.training.settings import configuration
from tests.raising import raises


@pytest.mark.parametrize("name", recipes())
def test_every_recipe_is_what_its_entry_says(name: str):
    config = find_recipe(name)
    assert config.recipe == name
    assert isinstance(config, TrainConfig)
    assert recipes()[name].trains
    assert recipes()[name].data


@pytest.mark.parametrize("name", recipes())
def test_a_written_recipe_is_read_as_it_was(name: str, tmp_path: Path):
    path = tmp_path / "config.json"
    path.write_text(find_recipe(name).model_dump_json())
    assert configuration(str(path)) == find_recipe(name)


def test_a_recipe_of_afine_tiny_names_the_project_that_has_it():
    with raises(ConfigError, "afine-tiny-stage1", "python -m projects.afine_tiny.train stage1"):
        find_recipe("afine-tiny-stage1")


def test_an_unknown_recipe_names_the_nearest():
    with raises(UnknownNameError, "hyperiqa-koniq", "hyperiqa-koniq10k"):
        find_recipe("hyperiqa-koniq")


def test_listing_recipes_loads_no_torch():
    code = "import sys; from acutance.training.recipes import recipes; recipes(); print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout == "False\n"
