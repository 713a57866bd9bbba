"""A-FINE's lists of normalised opinions.

The authors publish theirs of PIPAL's training part, 16,240 lines (scripts/fit_parameter/normalize_results in their
code). Its opinions are those of PIPAL with four digits: the file itself tells their range, 916.7136 to 1827.9009, from
which every line follows to its last digit. Some of its lines stand here, beside the opinions.
"""

from pathlib import Path

import numpy as np
import pytest

from acutance.datasets.afine_lists import RatedLine
from acutance.datasets.targets import Targets, normalised_lists, read_targets, write_normalised
from acutance.errors import DatasetError
from tests.fakes.datasets.files import write_lines
from tests.raising import raises

PUBLISHED = {
    "A0002_00_00.bmp": ("1466.4372", "-0.41321888485495784"),
    "A0002_00_01.bmp": ("1292.0443", "0.3523444630977628"),
    "A0002_00_02.bmp": ("1597.4977", "-0.9885583348231468"),
    "A0002_00_03.bmp": ("1464.543", "-0.4049035801969576"),
    "A0203_06_24.bmp": ("1827.9009", "-2.0"),
    "A0243_03_23.bmp": ("916.7136", "2.0"),
}
"""Opinion and normalised opinion; the last two are PIPAL's best and worst."""


def write_mos(folder: Path) -> Path:
    for name, (mos, _) in PUBLISHED.items():
        reference = name[:5]
        path = folder / f"{reference}.txt"
        before = path.read_text().splitlines() if path.exists() else []
        write_lines(path, [*before, f"{name},{reference}.bmp,{mos}"])
    return folder


def test_normalised_opinions_are_the_published_ones_to_the_last_digit(tmp_path: Path):
    write_normalised(tmp_path / "out.txt", normalised_lists(write_mos(tmp_path / "MOS")))
    expected = [f"{name},{name[:5]}.bmp,{value}" for name, (_, value) in PUBLISHED.items()]
    assert (tmp_path / "out.txt").read_text().splitlines() == expected


def test_lists_of_contents_go_from_0_the_best_to_100(tmp_path: Path):
    write_lines(
        tmp_path / "MOS/online15.txt",
        ["online15_Original.png,100.0", "online15_HGGTx4.png 77.3", "online15_BSRGANx4.png,0"],
    )
    lines = normalised_lists(tmp_path / "MOS")
    assert [line.mos for line in lines] == [0.0, 100 - 77.3, 100.0]
    assert {line.reference for line in lines} == {"online15_Original.png"}


def test_the_fit_finds_the_authors_values_where_scores_follow_them(tmp_path: Path):
    opinions = np.linspace(-2, 2, 41)
    write_lines(tmp_path / "n.txt", [f"p{place}.bmp,r.bmp,{mos}" for place, mos in enumerate(opinions)])
    targets = read_targets(tmp_path / "n.txt")
    inner = np.clip(opinions, -1.9999, 1.9999)
    raw = 4.9592 + 21.5968 * np.log((2 + inner) / (2 - inner))
    fitted = targets.fit({f"p{place}.bmp": float(value) for place, value in enumerate(raw)})
    assert targets.term == "raw_naturalness"
    assert [fitted.centre, fitted.scale] == pytest.approx([4.9592, 21.5968], abs=1e-3)


def test_opinions_that_were_not_normalised_are_told(tmp_path: Path):
    with raises(DatasetError, "A0002.txt", "acutance data normalize"):
        read_targets(write_mos(tmp_path / "MOS") / "A0002.txt")


def test_a_picture_without_a_score_is_named(tmp_path: Path):
    write_lines(tmp_path / "n.txt", ["a.bmp,r.bmp,-2.0", "b.bmp,r.bmp,2.0"])
    with raises(DatasetError, "b.bmp"):
        read_targets(tmp_path / "n.txt").fit({"a.bmp": 1.0})


def test_two_opinions_of_one_picture_are_told(tmp_path: Path):
    (tmp_path / "r.txt").write_text("a.png,r.png,1\nb.png,r.png,2\na.png,r.png,3\n")
    with raises(DatasetError, "a.png", 1, 3):
        normalised_lists(tmp_path)


def test_opinions_too_far_apart_for_float64_are_an_error(tmp_path: Path):
    (tmp_path / "r.txt").write_text("a.png,r.png,-1e308\nb.png,r.png,1e308\n")
    with raises(DatasetError, "1e+308"):
        normalised_lists(tmp_path)


def test_a_picture_listed_twice_has_no_score_of_its_own():
    lines = [RatedLine(name, reference, mos) for name, reference, mos in (("a", "r", -2), ("b", "r", 0), ("A", "s", 2))]
    with raises(DatasetError, "a"):
        Targets(lines, -2, 2).fit({"a": 1.0, "b": 2.0})


def test_points_that_do_not_determine_a_logistic_have_no_fit():
    lines = [RatedLine(name, "r", mos) for name, mos in (("a", -2), ("b", 2))]
    with raises(DatasetError, 2):
        Targets(lines, -2, 2).fit({"a": 1.0, "b": 2.0})
