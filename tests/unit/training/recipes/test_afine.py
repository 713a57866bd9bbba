"""A-FINE's recipes have the values of its authors' option files, AFINE_stage1_nlogn to AFINE_stage3_nlogn."""

import pytest

from acutance.datasets.diffiqa import TEST_TYPES
from acutance.training.config import CosineRestartSchedule, TrainConfig, with_settings
from acutance.training.recipes import find_recipe
from acutance.training.schedules import Place, rate_at
from acutance.training.systems.afine import StageTraining
from acutance.training.triplets import VALIDATION_TYPE

RATES = {1: 5e-6, 2: 5e-4, 3: 1e-3}
BATCHES = {1: 32, 2: 128, 3: 128}
VALIDATIONS = {1: 1000, 2: 500, 3: 500}
STAGES = (1, 2, 3)


def stage(number: int) -> TrainConfig:
    return find_recipe(f"afine-stage{number}")


def settings(config: TrainConfig) -> StageTraining:
    assert isinstance(config.task, StageTraining)
    return config.task


@pytest.mark.parametrize("number", STAGES)
def test_the_optimiser_is_the_authors(number: int):
    optimizer = stage(number).optimizer
    assert (optimizer.kind, optimizer.learning_rate) == ("adamw", RATES[number])
    assert (optimizer.weight_decay, optimizer.betas, optimizer.epsilon) == (1e-3, (0.9, 0.99), 1e-8)


@pytest.mark.parametrize("number", STAGES)
def test_the_loop_is_the_authors(number: int):
    loop = stage(number).loop
    assert (loop.iterations, loop.batch_size, loop.validate_every) == (40_000, BATCHES[number], VALIDATIONS[number])
    assert (loop.drop_last, loop.seed, loop.workers, loop.precision) == (True, 0, 2, "float32")
    assert (loop.average_decay, loop.clip_norm, loop.accumulate) == (None, None, 1)


@pytest.mark.parametrize("number", STAGES)
def test_the_rate_restarts_three_times_at_half_of_its_top(number: int):
    config = stage(number)
    assert isinstance(config.schedule, CosineRestartSchedule)
    rates = [rate_at(config.schedule, RATES[number], Place(step, 40_000, 500)) for step in range(40_000)]
    assert rates[0] == RATES[number]
    assert rates[10_000] == pytest.approx(1e-8)
    for start in (10_001, 20_001, 30_001):
        assert rates[start] == pytest.approx(RATES[number] / 2, rel=1e-3, abs=1e-8)
        assert rates[start] > rates[start + 1]


def test_stage_2_alone_leaves_diffiqa_out():
    sets = {number: [source.dataset for source in settings(stage(number)).data.sources] for number in STAGES}
    assert sets[1] == sets[3] == ["diffiqa", "kadid10k", "pipal", "tid2013"]
    assert sets[2] == ["kadid10k", "pipal", "tid2013"]


@pytest.mark.parametrize("number", STAGES)
def test_lists_are_not_balanced_and_ties_are_equal_scores(number: int):
    task = settings(stage(number))
    assert (task.data.balance, task.margin, task.augment) == (False, 0.0, True)
    assert {source.protocol for source in task.data.sources} == {"afine"}


def test_diffiqa_validates_with_one_of_its_types():
    assert VALIDATION_TYPE == "PNY"
    assert VALIDATION_TYPE in TEST_TYPES


@pytest.mark.parametrize("number", STAGES)
def test_a_folder_and_a_start_are_all_that_a_user_names(number: int):
    config = with_settings(stage(number), ["task.data.root=/data", "task.start=/runs/before", "loop.accumulate=8"])
    assert (settings(config).data.root, config.loop.accumulate) == ("/data", 8)
    assert settings(config).model_dump()["start"] == "/runs/before"
