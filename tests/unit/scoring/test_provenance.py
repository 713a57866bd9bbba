import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from acutance.catalog import load
from acutance.errors import ConfigError
from acutance.scoring.options import RunOptions
from acutance.scoring.pairing import NamedImage, Pair
from acutance.scoring.provenance import (
    READING_OF_0_1,
    check_same_run,
    check_unchanged,
    describe_plan,
    describe_run,
    provenance_path,
    write_provenance,
)
from tests.raising import lacking, raises
from tests.unit.scoring.fakes import pair_of

PAIRS = [pair_of(0), pair_of(1)]


def described(**options: Any) -> dict[str, Any]:
    return describe_run([load("ssim", **options)], PAIRS, RunOptions())


def test_a_run_is_described_by_all_that_its_scores_depend_on():
    run = described()
    assert set(run) == {"models", "reading", "versions", "python", "machine", "pairs"}
    (model,) = run["models"]
    assert set(model) == {
        "model",
        "weights",
        "weights_sha256",
        "trunk_sha256",
        "published_sha256",
        "preprocessing",
        "precision",
        "device",
    }
    assert model["preprocessing"]["channel"] == "grey"
    assert set(run["versions"]) == {"acutance", "torch", "torchvision", "timm", "piq", "numpy", "pillow"}
    assert run["pairs"]["count"] == 2


def test_a_description_survives_its_file(tmp_path: Path):
    write_provenance(tmp_path / "scores.csv", described())
    assert json.loads((tmp_path / "scores.csv.provenance.json").read_text()) == described()
    check_same_run(tmp_path / "scores.csv", described())
    assert [path.name for path in tmp_path.iterdir()] == ["scores.csv.provenance.json"]


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (lambda: described(channel="rgb"), ("models", "channel", "grey", "rgb")),
        (
            lambda: describe_run([load("ssim")], PAIRS, RunOptions(background="black")),
            ("reading", "#ffffff", "#000000"),
        ),
        (lambda: describe_run([load("ssim")], PAIRS[:1], RunOptions()), ("pairs", "count", 2, 1)),
        (lambda: describe_run([load("ssim")], PAIRS[::-1], RunOptions()), ("pairs", "sha256")),
        (lambda: described() | {"versions": {"torch": "0.1"}}, ("versions", "torch", 0.1)),
    ],
)
def test_a_difference_is_named(tmp_path: Path, now: Any, words: tuple[object, ...]):
    write_provenance(tmp_path / "scores.csv", described())
    with raises(ConfigError, *words):
        check_same_run(tmp_path / "scores.csv", now())


def begun_by_0_1(**options: Any) -> dict[str, Any]:
    run = described(**options)
    run["reading"] |= READING_OF_0_1
    del run["models"][0]["preprocessing"]["levels"]
    return run


def test_a_run_begun_by_0_1_goes_on_and_one_line_says_what_may_differ(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    write_provenance(tmp_path / "scores.csv", begun_by_0_1())
    check_same_run(tmp_path / "scores.csv", describe_plan(PAIRS, RunOptions()))
    check_same_run(tmp_path / "scores.csv", described())
    (record,) = caplog.records
    assert not lacking(record.getMessage(), "scores.csv", 0.1, "--overwrite")


@pytest.mark.parametrize("asked", [{"levels": "none"}, {"channel": "rgb"}])
def test_a_run_begun_by_0_1_does_not_go_on_with_other_options(tmp_path: Path, asked: dict[str, str]):
    write_provenance(tmp_path / "scores.csv", begun_by_0_1())
    with raises(ConfigError, "models", *asked):
        check_same_run(tmp_path / "scores.csv", described(**asked))


@pytest.mark.parametrize(
    ("text", "fault"),
    [(None, "No such file or directory"), ("{", "line 1 column 2"), ("[1]", "#0")],
)
def test_without_a_readable_description_nothing_is_continued(tmp_path: Path, text: str | None, fault: str):
    path = tmp_path / "scores.csv"
    if text is not None:
        provenance_path(path).write_text(text)
    with raises(ConfigError, "scores.csv.provenance.json", fault, "--overwrite"):
        check_same_run(path, described())


def test_a_picture_that_was_replaced_since_is_named(tmp_path: Path):
    path = tmp_path / "a.png"
    path.write_bytes(b"one")
    pairs = [Pair(NamedImage(path, "a.png", "a.png"))]
    write_provenance(tmp_path / "scores.csv", described())
    check_unchanged(tmp_path / "scores.csv", pairs)
    time.sleep(0.05)
    path.write_bytes(b"two")
    os.utime(path, (0, 0))  # an old date does not hide it
    with raises(ConfigError, "a.png"):
        check_unchanged(tmp_path / "scores.csv", pairs)


def test_files_of_one_name_in_two_places_are_other_pairs(tmp_path: Path):
    runs = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        path = tmp_path / folder / "x.png"
        path.write_bytes(b"same")
        runs.append(describe_run([load("ssim")], [Pair(NamedImage(path, "x.png", "x.png"))], RunOptions()))
    assert runs[0]["pairs"] != runs[1]["pairs"]
