import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from acutance.datasets.catalogue import DATASETS, find_dataset, list_datasets, read_dataset
from acutance.datasets.table import check_table
from acutance.errors import DatasetError, UnknownNameError
from tests.fakes.datasets.catalogue import FAKES
from tests.raising import raises

every_dataset = pytest.mark.parametrize("name", DATASETS)


class ReversedScandir:
    """A listing of a folder in the order that no test expects."""

    real = staticmethod(os.scandir)

    def __init__(self, path: Any = ".") -> None:
        with self.real(path) as entries:
            self._entries = iter(sorted(entries, key=lambda entry: entry.name, reverse=True))

    def __enter__(self) -> Any:
        return self._entries

    def __exit__(self, *_: object) -> None:
        pass

    def __iter__(self) -> Any:
        return self._entries

    def __next__(self) -> Any:
        return next(self._entries)


def test_every_dataset_has_a_fake_and_is_listed_under_its_own_name():
    assert list(FAKES) == list(DATASETS)
    assert [facts.name for facts in list_datasets()] == list(DATASETS)


@every_dataset
def test_a_table_has_the_pictures_and_references_of_its_fake(name: str, fake):
    table, expected = read_dataset(name, fake(name)), FAKES[name]
    assert sum(row.mos is not None for row in table) == expected.rated
    assert sum(row.mos is None for row in table) == expected.unrated
    assert len({row.reference for row in table} - {None}) == expected.references
    assert Counter(row.split for row in table if row.split) == expected.splits


@every_dataset
def test_the_scale_and_its_direction_are_as_published(name: str, fake):
    expected = FAKES[name]
    scales = {(row.better, row.low, row.high) for row in read_dataset(name, fake(name))}
    assert scales == {(expected.better, expected.low, expected.high)}


@every_dataset
def test_every_path_of_a_table_is_the_real_one_and_nothing_is_wrong_with_it(name: str, fake):
    table = read_dataset(name, fake(name))
    assert check_table(table) == []
    for path in {path for row in table for path in (row.image, row.reference) if path}:
        folder, _, file = path.rpartition("/")
        assert file in {entry.name for entry in (table.root / folder).iterdir()}


@every_dataset
def test_the_scene_is_the_reference_or_the_picture_itself(name: str, fake):
    assert all(row.scene == (row.reference or row.image) for row in read_dataset(name, fake(name)))


@every_dataset
def test_rows_do_not_depend_on_the_order_of_the_file_system(name: str, fake, monkeypatch: pytest.MonkeyPatch):
    root = fake(name)
    as_it_comes = read_dataset(name, root).rows
    monkeypatch.setattr(os, "scandir", ReversedScandir)
    assert read_dataset(name, root).rows == as_it_comes
    paths = [row.image.lower() for row in as_it_comes]
    assert paths == sorted(paths)


@every_dataset
def test_a_wrong_root_is_one_line_with_what_it_should_hold_and_where_to_get_it(name: str, tmp_path: Path):
    facts = find_dataset(name).facts
    for root in (tmp_path / "nowhere", tmp_path):
        with raises(DatasetError, facts.title, root, facts.where) as caught:
            read_dataset(name, root)
        assert "\n" not in str(caught.value)


@every_dataset
def test_a_root_one_folder_too_high_is_told_the_right_one(name: str, fake):
    root = fake(name)
    with raises(DatasetError, root):
        read_dataset(name, root.parent)


@every_dataset
def test_a_half_copied_dataset_names_the_counts_the_first_missing_file_and_where_to_get_it(name: str, fake):
    root = fake(name)
    whole = read_dataset(name, root)
    labelled = [row for row in whole if row.split != "validation"]  # PIPAL lists no images of that part
    lost = [row.image for row in labelled if name != "pieapp" or row.split == "test"][-2:]
    for image in lost:
        whole.path(image).unlink()
    named = len({path for row in whole for path in (row.image, row.reference) if path})
    facts = find_dataset(name).facts
    with raises(DatasetError, named, facts.title, root, named - 2, 1, facts.where, "--allow-missing"):
        read_dataset(name, root)
    assert len(read_dataset(name, root, allow_missing=True)) == len(whole) - 2


def test_rows_without_their_reference_are_left_out_on_request(fake):
    root = fake("tid2013")
    (root / "reference_images" / "i25.bmp").unlink()
    with raises(DatasetError, 48, 47, "reference_images/I25.BMP"):
        read_dataset("tid2013", root)
    assert {row.reference for row in read_dataset("tid2013", root, allow_missing=True)} == {
        "reference_images/I01.BMP",
        "reference_images/I02.BMP",
    }


def test_a_list_that_names_no_pictures_is_no_dataset(fake):
    root = fake("kadid10k")
    (root / "dmos.csv").write_text("dist_img,ref_img,dmos,var\n")
    with raises(DatasetError, 10125, "KADID-10k"):
        read_dataset("kadid10k", root)


def test_an_unknown_dataset_is_offered_the_nearest():
    with raises(UnknownNameError, "kadid", "kadid10k"):
        find_dataset("kadid")


def test_a_list_that_was_cut_short_is_read_unless_the_published_counts_are_asked_for(fake):
    root = fake("kadid10k")
    lines = (root / "dmos.csv").read_text().splitlines()
    (root / "dmos.csv").write_text("\n".join(lines[:4]))
    assert len(read_dataset("kadid10k", root)) == 3
    with raises(DatasetError, 3, "10,125"):
        read_dataset("kadid10k", root, as_published=True)


def test_a_whole_dataset_is_as_published(fake):
    assert len(read_dataset("live", fake("live"), as_published=True)) == 779


def test_a_damaged_list_names_its_dataset_and_where_to_get_it(fake):
    root = fake("kadid10k")
    (root / "dmos.csv").write_text("")
    facts = find_dataset("kadid10k").facts
    with raises(DatasetError, "dist_img", root / "dmos.csv", 1, "KADID-10k", facts.where):
        read_dataset("kadid10k", root)
