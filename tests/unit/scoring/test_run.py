import copy
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch

from acutance.catalog import load
from acutance.errors import ConfigError, PairingError, UnknownNameError
from acutance.scoring import run as run_module
from acutance.scoring.options import RunOptions
from acutance.scoring.pairing import Pair, Pairing
from acutance.scoring.provenance import describe_plan, write_provenance
from acutance.scoring.rows import ScoreFile, ScoreRow
from acutance.scoring.run import ScorePlan, load_models, open_score_file, plan_scores, score_rows
from tests.fakes.training_loops import train_a_step
from tests.raising import lacking, raises
from tests.unit.scoring.fakes import Brightness, Distance, noise, pair_of, picture, write_images

ALONE = noise(0)
PAIR = (noise(0), noise(1))
PLAIN = {"psnr": "float64", "ssim": "float64", "afine-tiny": "float32"}
"""What models without bfloat16 compute in."""


def asked(
    images: Any = PAIR[0],
    reference: Any = PAIR[1],
    model: Any = "psnr",
    options: Any = None,
    run: RunOptions = RunOptions(device="cpu", offline=True),  # noqa: B008 (frozen)
    **named: Any,
) -> ScorePlan:
    return plan_scores(images, reference, model, options=run, model_options=options, **named)


def rows_of(plan: ScorePlan) -> list[ScoreRow]:
    return list(score_rows(plan, load_models(plan)[0]))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"model": ["psnr", "psnr"]}, ("psnr",)),
        ({"model": ["psnr", load("psnr")]}, ("psnr",)),
        ({"model": []}, ()),
        ({"weights": "a.pth"}, ("psnr", "a.pth")),
        ({"weights": {"afine": "a.pth"}}, ("psnr", "afine")),
        ({"options": {"ssim": {}}}, ("psnr", "ssim")),
        (
            {"model": load("ssim"), "options": {"ssim": {"channel": "rgb"}}},
            ("ssim",),
        ),
        ({"model": load("ssim"), "weights": "a.pth"}, ("ssim", "a.pth")),
        ({"reference": None}, (0, "psnr")),
    ],
)
def test_what_does_not_fit_is_an_error_before_any_work(options: dict[str, Any], words: tuple[object, ...]):
    with raises(ConfigError, *words):
        asked(**options)


def test_an_unknown_model_is_offered_the_nearest():
    with raises(UnknownNameError, "psnt", "psnr"):
        asked(model=["ssim", "psnt"])


def test_a_bare_module_is_not_scored_with():
    model = Distance()
    model.provenance = None
    with raises(ConfigError, "acutance.load", "Distance"):
        asked(model=model)


def test_a_model_of_the_callers_own_is_taken():
    plan = asked(model=[Distance("mine"), Brightness("alone")])
    assert [row.model for row in rows_of(plan)] == ["mine", "alone"]


def test_a_pair_is_scored_by_afine_tiny_unless_a_model_is_named():
    assert asked(model=None).names == ["afine-tiny"]


def test_a_picture_alone_is_scored_by_the_half_of_it_that_needs_no_reference():
    assert asked(reference=None, model=None).names == ["afine-tiny-naturalness"]


def test_classic_stands_for_five_metrics():
    assert asked(model="classic").names == ["psnr", "ssim", "ms_ssim", "gmsd", "vsi"]
    assert asked(model=["mdsi", "classic"]).names[:2] == ["mdsi", "psnr"]


def test_a_group_beside_one_of_its_models_takes_that_model_once():
    assert asked(model=["classic", "VSI"]).names == ["psnr", "ssim", "ms_ssim", "gmsd", "vsi"]
    assert asked(model=["gmsd", "CLASSIC"]).names == ["gmsd", "psnr", "ssim", "ms_ssim", "vsi"]


def test_models_options_and_weights_are_found_in_any_case():
    plan = asked(model=["PSNR", "Ssim"], options={"SSIM": {"Channel": "RGB"}})
    assert plan.names == ["psnr", "ssim"]
    models, _ = load_models(plan)
    assert [model.provenance.model for model in models if model.provenance] == ["psnr", "ssim"]
    assert models[1].preprocessing() == load("ssim", channel="rgb").preprocessing()
    with raises(ConfigError, "afine"):
        asked(model="psnr", weights={"AFINE": "a.pth"})


def test_one_model_in_two_cases_is_one_model():
    with raises(ConfigError, "psnr"):
        asked(model=["psnr", "PSNR"])
    with raises(ConfigError, "ssim"):
        asked(model="ssim", options={"ssim": {}, "SSIM": {}})


def test_unmatched_files_are_an_error_unless_allowed(tmp_path: Path):
    write_images(tmp_path, "out/a.png", "out/b.png", "truth/a.png")
    folders: dict[str, Any] = {"images": tmp_path / "out", "reference": tmp_path / "truth"}
    with raises(PairingError, 1, "b.png", "--allow-unmatched"):
        asked(**folders)
    plan = asked(**folders, allow_unmatched=True)
    assert len(plan.pairing.pairs) == 1
    assert any(not lacking(line, 1, "b.png") for line in plan.report())


def test_nothing_matched_is_an_error_even_if_allowed(tmp_path: Path):
    write_images(tmp_path, "out/a.png", "truth/b.png")
    with raises(PairingError, "a.png"):
        asked(tmp_path / "out", tmp_path / "truth", allow_unmatched=True)


