import inspect
from pathlib import Path

import pytest

import acutance.evaluation
from acutance.evaluation import evaluate, read_run
from acutance.evaluation.measure import EvaluationOptions
from tests.fakes.datasets.with_references import write_csiq, write_tid2013
from tests.fakes.rated_set import TABLE, write_rated_set
from tests.raising import raises


def test_a_model_on_a_table_file(tmp_path: Path):
    write_rated_set(tmp_path / "set", references=2, levels=2)
    run = evaluate("psnr", data=tmp_path / "set" / TABLE, draws=0, device="cpu", output=tmp_path / "out")
    (one,) = run.evaluations
    assert (one.dataset, one.agreement.count, one.failed) == ("table", 8, 0)
    assert one.root == str(tmp_path / "set")
    assert read_run(tmp_path / "out") == run


def test_published_layouts_are_read_by_name_and_opinions_keep_their_direction(tmp_path: Path):
    write_tid2013(tmp_path / "tid")
    write_csiq(tmp_path / "csiq")
    scores = tmp_path / "s.csv"
    lines = [f"{path.name},{path.stem[-1]}" for path in (tmp_path / "csiq/dst_imgs").rglob("*.png")]
    scores.write_text("\n".join(["image,level", *lines]) + "\n")
    run = evaluate(
        data=["csiq"],
        root=[tmp_path / "csiq"],
        allow_missing=True,
        scores=scores,
        better={"level": "lower"},
        draws=0,
        curve="linear",
    )
    (csiq,) = run.evaluations
    assert csiq.mos_better == "lower"
    assert csiq.agreement.srcc == pytest.approx(1)  # both the level and the DMOS are better when lower
    both = evaluate(
        "psnr",
        data=["tid2013", "csiq"],
        root={"tid2013": tmp_path / "tid", "csiq": tmp_path / "csiq"},
        allow_missing=True,
        draws=0,
        device="cpu",
    )
    assert [(one.dataset, len(one.predictions)) for one in both.evaluations] == [("tid2013", 45), ("csiq", 57)]


def test_constant_scores_are_one_clear_line_and_no_number(tmp_path: Path):
    write_tid2013(tmp_path)
    (one,) = evaluate(  # all images are the same
        "psnr", data="tid2013", root=tmp_path, allow_missing=True, device="cpu"
    ).evaluations
    assert (one.agreement.srcc, one.agreement.count, one.failed) == (None, 45, 0)
    assert one.agreement.problem.startswith("Expected scores that differ, got 45 times inf")


def test_the_defaults_are_those_of_the_settings():
    defaults = {name: parameter.default for name, parameter in inspect.signature(evaluate).parameters.items()}
    for name in ("protocol", "part", "curve", "draws", "seed", "margin"):
        assert defaults[name] == getattr(EvaluationOptions(), name)


def test_there_is_nothing_else_in_the_package_of_that_name():
    with raises(AttributeError, "acutance.evaluation", "evaluates"):
        _ = acutance.evaluation.evaluates
    assert set(acutance.evaluation.__all__) <= {*dir(acutance.evaluation), "evaluate"}
