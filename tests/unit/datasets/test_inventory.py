from dataclasses import replace
from pathlib import Path

import pytest

from acutance.datasets.catalogue import DATASETS, check_dataset, find_dataset, read_dataset
from acutance.datasets.folder import Dataset
from tests.fakes.datasets.alone import write_koniq10k
from tests.fakes.datasets.catalogue import FAKES
from tests.raising import raises


def test_a_dataset_that_is_there_as_published_is_complete(fake):
    report = check_dataset("live", fake("live"))
    assert (report.found.rated, report.found.references, report.found.distortions) == (779, 29, 5)
    assert report.differences == []
    assert report.is_complete


@pytest.mark.parametrize("name", [name for name in DATASETS if name != "live"])
def test_a_small_dataset_is_not_as_published(name: str, fake):
    report, facts = check_dataset(name, fake(name)), find_dataset(name).facts
    assert report.found.rated == FAKES[name].rated
    assert not report.is_complete
    counted = FAKES[name].rated if facts.rated else FAKES[name].unrated
    kind = "with" if facts.rated else "without"
    published = facts.rated or facts.unrated
    assert report.differences[0] == f"{counted} images {kind} a score, published are {published}"
    assert (report.missing, report.problems, report.unreadable) == ([], [], [])


def test_official_splits_are_counted(fake):
    report = check_dataset("koniq10k", fake("koniq10k"))
    assert report.found.splits == {"train": 3, "validation": 1, "test": 2}
    assert report.differences[1:] == [
        "3 images to train, published are 7058",
        "1 images to validation, published are 1000",
        "2 images to test, published are 2015",
    ]


def test_missing_files_are_listed_and_their_rows_not_counted(fake):
    root = fake("live")
    whole = read_dataset("live", root)
    (root / "jpeg" / "img3.bmp").unlink()
    (root / "refimgs" / "scene05.bmp").unlink()
    lost = [row for row in whole if row.image == "jpeg/img3.bmp" or row.reference == "refimgs/scene05.bmp"]
    report = check_dataset("live", root)
    assert sorted(report.missing) == ["jpeg/img3.bmp", "refimgs/scene05.bmp"]
    assert report.found.rated == 779 - len(lost)
    assert report.found.references == 28
    assert not report.is_complete


def test_more_pictures_without_scores_than_published_are_no_difference(fake, monkeypatch: pytest.MonkeyPatch):
    pipal = find_dataset("pipal")
    facts = replace(pipal.facts, rated=6, references=2)
    monkeypatch.setitem(DATASETS, "pipal", Dataset(facts, pipal.read))
    report = check_dataset("pipal", fake("pipal"))
    assert (report.found.unrated, report.found.references) == (2, 3)
    assert report.differences == []


def test_scores_outside_the_scale_are_problems(fake):
    root = fake("biq2021")
    path = root / "Test (Images and MOS).csv"
    path.write_text(path.read_text().replace(",1\n", ",7.5\n"))
    report = check_dataset("biq2021", root)
    assert [problem.what for problem in report.problems] == ["7.5 lies outside 0 to 1"]
    assert report.mos_range == (0.0471, 7.5)


def test_pictures_are_opened_on_request_and_progress_is_told(fake):
    root = fake("tid2008")
    (root / "reference_images" / "I01.BMP").write_bytes(b"BM no image")
    assert check_dataset("tid2008", root).unreadable == []
    told: list[tuple[int, int]] = []
    report = check_dataset("tid2008", root, decode=True, on_progress=lambda done, total: told.append((done, total)))
    assert len(report.unreadable) == 1
    assert str(root / "reference_images" / "I01.BMP") in report.unreadable[0]
    assert told == [(number, 26) for number in range(1, 27)]


def test_a_folder_without_the_dataset_is_an_error_and_no_report(tmp_path: Path):
    with raises(ValueError, "TID2013", "mos_with_names.txt"):
        check_dataset("tid2013", tmp_path)


def test_splits_are_not_compared_with_a_list_that_tells_none(tmp_path: Path):
    write_koniq10k(tmp_path, with_sets=False)
    assert check_dataset("koniq10k", tmp_path).differences == ["6 images with a score, published are 10073"]
