import math

import pytest

from acutance.evaluation.results import Evaluation, EvaluationRun, FittedCurve, Prediction
from acutance.reports.cards import choose_comparisons, choose_predictions, fitted_opinions
from acutance.reports.columns import best_and_next
from tests.fakes.report_results import TIME, agreement, comparison, evaluation


def of_scores(scores, opinions, curve=FittedCurve(kind="linear", wanted="linear", parameters=(1.0, 0.0)), **fields):  # noqa: B008
    """An evaluation of images 0, 1, 2 ..."""
    given = {"model": "psnr", "dataset": "made", "better": "higher", "mos_better": "higher", **fields}
    predictions = [
        Prediction(image=str(place), predicted=score, ground_truth=opinion)
        for place, (score, opinion) in enumerate(zip(scores, opinions, strict=True))
    ]
    return Evaluation(agreement=agreement(curve=curve), predictions=predictions, **given)


def run_of(*evaluations):
    return EvaluationRun(eval_time=TIME, evaluations=list(evaluations))


def names(choices):
    return [choice.key[0 if len(choice.key) == 1 else 2] for choice in choices]


def test_the_first_half_is_furthest_from_the_curve_and_says_which_way():
    chosen = choose_predictions(run_of(of_scores([1.0, 5.0, 3.0, 4.0], [1.0, 2.0, 5.0, 4.1])), 4)
    assert names(chosen)[:2] == ["1", "2"]
    assert chosen[0].reasons[0] == "psnr takes it for 3 too good"
    assert chosen[1].reasons[0] == "psnr takes it for 2 too bad"


def test_too_good_is_below_the_opinion_where_low_opinions_are_good():
    chosen = choose_predictions(run_of(of_scores([1.0, 5.0, 3.0], [1.0, 2.0, 3.0], mos_better="lower")), 2)
    assert chosen[0].reasons[0] == "psnr takes it for 3 too bad"


def test_the_second_half_is_spread_from_the_worst_opinion_to_the_best():
    opinions = [float(place) for place in range(101)]
    chosen = choose_predictions(run_of(of_scores(opinions, opinions[::-1], mos_better="lower")), 6)
    samples = [choice for choice in chosen if "sample of the range" in choice.reasons[0]]
    assert len(samples) == 3
    assert names(samples)[0] == "20"  # opinion 80, where low is good: the worst ones are shown already
    assert samples[0].reasons == ["sample of the range of opinions: better than 20 %"]


def test_without_opinions_the_sample_is_of_scores():
    chosen = choose_predictions(run_of(of_scores([3.0, 1.0, 2.0], [None] * 3, None, better="lower")), 3)
    assert names(chosen) == ["0", "2", "1"]
    assert chosen[2].reasons == ["sample of the range of scores of psnr: better than 100 %"]


def test_models_take_turns_and_a_picture_that_two_chose_is_shown_once(tmp_path):
    images = [f"{place}.png" for place in range(8)]
    run = run_of(evaluation("psnr", tmp_path, images), evaluation("ssim", tmp_path, images))
    chosen = choose_predictions(run, 4)
    assert names(chosen)[0] == "6.png"
    assert chosen[0].reasons[:2] == ["psnr takes it for 3 too good", "ssim takes it for 3 too good"]
    assert len(set(names(chosen))) == 4


def test_a_picture_beside_two_references_is_two_pictures():
    made = of_scores([1.0, 5.0], [1.0, 2.0])
    predictions = [
        one.model_copy(update={"image": "a", "reference": str(place)}) for place, one in enumerate(made.predictions)
    ]
    chosen = choose_predictions(run_of(made.model_copy(update={"predictions": predictions})), 2)
    assert [choice.key[2:] for choice in chosen] == [("a", "1"), ("a", "0")]


@pytest.mark.parametrize("count", [0, 1, 2, 50])
def test_no_more_pictures_are_chosen_than_asked_for_or_there(tmp_path, count):
    run = run_of(evaluation("psnr", tmp_path, [f"{place}.png" for place in range(8)]))
    assert len(choose_predictions(run, count)) <= min(count, 8)
    assert len(choose_comparisons(comparison(tmp_path), count)) == min(count, 4)


def test_an_infinite_score_takes_the_best_finite_one_and_a_missing_one_none():
    found = fitted_opinions(of_scores([1.0, math.inf, None, 7.0, math.nan], [1.0] * 5))
    assert found == [1.0, 7.0, None, 7.0, None]


def test_without_a_curve_or_a_finite_score_nothing_is_fitted():
    assert fitted_opinions(of_scores([1.0, 2.0], [1.0, 2.0], None)) == [None, None]
    assert fitted_opinions(of_scores([math.inf, None], [1.0, 2.0])) == [None, None]


@pytest.mark.parametrize(
    ("scores", "better", "expected"),
    [
        ({"a": 1.0, "b": 3.0, "c": 2.5}, "higher", ("b", "c", 0.5)),
        ({"a": 1.0, "b": 3.0, "c": 2.5}, "lower", ("a", "c", 1.5)),
        ({"a": math.inf, "b": math.inf}, "higher", ("a", "b", 0.0)),
        ({"a": math.inf, "b": 3.0}, "higher", ("a", "b", math.inf)),
        ({"a": 1.0, "b": None, "c": math.nan}, "higher", None),
    ],
)
def test_the_best_method_and_its_lead_over_the_next(scores, better, expected):
    assert best_and_next(scores, better) == expected


def test_disagreements_worst_pictures_and_wins_share_the_page(tmp_path):
    chosen = choose_comparisons(comparison(tmp_path, count=9), 3)
    assert names(chosen) == ["1.png", "2.png", "8.png"]
    assert chosen[0].reasons[0] == "psnr and afine disagree (tau -1.00)"
    assert chosen[0].sides == ("ours", "swinir")
    assert chosen[1].reasons[0] == "swinir at its worst by psnr"
    assert chosen[2].reasons[0] == "ours wins by 77 in psnr"
    assert chosen[2].sides == ("swinir", "ours")
