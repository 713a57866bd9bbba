"""The recipes of HyperIQA and MS-HyperIQA have their authors' values, less the defects."""

import json
from pathlib import Path

import pytest

from acutance.catalog import list_records
from acutance.training.config import TrainConfig
from acutance.training.data import DataConfig
from acutance.training.recipes import find_recipe, recipes
from acutance.training.schedules import Place, rate_at
from acutance.training.systems.ahiq import AHIQTraining
from acutance.training.systems.hyperiqa import HyperIQATraining, MSHyperIQATraining


def rates(recipe: TrainConfig, scale: float) -> list[float]:
    """The rate of each epoch, of 10 steps."""
    epochs = recipe.loop.epochs or 0
    places = (Place(epoch * 10, epochs * 10, 10) for epoch in range(epochs))
    return [rate_at(recipe.schedule, recipe.optimizer.learning_rate, place, scale=scale) for place in places]


def test_hyperiqa_has_the_values_of_its_code():
    recipe = find_recipe("hyperiqa-koniq10k")
    task = recipe.task
    assert isinstance(task, HyperIQATraining)
    assert (recipe.optimizer.kind, recipe.optimizer.weight_decay, recipe.optimizer.betas) == (
        "adam",
        5e-4,
        (0.9, 0.999),
    )
    assert (recipe.loop.epochs, recipe.loop.batch_size, recipe.loop.clip_norm) == (16, 96, None)
    assert (task.crops, task.validation_crops, task.flip, task.rank_weight) == (25, 25, 0.5, 0.0)
    assert (task.data.protocol, task.labels) == ("hyperiqa", "published")
    assert rates(recipe, task.hyper_rate) == pytest.approx([2e-4] * 7 + [2e-5] * 3 + [2e-6] * 3 + [2e-7] * 3)


def test_ms_hyperiqa_has_the_values_of_its_code():
    recipe = find_recipe("ms-hyperiqa-koniq10k")
    task = recipe.task
    assert isinstance(task, MSHyperIQATraining)
    assert (recipe.optimizer.kind, recipe.optimizer.weight_decay) == ("adam", 5e-4)
    assert (recipe.loop.epochs, recipe.loop.batch_size, recipe.loop.seed) == (30, 96, 42)
    assert (task.crops, task.validation_crops, task.model.dropout) == (25, 25, 0.5)
    assert (task.rank_weight, task.rank_margin, task.rank_gap) == (0.3, 0.5, 0.1)
    golden = json.loads((Path(__file__).parents[3] / "golden/ms_hyperiqa.json").read_text())["cosine_learning_rates"]
    assert rates(recipe, task.hyper_rate) == pytest.approx(golden["hyper"], rel=1e-6)
    assert rates(recipe, 1.0) == pytest.approx(golden["backbone"], rel=1e-6)


@pytest.mark.parametrize("name", ["hyperiqa-koniq10k", "ms-hyperiqa-koniq10k"])
def test_pictures_are_not_squeezed_to_portrait(name: str):
    task = find_recipe(name).task
    assert isinstance(task, HyperIQATraining | MSHyperIQATraining)
    assert task.model.resize == (384, 512)
    assert task.data.validation_share == 0.1


def test_what_two_cores_train_is_small_and_from_scratch():
    recipe = find_recipe("ms-hyperiqa-biq2021")
    assert isinstance(recipe.task, MSHyperIQATraining)
    assert (recipe.task.start, recipe.task.labels, recipe.task.model.trunk_blocks) == ("none", "percent", (1, 1, 1, 1))


def test_hyperiqa_of_any_table_differs_from_koniq_10k_s_in_its_data_and_in_resizing_alone():
    own, koniq = find_recipe("hyperiqa"), find_recipe("hyperiqa-koniq10k")
    assert (own.optimizer, own.schedule, own.loop) == (koniq.optimizer, koniq.schedule, koniq.loop)
    assert isinstance(own.task, HyperIQATraining)
    assert isinstance(koniq.task, HyperIQATraining)
    assert (own.task.data, own.task.model.resize) == (DataConfig(validation_share=0.1), None)
    assert own.task.model_copy(update={"data": koniq.task.data, "model": koniq.task.model}) == koniq.task


def test_ms_hyperiqa_of_any_table_differs_from_koniq_10k_s_in_its_data_and_takes_opinions_as_they_are():
    own, koniq = find_recipe("ms-hyperiqa"), find_recipe("ms-hyperiqa-koniq10k")
    assert (own.optimizer, own.schedule, own.loop) == (koniq.optimizer, koniq.schedule, koniq.loop)
    assert isinstance(own.task, MSHyperIQATraining)
    assert isinstance(koniq.task, MSHyperIQATraining)
    assert (own.task.data, own.task.labels) == (DataConfig(seed=42, validation_share=0.1), "published")
    assert own.task.model_copy(update={"data": koniq.task.data, "labels": "percent"}) == koniq.task


@pytest.mark.parametrize("name", ["hyperiqa", "hyperiqa-koniq10k", "ms-hyperiqa", "ms-hyperiqa-koniq10k"])
def test_published_trainings_start_from_torchvision_s_resnet_50(name: str):
    task = find_recipe(name).task
    assert isinstance(task, HyperIQATraining | MSHyperIQATraining)
    assert task.start == "resnet50.tv_in1k"


@pytest.mark.parametrize("name", sorted(name for name in recipes() if name.startswith(("vtamiq", "ahiq"))))
def test_other_published_trainings_start_from_pretrained_trunks_too(name: str):
    task = find_recipe(name).task
    starts = (task.resnet, task.vit) if isinstance(task, AHIQTraining) else (getattr(task, "start", None),)
    assert {start in list_records() for start in starts} == {True}
