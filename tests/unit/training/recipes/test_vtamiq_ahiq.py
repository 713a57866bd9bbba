"""The recipes of VTAMIQ and AHIQ have the authors' values."""

import json
from pathlib import Path

import pytest

from acutance.training.config import ExponentialSchedule, TrainConfig
from acutance.training.recipes import find_recipe
from acutance.training.schedules import Place, rate_at
from acutance.training.systems.ahiq import AHIQTraining
from acutance.training.systems.vtamiq import VTAMIQTraining
from acutance.training.systems.vtamiq_preferences import VTAMIQPreferenceTraining

RATED = ("tid2013", "kadid10k", "csiq", "live", "pipal")


@pytest.mark.parametrize("dataset", RATED)
def test_each_set_of_opinions_has_the_values_of_the_authors(dataset: str):
    recipe = find_recipe(f"vtamiq-{dataset}")
    assert isinstance(recipe.task, VTAMIQTraining)
    assert recipe.recipe == f"vtamiq-{dataset}"
    assert (recipe.task.data.dataset, recipe.task.data.protocol) == (dataset, "vtamiq")
    assert (recipe.loop.epochs, recipe.loop.batch_size, recipe.task.draws.patches) == (20, 16, 384)
    assert recipe.loop.clip_norm == 1.0


@pytest.mark.parametrize("name", ["kadis700k", "pieapp", *RATED])
def test_nothing_is_frozen_unless_asked_for_as_in_the_authors_code(name: str):
    task = find_recipe(f"vtamiq-{name}").task
    assert isinstance(task, VTAMIQTraining | VTAMIQPreferenceTraining)
    assert task.frozen_epochs == 0


def test_rates_are_the_authors():
    recipe = find_recipe("vtamiq-tid2013")
    theirs = json.loads((Path(__file__).parents[3] / "golden/vtamiq.json").read_text())["learning_rate"]
    rates = [rate_at(recipe.schedule, recipe.optimizer.learning_rate, Place(epoch, 20, 1)) for epoch in range(20)]
    assert rates == pytest.approx(theirs["lambda_default_20_epochs_lr5e-5"], rel=1e-5)
    assert recipe.schedule == ExponentialSchedule(final=0.01)


def test_the_weak_stages_have_the_values_in_the_names_of_the_authors_runs():
    weak, pairs = find_recipe("vtamiq-kadis700k"), find_recipe("vtamiq-pieapp")
    assert isinstance(weak.task, VTAMIQTraining)
    assert isinstance(pairs.task, VTAMIQPreferenceTraining)
    assert (weak.loop.epochs, weak.loop.batch_size, weak.task.draws.patches) == (2, 20, 256)
    assert (pairs.loop.epochs, pairs.loop.batch_size, pairs.task.draws.patches) == (2, 12, 256)


def test_ahiq_has_the_values_of_its_code():
    recipe = find_recipe("ahiq-pipal")
    assert isinstance(recipe.task, AHIQTraining)
    assert (recipe.optimizer.kind, recipe.optimizer.learning_rate, recipe.optimizer.weight_decay) == (
        "adam",
        1e-4,
        1e-5,
    )
    assert (recipe.loop.epochs, recipe.loop.batch_size, recipe.loop.seed) == (200, 4, 1919)
    rates = [rate_at(recipe.schedule, 1e-4, Place(iteration, 1000, 10)) for iteration in (0, 50, 100, 150)]
    assert rates == pytest.approx([1e-4, 0, 1e-4, 0], abs=1e-12)


@pytest.mark.parametrize("name", ["vtamiq-kadis700k", "vtamiq-pieapp", "vtamiq-live", "ahiq-pipal"])
def test_a_written_configuration_is_read_as_it_was(name: str):
    recipe = find_recipe(name)
    assert TrainConfig.model_validate_json(recipe.model_dump_json()) == recipe
