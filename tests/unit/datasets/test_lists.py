import json
from pathlib import Path

import pytest

from acutance.datasets.faults import DatasetError
from acutance.datasets.lists import read_list
from acutance.datasets.table import RatedPicture
from acutance.errors import ConfigError, UnknownNameError


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
        ("l.json", '[{"image": "a.png"', r"a list in JSON in .*l\.json, got: Expecting ',' delimiter"),
        ("l.json", {"image": "a.png"}, r"Expected a list such as \[.*\] in .*l\.json, got another value"),
        ("l.json", [["a.png", 1]], r"Expected an object such as .* in .*l\.json, item 1\."),
        ("l.json", [], r"at least one picture in .*l\.json, got none"),
        ("l.json", [{"image": "a.png"}, {"score": 1}], r"the column image in .*l\.json, item 2, got score\."),
        ("l.json", [{"image": "a.png", "score": "good"}], r"a number in .*l\.json, item 1, column mos, got 'good'\."),
        ("l.json", [{"image": "a.png", "score": True}], r"a number in .*, item 1, column mos, got True\."),
        ("l.json", [{"image": "a.png", "level": 1.5}], r"a whole number in .*, item 1, column level, got 1\.5\."),
        ("l.json", [{"image": 7, "score": 1}], r"a text in .*, item 1, column image, got 7\."),
        ("l.csv", "image,mos\na.png,1,2\n", r"Expected 2 columns in .*l\.csv, line 2, got 3\. Put paths that hold"),
        ("l.csv", "picture,mos\na.png,1\n", r"the column image in .*l\.csv, line 2, got picture, mos\. Name it with"),
        ("l.csv", "image,mos\n", r"at least one picture in .*l\.csv, got none"),
    ],
)
def test_a_bad_list_names_file_place_and_column(tmp_path: Path, name: str, content: object, words: str):
    with pytest.raises(DatasetError, match=words):
        read_list(write(tmp_path / name, content))


def test_a_named_column_must_be_there(tmp_path: Path):
    path = write(tmp_path / "l.csv", "image,mos\na.png,1\n")
    with pytest.raises(DatasetError, match=r"the column DMOS in .*line 2, got image, mos"):
        read_list(path, columns={"mos": "DMOS"})


def test_settings_that_make_no_sense_are_refused(tmp_path: Path):
    path = write(tmp_path / "l.csv", "image,mos\na.png,1\n")
    with pytest.raises(UnknownNameError, match=r"name of a column, got 'moss'\. Did you mean 'mos'\?"):
        read_list(path, columns={"moss": "mos"})
    with pytest.raises(ConfigError, match=r"low below high, got 5 and 1\."):
        read_list(path, low=5, high=1)
    with pytest.raises(UnknownNameError, match=r"file ending, got '\.txt'"):
        read_list(tmp_path / "l.txt")
    with pytest.raises(DatasetError, match=r"a list at .*none\.csv, got no such file"):
        read_list(tmp_path / "none.csv")
