"""One image saved in many ways: format, layout, depth, tag."""

import io
import json
import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import acutance
from acutance.cli.app import app
from acutance.errors import ImageReadError
from tests.fakes import saved
from tests.raising import raises

WAYS = saved.ways()
RGB = {"psnr": {"channel": "rgb"}}


def file_named(way: saved.Way) -> io.BytesIO:
    file = io.BytesIO(way.data)
    file.name = f"a{way.ending}"
    return file


@pytest.mark.parametrize("name", WAYS)
def test_a_picture_scores_as_an_independent_reader_sees_it(name: str):
    way = WAYS[name]
    truth = saved.picture() if way.reader is None else way.reader(way.data)
    if way.is_error:
        with raises(ImageReadError, f"a{way.ending}"):
            acutance.score(file_named(way), reference=truth, model="psnr", options=RGB)
        return
    score = acutance.score(file_named(way), reference=truth, model="psnr", options=RGB)
    assert isinstance(score, acutance.Score)
    assert score.value >= way.least


def test_at_most_six_of_the_ways_are_errors_and_the_others_are_thirty_or_more():
    failing = sum(way.is_error for way in WAYS.values())
    assert failing <= 6
    assert len(WAYS) - failing >= 30


def test_by_command_line_every_way_scores_the_same(tmp_path: Path):
    for name, way in WAYS.items():
        (tmp_path / "files").mkdir(exist_ok=True)
        (tmp_path / "files" / f"{name}{way.ending}").write_bytes(way.data)
        truth = saved.picture() if way.reader is None else way.reader(way.data)
        target = tmp_path / "truth" / f"{name}.png"
        target.parent.mkdir(exist_ok=True)
        Image.fromarray(truth if truth.dtype == np.uint8 else saved.picture()).save(target)
    arguments = ["score", str(tmp_path / "files"), "--reference", str(tmp_path / "truth"), "--pair-by", "stem"]
    result = CliRunner().invoke(app, [*arguments, "-m", "psnr", "--set", "psnr.channel=rgb", "--format", "json"])
    rows = {Path(row["image"]).stem: row for row in json.loads(result.stdout)}
    assert result.exit_code == 1  # some are errors
    assert set(rows) == set(WAYS)
    for name, way in WAYS.items():
        assert bool(rows[name]["error"]) == way.is_error, name
        if not way.is_error and (way.reader is None or way.reader(way.data).dtype == np.uint8):
            score = math.inf if rows[name].get("note") == "infinite" else rows[name]["score"]
            assert score >= way.least, name
