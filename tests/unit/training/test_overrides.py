"""Settings by ``--set``."""

from typing import Any

import pytest

from acutance.errors import ConfigError, UnknownNameError
from acutance.training.config import CosineRestartSchedule, StepSchedule, TrainConfig, checked, with_settings
from acutance.training.recipes import find_recipe
from tests.raising import raises


@pytest.fixture
def recipe() -> TrainConfig:
    return find_recipe("ms-hyperiqa-koniq10k")


def value(config: TrainConfig, name: str) -> Any:
    level: Any = config
    for part in name.split("."):
        level = getattr(level, part)
    return level


@pytest.mark.parametrize(
    ("assignment", "expected"),
    [
        ("optimizer.learning_rate=1e-4", 1e-4),
        ("loop.batch_size=12", 12),
        ("loop.drop_last=true", True),
        ("loop.clip_norm=2", 2.0),
        ("task.cache=null", None),
        ("task.data.root=/data/koniq", "/data/koniq"),
        ("task.data.root=2021", "2021"),
        ("task.data.root=0010", "0010"),
        ('task.data.root="null"', "null"),
        ("task.data.root=a=b", "a=b"),
        ("task.model.resize=[384, 512]", (384, 512)),
        ("optimizer.betas=[0.5,0.9]", (0.5, 0.9)),
        ('schedule={"kind": "steps", "every": 6}', StepSchedule(every=6)),
    ],
)
def test_a_value_is_read_by_the_type_of_its_field(recipe: TrainConfig, assignment: str, expected: object):
    assert value(with_settings(recipe, [assignment]), assignment.partition("=")[0]) == expected


def test_everything_else_stays(recipe: TrainConfig):
    changed = with_settings(recipe, ["loop.epochs=3", "loop.seed=1"])
    assert changed.model_copy(update={"loop": recipe.loop}) == recipe
    assert with_settings(changed, ["loop.epochs=30", "loop.seed=42"]) == recipe


def test_the_last_of_two_values_counts(recipe: TrainConfig):
    assert with_settings(recipe, ["loop.epochs=3", "loop.epochs=4"]).loop.epochs == 4


def test_settings_that_only_fit_together_are_checked_together(recipe: TrainConfig):
    changed = with_settings(recipe, ["loop.epochs=null", "loop.iterations=7"])
    assert (changed.loop.epochs, changed.loop.iterations) == (None, 7)


def test_another_kind_brings_its_own_settings(recipe: TrainConfig):
    changed = with_settings(recipe, ["schedule.kind=steps", "schedule.every=6", "schedule.scale_until=9"])
    assert changed.schedule == StepSchedule(every=6, scale_until=9)


def test_another_kind_keeps_what_both_have(recipe: TrainConfig):
    changed = with_settings(recipe, ["schedule.kind=cosine_restarts", "schedule.periods=[5]", "schedule.weights=[1]"])
    assert changed.schedule == CosineRestartSchedule(periods=(5,), weights=(1.0,), floor=2e-7)
    assert with_settings(recipe, ["optimizer.kind=sgd"]).optimizer.learning_rate == recipe.optimizer.learning_rate


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("loop.bach_size=3", ("loop", "bach_size", "batch_size")),
        ("lop.batch_size=3", ("lop", "loop")),
        ("task.model.rezise=null", ("task.model", "rezise", "resize")),
    ],
)
def test_an_unknown_setting_names_the_nearest(recipe: TrainConfig, assignment: str, words: tuple[object, ...]):
    with raises(UnknownNameError, *words):
        with_settings(recipe, [assignment])


@pytest.mark.parametrize(
    ("assignments", "words"),
    [
        (["loop"], ("--set NAME=VALUE", "loop")),
        (
            ["loop.batch_size=0"],
            ("loop.batch_size=0", 1),
        ),
        (["loop.epochs=many"], ("loop.epochs=many",)),
        (["loop.batch_size.x=3"], ("loop.batch_size",)),
        (["task.labels=percnt"], ("task.labels=percnt", "published", "percent", "unit")),
        (["loop.epochs=null"], ("loop", "epochs", "iterations")),
        (["task.model.resize=[3"], ("task.model.resize", "[3")),
        (["task.model.resize=[100,300]"], ("task.model.resize.0=100", 224)),
        (["schedule.kind=steps", "schedule.evry=3"], ("schedule.evry",)),
        (["schedule.kind=cosine_restarts"], ("schedule.periods",)),
        (["schedule.kind=stepps"], ("stepps", "steps")),
    ],
)
def test_what_does_not_fit_is_one_clear_line(recipe: TrainConfig, assignments: list[str], words: tuple[object, ...]):
    with raises(ConfigError, *words) as caught:
        with_settings(recipe, assignments)
    assert "\n" not in str(caught.value)


def test_a_written_configuration_is_checked_too(recipe: TrainConfig):
    fields = recipe.model_dump(mode="json")
    assert checked(TrainConfig, fields) == recipe
    fields["loop"]["batchsize"] = 3
    with raises(ConfigError, "loop.batchsize"):
        checked(TrainConfig, fields)


@pytest.mark.parametrize("kind", ["nowhere.at_all:Training", "acutance.errors:Missing", "acutance.errors:ConfigError"])
def test_a_task_that_cannot_be_found_is_one_line(recipe: TrainConfig, kind: str):
    with raises(ConfigError, kind, "task.kind"):
        with_settings(recipe, [f"task.kind={kind}"])


def test_an_unknown_kind_of_task_names_the_nearest(recipe: TrainConfig):
    with raises(UnknownNameError, "vtamik", "vtamiq"):
        with_settings(recipe, ["task.kind=vtamik"])


def test_a_task_beside_the_package_is_named_by_its_place(recipe: TrainConfig):
    settings = ["task.kind=projects.afine_tiny.pretrain:Pretraining", "task.data.dataset=biq2021"]
    task: Any = with_settings(recipe, settings).task
    assert (type(task).__module__, task.data.dataset) == ("projects.afine_tiny.pretrain", "biq2021")
