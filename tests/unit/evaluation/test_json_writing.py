import json
import math

import pytest

from acutance.evaluation.files import evaluation_json, metrics, run_json
from acutance.evaluation.results import printed_lines
from tests.unit.evaluation.runs import agreement_like, evaluation_like, model_test, run_like


def text_of(run) -> str:
    return "".join(evaluation_json(run, run.evaluations))


def test_every_picture_has_a_line_of_its_own():
    lines = text_of(run_like()).splitlines()
    rows = [line for line in lines if '"image"' in line]
    assert [json.loads(row.rstrip(","))["image"] for row in rows] == ['a "quoted", name é.png', "b.png", "c.png"]


def test_an_infinite_score_is_json_that_any_reader_takes():
    text = text_of(run_like())
    loaded = json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    first, failed, _ = loaded["datasets"]["mine"]["predictions"]
    assert (first["predicted"], first["note"]) == (None, "infinite")
    assert "error" not in first
    assert failed["predicted"] is None
    assert "note" not in failed


def test_an_infinite_statistic_is_null_and_named_before_the_note_it_has():
    perfect = model_test(statistic=math.inf, note="few pictures")
    (test,) = json.loads("".join(run_json(run_like(tests=(perfect,)), {})))["tests"]
    assert (test["statistic"], test["note"]) == (None, "statistic infinite; few pictures")


def test_printed_lines_are_json_that_any_reader_takes():
    run = run_like(evaluation_like(protocol_results={"accuracy": math.inf}))
    text = "".join(printed_lines(run.evaluations, None, as_json=True))
    row = json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))[-1]
    assert (row["value"], row["note"]) == (None, "value infinite")


def test_a_statistic_that_is_no_number_is_written_as_missing():
    run = run_like(evaluation_like(protocol_results={"srcc_std": math.nan}))
    assert json.loads(text_of(run))["datasets"]["mine"]["protocol_results"] == {"srcc_std": None}


def test_a_file_of_one_model_tells_the_provenance_of_that_model_alone():
    models = [{"model": "psnr", "weights": "p.pth"}, {"model": "ssim", "weights": None}]
    run = run_like(provenance={"mine": {"models": models, "python": "3.12"}, "other": "unknown"})
    told = json.loads(text_of(run))["provenance"]
    assert told == {"mine": {"models": models[:1], "python": "3.12"}, "other": "unknown"}
    assert json.loads("".join(run_json(run, {"psnr": "psnr"})))["provenance"]["mine"]["models"] == models


def test_a_run_without_provenance_says_nothing_of_weights():
    fields = json.loads(text_of(run_like(provenance={})))
    assert "provenance" not in fields
    assert fields["model_path"] is None


def test_metrics_begin_with_the_three_of_ms_hyperiqa():
    assert list(metrics(agreement_like()))[:3] == ["srcc", "plcc", "num_samples"]
