from pathlib import Path

import pytest

from acutance.datasets.catalogue import read_dataset
from acutance.errors import DatasetError
from tests.fakes.datasets.alone import write_koniq10k
from tests.raising import raises
from tests.unit.datasets.conftest import read_rows


def test_koniq_has_its_official_split_and_the_number_of_votes(fake):
    rows = read_rows("koniq10k", fake("koniq10k"))
    row = rows["1024x768/20.jpg"]
    assert (row.mos, row.split, row.num_votes, row.mos_std) == (72.125, "validation", 102, None)


@pytest.mark.parametrize("place", ["1024x768", "512x384"])
def test_koniq_without_its_sets_has_the_same_scores_and_no_split(tmp_path: Path, place: str):
    write_koniq10k(tmp_path, with_sets=False, place=place)
    row = read_rows("koniq10k", tmp_path)[f"{place}/20.jpg"]
    assert (row.mos, row.split, row.num_votes) == (72.125, None, 102)


def test_an_unknown_set_of_koniq_names_file_line_and_column(fake):
    root = fake("koniq10k")
    path = root / "koniq10k_distributions_sets.csv"
    path.write_text(path.read_text().replace(",validation", ",val"))
    with raises(DatasetError, "koniq10k_distributions_sets.csv", 4, "set", "val"):
        read_dataset("koniq10k", root)


def test_biq2021_passes_over_empty_columns_and_the_case_of_names(fake):
    rows = read_rows("biq2021", fake("biq2021"))
    odd = rows["Images/ss02 (1014).JPG"]
    assert (odd.mos, odd.split, odd.num_votes) == (0.1471, "train", 30)
    assert rows["Images/ss02 (9).jpg"].split == "test"
    assert rows["Images/ss02 (9).jpg"].mos == 1.0


def test_biq2021_with_something_in_the_empty_columns_is_refused(fake):
    root = fake("biq2021")
    path = root / "Train (Images and MOS).csv"
    path.write_text(path.read_text().replace("Image Name,MOS,,", "Image Name,MOS").replace(",0.0471,,", ",0.0471,,7"))
    with raises(DatasetError, 2, "Train (Images and MOS).csv", 2, 4):
        read_dataset("biq2021", root)
