import json
import math
from pathlib import Path

import pytest

from acutance.evaluation.files import write_run
from acutance.evaluation.results import printed_lines
from tests.unit.evaluation.runs import evaluation_like, model_test, run_like


def text_of(run, folder: Path, name: str = "eval_results.json") -> str:
    write_run(run, folder)
    return (folder / name).read_text(encoding="utf-8")


def test_every_picture_has_a_line_of_its_own(tmp_path: Path):
    lines = text_of(run_like(), tmp_path).splitlines()
    rows = [line for line in lines if '"image"' in line]
    assert [json.loads(row.rstrip(","))["image"] for row in rows] == ['a "quoted", name é.png', "b.png", "c.png"]


def test_an_infinite_score_is_json_that_any_reader_takes(tmp_path: Path):
    text = text_of(run_like(), tmp_path)
    loaded = json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    first, failed, _ = loaded["datasets"]["mine"]["predictions"]
    assert (first["predicted"], first["note"]) == (None, "infinite")
    assert "error" not in first
    assert failed["predicted"] is None
    assert "note" not in failed


def test_an_infinite_statistic_is_null_and_named_before_the_note_it_has(tmp_path: Path):
    perfect = model_test(statistic=math.inf, note="few images")
    run = run_like(evaluation_like(), evaluation_like("ssim"), tests=(perfect,))
    (test,) = json.loads(text_of(run, tmp_path, "run.json"))["tests"]
    assert (test["statistic"], test["note"]) == (None, "statistic infinite; few images")


def test_printed_lines_are_json_that_any_reader_takes():
    run = run_like(evaluation_like(protocol_results={"accuracy": math.inf}))
    text = "".join(printed_lines(run.evaluations, None, as_json=True))
    row = json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))[-1]
    assert (row["value"], row["note"]) == (None, "value infinite")


def test_a_statistic_that_is_no_number_is_written_as_missing(tmp_path: Path):
    run = run_like(evaluation_like(protocol_results={"srcc_std": math.nan}))
    assert json.loads(text_of(run, tmp_path))["datasets"]["mine"]["protocol_results"] == {"srcc_std": None}


def test_a_file_of_one_model_tells_the_provenance_of_that_model_alone(tmp_path: Path):
    models = [{"model": "psnr", "weights": "p.pth"}, {"model": "ssim", "weights": None}]
    run = run_like(provenance={"mine": {"models": models, "python": "3.12"}, "other": "unknown"})
    told = json.loads(text_of(run, tmp_path))["provenance"]
    assert told == {"mine": {"models": models[:1], "python": "3.12"}, "other": "unknown"}
    both = run.model_copy(update={"evaluations": [evaluation_like(), evaluation_like("ssim")]})
    assert json.loads(text_of(both, tmp_path, "run.json"))["provenance"]["mine"]["models"] == models


def test_a_run_without_provenance_says_nothing_of_weights(tmp_path: Path):
    fields = json.loads(text_of(run_like(provenance={}), tmp_path))
    assert "provenance" not in fields
    assert fields["model_path"] is None


def test_metrics_begin_with_the_three_of_ms_hyperiqa(tmp_path: Path):
    mine = json.loads(text_of(run_like(), tmp_path))["datasets"]["mine"]
    assert list(mine["metrics"])[:3] == ["srcc", "plcc", "num_samples"]
