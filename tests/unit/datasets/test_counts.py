from dataclasses import replace
from pathlib import Path

from acutance.datasets.catalogue import count_differences, count_rows, read_dataset
from acutance.datasets.csiq import CSIQ
from acutance.datasets.pipal import PIPAL
from acutance.datasets.table import OpinionTable, RatedImage
from acutance.errors import DatasetError
from tests.fakes.datasets.catalogue import FAKES
from tests.raising import raises

ROWS = [
    RatedImage(image="a.png", reference="t.png", mos=1.0, distortion="blur", split="train"),
    RatedImage(image="b.png", reference="t.png", mos=2.0, distortion="noise", split="test"),
    RatedImage(image="c.png", reference="u.png", split="test"),
]
TABLE = OpinionTable(ROWS, Path("/data/set"), "set")


def test_pictures_references_distortions_and_splits_are_counted():
    found = count_rows(TABLE)
    assert (found.rated, found.unrated, found.references, found.distortions) == (2, 1, 2, 2)
    assert found.splits == {"train": 1, "test": 2}


def test_a_split_that_is_not_as_published_is_a_difference_where_there_are_splits():
    known = replace(PIPAL, rated=2, references=2, splits={"train": 1, "test": 9})
    assert count_differences(known, count_rows(TABLE)) == ["2 images to test, published are 9"]
    assert count_differences(known, replace(count_rows(TABLE), splits={})) == []


def test_other_counts_are_one_line_with_dataset_counts_and_where_to_get_it(fake):
    root, here = fake("csiq"), FAKES["csiq"]
    with raises(DatasetError, "CSIQ", root, here.rated, 866, 30, CSIQ.where, "--allow-missing") as caught:
        read_dataset("csiq", root, as_published=True)
    assert f"{here.rated} of 866" in str(caught.value)
    read_dataset("live", fake("live"), as_published=True)
