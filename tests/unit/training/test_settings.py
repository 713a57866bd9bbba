"""What a user means by a recipe, a file or a folder."""

from pathlib import Path
from typing import Any

import pytest

from acutance.errors import ConfigError, UnknownNameError
from acutance.training.config import with_settings
from acutance.training.recipes import AUTHORS_NAMES, find_recipe
from acutance.training.settings import changed, configuration, data_settings, resolved
from tests.raising import raises

NAME = "ms-hyperiqa-koniq10k"


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    """The folder of a run with three epochs."""
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "config.json").write_text(with_settings(find_recipe(NAME), ["loop.epochs=3"]).model_dump_json())
    return folder


def test_a_recipe_goes_into_the_folder_that_was_named(tmp_path: Path):
    config, folder = resolved(NAME, ["loop.seed=5"], tmp_path / "new", resume=False)
    assert (config.loop.seed, config.loop.epochs, folder) == (5, 30, tmp_path / "new")


def test_a_written_configuration_and_a_run_begin_the_same_training_elsewhere(begun: Path, tmp_path: Path):
    for name in (begun, begun / "config.json"):
        config, folder = resolved(str(name), ["loop.seed=5"], tmp_path / "new", resume=False)
        assert (config.loop.seed, config.loop.epochs, folder) == (5, 3, tmp_path / "new")


def test_a_run_goes_on_in_its_own_folder(begun: Path):
    config, folder = resolved(str(begun), [], None, resume=True)
    assert (config.loop.epochs, folder) == (3, begun)


@pytest.mark.parametrize("assignments", [[], ["loop.epochs=3"]])
def test_the_command_that_began_a_run_goes_on_with_it(begun: Path, assignments: list[str]):
    config, folder = resolved(NAME, assignments, begun, resume=True)
    assert (config.loop.epochs, folder) == (3, begun)


def test_another_recipe_does_not_go_on_with_a_run(begun: Path):
    with raises(ConfigError, "hyperiqa-koniq10k", NAME):
        resolved("hyperiqa-koniq10k", [], begun, resume=True)


@pytest.mark.parametrize("resume", [False, True])
def test_a_recipe_without_a_folder_says_how_to_name_it(*, resume: bool):
    with raises(ConfigError, "--output runs/first"):
        resolved(NAME, [], None, resume=resume)


def test_a_run_without_another_folder_offers_to_go_on(begun: Path):
    with raises(ConfigError, begun, "--resume", "--output"):
        resolved(str(begun), [], None, resume=False)


@pytest.mark.parametrize("name", ["runs/gone", "gone.json"])
def test_a_run_that_is_not_there_is_named(name: str, tmp_path: Path):
    with raises(ConfigError, name):
        resolved(name, [], tmp_path / "new", resume=False)


@pytest.mark.parametrize("resume", [False, True])
def test_a_name_that_is_no_place_is_a_recipe(*, resume: bool):
    with raises(UnknownNameError, "gone"):
        resolved("gone", [], None, resume=resume)


@pytest.mark.parametrize("content", ["no JSON", "[1, 2]", "3"])
def test_a_file_of_something_else_is_one_clear_line(tmp_path: Path, content: str):
    (tmp_path / "config.json").write_text(content)
    with raises(ConfigError, "config.json"):
        configuration(str(tmp_path / "config.json"))


def test_a_configuration_of_something_else_names_what_is_missing(tmp_path: Path):
    (tmp_path / "config.json").write_text('{"loop": {}}')
    with raises(ConfigError, "recipe"):
        configuration(str(tmp_path / "config.json"))


@pytest.mark.parametrize(("theirs", "ours"), AUTHORS_NAMES.items())
def test_the_authors_name_of_a_setting_is_told_ours(theirs: str, ours: str):
    with raises(ConfigError, repr(theirs), ours):
        changed(find_recipe("ms-hyperiqa"), [f"{theirs}=1"])


@pytest.mark.parametrize("ours", sorted({name for name in AUTHORS_NAMES.values() if not name.startswith("--")}))
def test_what_the_authors_names_lead_to_is_there(ours: str):
    level: Any = find_recipe("ms-hyperiqa").model_dump()
    for part in ours.split("."):
        level = level[part]


def test_data_root_and_validation_are_settings_below_task_data():
    config = find_recipe("ms-hyperiqa")
    settings = data_settings(config, data="[odd].json", root=Path("datasets"), validation=0.2)
    task: Any = changed(config, settings).task
    data = task.data
    assert (data.dataset, data.root, data.validation_share) == ("[odd].json", "datasets", 0.2)
    assert data_settings(config, data=None, root=None, validation=None) == []


def test_one_set_of_pictures_is_refused_by_a_recipe_of_several():
    config = find_recipe("afine-stage2")
    assert data_settings(config, data=None, root=Path("/data"), validation=None) == ['task.data.root="/data"']
    with raises(ConfigError, "--data", "afine-stage2"):
        data_settings(config, data="list.json", root=None, validation=None)
