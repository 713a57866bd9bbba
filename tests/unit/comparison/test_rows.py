import math
import os
from pathlib import Path

import pytest

from acutance.comparison.methods import SharedImage, gather_rows, read_method_rows
from acutance.errors import EvaluationError
from acutance.scoring.pairing import NamedImage
from acutance.scoring.rows import ScoreRow
from tests.raising import lacking, raises

HEADER = "image,reference,model,score,error\n"
FOLDERS = {"x": Path("out/x"), "y": Path("out/y")}


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where to write a file of scores; the present folder."""
    monkeypatch.chdir(tmp_path)
    return Path("scores.csv")


def lines(*rows: str) -> str:
    return HEADER + "".join(f"{row}\n" for row in rows)


def test_rows_as_scoring_makes_them_meet_their_pictures():
    shared = [
        SharedImage(
            name,
            {method: NamedImage(f"{method}/{name}", f"{method}/{name}", name) for method in ("x", "y")},
            NamedImage(f"t/{name}", f"t/{name}", name),
        )
        for name in ("a", "b")
    ]
    rows = [
        ScoreRow(
            image=image.name,
            reference=None,
            model=model,
            score=None if number == 5 else number,
            error="e" * (number == 5),
        )
        for number, (image, model) in enumerate(
            (image, model) for one in shared for image in one.images.values() for model in ("psnr", "gmsd")
        )
    ]
    first, second = gather_rows(shared, ["psnr", "gmsd"], rows)
    assert first.scores == {"psnr": {"x": 0.0, "y": 2.0}, "gmsd": {"x": 1.0, "y": 3.0}}
    assert (first.picture, first.reference, first.images) == ("a", "t/a", {"x": "x/a", "y": "y/a"})
    assert second.scores["gmsd"] == {"x": None, "y": 7.0}
    assert second.errors == {"gmsd": {"x": "e"}}


def test_all_rows_are_asked_for_so_that_a_file_of_scores_is_finished():
    finished = []

    def rows():
        yield ScoreRow(image="x/a", reference=None, model="psnr", score=1.0)
        finished.append(True)

    gather_rows([SharedImage("a", {"x": NamedImage("x/a", "x/a", "a")})], ["psnr"], rows())
    assert finished == [True]


def test_rows_of_a_file_are_sorted_by_the_folders_they_lie_in(file: Path):
    file.write_text(
        lines(
            "out/x/deep/a.png,t/deep/a.png,psnr,30.5,",
            "out/y/deep/a.png,t/deep/a.png,psnr,inf,",
            f"{os.path.abspath('out/y/b.png')},,psnr,,broken",  # noqa: PTH100
            "out/x/b.png,t/b.png,psnr,29.0,",
            "elsewhere/a.png,,psnr,1.0,",
        )
    )
    found = read_method_rows(file, FOLDERS)
    first, second = found.images
    assert first.picture == "b.png"
    assert first.scores == {"psnr": {"x": 29.0, "y": None}}
    assert first.errors == {"psnr": {"y": "broken"}}
    assert first.reference == "t/b.png"
    assert second.scores == {"psnr": {"x": 30.5, "y": math.inf}}
    assert second.images == {"x": "out/x/deep/a.png", "y": "out/y/deep/a.png"}
    assert (found.models, found.strays, found.plan.left_over()) == (["psnr"], 1, "")


def test_a_folder_inside_another_has_its_own_pictures(file: Path):
    file.write_text(lines("out/a.png,,psnr,1.0,", "out/x/a.png,,psnr,2.0,"))
    found = read_method_rows(file, {"all": Path("out"), "x": Path("out/x")})
    assert found.images[0].images == {"all": "out/a.png", "x": "out/x/a.png"}


def test_names_meet_by_the_rule_and_what_is_missing_is_left_over(file: Path):
    file.write_text(lines("out/x/a_1.png,,psnr,1.0,", "out/y/a_2.png,,psnr,2.0,", "out/x/b_1.png,,psnr,3.0,"))
    found = read_method_rows(file, FOLDERS, pair_by="^([a-z]+)")
    assert [one.picture for one in found.images] == ["a"]
    assert not lacking(found.plan.left_over(), 1, "b", "y")


def test_a_picture_without_a_row_by_one_of_the_models_has_failed(file: Path):
    file.write_text(lines("out/x/a.png,,psnr,1.0,", "out/y/a.png,,psnr,2.0,", "out/x/a.png,,ssim,0.5,"))
    (found,) = read_method_rows(file, FOLDERS).images
    assert found.scores["ssim"] == {"x": 0.5, "y": None}
    assert {model: list(errors) for model, errors in found.errors.items()} == {"ssim": ["y"]}


def test_only_the_models_that_are_asked_for_are_taken(file: Path):
    file.write_text(lines(*(f"out/{method}/a.png,,{model},1.0," for method in "xy" for model in ("psnr", "ssim"))))
    assert list(read_method_rows(file, FOLDERS, ["ssim"]).images[0].scores) == ["ssim"]
    with raises(EvaluationError, "gmsd", "scores.csv", "psnr", "ssim"):
        read_method_rows(file, FOLDERS, ["gmsd"])


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (("out/x/a.png,,psnr,1.0,",), ("out/y", "scores.csv")),
        (("out/x/a.png,,psnr,1.0,", "out/x/./a.png,,psnr,1.0,"), ("out/x/a.png", "out/x/./a.png")),
        (("out/x/a.png,t,psnr,1.0,", "out/y/a.png,u,psnr,1.0,"), ("scores.csv", "t", "u", "out/y/a.png")),
    ],
)
def test_rows_that_do_not_fit_together_are_one_clear_line(file: Path, rows: tuple[str, ...], words: tuple[object, ...]):
    file.write_text(lines(*rows))
    with raises(EvaluationError, *words):
        read_method_rows(file, FOLDERS)


def test_models_of_a_file_are_found_in_any_case(file: Path):
    file.write_text(lines("out/x/a.png,,PSNR,1.0,", "out/y/a.png,,PSNR,2.0,"))
    assert read_method_rows(file, FOLDERS, ["psnr"]).models == ["PSNR"]
