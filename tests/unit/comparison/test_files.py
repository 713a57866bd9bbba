import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest

from acutance.comparison.api import compare_scores
from acutance.comparison.measure import Draws
from acutance.comparison.order import Preferences
from acutance.comparison.results import WRITTEN, Comparison, comparison_json, read_comparison, write_comparison
from acutance.errors import ConfigError, EvaluationError
from tests.raising import raises
from tests.unit.comparison.fakes import picture

DATA = Path(__file__).parents[2] / "data/files_of_0_1"
AWKWARD = 'two words, "quoted"\n\u0000inf.png'


@pytest.fixture
def comparison() -> Comparison:
    """Three images, one of them with an awkward name, an infinite score and a failed one."""
    images = [
        picture(AWKWARD, {"psnr": {"a": math.inf, "b": 30.0}, "gmsd": {"a": 0.1, "b": 0.2}}),
        picture("p.png", {"psnr": {"a": 28.0, "b": 29.0}, "gmsd": {"a": 0.1, "b": 0.2}}),
        picture("q.png", {"psnr": {"a": 27.0, "b": None}, "gmsd": {"a": 0.3, "b": 0.2}}),
    ]
    votes = Preferences(["a", "b"], np.array([[0.0, 2.0], [1.0, 0.0]]), 3)
    return compare_scores(
        images,
        ["a", "b"],
        {"psnr": "higher", "gmsd": "lower"},
        preferences=votes,
        draws=Draws(50),
        left_out=["z.png"],
        provenance={"methods": {"a": "out/a"}},
    )


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_what_is_written_is_read_again(comparison: Comparison, tmp_path: Path):
    paths = write_comparison(comparison, tmp_path / "new" / "folder")
    assert [path.name for path in paths] == list(WRITTEN)
    assert read_comparison(tmp_path / "new/folder") == comparison
    assert read_comparison(tmp_path / "new/folder/comparison.json") == comparison


def test_the_json_is_json_and_an_infinite_score_is_infinite(comparison: Comparison):
    text = comparison_json(comparison)
    loaded = json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    first, _, failed = loaded["pictures"]
    assert (first["scores"]["psnr"], first["notes"]) == ({"a": None, "b": 30.0}, {"psnr": {"a": "infinite"}})
    assert first["picture"] == AWKWARD
    assert failed["scores"]["psnr"]["b"] is None
    assert "notes" not in failed
    assert (loaded["results"][0]["mean"], loaded["results"][0]["note"]) == (None, "mean infinite, median infinite")


@pytest.mark.parametrize("name", ["note", "infinite", "score", "a infinite"])
def test_an_infinite_score_comes_back_of_a_method_with_any_name(name: str, tmp_path: Path):
    images = [
        picture("p.png", {"psnr": {name: math.inf, "b": -math.inf}}),
        picture("q.png", {"psnr": {name: 1.0, "b": 2.0}}),
    ]
    comparison = compare_scores(images, [name, "b"], {"psnr": "higher"}, draws=Draws(0))
    write_comparison(comparison, tmp_path)
    assert read_comparison(tmp_path) == comparison


def test_a_comparison_of_0_1_is_read():
    comparison = read_comparison(DATA)
    assert comparison.pictures[0].scores["psnr"]["out"] == math.inf
    assert comparison.results[0].mean == 28.284407751381085
    assert (comparison.results[0].finite_count, comparison.results[0].is_mixed) == (None, False)


def test_the_table_of_methods_has_a_line_for_each_model_and_method(comparison: Comparison, tmp_path: Path):
    write_comparison(comparison, tmp_path)
    found = rows(tmp_path / "methods.csv")
    assert [(row["model"], row["method"]) for row in found] == [
        ("psnr", "a"),
        ("psnr", "b"),
        ("gmsd", "a"),
        ("gmsd", "b"),
        ("preferences", "a"),
        ("preferences", "b"),
    ]
    first = comparison.results[1]
    assert first.interval is not None
    assert (float(found[1]["mean"]), float(found[1]["mean_low"])) == (29.5, first.interval.low)
    assert (found[0]["mean"], found[0]["finite_mean"], found[0]["finite_count"]) == ("inf", "28.0", "1")
    assert (found[0]["count"], found[1]["failed"], found[2]["better"]) == ("2", "1", "lower")
    assert found[3]["worst"] == f"{json.dumps(AWKWARD)} p.png"
    places = {place.name: place.strength for place in comparison.orders["gmsd"]}
    assert float(found[2]["strength"]) == places["a"]
    assert found[4]["mean"] == ""
    assert float(found[4]["strength"]) == pytest.approx(0.5 * math.log(2))


def test_tests_disagreements_and_pictures_are_tables(comparison: Comparison, tmp_path: Path):
    write_comparison(comparison, tmp_path)
    test = rows(tmp_path / "tests.csv")[1]
    assert (test["model"], test["first"], test["second"], test["first_wins"]) == ("gmsd", "a", "b", "2")
    assert float(test["p_value"]) == comparison.tests[1].p_value
    (disagreement,) = rows(tmp_path / "disagreements.csv")
    assert (disagreement["picture"], float(disagreement["agreement"])) == ("p.png", -1.0)
    images = rows(tmp_path / "pictures.csv")
    assert len(images) == 12
    assert [row["picture"] for row in images[:4]] == [AWKWARD] * 4
    assert (images[0]["score"], images[0]["image"], images[0]["method"]) == ("inf", f"a/{AWKWARD}", "a")
    assert images[10]["error"] == "Expected an image, got none."


def test_a_place_that_cannot_be_written_to_is_one_clear_line(comparison: Comparison, tmp_path: Path):
    (tmp_path / "file").write_text("")
    with raises(ConfigError, "file"):
        write_comparison(comparison, tmp_path / "file")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{}", ("comparison.json", "compare_time")),
        ("[1]", ("comparison.json",)),
        ('{"compare_time": "x"', ("comparison.json",)),
    ],
)
def test_a_file_of_something_else_is_one_clear_line(tmp_path: Path, text: str, words: tuple[object, ...]):
    (tmp_path / "comparison.json").write_text(text)
    with raises(EvaluationError, *words) as caught:
        read_comparison(tmp_path)
    assert "\n" not in str(caught.value)


def test_nothing_to_read_is_one_clear_line(tmp_path: Path):
    with raises(EvaluationError, "comparison.json", "acutance compare"):
        read_comparison(tmp_path)
