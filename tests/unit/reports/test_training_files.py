import json
import math
from pathlib import Path

import numpy as np
import pytest

from acutance.errors import ConfigError, UnknownNameError
from acutance.reports.plots.training import read_training, read_trainings
from tests.raising import raises

EPOCHS = [
    {"epoch": 1, "train_loss": 9.5, "train_l1_loss": 8.0, "train_rank_loss": 5.0, "train_srcc": 0.5, "val_srcc": 0.6,
     "val_plcc": 0.61},
    {"epoch": 2, "train_loss": 7.0, "train_l1_loss": 6.1, "train_rank_loss": 3.0, "train_srcc": 0.7, "val_srcc": 0.8,
     "val_plcc": 0.79},
]  # fmt: skip


def written(folder: Path, text: str, name: str = "metrics.json") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_the_file_of_ms_hyperiqa_is_read_from_its_folder(tmp_path: Path):
    written(tmp_path / "ms_hyper_lr2e-05", json.dumps({"epochs": EPOCHS}, indent=2))
    run = read_training(tmp_path / "ms_hyper_lr2e-05")
    assert (run.label, run.counter, run.times.tolist()) == ("ms_hyper_lr2e-05", "epoch", [1.0, 2.0])
    assert {name: values.tolist() for name, values in run.fields.items()} == {
        name: [record[name] for record in EPOCHS] for name in EPOCHS[0] if name != "epoch"
    }


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.json", json.dumps(EPOCHS)),
        ("lines.jsonl", "\n".join(json.dumps(record) for record in EPOCHS)),
        ("table.csv", "\ufeffepoch,train_loss,val_srcc\n1,9.5,0.6\n2,7.0,0.8\n"),
    ],
)
def test_other_layouts_give_the_same_numbers(tmp_path: Path, name: str, text: str):
    run = read_training(written(tmp_path, text, name))
    assert (run.label, run.times.tolist(), run.fields["val_srcc"].tolist()) == (Path(name).stem, [1.0, 2.0], [0.6, 0.8])


def test_what_is_missing_or_no_number_is_a_gap(tmp_path: Path):
    text = '[{"epoch": 1, "a": NaN}, {"epoch": 2, "a": null}, {"epoch": 3, "a": 1e999}, {"epoch": 4, "a": "2"}]'
    np.testing.assert_array_equal(read_training(written(tmp_path, text)).fields["a"], [math.nan] * 3 + [2.0])


def test_text_and_truth_values_are_left_out(tmp_path: Path):
    text = json.dumps([{"epoch": 1, "val_srcc": 0.5, "best": True, "note": "first", "rates": [1, 2]}])
    assert list(read_training(written(tmp_path, text)).fields) == ["val_srcc"]


def test_lines_of_one_epoch_are_one_and_the_last_number_counts(tmp_path: Path):
    lines = "epoch,step,train_loss,val_loss\n1,10,3.0,\n1,19,2.5,\n1,20,,2.8\n0,9,9.0,\n"
    run = read_training(written(tmp_path, lines, "metrics.csv"))
    assert run.times.tolist() == [0.0, 1.0]
    assert run.fields["train_loss"].tolist() == [9.0, 2.5]
    np.testing.assert_array_equal(run.fields["val_loss"], [math.nan, 2.8])
    assert "step" not in run.fields


def test_records_without_an_epoch_are_counted(tmp_path: Path):
    run = read_training(written(tmp_path, '[{"loss": 3}, {"loss": 2}]'))
    assert (run.counter, run.times.tolist()) == ("record", [1.0, 2.0])
    assert read_training(written(tmp_path, '[{"step": 50, "loss": 3}]')).counter == "step"


def test_trainings_of_one_name_are_told_apart_by_their_paths(tmp_path: Path):
    places = [written(tmp_path / name / "run", json.dumps(EPOCHS)) for name in ("old", "new")]
    assert [run.label for run in read_trainings(places)] == ["old/run", "new/run"]
    assert [run.label for run in read_trainings([places[0].parent])] == ["run"]
    assert [run.label for run in read_trainings(places, ["a", "b"])] == ["a", "b"]
    assert [run.label for run in read_trainings([places[0]] * 2)] == ["run 1", "run 2"]


@pytest.mark.parametrize(("labels", "words"), [(["a"], (1, 2)), (["a", "a"], ("a",)), (["a", ""], ())])
def test_labels_that_do_not_fit_are_refused(tmp_path: Path, labels: list[str], words: tuple[object, ...]):
    places = [written(tmp_path / name, json.dumps(EPOCHS)) for name in "xy"]
    with raises(ConfigError, *words):
        read_trainings(places, labels)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("metrics.json", '{"epochs": [{"epoch": 1', ("metrics.json", 1)),
        ("metrics.json", '{"model": "a"}', ("metrics.json",)),
        ("metrics.json", "[1, 2]", ("metrics.json",)),
        ("metrics.json", '{"epochs": []}', ("metrics.json",)),
        ("metrics.json", '[{"epoch": 1, "note": "x"}]', ("metrics.json",)),
        ("metrics.csv", "epoch,val_srcc\n", ("metrics.csv",)),
        ("metrics.csv", 'epoch,val_srcc\n1,"0.5', ("metrics.csv",)),
    ],
)
def test_a_file_without_numbers_is_one_clear_line(tmp_path: Path, name: str, text: str, words: tuple[object, ...]):
    with raises(ConfigError, *words) as caught:
        read_training(written(tmp_path, text, name))
    assert "\n" not in str(caught.value)


def test_places_without_a_training_are_refused(tmp_path: Path):
    with raises(ConfigError, "metrics.json", "metrics.jsonl", "metrics.csv"):
        read_training(tmp_path)
    with raises(ConfigError, "absent.json"):
        read_training(tmp_path / "absent.json")
    with raises(UnknownNameError, ".txt", ".csv", ".json", ".jsonl"):
        read_training(written(tmp_path, "", "metrics.txt"))
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00")
    with raises(ConfigError, "binary.csv"):
        read_training(tmp_path / "binary.csv")


def test_a_list_of_pictures_is_no_training(tmp_path: Path):
    (tmp_path / "list.json").write_text('[{"image": "a.png", "score": 3}]')
    with raises(ConfigError, "list.json"):
        read_training(tmp_path / "list.json")
