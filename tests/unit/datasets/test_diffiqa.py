from pathlib import Path

import pytest

from acutance.datasets.catalogue import read_dataset
from acutance.errors import DatasetError
from tests.fakes.datasets.restored import write_sriqa_bench
from tests.raising import raises
from tests.unit.datasets.conftest import read_rows


def test_every_reference_has_six_versions(fake):
    rows = [row for row in read_dataset("diffiqa", fake("diffiqa")) if "000006x0y770" in row.image]
    assert [row.distortion for row in rows] == ["01", "02", "03", "04", "05", "06"]
    assert {row.reference for row in rows} == {"Train/images/Original/000006x0y770.png"}
    assert {(row.split, row.mos) for row in rows} == {("train", None)}


def test_a_part_of_diffiqa_is_read_by_itself(fake):
    root = fake("diffiqa")
    rows = read_rows("diffiqa", root / "Train")
    assert len(rows) == 12
    assert rows["images/06/000017x27y13_06.png"].split is None


@pytest.mark.parametrize("folder_ending", ["", "x4"])
def test_folders_of_methods_may_carry_the_factor_or_not(tmp_path: Path, folder_ending: str):
    write_sriqa_bench(tmp_path, folder_ending=folder_ending)
    rows = read_rows("sriqa_bench", tmp_path)
    row = rows[f"images/SeeSR{folder_ending}/canon7_SeeSRx4.png"]
    assert (row.mos, row.better, row.distortion) == (70.0, "higher", "SeeSRx4")
    assert row.reference == "images/Original/canon7_Original.png"


def test_the_original_is_rated_against_itself(fake):
    row = read_rows("sriqa_bench", fake("sriqa_bench"))["images/Original/online15_Original.png"]
    assert (row.reference, row.mos, row.distortion) == (row.image, 100.0, "Original")


def test_a_file_without_a_method_in_its_name_is_refused(fake):
    root = fake("sriqa_bench")
    (root / "MOS" / "canon7.txt").write_text("canon7.png,50\n")
    with raises(DatasetError, "online15_SwinIRx4.png", "canon7.txt", 1, "canon7.png"):
        read_dataset("sriqa_bench", root)
