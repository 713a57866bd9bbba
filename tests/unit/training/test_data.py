"""Which images train and which validate."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from acutance.datasets.catalogue import read_dataset
from acutance.datasets.splits import rows_of, split_table, write_split
from acutance.datasets.table import OpinionTable, RatedImage, write_table
from acutance.errors import ConfigError, DatasetError, TrainingError, UnknownNameError
from acutance.training.data import DataConfig, held_out, training_tables
from acutance.training.run_folder import RunFolder
from tests.fakes.datasets.alone import write_biq2021, write_koniq10k
from tests.raising import lacking, raises


def scenes(count: int, *, each: int = 3, split: str | None = None, root: Path = Path("nowhere")) -> OpinionTable:
    """Some scenes with some images each."""
    rows = [
        RatedImage(image=f"s{scene}_{index}.png", scene=f"s{scene}", mos=float(index), split=split)
        for scene in range(count)
        for index in range(each)
    ]
    return OpinionTable(rows, root, "made")


def names(table: Iterable[RatedImage]) -> set[str]:
    return {row.image for row in table}


def scenes_in(table: Iterable[RatedImage]) -> set[str | None]:
    return {row.scene for row in table}


def write(table: OpinionTable, root: Path) -> str:
    path = root / "table.csv"
    root.mkdir(parents=True, exist_ok=True)
    write_table(OpinionTable(table.rows, root, "made"), path)
    return str(path)


def test_the_parts_of_a_dataset_are_its_own(tmp_path: Path):
    write_koniq10k(tmp_path)
    table = read_dataset("koniq10k", tmp_path)
    found = training_tables(DataConfig(dataset="koniq10k", root=str(tmp_path), allow_missing=True))
    assert names(found.train) == names(row for row in table if row.split == "train")
    assert names(found.validation) == names(row for row in table if row.split == "validation")


def test_without_a_validation_part_some_training_scenes_are_held_out(tmp_path: Path):
    write_biq2021(tmp_path)
    table = read_dataset("biq2021", tmp_path)
    found = training_tables(DataConfig(dataset="biq2021", root=str(tmp_path), allow_missing=True, validation_share=0.4))
    assert (len(found.train), len(found.validation)) == (3, 2)
    assert names(found.train) | names(found.validation) == names(row for row in table if row.split == "train")


def test_a_dataset_without_parts_is_taken_whole(tmp_path: Path):
    path = write(scenes(10), tmp_path)
    found = training_tables(DataConfig(dataset=path, validation_share=0.2))
    assert (len(found.train), len(found.validation)) == (24, 6)


def test_a_split_file_says_which_scenes_are_for_what(tmp_path: Path):
    path = write(scenes(10), tmp_path)
    table = scenes(10, root=tmp_path)
    split = split_table(table, "vtamiq", seed=3)
    write_split(tmp_path / "split.json", split)
    found = training_tables(DataConfig(dataset=path, split=str(tmp_path / "split.json")))
    assert names(found.train) == names(rows_of(table, split, "train"))
    assert names(found.validation) == names(rows_of(table, split, "validation"))


def test_a_protocol_splits_as_data_split_does(tmp_path: Path):
    path = write(scenes(10), tmp_path)
    test_part = scenes_in(rows_of(scenes(10), split_table(scenes(10), "hyperiqa", seed=7), "test"))
    found = training_tables(DataConfig(dataset=path, protocol="hyperiqa", seed=7, validation_share=0.25))
    assert len(test_part) == 2
    assert not (scenes_in(found.train) | scenes_in(found.validation)) & test_part
    assert (len(scenes_in(found.train)), len(scenes_in(found.validation))) == (6, 2)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("share", [0.0001, 0.1, 0.35, 0.9])
def test_held_out_scenes_are_whole_and_never_train(share: float, seed: int):
    train, validation = held_out(scenes(10), share, seed=seed)
    assert len(scenes_in(validation)) == max(1, int(share * 10))
    assert not scenes_in(train) & scenes_in(validation)
    assert names(train) | names(validation) == names(scenes(10))


def test_the_seed_says_which_scenes_are_held_out_and_the_order_of_rows_does_not():
    first = names(held_out(scenes(10), 0.3, seed=0)[1])
    backwards = OpinionTable(scenes(10).rows[::-1], Path("nowhere"), "made")
    assert names(held_out(backwards, 0.3, seed=0)[1]) == first
    assert any(names(held_out(scenes(10), 0.3, seed=seed)[1]) != first for seed in range(1, 5))


def test_held_out_pictures_share_no_file_with_others(tmp_path: Path):
    for index in range(6):
        (tmp_path / f"{index}.png").write_bytes(bytes([index]))
    (tmp_path / "5.png").unlink()
    (tmp_path / "5.png").hardlink_to(tmp_path / "0.png")
    rows = [RatedImage(image=f"{index}.png", mos=float(index)) for index in range(6)]
    table = OpinionTable(rows, tmp_path, "made")
    leaks = 0
    for seed in range(6):  # some seed holds one of the two out and not the other
        try:
            held_out(table, 0.5, seed=seed)
        except DatasetError as error:
            leaks += not lacking(str(error), "made", "0.png", "5.png")
    assert leaks


def test_a_leak_between_a_dataset_s_own_parts_is_found(tmp_path: Path):
    rows = [*scenes(3, split="train"), RatedImage(image="x.png", scene="s1", mos=1.0, split="test")]
    path = write(OpinionTable(rows, tmp_path, "made"), tmp_path)
    with raises(DatasetError, "s1", "train", "test"):
        training_tables(DataConfig(dataset=path))


def test_nothing_is_held_out_where_none_is_asked_for(tmp_path: Path):
    path = write(scenes(3), tmp_path)
    found = training_tables(DataConfig(dataset=path, validation_share=0))
    assert (len(found.train), len(found.validation)) == (9, 0)


def test_pictures_nobody_rated_and_references_themselves_do_not_train(tmp_path: Path):
    rows = [
        *scenes(4),
        RatedImage(image="unrated.png", scene="s0"),
        RatedImage(image="r.png", reference="r.png", scene="s0", mos=5.0),
    ]
    found = training_tables(DataConfig(dataset=write(OpinionTable(rows, tmp_path, "made"), tmp_path)))
    assert names(found.train) | names(found.validation) == names(scenes(4))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, ("--data koniq10k",)),
        ({"dataset": "koniq10k"}, ("koniq10k", "--root")),
    ],
)
def test_what_is_missing_is_named_with_its_setting(settings: dict[str, Any], words: tuple[object, ...]):
    with raises(ConfigError, *words):
        training_tables(DataConfig(**settings))


def test_an_unknown_dataset_names_the_nearest(tmp_path: Path):
    with raises(UnknownNameError, "koniq", "koniq10k"):
        training_tables(DataConfig(dataset="koniq", root=str(tmp_path)))


def test_a_folder_without_the_dataset_is_named(tmp_path: Path):
    with raises(DatasetError, tmp_path):
        training_tables(DataConfig(dataset="koniq10k", root=str(tmp_path), allow_missing=True))


def test_a_single_scene_cannot_be_held_out(tmp_path: Path):
    path = write(scenes(1), tmp_path)
    with raises(TrainingError, 2, "table", 1):
        training_tables(DataConfig(dataset=path))


def test_no_training_picture_is_one_clear_line(tmp_path: Path):
    path = write(scenes(3, split="test"), tmp_path)
    with raises(TrainingError, "table"):
        training_tables(DataConfig(dataset=path, validation_share=0))


def test_a_dataset_that_is_not_whole_trains_only_if_told_to(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    write_biq2021(tmp_path)
    with raises(DatasetError, 7, "12,000", "task.data.allow_missing=true"):
        training_tables(DataConfig(dataset="biq2021", root=str(tmp_path)))
    training_tables(DataConfig(dataset="biq2021", root=str(tmp_path), allow_missing=True))
    assert not lacking(caplog.text, 7, "12,000")


def test_a_run_that_is_older_than_a_setting_goes_on_where_that_is_off(tmp_path: Path):
    folder = RunFolder(tmp_path / "run")
    config = DataConfig(dataset="made.csv").model_dump(mode="json")
    older = {name: value for name, value in config.items() if name != "allow_missing"}
    folder.begin({"task": {"data": older}})
    folder.require_same({"task": {"data": config}})
    with raises(ConfigError, "task.data.allow_missing"):
        folder.require_same({"task": {"data": config | {"allow_missing": True}}})


def test_a_list_in_the_layout_of_ms_hyperiqa_trains_with_pictures_of_another_folder(tmp_path: Path):
    items = [{"image": f"koniq/{index}.jpg", "score": str(50 + index)} for index in range(20)]
    (tmp_path / "metas").mkdir()
    (tmp_path / "metas/koniq_train.json").write_text(json.dumps(items))
    found = training_tables(
        DataConfig(dataset=str(tmp_path / "metas/koniq_train.json"), root=str(tmp_path), validation_share=0.1)
    )
    assert (len(found.train), len(found.validation)) == (18, 2)
    assert found.train.path(found.train.rows[0].image).parent == tmp_path / "koniq"


def test_opinions_called_dmos_train_once_their_direction_is_said(tmp_path: Path):
    lines = ["image,dmos", *(f"{index}.png,{index}" for index in range(10))]
    (tmp_path / "list.csv").write_text("\n".join(lines))
    with raises(ConfigError, tmp_path / "list.csv", "dmos", "task.data.opinion_better=lower"):
        training_tables(DataConfig(dataset=str(tmp_path / "list.csv")))
    found = training_tables(DataConfig(dataset=str(tmp_path / "list.csv"), opinion_better="lower"))
    assert {row.better for row in found.train} == {"lower"}


@pytest.mark.parametrize(
    ("items", "named"),
    [
        ([{"image": "a.png", "score": "good"}], ("item 1", "good")),
        ([{"picture": "a.png", "score": 5}], ("item 1", "picture")),
    ],
)
def test_a_list_of_something_else_is_an_error_that_names_file_and_item(
    tmp_path: Path, items: list[dict[str, object]], named: tuple[str, ...]
):
    (tmp_path / "list.json").write_text(json.dumps(items))
    with raises(DatasetError, tmp_path / "list.json", *named):
        training_tables(DataConfig(dataset=str(tmp_path / "list.json")))
