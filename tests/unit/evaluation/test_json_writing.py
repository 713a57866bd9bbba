import json
import math

from acutance.evaluation.json_writing import evaluation_json, metrics, run_json
from tests.unit.evaluation.runs import agreement_like, evaluation_like, run_like


def text_of(run) -> str:
    return "".join(evaluation_json(run, run.evaluations))


def test_every_picture_has_a_line_of_its_own():
    lines = text_of(run_like()).splitlines()
    rows = [line for line in lines if '"image"' in line]
    assert [json.loads(row.rstrip(","))["image"] for row in rows] == ['a "quoted", name é.png', "b.png", "c.png"]


def test_an_infinite_score_is_json_that_any_reader_takes():
    text = text_of(run_like())
    assert '"predicted": 1e999' in text
    assert "Infinity" not in text
    assert json.loads(text)["datasets"]["mine"]["predictions"][0]["predicted"] == math.inf


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
