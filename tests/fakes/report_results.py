"""Small results of an evaluation and of a comparison, with the images they are of."""

import os
from pathlib import Path

import numpy as np
from PIL import Image

from acutance.comparison.results import (
    Comparison,
    Disagreement,
    ImageScores,
    MethodScores,
    MethodTest,
    Strength,
)
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

TIME = "2030-01-31 12:00:00"
HOSTILE = "</script><script>window.broken = 1</script><img src=x onerror='window.broken = 1'>\"&\n"
"""What a name must not do to a page."""
UNREADABLE_BYTES = os.fsdecode(b"caf\xe9")
"""A name that is no UTF-8, as Python gives it."""
METHODS = ["swinir", "realesrgan", "ours"]


def write_picture(path: Path, *, seed: int = 0, size: tuple[int, int] = (48, 32)) -> Path:
    """An image of random colours in which neighbours are alike."""
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).save(path)
    return path


def agreement(srcc: float | None = 0.9, *, problem: str = "", curve: FittedCurve | None = None) -> Agreement:
    return Agreement(
        count=8,
        srcc=srcc,
        krcc=0.7,
        plcc=0.91,
        plcc_unfitted=0.9,
        rmse=0.4,
        mae=0.3,
        outlier_ratio=None,
        curve=curve,
        intervals={} if srcc is None else {"srcc": Interval(low=srcc - 0.1, high=srcc + 0.05)},
        problem=problem,
    )


def evaluation(
    model: str, root: Path, names: list[str], *, srcc: float | None = 0.9, dataset: str = "made", group: str = "jpeg"
) -> Evaluation:
    """Scores of twice the opinion, as the curve has it; the last but one is off by 3, the last failed."""
    opinions = [1 + place * 4 / (len(names) - 1) for place in range(len(names))]
    scores: list[float | None] = [2 * opinion for opinion in opinions]
    scores[-2:] = [2 * (opinions[-2] + 3), None]
    line = FittedCurve(kind="linear", wanted="logistic4", parameters=(0.5, 0.0), note="logistic4 did not converge")
    return Evaluation(
        model=model,
        dataset=dataset,
        better="higher",
        mos_better="higher",
        root=str(root),
        agreement=agreement(srcc, curve=line),
        groups={
            "distortion": [Group(name=group, agreement=agreement(0.8)), Group(name="blur", agreement=agreement(0.6))]
        },
        failed=1,
        predictions=[
            Prediction(
                image=name,
                predicted=score,
                ground_truth=opinion,
                reference="truth.png",
                error=None if score is not None else "Expected an image, got an empty file.",
            )
            for name, score, opinion in zip(names, scores, opinions, strict=True)
        ],
    )


def evaluation_run(root: Path, *, group: str = "jpeg", extra_names: tuple[str, ...] = ()) -> EvaluationRun:
    """Three models on one set of images, which are written below ``root``; one of them is missing."""
    names = [f"{place}.png" for place in range(8)] + list(extra_names)
    for seed, name in enumerate([*names[:-1], "truth.png"]):
        write_picture(root / name, seed=seed)
    correlations = {"psnr": 0.9, "ssim": None, "afine": 0.95}
    return EvaluationRun(
        eval_time=TIME,
        evaluations=[evaluation(model, root, names, srcc=srcc, group=group) for model, srcc in correlations.items()],
        tests=[
            ModelTest(
                dataset="made",
                first="psnr",
                second="afine",
                test="williams",
                statistic=-2.5,
                p_value=0.01,
                p_corrected=0.03,
                winner="afine",
            )
        ],
        provenance={"made": {"versions": {"acutance": "0.1.0"}, "note": HOSTILE}},
    )


def comparison(root: Path, *, count: int = 4) -> Comparison:
    """Three methods by two models, which agree on nothing; images are written below ``root``, one is missing."""
    pictures = []
    for place in range(count):
        name = f"{place}.png"
        images = {
            method: str(write_picture(root / method / name, seed=10 * place + rank))
            for rank, method in enumerate(METHODS)
        }
        reference = str(write_picture(root / "truth" / name, seed=10 * place + 9))
        psnr: dict[str, float | None] = {"swinir": 9.0 + place, "realesrgan": 10.0, "ours": 30.0 + place * place}
        afine: dict[str, float | None] = {"swinir": -1.0, "realesrgan": 0.5, "ours": 2.0}
        pictures.append(
            ImageScores(picture=name, reference=reference, images=images, scores={"psnr": psnr, "afine": afine})
        )
    Path(pictures[0].images["ours"]).unlink()
    failed = {"scores": {**pictures[0].scores, "afine": {"swinir": -1.0, "realesrgan": 0.5, "ours": None}}}
    pictures[0] = pictures[0].model_copy(
        update={**failed, "errors": {"afine": {"ours": "Expected an image, got none."}}}
    )
    return Comparison(
        compare_time=TIME,
        methods=METHODS,
        models=["psnr", "afine"],
        better={"psnr": "higher", "afine": "lower"},
        results=[_method_scores(method, model) for model in ("psnr", "afine") for method in METHODS],
        tests=[
            MethodTest(
                model="psnr",
                first="swinir",
                second="ours",
                difference=-21.0,
                interval=Interval(low=-25, high=-20),
                first_wins=0,
                ties=0,
                second_wins=count,
                p_value=0.01,
                p_corrected=0.03,
                winner="ours",
            )
        ],
        orders={"psnr": [Strength(name="ours", strength=1.0, interval=None)]},
        disagreements=[Disagreement(picture="1.png", first_model="psnr", second_model="afine", agreement=-1.0)],
        pictures=pictures,
        provenance={"reading": "as it is"},
    )


def _method_scores(method: str, model: str) -> MethodScores:
    means = {"swinir": 9.5, "realesrgan": 10.0, "ours": 31.5}
    worst = ["2.png"] if method == "swinir" else []
    return MethodScores(
        method=method,
        model=model,
        count=3,
        failed=0,
        mean=means[method],
        interval=Interval(low=means[method] - 1, high=means[method] + 1),
        median=means[method],
        wins=3 if method == "ours" else 0,
        worst=worst,
    )
