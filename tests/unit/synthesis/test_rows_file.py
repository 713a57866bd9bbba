import json
from pathlib import Path

import pytest

from acutance.errors import ConfigError
from acutance.synthesis.folder import kept_rows, new_rows
from acutance.synthesis.maker import Row, png_bytes
from acutance.synthesis.plan import Choices, RandomPlan, items_from
from acutance.tables.append import ResumableFile
from tests.raising import raises
from tests.unit.synthesis.conftest import scene

COLUMNS = ("image", "psnr", "error")
PLAN = RandomPlan(Choices(names=["a", "b"], kinds=["gblur", "jpeg"], levels=[1, 2], seed=0, ending=".png"), 6)
ROWS: list[Row] = [
    {"image": item.name, "psnr": float(index), "error": None} for index, item in enumerate(items_from(PLAN, 0))
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of the first four rows, beside their images; the second has an error and none."""
    (tmp_path / "images").mkdir()
    for row in ROWS[:4]:
        (tmp_path / "images" / row["image"]).write_bytes(png_bytes(scene(0)))
    (tmp_path / "images" / ROWS[1]["image"]).unlink()
    with new_rows(tmp_path / "rows.jsonl", COLUMNS) as rows:
        rows.add([ROWS[0], {**ROWS[1], "psnr": None, "error": "Expected, got."}])
        rows.add(ROWS[2:4])
    return tmp_path / "rows.jsonl"


def restored(path: Path) -> ResumableFile:
    return kept_rows(path, COLUMNS, PLAN, path.parent / "images")


def test_rows_are_found_again(path: Path):
    rows = restored(path)
    assert rows.count == 4
    assert [row["psnr"] for row in rows.rows()] == [0.0, None, 2.0, 3.0]


def test_an_infinite_score_stays_one(tmp_path: Path):
    with new_rows(tmp_path / "rows.jsonl", COLUMNS) as rows:
        rows.add([{**ROWS[0], "psnr": float("inf")}])
    assert [row["psnr"] for row in rows.rows()] == [float("inf")]
    assert json.loads((tmp_path / "rows.jsonl").read_text()) == {**ROWS[0], "psnr": None, "note": "psnr infinite"}


def test_an_infinite_score_of_0_1_stays_one(path: Path):
    path.write_text(path.read_text().replace("2.0", "1e999"))
    assert [row["psnr"] for row in restored(path).rows()] == [0.0, None, float("inf"), 3.0]


def test_a_line_that_was_cut_off_goes(path: Path):
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"image": "00')
    assert restored(path).count == 4
    assert path.read_bytes() == whole


def test_rows_go_on_after_the_last_one(path: Path):
    rows = restored(path)
    with rows:
        rows.add(ROWS[4:])
    assert [row["psnr"] for row in rows.rows()] == [0.0, None, 2.0, 3.0, 4.0, 5.0]


def test_rows_after_a_picture_that_is_gone_are_made_again(path: Path):
    (path.parent / "images" / ROWS[2]["image"]).unlink()
    assert restored(path).count == 2
    assert len(path.read_bytes().splitlines()) == 2


@pytest.mark.parametrize("left", [0, 5, -1])
def test_rows_after_a_picture_that_was_cut_off_are_made_again(path: Path, left: int):
    image = path.parent / "images" / ROWS[2]["image"]
    image.write_bytes(image.read_bytes()[:left])
    assert restored(path).count == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
def test_a_full_disk_is_named_though_closing_fails_too():
    with (
        raises(ConfigError, "/dev/full", "No space left on device"),
        new_rows(Path("/dev/full"), COLUMNS) as rows,
    ):
        rows.add(ROWS)


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path):
    (tmp_path / "rows.jsonl").mkdir()
    with raises(ConfigError, "rows.jsonl"):
        new_rows(tmp_path / "rows.jsonl", COLUMNS).__enter__()
    with raises(ConfigError, "rows.jsonl"):
        restored(tmp_path / "rows.jsonl")


def test_an_absent_file_has_no_rows(tmp_path: Path):
    assert restored(tmp_path / "rows.jsonl").count == 0


def test_rows_of_another_plan_are_refused(path: Path):
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[1], lines[0]]))
    with raises(ConfigError, 1, "rows.jsonl", ROWS[0]["image"]):
        restored(path)
    path.write_bytes(lines[0].replace(b"psnr", b"ssim"))
    with raises(ConfigError, 1, "rows.jsonl"):
        restored(path)


def test_a_damaged_file_is_named(path: Path):
    path.write_bytes(b"{]\n")
    with raises(ConfigError, "rows.jsonl", "--overwrite"):
        restored(path)


def test_rows_are_added_inside_the_block_only(path: Path):
    with raises(ValueError):
        restored(path).add(ROWS[4:])
