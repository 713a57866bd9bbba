import math
from pathlib import Path
from typing import Any

import pytest

from acutance.datasets.table import OpinionTable, RatedImage, check_table, require_sound
from acutance.errors import DatasetError
from tests.raising import raises


def picture(image: str = "a.png", **values: Any) -> RatedImage:
    return RatedImage(image=image, **{"mos": 3.0, "low": 1.0, "high": 5.0, **values})


def problems(*rows: RatedImage, root: Path | None = None) -> list[str]:
    table = OpinionTable(rows, root or Path("/nowhere"), "fake")
    return [str(problem) for problem in check_table(table, look_for_files=root is not None)]


def test_a_sound_table_has_no_problems(tmp_path: Path):
    for name in ("a.png", "b.png", "t.png"):
        (tmp_path / name).touch()
    rows = [
        picture("a.png", reference="t.png", scene="t.png", split="train", level=1, mos_std=0.0, num_votes=1),
        picture("b.png", reference="t.png", scene="t.png", split="train", mos=5.0),
        picture("t.png", mos=None, low=None, split="test"),
    ]
    assert problems(*rows, root=tmp_path) == []


def test_pictures_and_references_that_are_not_on_disk_are_named_each_time(tmp_path: Path):
    (tmp_path / "a.png").touch()
    rows = [picture("a.png", reference="t.png"), picture("b.png", reference="t.png")]
    assert problems(*rows, root=tmp_path) == [
        f"fake, row 1, column reference: t.png is not in {tmp_path}",
        f"fake, row 2, column image: b.png is not in {tmp_path}",
        f"fake, row 2, column reference: t.png is not in {tmp_path}",
    ]


def test_a_row_that_stands_twice_names_the_first():
    rows = [picture("a.png"), picture("b.png"), picture("a.png", mos=2.0), picture("a.png", reference="t.png")]
    assert problems(*rows) == ["fake, row 3, column image: a.png stands in row 1 too"]


@pytest.mark.parametrize(
    ("values", "column", "what"),
    [
        ({"mos": 5.1}, "mos", "5.1 lies outside 1 to 5"),
        ({"mos": 0.0}, "mos", "0 lies outside 1 to 5"),
        ({"mos": 6.0, "low": None}, "mos", "6 lies outside no end to 5"),
        ({"mos": math.nan}, "mos", "nan is no score"),
        ({"mos": math.inf, "high": None}, "mos", "inf is no score"),
        ({"low": 5.0, "mos": None}, "low", "5 is not below the high end, 5"),
        ({"mos_std": -0.1}, "mos_std", "-0.1 is no standard deviation"),
        ({"mos_std": math.nan}, "mos_std", "nan is no standard deviation"),
        ({"num_votes": 0}, "num_votes", "0 is less than 1"),
        ({"level": 0}, "level", "0 is less than 1"),
    ],
)
def test_a_value_that_cannot_be_names_row_and_column(values: dict[str, Any], column: str, what: str):
    assert problems(picture("z.png"), picture(**values)) == [f"fake, row 2, column {column}: {what}"]


def test_a_scene_on_two_sides_of_a_split_is_a_leak():
    rows = [
        picture("a.png", scene="s", split="train"),
        picture("b.png", scene="s"),
        picture("c.png", scene="s", split="test"),
        picture("d.png", scene="s", split="train"),
    ]
    assert problems(*rows) == ["fake, row 3, column scene: s is in test here and in train in row 1"]


def test_a_reference_on_two_sides_of_a_split_is_a_leak_whatever_the_scene():
    rows = [
        picture("a.png", reference="t.png", scene="1", split="validation"),
        picture("b.png", reference="t.png", scene="2", split="test"),
    ]
    assert problems(*rows) == ["fake, row 2, column reference: t.png is in test here and in validation in row 1"]


def test_the_first_problems_become_one_line():
    rows = [picture(f"{number}.png", level=0) for number in range(5)]
    table = OpinionTable(rows, Path("/nowhere"), "fake")
    with raises(DatasetError, "fake, row 1, column level", "fake, row 2", "fake, row 3", "2 more"):
        require_sound(table, look_for_files=False)
    require_sound(OpinionTable([picture()], Path("/nowhere"), "fake"), look_for_files=False)


@pytest.mark.parametrize("other", ["ok/a.png", "./ok/a.png", "ok//a.png", "OK/A.png"])
def test_a_picture_on_two_sides_of_a_split_is_a_leak_however_its_path_is_spelt(other: str):
    rows = [
        picture("ok/a.png", reference="t.png", scene="1", split="train"),
        picture(other, reference="u.png", scene="2", split="test"),
    ]
    assert problems(*rows) == [f"fake, row 2, column image: {other} is in test here and in train in row 1"]


def test_references_on_two_sides_are_held_against_each_other_without_regard_to_case():
    rows = [picture("a.png", reference="r/T.png", split="train"), picture("b.png", reference="./r/t.PNG", split="test")]
    assert problems(*rows) == ["fake, row 2, column reference: ./r/t.PNG is in test here and in train in row 1"]


def test_a_row_that_stands_twice_is_known_by_its_path_not_by_its_spelling():
    assert problems(picture("ok/a.png"), picture("./ok/a.png"), picture("ok/A.png")) == [
        "fake, row 2, column image: ./ok/a.png stands in row 1 too"
    ]
