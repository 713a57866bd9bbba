"""Evaluations made by hand for tests."""

from acutance.evaluation.results import (
    Agreement,
    Evaluation,
    EvaluationRun,
    FittedCurve,
    Group,
    Interval,
    ModelTest,
    Prediction,
)

CURVE = FittedCurve(kind="linear", wanted="logistic4", parameters=(0.5, 1 / 3), note="because")


def agreement_like(srcc: float | None = 0.9, **changes) -> Agreement:
    """An agreement with a value in every field."""
    fields = {
        "count": 3,
        "srcc": srcc,
        "krcc": 0.8,
        "plcc": 0.95,
        "plcc_unfitted": 0.93,
        "rmse": 0.1,
        "mae": 0.07,
        "outlier_ratio": 1 / 3,
        "curve": CURVE,
        "intervals": {"srcc": Interval(low=0.7, high=0.99)},
        "clipped": 1,
        "problem": "a problem",
    }
    return Agreement.model_validate(fields | changes)


def evaluation_like(model: str = "psnr", dataset: str = "mine", **changes) -> Evaluation:
    """An evaluation with a value in every field: an infinite score, a failed image, an unrated one."""
    fields = {
        "model": model,
        "dataset": dataset,
        "better": "higher",
        "mos_better": "lower",
        "root": "/data/mine",
        "protocol": "pairs",
        "part": "test",
        "agreement": agreement_like(),
        "groups": {"level": [Group(name="1", agreement=agreement_like(None, count=1))]},
        "protocol_results": {"accuracy": 0.75, "pairs": 4, "accuracy_low": None},
        "failed": 1,
        "unrated": 1,
        "predictions": [
            Prediction(
                image='a "quoted", name é.png',
                predicted=float("inf"),
                ground_truth=0.1 + 0.2,
                reference="refs/a.png",
                mos_std=0.5,
                num_votes=20,
                distortion="jpeg",
                level=1,
                scene="a",
            ),
            Prediction(image="b.png", predicted=None, ground_truth=2.0, error="no such file"),
            Prediction(image="c.png", predicted=-1.5, ground_truth=None),
        ],
    }
    return Evaluation.model_validate(fields | changes)


def model_test(first: str = "psnr", second: str = "ssim", **changes) -> ModelTest:
    fields = {
        "dataset": "mine",
        "first": first,
        "second": second,
        "test": "williams",
        "statistic": 2.5,
        "p_value": 0.01,
        "p_corrected": 0.02,
        "winner": first,
        "count": 3,
        "note": "",
    }
    return ModelTest.model_validate(fields | changes)


def run_like(*evaluations: Evaluation, tests: tuple[ModelTest, ...] = (), **changes) -> EvaluationRun:
    fields = {
        "eval_time": "2030-01-31 12:00:00",
        "evaluations": list(evaluations) or [evaluation_like()],
        "tests": list(tests),
        "provenance": {"mine": {"models": [{"model": "psnr", "weights": "p.pth"}], "python": "3.12"}},
    }
    return EvaluationRun.model_validate(fields | changes)
