"""KADIS-700k's metric scores as pseudo-MOS."""

from pathlib import Path
from typing import Any

import pytest

from acutance.datasets.kadid import METRICS, read_kadis_scores
from acutance.errors import DatasetError
from tests.fakes.datasets.files import write_lines
from tests.fakes.datasets.with_references import write_kadis700k
from tests.raising import raises

NAMES = [
    ("abc_def_colorsaturate_3.png", "abc_def.png", "dist_imgs/abc_def_07_03.bmp", "Color saturation 1"),
    ("abc_def_saturate_1.png", "abc_def.png", "dist_imgs/abc_def_07_01.bmp", "Color saturation 1"),
    ("Abbey-1_colorblock_05.jpg", "Abbey-1.png", "dist_imgs/Abbey-1_23_05.bmp", "Color block"),
    ("zoo_15_02.bmp", "zoo.jpg", "dist_imgs/zoo_15_02.bmp", "Denoise"),
]
"""As the file may call an image, its reference, its path, its distortion."""


def write_scores(path: Path, lines: list[str] | None = None, *, add_gsim: float = 1.0) -> None:
    rows = []
    for number, (name, reference, *_) in enumerate(NAMES):
        values = [round(0.1 * column + 0.01 * number, 3) for column in range(len(METRICS))]
        values[METRICS.index("add-gsim")] *= add_gsim
        rows.append(",".join((name, reference, *map(str, values))))
    write_lines(path, ["dist_img,ref_img," + ",".join(METRICS), *(rows if lines is None else lines), ""])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_kadis700k(tmp_path)
    return tmp_path


def test_pictures_are_found_by_the_words_for_their_distortions(root: Path):
    write_scores(root / "scores.csv")
    table = read_kadis_scores(root, root / "scores.csv")
    assert [row.image for row in table] == [path for _, _, path, _ in NAMES]
    assert [row.distortion for row in table] == [kind for *_, kind in NAMES]
    assert [row.level for row in table] == [3, 1, 5, 2]
    assert [row.scene for row in table] == [f"ref_imgs/{reference}" for _, reference, *_ in NAMES]
    assert all(table.path(row.image).is_file() for row in table)


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_is_read_from_its_column_with_its_direction(root: Path, metric: Any):
    write_scores(root / "scores.csv")
    table = read_kadis_scores(root, root / "scores.csv", metric)
    assert table.rows[0].mos == pytest.approx(0.1 * METRICS.index(metric))
    assert {row.better for row in table} == {"lower" if metric in ("mdsi", "gmsd") else "higher"}


def test_the_direction_of_add_gsim_is_told_by_its_sign_beside_vsi(root: Path):
    write_scores(root / "scores.csv", add_gsim=-1.0)
    assert {row.better for row in read_kadis_scores(root, root / "scores.csv", "add-gsim")} == {"lower"}


def test_a_picture_that_is_missing_is_named(root: Path):
    write_scores(root / "scores.csv")
    (root / "dist_imgs/abc_def_07_03.bmp").unlink()
    with raises(DatasetError, 7, 6, "dist_imgs/abc_def_07_03.bmp"):
        read_kadis_scores(root, root / "scores.csv")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("zoo_15_02.bmp,zoo.jpg,0.5", (13, "scores.csv", 2, 3)),
        ("zoo_shiver_2.bmp,zoo.jpg" + 11 * ",0.5", ("scores.csv", 2, "image", "zoo_shiver_2.bmp")),
        ("zoo_15_06.bmp,zoo.jpg" + 11 * ",0.5", ("scores.csv", 2, "image", "zoo_15_06.bmp")),
        ("zoo_26_01.bmp,zoo.jpg" + 11 * ",0.5", ("scores.csv", 2, "image", "zoo_26_01.bmp")),
        ("zoo_15_02.bmp,zoo.jpg" + 11 * ",much", ("scores.csv", 2, "vsi", "much")),
    ],
)
def test_a_damaged_line_is_named(root: Path, line: str, message: tuple[object, ...]):
    write_scores(root / "scores.csv", [line])
    with raises(DatasetError, *message):
        read_kadis_scores(root, root / "scores.csv")


def test_no_file_and_no_scores_are_named(root: Path):
    with raises(DatasetError, "scores.csv"):
        read_kadis_scores(root, root / "scores.csv")
    write_scores(root / "scores.csv", [])
    with raises(DatasetError, "scores.csv"):
        read_kadis_scores(root, root / "scores.csv")
