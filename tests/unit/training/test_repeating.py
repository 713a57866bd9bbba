"""Recipes on several random splits: what each training is told, and what the folder of all of them takes."""

import json
from pathlib import Path
from typing import Any

import pytest

from acutance.catalog import run_weights
from acutance.datasets.splits import read_split
from acutance.datasets.table import OpinionTable
from acutance.errors import CheckpointError, ConfigError, MissingWeightsError, TrainingError
from acutance.training.config import LoopConfig, TrainConfig, with_settings
from acutance.training.data import DataConfig
from acutance.training.recipes import find_recipe
from acutance.training.repeats import begun_repeats, repeat_recipe, require_single
from acutance.training.run import train
from tests.fakes.rated_set import TABLE, write_rated_set
from tests.fakes.tiny_trainings import vtamiq_task
from tests.raising import raises


class Trainings:
    """Trains for real, and remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, bool]] = []
        self.breaks_in: str | None = None

    def __call__(self, config: TrainConfig, folder: Path, resume: bool) -> None:  # noqa: FBT001 (as it is called)
        self.told.append((folder.name, resume))
        train(
            lambda: config.task.build(folder),
            optimizer=config.optimizer,
            schedule=config.schedule,
            loop=config.loop,
            folder=folder,
            config=config.model_dump(mode="json"),
            resume=resume,
            on_step=lambda step: self._break(folder),
        )

    def _break(self, folder: Path) -> None:
        if folder.name == self.breaks_in:
            raise KeyboardInterrupt


@pytest.fixture
def table(tmp_path: Path) -> OpinionTable:
    return write_rated_set(tmp_path / "set", references=5)


@pytest.fixture
def config(table: OpinionTable) -> TrainConfig:
    recipe = find_recipe("vtamiq-tid2013")
    loop = LoopConfig(epochs=1, batch_size=8, workers=0, device="cpu", checkpoint_every=1)
    data = DataConfig(dataset=str(table.root / TABLE), protocol="vtamiq", seed=5)
    return recipe.model_copy(update={"task": vtamiq_task(data), "loop": loop})


def written(folder: Path) -> dict[str, object]:
    return dict(json.loads((folder / "config.json").read_text()))


def test_each_training_has_a_split_and_a_seed_of_its_own(table: OpinionTable, config: TrainConfig, tmp_path: Path):
    folder = tmp_path / "runs"
    repeat_recipe(config, folder, Trainings(), count=2)
    seeds = set()
    for name in ("run_01", "run_02"):
        own: Any = TrainConfig.model_validate(written(folder / name))
        assert isinstance(own.task.data, DataConfig)
        split = read_split(Path(str(own.task.data.split)), table)
        assert own.task.data.split == str((folder / name / "split.json").resolve())
        assert own.loop.seed == split.seed
        assert (len(split.train), len(split.validation), len(split.test)) == (3, 1, 1)
        seeds.add(own.loop.seed)
    assert len(seeds) == 2
    assert TrainConfig.model_validate(written(folder)) == config
    assert begun_repeats(folder) == 2


@pytest.mark.parametrize(("protocol", "sizes"), [("own", (3, 1, 1)), ("hyperiqa", (4, 0, 1))])
def test_the_protocol_of_the_data_splits(config: TrainConfig, tmp_path: Path, protocol: str, sizes: tuple[int, ...]):
    repeat_recipe(with_settings(config, [f"task.data.protocol={protocol}"]), tmp_path / "runs", Trainings(), count=1)
    split = read_split(tmp_path / "runs/run_01/split.json")
    assert (len(split.train), len(split.validation), len(split.test)) == sizes


@pytest.mark.slow
def test_a_broken_training_goes_on_and_a_finished_one_stays(config: TrainConfig, tmp_path: Path):
    folder, trainings = tmp_path / "runs", Trainings()
    trainings.breaks_in = "run_02"
    with pytest.raises(KeyboardInterrupt):
        repeat_recipe(config, folder, trainings, count=3)
    assert trainings.told == [("run_01", False), ("run_02", False)]
    tested = (folder / "run_01/test.json").stat().st_mtime_ns
    trainings = Trainings()
    repeat_recipe(config, folder, trainings, count=3, resume=True)
    assert trainings.told == [("run_02", True), ("run_03", False)]
    assert (folder / "run_01/test.json").stat().st_mtime_ns == tested


def test_a_training_that_was_done_but_not_tested_is_tested(config: TrainConfig, tmp_path: Path):
    folder = tmp_path / "runs"
    first = repeat_recipe(config, folder, Trainings(), count=1)
    weights = (folder / "run_01/checkpoint.pt").read_bytes()
    (folder / "run_01/test.json").unlink()
    assert repeat_recipe(config, folder, Trainings(), count=1, resume=True) == first
    assert (folder / "run_01/checkpoint.pt").read_bytes() == weights


def test_trainings_that_are_there_are_replaced_only_when_asked_for(config: TrainConfig, tmp_path: Path):
    folder, trainings = tmp_path / "runs", Trainings()
    repeat_recipe(config, folder, trainings, count=2)
    other = with_settings(config, ["task.data.seed=6"])
    with raises(ConfigError, 2, "--resume", "--overwrite"):
        repeat_recipe(other, folder, trainings, count=1)
    with raises(ConfigError, "task.data.seed", 5, 6):
        repeat_recipe(other, folder, trainings, count=2, resume=True)
    with raises(ConfigError, "--resume", "--overwrite"):
        repeat_recipe(other, folder, trainings, count=2, resume=True, overwrite=True)
    assert len(trainings.told) == 2
    repeat_recipe(other, folder, trainings, count=1, overwrite=True)
    assert trainings.told[2:] == [("run_01", False)]
    assert not (folder / "run_02").exists()
    assert begun_repeats(folder) == 1


def test_what_fails_before_the_first_training_begins_can_be_put_right(config: TrainConfig, tmp_path: Path):
    folder = tmp_path / "runs"
    few = write_rated_set(tmp_path / "few", references=4).root / TABLE
    with raises(ConfigError, "6:2:2", 4):
        repeat_recipe(with_settings(config, [f"task.data.dataset={few}"]), folder, Trainings(), count=1)
    assert not folder.exists()
    with raises(MissingWeightsError, "gone.pth", "task.start"):
        repeat_recipe(with_settings(config, ["task.start=gone.pth"]), folder, Trainings(), count=1)
    repeat_recipe(config, folder, Trainings(), count=1)
    assert (folder / "summary.json").exists()


def test_one_training_and_several_have_folders_of_their_own(config: TrainConfig, tmp_path: Path):
    several, one = tmp_path / "several", tmp_path / "one"
    repeat_recipe(config, several, Trainings(), count=1)
    with raises(ConfigError, "several"):
        require_single(several)
    with raises(CheckpointError, "several", "run_01"):
        run_weights(several)
    one.mkdir()
    (one / "config.json").write_text("{}")
    require_single(one)
    with raises(ConfigError, "one"):
        repeat_recipe(config, one, Trainings(), count=1, overwrite=True)


def test_trainings_are_gone_on_with_where_there_are_any_if_asked_for(config: TrainConfig, tmp_path: Path):
    folder, trainings = tmp_path / "runs", Trainings()
    first = repeat_recipe(config, folder, trainings, count=1, resume="auto")
    assert trainings.told == [("run_01", False)]
    assert repeat_recipe(config, folder, trainings, count=1, resume="auto") == first
    assert trainings.told == [("run_01", False)]
    with raises(ConfigError, "task.data.seed", 5, 6):
        repeat_recipe(with_settings(config, ["task.data.seed=6"]), folder, trainings, count=1, resume="auto")


@pytest.mark.parametrize(
    ("name", "settings", "expected"),
    [
        ("vtamiq-pieapp", [], ("vtamiq-pieapp",)),
        ("vtamiq-kadis700k", [], ("vtamiq-kadis700k",)),
        ("afine-stage1", [], ("afine-stage1",)),
        ("ahiq-pipal", ["task.data.split=s.json"], ("--repeats", "s.json")),
        ("vtamiq-live", [], ("live", "--root")),
    ],
)
def test_what_cannot_be_repeated_is_refused(
    tmp_path: Path, name: str, settings: list[str], expected: tuple[object, ...]
):
    with raises(ConfigError, *expected):
        repeat_recipe(with_settings(find_recipe(name), settings), tmp_path / "runs", Trainings(), count=2)
    assert not (tmp_path / "runs").exists()


def test_a_folder_that_does_not_say_how_many_is_told(tmp_path: Path):
    assert begun_repeats(tmp_path / "nothing") is None
    (tmp_path / "repeats.json").write_text("[]")
    with raises(TrainingError, "repeats.json", "--repeats"):
        begun_repeats(tmp_path)
