from pathlib import Path

import pytest

from acutance.datasets.catalogue import read_dataset
from acutance.errors import DatasetError, MissingExtraError
from tests.fakes.datasets.with_references import write_csiq
from tests.raising import raises
from tests.unit.datasets.conftest import read_rows


@pytest.mark.parametrize("labels", ["xlsx", "csv", "txt"])
@pytest.mark.parametrize("in_one_folder", [False, True])
def test_scores_of_every_published_form_are_the_same(tmp_path: Path, labels: str, *, in_one_folder: bool):
    write_csiq(tmp_path, labels=labels, in_one_folder=in_one_folder)
    place = "dst_imgs_all" if in_one_folder else "dst_imgs/awgn"
    row = read_rows("csiq", tmp_path)[f"{place}/1600.AWGN.4.png"]
    assert (row.mos, row.better, row.distortion, row.level) == (0.75, "lower", "AWGN", 4)
    assert row.reference == "src_imgs/1600.png"
    assert row.mos_std == (None if labels == "txt" else 0.061)


def test_contrast_has_four_or_three_levels(fake):
    rows = [row for row in read_dataset("csiq", fake("csiq")) if row.distortion == "contrast"]
    assert sorted((row.scene, row.level) for row in rows) == [
        *(("src_imgs/1600.png", level) for level in (1, 2, 3, 4)),
        *(("src_imgs/elk.png", level) for level in (1, 2, 3)),
    ]


def test_the_excel_file_needs_openpyxl_only_where_there_is_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write_csiq(tmp_path)
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    with raises(MissingExtraError, "openpyxl"):
        read_dataset("csiq", tmp_path)
    write_csiq(tmp_path, labels="txt")
    assert len(read_dataset("csiq", tmp_path)) == 57


@pytest.mark.parametrize(
    ("labels", "line", "words"),
    [
        ("txt", "1600.SMEAR.1.png 0.5", ("1600.AWGN.1.png", "csiq_label.txt", 1, "1600.SMEAR.1.png")),
        ("txt", "1600.AWGN.png 0.5", ("1600.AWGN.png",)),
        (
            "csv",
            "image,dst_idx,dst_lev,dmos\n1600,7,1,0.5",
            (1, 6, "DMOS.csv", 2, "dst_idx", 7),
        ),
        (
            "csv",
            "image,dst_idx,dmos\n1600,1,0.5",
            ("dst_lev", "DMOS.csv", 1, "image", "dst_idx", "dmos"),
        ),
        ("csv", "", ("image", "DMOS.csv", 1)),
    ],
)
def test_damaged_scores_name_file_line_and_column(tmp_path: Path, labels: str, line: str, words: tuple[object, ...]):
    write_csiq(tmp_path, labels=labels)
    (tmp_path / {"txt": "csiq_label.txt", "csv": "DMOS.csv"}[labels]).write_text(line)
    with raises(DatasetError, *words):
        read_dataset("csiq", tmp_path)
