import json
from pathlib import Path

import pytest

from acutance.datasets.faults import DatasetError
from acutance.datasets.lists import read_list
from acutance.datasets.table import RatedPicture
from acutance.errors import ConfigError, UnknownNameError
from tests.raising import raises


def write(path: Path, content: object) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_the_lists_of_ms_hyperiqa_are_read_with_scores_as_numbers_or_texts(tmp_path: Path):
    items = [{"image": "koniq/1024x768/x.jpg", "score": 75.32}, {"image": "spaq/y.jpg", "score": "31.25"}]
    table = read_list(write(tmp_path / "koniq_test.json", items), "/data", low=0, high=100)
    assert table.rows == [
        RatedPicture(image="koniq/1024x768/x.jpg", mos=75.32, low=0, high=100),
        RatedPicture(image="spaq/y.jpg", mos=31.25, low=0, high=100),
    ]
    assert table.path(table.rows[0].image) == Path("/data/koniq/1024x768/x.jpg")
    assert table.name == "koniq_test"


def test_a_csv_list_tells_its_columns_by_name_and_keeps_its_order(tmp_path: Path):
    path = write(tmp_path / "l.csv", "score,image,remark,scene\n2,b.png,x,s1\n1.5,a.png,,s2\n")
    assert read_list(path).rows == [
        RatedPicture(image="b.png", mos=2.0, scene="s1"),
        RatedPicture(image="a.png", mos=1.5, scene="s2"),
    ]
    assert read_list(path).root == tmp_path


def test_columns_of_other_names_are_named(tmp_path: Path):
    path = write(tmp_path / "l.csv", "file,truth,DMOS,image\nb.png,t.png,0.5,thumb.png\n")
    columns = {"image": "file", "reference": "truth", "mos": "DMOS"}
    row = read_list(path, columns=columns, better="lower").rows[0]
    assert row == RatedPicture(image="b.png", reference="t.png", mos=0.5, better="lower")


def test_the_scale_of_the_list_goes_before_the_one_named(tmp_path: Path):
    path = write(tmp_path / "l.csv", "image,mos,better,low\na.png,1,lower,\nb.png,2,,-3\n")
    rows = read_list(path, better="higher", low=0).rows
    assert [(row.better, row.low) for row in rows] == [("lower", 0.0), ("higher", -3.0)]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("l.json", '[{"image": "a.png"', ("l.json",)),
        ("l.json", {"image": "a.png"}, ("l.json",)),
        ("l.json", [["a.png", 1]], ("l.json", 1)),
        ("l.json", [], ("l.json",)),
        ("l.json", [{"image": "a.png"}, {"score": 1}], ("image", "l.json", 2, "score")),
        ("l.json", [{"image": "a.png", "score": "good"}], ("l.json", 1, "mos", "good")),
        ("l.json", [{"image": "a.png", "score": True}], (1, "mos", True)),
        ("l.json", [{"image": "a.png", "level": 1.5}], (1, "level", 1.5)),
        ("l.json", [{"image": 7, "score": 1}], (1, "image", 7)),
        ("l.csv", "image,mos\na.png,1,2\n", (2, "l.csv", 2, 3)),
        ("l.csv", "picture,mos\na.png,1\n", ("image", "l.csv", 2, "picture", "mos")),
        ("l.csv", "image,mos\n", ("l.csv",)),
    ],
)
def test_a_bad_list_names_file_place_and_column(tmp_path: Path, name: str, content: object, words: tuple[object, ...]):
    with raises(DatasetError, *words):
        read_list(write(tmp_path / name, content))


def test_a_named_column_must_be_there(tmp_path: Path):
    path = write(tmp_path / "l.csv", "image,mos\na.png,1\n")
    with raises(DatasetError, "DMOS", 2, "image", "mos"):
        read_list(path, columns={"mos": "DMOS"})


def test_settings_that_make_no_sense_are_refused(tmp_path: Path):
    path = write(tmp_path / "l.csv", "image,mos\na.png,1\n")
    with raises(UnknownNameError, "moss", "mos"):
        read_list(path, columns={"moss": "mos"})
    with raises(ConfigError, 5, 1):
        read_list(path, low=5, high=1)
    with raises(UnknownNameError, ".txt", ".csv", ".json"):
        read_list(tmp_path / "l.txt")
    with raises(DatasetError, "none.csv"):
        read_list(tmp_path / "none.csv")
