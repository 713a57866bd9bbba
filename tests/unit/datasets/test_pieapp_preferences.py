from pathlib import Path

import pytest

from acutance.datasets.comparisons import Comparison
from acutance.datasets.pieapp import COLUMNS, Part, read_preferences
from acutance.errors import DatasetError
from tests.raising import raises

HEADER = ", ".join(COLUMNS)
LINES = ("ref_7.png,distort_7_a.png,distort_7_b.png,0.725,0.71", "ref_7.png,distort_7_b.png,distort_7_c.png,,0.6")


def write_labels(root: Path, *lines: str, part: Part = "train", header: str = HEADER) -> Path:
    folder = root / "labels" / part
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ref_7_pairwise_labels.csv").write_text("\n".join([header, *lines]) + "\n")
    return root


def names(part: str, *letters: str) -> tuple[str, str, str]:
    first, second = (f"distorted_images/{part}/ref_7/distort_7_{letter}.png" for letter in letters)
    return first, second, f"reference_images/{part}/ref_7.png"


def test_every_pair_has_the_probability_that_its_first_is_preferred(tmp_path: Path):
    pairs = read_preferences(write_labels(tmp_path, *LINES))
    assert pairs == [Comparison(*names("train", "a", "b"), 0.71), Comparison(*names("train", "b", "c"), 0.6)]


def test_pairs_nobody_was_asked_about_have_no_raw_preference(tmp_path: Path):
    pairs = read_preferences(write_labels(tmp_path, *LINES), preference="raw")
    assert pairs == [Comparison(*names("train", "a", "b"), 0.725)]


def test_the_test_has_one_preference_and_shows_the_reference_too(tmp_path: Path):
    header = ", ".join(COLUMNS[:3]) + ", preference for A"
    write_labels(tmp_path, "ref_7.png,ref_7.png,distort_7_b.png,1.0", part="test", header=header)
    distorted, _, reference = names("test", "b", "b")
    assert read_preferences(tmp_path, part="test") == [Comparison(reference, distorted, reference, 1.0)]


def test_scores_of_pictures_beside_the_pairs_are_passed_over(tmp_path: Path):
    write_labels(tmp_path, *LINES)
    (tmp_path / "labels" / "train" / "ref_7_per_image_score.csv").write_text("something else")
    seen: list[tuple[int, int]] = []
    assert len(read_preferences(tmp_path, on_progress=lambda done, total: seen.append((done, total)))) == 2
    assert seen == [(1, 1)]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["ref_7.png,a.png,b.png,0.5"], (5, "PieAPP", "ref_7_pairwise_labels.csv", 2, 4)),
        (
            ["ref_7.png,a.png,b.png,0.5,1.2"],
            (0, 1, 2, "processed preference for A", 1.2),
        ),
        (["ref_7.png,a.png,b.png,0.5,"], (0, 1, 2, "processed preference for A", "''")),
        (["ref_7.png,,b.png,0.5,0.5"], (2, "distorted image A")),
    ],
)
def test_a_bad_line_names_file_line_and_column(tmp_path: Path, lines: list[str], words: tuple[object, ...]):
    with raises(DatasetError, *words):
        read_preferences(write_labels(tmp_path, *lines))


def test_another_header_is_an_error(tmp_path: Path):
    with raises(DatasetError, "PieAPP", "ref. image", "image", "mos"):
        read_preferences(write_labels(tmp_path, header="image,mos"))


def test_a_wrong_root_is_one_line(tmp_path: Path):
    with raises(DatasetError, "ref_1_pairwise_labels.csv", "PieAPP", "train"):
        read_preferences(tmp_path)
