from typing import Literal

import pytest

from acutance.datasets.catalogue import read_dataset
from acutance.datasets.pieapp import read_preferences
from acutance.errors import DatasetError
from tests.raising import raises
from tests.unit.datasets.conftest import read_rows


def test_test_pictures_have_errors_that_are_better_when_lower(fake):
    row = read_rows("pieapp", fake("pieapp"))["distorted_images/test/ref_9/distort_9_noise_inter_1.png"]
    assert (row.mos, row.better, row.split, row.distortion) == (3.5, "lower", "test", "noise")
    assert row.reference == "reference_images/test/ref_9.png"


def test_the_reference_in_the_test_list_has_no_row(fake):
    assert not any("ref_9.png" in image for image in read_rows("pieapp", fake("pieapp")))


def test_pictures_with_preferences_alone_have_no_score(fake):
    rows = read_rows("pieapp", fake("pieapp"))
    row = rows["distorted_images/train/ref_1/distort_1_jpeg_2000_intra_2.png"]
    assert (row.mos, row.split, row.distortion) == (None, "train", "jpeg_2000")
    assert {row.split for row in rows.values() if row.mos is None} == {"train", "validation"}


def test_a_short_line_names_file_and_line(fake):
    root = fake("pieapp")
    path = root / "labels/test/ref_9_per_image_score.csv"
    path.write_text(path.read_text().replace(",3.5", ""))
    with raises(DatasetError, 3, "ref_9_per_image_score.csv", 3, 2):
        read_dataset("pieapp", root)


def test_a_test_reference_without_scores_is_refused(fake):
    root = fake("pieapp")
    (root / "labels/test/ref_9_per_image_score.csv").unlink()
    with raises(DatasetError, "PieAPP", "labels/test/ref_9_per_image_score.csv"):
        read_dataset("pieapp", root)


@pytest.mark.parametrize("part", ["train", "val", "test"])
def test_the_pictures_of_preferences_are_those_of_the_table(fake, part: Literal["train", "val", "test"]):
    root = fake("pieapp")
    rows = read_rows("pieapp", root)
    pairs = read_preferences(root, part=part)
    assert pairs
    for pair in pairs:
        assert rows[pair.first].reference == rows[pair.second].reference == pair.reference
