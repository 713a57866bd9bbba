from pathlib import Path

import pytest

from acutance.datasets.comparisons import Comparison
from acutance.datasets.sriqa import read_scores, sriqa_pairs
from acutance.errors import DatasetError
from tests.raising import raises

METHODS = [f"method{number}" for number in range(10)] + ["Original"]


def write_scores(folder: Path, content: str, methods: list[str]) -> None:
    folder.mkdir(exist_ok=True)
    lines = [f"{content}_{method}.png,{100 - 10 * index}" for index, method in enumerate(methods)]
    (folder / f"{content}.txt").write_text("\n".join(lines) + "\n")


def test_each_content_of_eleven_pictures_has_55_pairs(tmp_path: Path):
    for content in ("online15", "online20"):
        write_scores(tmp_path, content, METHODS)
    pairs = sriqa_pairs(tmp_path)
    assert len(pairs) == 110
    assert {pair.reference for pair in pairs} == {"online15_Original.png", "online20_Original.png"}
    assert all(pair.first_wins == 1.0 for pair in pairs)  # lists are in falling order
    assert all(pair.first.split("_")[0] == pair.second.split("_")[0] for pair in pairs)


def test_a_list_of_some_methods_has_pairs_of_these(tmp_path: Path):
    write_scores(tmp_path, "a", ["SwinIRx4", "RealESRNetx4", "Original"])
    first = Comparison("a_SwinIRx4.png", "a_RealESRNetx4.png", "a_Original.png", 1.0)
    pairs = sriqa_pairs(tmp_path)
    assert len(pairs) == 3
    assert pairs[0] == first


def test_a_blank_may_stand_for_the_comma_and_equal_scores_tie(tmp_path: Path):
    (tmp_path / "a.txt").write_text("a_X.png 50.5\n\na_Y.png,50.5\n")
    assert read_scores(tmp_path / "a.txt") == [("a_X.png", 50.5), ("a_Y.png", 50.5)]
    assert sriqa_pairs(tmp_path)[0].first_wins == 0.5


@pytest.mark.parametrize("line", ["a_Y.png", "a_Y.png,best", "a_Y.png,101", "a_Y.png,1,2", "a_Y.png,nan"])
def test_a_bad_line_is_named(tmp_path: Path, line: str):
    (tmp_path / "a.txt").write_text(f"a_X.png,100\n{line}\n")
    with raises(DatasetError, 0, 100, "SRIQA-Bench", "a.txt", 2, line):
        read_scores(tmp_path / "a.txt")


def test_a_list_of_one_picture_has_no_pair(tmp_path: Path):
    (tmp_path / "a.txt").write_text("a_X.png,100\n")
    with raises(DatasetError, "SRIQA-Bench", "a.txt", 1):
        read_scores(tmp_path / "a.txt")


def test_a_folder_without_lists_is_an_error(tmp_path: Path):
    with raises(DatasetError, "online15.txt", "SRIQA-Bench"):
        sriqa_pairs(tmp_path)
