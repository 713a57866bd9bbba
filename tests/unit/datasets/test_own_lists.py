"""Lists in A-FINE's layout wherever they are, with images in folders anywhere."""

from pathlib import Path

import pytest

from acutance.datasets.afine_lists import (
    ImageFolder,
    PairTable,
    dataset_name,
    is_list,
    list_name,
    read_listed,
    read_rated_lines,
)
from acutance.datasets.comparisons import Comparison, Triplet
from acutance.errors import DatasetError
from tests.fakes.datasets.files import write_images, write_lines
from tests.fakes.datasets.restored import write_sriqa_bench
from tests.raising import raises


@pytest.mark.parametrize(
    ("path", "dataset", "name"),
    [
        ("/data/IQA/KADID10K/Train/Triplet/Triplet.txt", "kadid10k", "kadid10k"),
        ("/data/SDIQA-dataset/DiffIQA/Test/TripletEachType/PSY.txt", "diffiqa", "diffiqa-PSY"),
        ("SRIQA-Bench/MOS_Gen", "sriqa_bench", "sriqa_bench-MOS_Gen"),
        ("mine/Train/Triplet/Triplet.txt", "mine", "mine"),
        ("Triplet.txt", "Triplet", "Triplet"),
    ],
)
def test_a_list_is_called_by_its_folders(path: str, dataset: str, name: str):
    assert (dataset_name(Path(path)), list_name(Path(path))) == (dataset, name)


def test_pictures_are_found_in_any_folder_case_and_ending(tmp_path: Path):
    write_images(tmp_path, ["01/a_01.png", "Original/a.png", "I01.BMP"])
    write_lines(tmp_path / "I01.txt", ["no image"])
    folder, where = ImageFolder(tmp_path), Path("list.txt")
    assert [folder.find(name, where) for name in ("a_01.png", "01/a_01.png", "i01.png")] == [
        "01/a_01.png",
        "01/a_01.png",
        "I01.BMP",
    ]


def test_a_picture_that_is_not_there_or_there_twice_is_named_with_list_and_folder(tmp_path: Path):
    write_images(tmp_path, ["x/a.png", "y/a.png"])
    folder = ImageFolder(tmp_path)
    with raises(DatasetError, "b.png", "list.txt", tmp_path):
        folder.find("b.png", Path("list.txt"))
    with raises(DatasetError, "x/a.png", "y/a.png"):
        folder.find("a.png", Path("list.txt"))


@pytest.mark.parametrize("name", ["nowhere", "file.png"])
def test_a_folder_of_pictures_that_is_none_is_named(tmp_path: Path, name: str):
    write_images(tmp_path, ["file.png"])
    with raises(DatasetError, tmp_path / name):
        ImageFolder(tmp_path / name)


@pytest.mark.parametrize(("line", "kind"), [("a.png,b.png,r.png,1", Comparison), ("a.png,b.png,r.png,1,0,0", Triplet)])
def test_a_list_of_pairs_has_four_or_six_columns(tmp_path: Path, line: str, kind: type[Comparison]):
    write_images(tmp_path / "images", ["a.png", "b.png", "r.png"])
    write_lines(tmp_path / "PSY.txt", ["", line])
    table = read_listed(tmp_path / "PSY.txt", tmp_path / "images")
    assert isinstance(table, PairTable)
    assert [type(pair) for pair in table.pairs] == [kind]
    assert [(row.image, row.reference, row.mos) for row in table] == [
        ("a.png", "r.png", None),
        ("b.png", "r.png", None),
    ]


def test_a_damaged_list_is_named_with_its_line(tmp_path: Path):
    write_images(tmp_path / "images", ["a.png"])
    write_lines(tmp_path / "PSY.txt", ["a.png,a.png,a.png,1", "a.png,a.png,a.png"])
    with raises(DatasetError, "PSY.txt", 2, 3):
        read_listed(tmp_path / "PSY.txt", tmp_path / "images")


def test_a_folder_of_contents_gives_every_two_pictures_of_each(tmp_path: Path):
    write_sriqa_bench(tmp_path)
    table = read_listed(tmp_path / "MOS", tmp_path / "images")
    assert isinstance(table, PairTable)
    assert (len(table), len(table.pairs)) == (22, 2 * 55)
    assert {row.reference for row in table} == {"Original/online15_Original.png", "Original/canon7_Original.png"}
    reg = read_listed(tmp_path / "MOS_Reg", tmp_path / "images")
    assert isinstance(reg, PairTable)
    assert [pair.first_wins for pair in reg.pairs] == [0.0, 0.0]  # 0 and 10 points


def test_lists_with_references_are_rated_rows_of_the_part_that_their_folder_names(tmp_path: Path):
    write_images(tmp_path / "images", ["I01.png", "I01_01_01.png"])
    write_lines(tmp_path / "Test/MOS/I01.txt", ["I01_01_01.png,I01.png,4.33,0.869"])
    table = read_listed(tmp_path / "Test/MOS", tmp_path / "images")
    assert not isinstance(table, PairTable)
    (row,) = table
    assert (row.image, row.reference, row.mos, row.mos_std, row.split) == (
        "I01_01_01.png",
        "I01.png",
        4.33,
        0.869,
        "test",
    )


def test_a_folder_without_lists_is_named(tmp_path: Path):
    with raises(DatasetError, tmp_path / "MOS"):
        read_rated_lines(tmp_path / "MOS")


def test_what_is_a_list(tmp_path: Path):
    write_lines(tmp_path / "MOS/a.txt", ["a.png,1"])
    (tmp_path / "images").mkdir()
    assert [is_list(path) for path in ("x/PSY.txt", tmp_path / "MOS", tmp_path / "images", "t.csv", "kadid10k")] == [
        True,
        True,
        False,
        False,
        False,
    ]


def test_a_picture_in_another_folder_is_not_the_one_that_a_list_names(tmp_path: Path):
    for name in ("A/x.png", "B/y.png", "z.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    folder = ImageFolder(tmp_path)
    assert [folder.find(name, tmp_path / "list.txt") for name in ("root/a/X.png", "y.png", "elsewhere/z.png")] == [
        "A/x.png",
        "B/y.png",
        "z.png",
    ]
    with raises(DatasetError, "B/x.png", "list.txt"):
        folder.find("B/x.png", tmp_path / "list.txt")


def test_a_line_that_lacks_its_picture_does_not_make_a_list_one_of_contents(tmp_path: Path):
    (tmp_path / "r.txt").write_text(",r.png,1\nb.png,r.png,4\n")
    with raises(DatasetError, "r.txt", 1):
        read_rated_lines(tmp_path)