def test_models_without_weights_are_loaded_first_and_stay_in_their_place(monkeypatch: pytest.MonkeyPatch):
    loaded: list[str] = []

    def watched(name: str, *_: Any, **__: Any) -> Distance:
        loaded.append(name)
        return Distance(name)

    monkeypatch.setattr(run_module, "load", watched)
    plan = asked(model=["afine", Distance("mine"), "psnr"])
    assert [row.model for row in rows_of(plan)] == ["afine", "mine", "psnr"]
    assert loaded == ["psnr", "afine"]


def test_a_manifest_names_its_own_references(tmp_path: Path):
    (tmp_path / "m.csv").write_text("image,reference\na.png,t.png\n")
    with raises(ConfigError, "m.csv"):
        asked(tmp_path / "m.csv", "t.png")
    with raises(ConfigError, "m.csv"):
        asked([tmp_path / "m.csv", "a.png"], None)
    assert asked(tmp_path / "m.csv", None).pairing.pairs[0].image.name == "a.png"


def test_a_manifest_is_never_overwritten_by_its_scores(tmp_path: Path):
    (tmp_path / "m.csv").write_text("image,reference\na.png,t.png\n")
    with raises(ConfigError, "m.csv"):
        open_score_file(asked(tmp_path / "m.csv", None), tmp_path / "m.csv", overwrite=True)


def test_resume_and_overwrite_exclude_each_other(tmp_path: Path):
    with raises(ConfigError, "--resume", "--overwrite"):
        open_score_file(asked(), tmp_path / "a.csv", resume=True, overwrite=True)


def test_scores_under_the_former_name_of_a_model_are_not_continued_under_the_new_one(tmp_path: Path):
    plan = asked([ALONE], None, "hyperiqa-pyiqa")
    path = tmp_path / "a.csv"
    with ScoreFile(path) as file:
        file.write([ScoreRow(image="image 0", reference=None, model="hyperiqa.pyiqa", score=1.0)])
    write_provenance(path, describe_plan(plan.pairing.pairs, plan.options))
    with raises(ConfigError, "hyperiqa.pyiqa", "hyperiqa-pyiqa", "now called", "--overwrite"):
        open_score_file(plan, path, resume=True)


def test_files_passed_over_are_reported(tmp_path: Path):
    write_images(tmp_path, "a.png")
    (tmp_path / "notes.txt").touch()
    assert asked(tmp_path, PAIR[1]).report() == [
        "1 image by psnr",
        "passed over 1 file that is no image by its name",
    ]


def test_the_terms_of_all_models_are_known_before_they_are_loaded():
    assert asked(model=["psnr", "afine-naturalness"]).term_names() == ("raw_naturalness", "naturalness")


def test_a_loaded_model_is_not_asked_to_be_elsewhere():
    plan = asked(model=[Distance("mine")], run=RunOptions(device="cuda"))
    with raises(ConfigError, "mine", "cuda", "float32", "cpu", "float32"):
        load_models(plan)


def test_a_model_that_was_changed_since_it_was_loaded_is_refused():
    model = load("psnr")
    model.register_buffer("extra", torch.zeros(1))
    plan = asked(model=[model])
    with raises(ConfigError, "psnr", "acutance.load"):
        rows_of(plan)


def test_a_copy_of_a_loaded_model_scores_as_the_model():
    model = load("afine-tiny-naturalness")
    rows = []
    for each in (model, copy.deepcopy(model), pickle.loads(pickle.dumps(model))):  # noqa: S301 (just written)
        plan = asked([noise(0, 40, 40)], None, each)
        rows += [row.score for row in rows_of(plan)]
    assert rows[0] is not None
    assert rows == [rows[0]] * 3


def test_a_loaded_model_that_a_step_trained_is_refused():
    model = load("afine-tiny-naturalness").requires_grad_()
    train_a_step(model, torch.rand(2, 3, 40, 40))
    plan = asked([noise(0, 40, 40)], None, model)
    with pytest.raises(ConfigError, match="afine-tiny-naturalness"):
        rows_of(plan)


def test_models_that_cannot_compute_in_bfloat16_are_named_together():
    _, (note,) = load_models(asked(model=list(PLAIN), run=RunOptions(device="cpu", precision="bfloat16")))
    assert all(f"{name} ({precision})" in note for name, precision in PLAIN.items())
    assert load_models(asked(model=list(PLAIN)))[1] == []


def test_a_plan_that_is_made_already_is_taken_as_it_is():
    pairing = Pairing([pair_of(0), pair_of(1)])
    plan = asked(pairing, None, Distance("mine"))
    assert plan.pairing is pairing
    assert [row.image for row in rows_of(plan)] == ["image 0", "image 1"]


def test_in_such_a_plan_a_picture_without_reference_fails_for_models_that_compare():
    mixture = Pairing([pair_of(0), Pair(picture("alone", noise(5)))])
    plan = asked(mixture, None, [Distance("mine"), Brightness("single")])
    failed = [(row.image, row.model, row.error) for row in rows_of(plan) if row.score is None]
    ((image, model, error),) = failed
    assert (image, model) == ("alone", "mine")
    assert not lacking(str(error), "mine", "reference")


def test_a_plan_without_any_reference_is_an_error_for_models_that_compare():
    with raises(ConfigError, "alone", "mine"):
        asked(Pairing([Pair(picture("alone", noise(5)))]), None, Distance("mine"))
