from pathlib import Path

import pytest

from acutance.datasets.comparisons import (
    Comparison,
    Triplet,
    read_comparisons,
    read_triplets,
    write_comparisons,
    write_pairs,
)
from acutance.datasets.diffiqa import write_types
from acutance.errors import ConfigError, DatasetError
from tests.raising import raises

TRIPLETS = [
    Triplet("images/01/a_01.png", "images/02/a_02.png", "images/Original/a.png", 1.0, 1.0, 0.5),
    Triplet("images/01/a_01.png", "images/Original/a.png", "images/Original/a.png", 0.0, 0.0, 0.5),
]


def test_triplets_have_six_columns_as_published(tmp_path: Path):
    write_pairs(tmp_path / "Triplet.txt", TRIPLETS, names_only=True)
    assert (tmp_path / "Triplet.txt").read_text() == "a_01.png,a_02.png,a.png,1,1,0.5\na_01.png,a.png,a.png,0,0,0.5\n"


def test_types_have_four_columns_as_published(tmp_path: Path):
    write_comparisons(tmp_path / "PSY.txt", TRIPLETS[:1], names_only=True)
    assert (tmp_path / "PSY.txt").read_text() == "a_01.png,a_02.png,a.png,1\n"


def test_triplets_come_back_with_their_folders(tmp_path: Path):
    write_pairs(tmp_path / "t.txt", TRIPLETS)
    assert read_triplets(tmp_path / "t.txt") == TRIPLETS


def test_comparisons_come_back_with_shares_and_commas(tmp_path: Path):
    pairs = [Comparison("a,1.png", "b.png", "r.png", 0.1 + 0.2), Comparison('"a"', "b", "r", 0.5)]
    write_comparisons(tmp_path / "c.txt", pairs)
    assert read_comparisons(tmp_path / "c.txt") == pairs


def test_a_line_of_the_authors_documents_is_read(tmp_path: Path):
    (tmp_path / "t.txt").write_bytes(b"000006x0y32_01.png,000006x0y32_03.png,000006x0y32.png,0,0,1\r\n\r\n")
    names = ("000006x0y32_01.png", "000006x0y32_03.png", "000006x0y32.png")
    assert read_triplets(tmp_path / "t.txt") == [Triplet(*names, 0.0, 0.0, 1.0)]


def test_a_list_of_triplets_has_six_columns_and_a_list_of_pairs_four(tmp_path: Path):
    write_pairs(tmp_path / "six.txt", TRIPLETS)
    write_pairs(tmp_path / "four.txt", [*TRIPLETS, Comparison("a", "b", "r", 1.0)])
    assert len(read_triplets(tmp_path / "six.txt")) == 2
    assert len(read_comparisons(tmp_path / "four.txt")) == 3


def test_each_type_that_occurs_has_its_file(tmp_path: Path):
    write_types(tmp_path / "types", TRIPLETS)
    assert sorted(path.name for path in (tmp_path / "types").iterdir()) == ["NYY.txt", "PSY.txt"]
    assert [pair.second for pair in read_comparisons(tmp_path / "types" / "NYY.txt")] == ["images/Original/a.png"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b,r,1\n", (6, "t.txt", 1, 4)),
        ("a,b,r,1,0,0\na,,r,1,0,0\n", ("t.txt", 2, 2)),
        ("a,b,r,1,0.4,0\n", (1, 0.5, 0, "t.txt", 1, 5, 0.4)),
        ("a,b,r,1,0,yes\n", (1, 0.5, 0, "t.txt", 1, 6, "yes")),
        ('a,b,r,1,0,"0\n', (6, "t.txt", 1)),
        ("\n", (6, "t.txt")),
    ],
)
def test_a_bad_list_names_line_and_column(tmp_path: Path, text: str, words: tuple[object, ...]):
    (tmp_path / "t.txt").write_text(text)
    with raises(DatasetError, *words):
        read_triplets(tmp_path / "t.txt")


@pytest.mark.parametrize("share", ["1.5", "-0.1", "nan", ""])
def test_a_share_is_from_0_to_1(tmp_path: Path, share: str):
    (tmp_path / "c.txt").write_text(f"a,b,r,{share}\n")
    with raises(DatasetError, 0, 1, "c.txt", 1, 4, repr(share)):
        read_comparisons(tmp_path / "c.txt")


def test_a_type_that_no_longer_occurs_loses_its_file(tmp_path: Path):
    write_types(tmp_path, TRIPLETS)
    (tmp_path / "notes.txt").write_text("mine")
    write_types(tmp_path, TRIPLETS[:1])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["PSY.txt", "notes.txt"]


def test_a_file_that_cannot_be_removed_is_one_line(tmp_path: Path):
    (tmp_path / "NYY.txt").mkdir()
    with raises(ConfigError, "NYY.txt"):
        write_types(tmp_path, TRIPLETS[:1])
