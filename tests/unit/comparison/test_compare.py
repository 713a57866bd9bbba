import csv
import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import acutance
from acutance.comparison.api import measure, read, score
from acutance.comparison.results import read_comparison
from acutance.errors import ConfigError, EvaluationError, PairingError, UnknownNameError
from acutance.scoring.api import ScoreRows
from acutance.scoring.rows import ScoreFile
from tests.raising import raises
from tests.unit.scoring.fakes import Brightness, Distance, SharedDistance, noise, write_images

FOLDERS = ["near", "far"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Six references in truth/, and two methods: near/ is little off, far/ a lot; the present folder."""
    monkeypatch.chdir(tmp_path)
    for folder in ("truth", *FOLDERS):
        (tmp_path / folder).mkdir()
    for index in range(6):
        truth = noise(index).astype(np.int16)
        for folder, off in (("truth", 0), ("near", 4), ("far", 30 + index)):
            pixels = np.where(truth < 128, truth + off, truth - off).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / folder / f"{index}.png")
    return tmp_path


def scored(folder: str) -> ScoreRows:
    rows = acutance.score(folder, reference="truth", model="psnr")
    assert isinstance(rows, ScoreRows)
    return rows


def test_the_better_method_wins_on_every_picture(here: Path):
    found = acutance.compare(FOLDERS, reference="truth", model=["psnr", "mdsi"], draws=100)
    assert (found.methods, found.models) == (FOLDERS, ["psnr", "mdsi"])
    assert found.better == {"psnr": "higher", "mdsi": "lower"}
    wins = {(one.model, one.method): one.wins for one in found.results}
    assert wins["psnr", "near"] == 6
    assert wins["psnr", "far"] == 0
    test = found.tests[0]
    assert (test.first, test.second, test.winner, test.p_value) == ("near", "far", "near", 2 / 2**6)
    assert [place.name for place in found.orders["psnr"]] == FOLDERS
    assert found.left_out == []


def test_the_scores_are_those_of_acutance_score(here: Path):
    found = acutance.compare({"a": "near", "b": "far"}, reference="truth", model="psnr", draws=0)
    rows = {row.image: row.score for folder in FOLDERS for row in scored(folder)}
    assert {
        image.images[method]: score for image in found.pictures for method, score in image.scores["psnr"].items()
    } == rows


def test_pictures_are_found_from_another_folder(here: Path, monkeypatch: pytest.MonkeyPatch):
    acutance.compare(FOLDERS, reference="truth", model="psnr", draws=0, output="results")
    (here / "elsewhere").mkdir()
    monkeypatch.chdir(here / "elsewhere")
    found = read_comparison("../results")
    assert found.pictures[0].images == {"near": "near/0.png", "far": "far/0.png"}
    assert Path(found.root, found.pictures[0].images["near"]) == here / "near" / "0.png"


def test_each_reference_is_encoded_once_for_all_methods(here: Path):
    shared = SharedDistance()
    acutance.compare([*FOLDERS, "same=truth"], reference="truth", model=[shared, Distance()], draws=0)
    assert len(shared.encoded) == 6


def test_models_that_need_no_reference_compare_without_one(here: Path):
    found = acutance.compare(FOLDERS, model=Brightness(), draws=0)
    assert found.pictures[0].reference is None
    assert all(one.count == 6 for one in found.results)


def test_a_failed_picture_is_told_and_counts_for_no_method(here: Path):
    (here / "far/3.png").write_bytes(b"no image")
    found = acutance.compare(FOLDERS, reference="truth", model="psnr", draws=0)
    near, far = found.results
    assert (near.count, near.failed, far.count, far.failed) == (5, 0, 5, 1)
    assert list(found.pictures[3].errors["psnr"]) == ["far"]
    assert found.pictures[3].scores["psnr"]["near"] is not None
    assert near.mean == pytest.approx(np.mean([one.scores["psnr"]["near"] for one in found.pictures if not one.errors]))
    assert "psnr: 5 of 6 pictures have a score by every method; all numbers are over them" in found.notes


def test_a_missing_picture_is_an_error_unless_it_is_allowed(here: Path):
    (here / "far/3.png").unlink()
    with raises(PairingError, 1, "3.png", "far"):
        acutance.compare(FOLDERS, reference="truth", model="psnr")
    found = acutance.compare(FOLDERS, reference="truth", model="psnr", allow_unmatched=True, draws=0)
    assert (len(found.pictures), found.left_out) == (5, ["3.png"])


def test_a_method_that_copies_the_reference_has_an_infinite_mean(here: Path):
    found = acutance.compare([*FOLDERS, "same=truth"], reference="truth", model="psnr", draws=50)
    same = found.results[2]
    assert found.pictures[0].scores["psnr"]["same"] == math.inf
    assert (same.mean, same.finite_mean, same.finite_count, same.interval) == (math.inf, None, 0, None)
    assert same.wins == 6
    assert [test.difference for test in found.tests[1:]] == [-math.inf, -math.inf]
    assert any("6 infinite scores" in note for note in found.notes)


def test_results_are_written_with_scores_and_provenance_and_never_replaced_unasked(here: Path):
    found = acutance.compare(FOLDERS, reference="truth", model="psnr", draws=0, output="results")
    assert read_comparison("results") == found
    assert sorted(path.name for path in Path("results").iterdir()) == [
        "comparison.json",
        "disagreements.csv",
        "methods.csv",
        "pictures.csv",
        "scores.csv",
        "scores.csv.provenance.json",
        "tests.csv",
    ]
    assert found.provenance["methods"] == {"near": "near", "far": "far"}
    assert found.provenance["scores"]["models"][0]["model"] == "psnr"  # type: ignore[index]
    with raises(ConfigError, "results", "comparison.json", "--resume", "--overwrite"):
        acutance.compare(FOLDERS, reference="truth", model="psnr", draws=0, output="results")
    acutance.compare(FOLDERS, reference="truth", model="psnr", draws=0, output="results", overwrite=True)


def test_a_run_that_was_cut_off_is_continued(here: Path):
    models = [Distance("psnr")]
    acutance.compare(FOLDERS, reference="truth", model=models, draws=0, output="results")
    whole = Path("results/scores.csv").read_text()
    Path("results/scores.csv").write_text("".join(whole.splitlines(keepends=True)[:8]) + "near/3.p")
    models[0].batches.clear()
    work = read(FOLDERS, "truth", models, output=Path("results"), resume=True)
    work.load_models()
    done = []
    score(work, lambda place, count: done.append((place, count)))
    found = measure(work)
    assert done[0] == (8, 12)
    assert Path("results/scores.csv").read_text() == whole
    assert found.pictures == read_comparison("results").pictures


def test_scores_of_a_file_give_the_same_comparison(here: Path):
    scored = acutance.compare(FOLDERS, reference="truth", model=["psnr", "mdsi"], draws=50, output="results")
    for folder in FOLDERS:
        (here / folder).rename(here / f"{folder}-gone")
    taken = acutance.compare(FOLDERS, scores="results/scores.csv", draws=50)
    assert (taken.pictures, taken.results, taken.tests) == (scored.pictures, scored.results, scored.tests)
    assert taken.provenance["scores"]["models"] == scored.provenance["scores"]["models"]  # type: ignore[index]
    assert len(taken.provenance["scores"]["sha256"]) == 64  # type: ignore[index]


def test_a_model_of_another_package_needs_its_direction(here: Path):
    with open("theirs.csv", "w") as file:  # noqa: PTH123
        csv.writer(file).writerows([["image", "lpips"], ["near/0.png", 0.1], ["far/0.png", 0.4]])
    with raises(EvaluationError, "lpips", "--better lpips=higher", "--better lpips=lower"):
        acutance.compare(FOLDERS, scores="theirs.csv")
    found = acutance.compare(FOLDERS, scores="theirs.csv", better={"lpips": "lower"})
    assert [one.wins for one in found.results] == [1, 0]
    with raises(EvaluationError, "lpips", "lpip"):
        acutance.compare(FOLDERS, scores="theirs.csv", better={"lpips": "lower", "lpip": "lower"})


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_a_file_that_says_its_direction_needs_no_other(here: Path, ending: str):
    models = [Distance("ours")]
    rows = [row for folder in FOLDERS for row in acutance.score(folder, reference="truth", model=models)]  # type: ignore[union-attr]
    with ScoreFile(Path(f"theirs.{ending}")) as file:
        file.write(rows)
        file.finish()
    found = acutance.compare(FOLDERS, scores=f"theirs.{ending}", draws=0)
    assert found.better == {"ours": "lower"}
    with raises(EvaluationError, "better=lower", "ours=higher"):
        acutance.compare(FOLDERS, scores=f"theirs.{ending}", better={"ours": "higher"})


def test_preferences_alone_need_no_pictures(tmp_path: Path):
    votes = tmp_path / "votes.csv"
    votes.write_text("first,second,winner\na,b,a\nb,a,b\na,b,a\n")
    found = acutance.compare(preferences=votes, output=tmp_path / "results")
    assert (found.methods, found.models, found.results) == (["a", "b"], [], [])
    strengths = {place.name: place.strength for place in found.orders["preferences"]}
    assert strengths == pytest.approx({"a": 0.5 * math.log(2), "b": -0.5 * math.log(2)})
    assert read_comparison(tmp_path / "results") == found


def test_preferences_stand_beside_scores(here: Path):
    Path("votes.csv").write_text("first,second,first_wins\nnear,far,0.25\n")
    found = acutance.compare(FOLDERS, reference="truth", model="psnr", preferences="votes.csv", draws=0)
    assert [place.name for place in found.orders["preferences"]] == ["far", "near"]
    Path("votes.csv").write_text("first,second,first_wins\nnear,fat,0.25\n")
    with raises(UnknownNameError, "fat", "far"):
        acutance.compare(FOLDERS, reference="truth", model="psnr", preferences="votes.csv")


def test_one_method_has_numbers_and_no_tests(here: Path):
    found = acutance.compare(["near"], reference="truth", model="psnr", draws=20)
    assert (found.tests, found.orders, found.disagreements) == ([], {}, [])
    assert found.results[0].interval is not None
    assert found.notes == ["only one method, near: nothing to compare it with, so there are no wins and no tests"]


def test_one_picture_has_numbers_and_no_interval(here: Path):
    for folder in FOLDERS:
        write_images(here / f"one-{folder}", "0.png", seed=len(folder))
    found = acutance.compare(["one-near", "one-far"], reference="truth/0.png", model="psnr")
    assert [one.interval for one in found.results] == [None, None]
    assert (found.tests[0].p_value, found.tests[0].winner) == (1.0, "")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, ()),
        ({"preferences": "votes.csv", "reference": "truth"}, ("truth",)),
        ({"preferences": "votes.csv", "model": "psnr"}, ("psnr",)),
        ({"methods": FOLDERS, "scores": "s.csv", "reference": "truth"}, ("truth",)),
        ({"methods": FOLDERS, "scores": "s.csv", "model": Distance()}, ("Distance",)),
        ({"methods": FOLDERS, "better": {"x": "lower"}}, ("x", "lower")),
        ({"methods": FOLDERS, "reference": "truth", "draws": 1}, (0, 2, 1)),
        ({"methods": FOLDERS, "reference": "truth", "model": "psnr", "resume": True}, ("--output", "--resume")),
        ({"methods": FOLDERS, "reference": "truth", "model": "psnr", "output": "o", "resume": True, "overwrite": True},
         ("--resume", "--overwrite")),
        ({"methods": FOLDERS, "reference": "truth", "model": "psnr", "output": "votes.csv"}, ("votes.csv",)),
        ({"methods": FOLDERS, "reference": "truth", "model": "pnsr"}, ("pnsr", "psnr")),
    ],
)  # fmt: skip
def test_a_wrong_call_is_one_clear_line(here: Path, given: dict[str, object], words: tuple[object, ...]):
    Path("votes.csv").write_text("first,second,winner\nnear,far,far\n")
    Path("s.csv").write_text("image,model,score\nnear/0.png,psnr,1\nfar/0.png,psnr,2\n")
    with raises(ConfigError, *words) as caught:
        acutance.compare(**given)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def test_the_report_says_what_will_be_compared(here: Path):
    (here / "near/notes.txt").write_text("")
    (here / "far/5.png").unlink()
    Path("votes.csv").write_text("first,second,winner\nnear,far,far\n")
    work = read(FOLDERS, "truth", "psnr", allow_unmatched=True, preferences="votes.csv")
    assert work.report() == [
        "5 images of near, far by psnr",
        "passed over 1 file that is no image by its name",
        "1 preference between near, far",
        "left out: 1 image missing from a method (5.png not in far)",
    ]
