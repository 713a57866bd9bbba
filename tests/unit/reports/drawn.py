"""Results to draw, and what can be read off a figure."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from acutance.comparison.results import Comparison, ImageScores, MethodScores
from acutance.evaluation.results import Agreement, Evaluation, EvaluationRun, FittedCurve, Interval, Prediction
from acutance.reports.plots.canvas import Axes, Figure, house_style
from acutance.stats.samples import mean_of
from acutance.types import Better

NO_NUMBERS: dict[str, Any] = dict.fromkeys(
    ("srcc", "krcc", "plcc", "plcc_unfitted", "rmse", "mae", "outlier_ratio", "curve")
)


def evaluation_of(
    scores: Sequence[float | None],
    mos: Sequence[float | None],
    *,
    model: str = "psnr",
    dataset: str = "tid2013",
    better: Better = "higher",
    srcc: float | None = 0.9,
    curve: FittedCurve | None = None,
    problem: str = "",
    part: str = "all",
) -> Evaluation:
    """An evaluation with these scores and opinions, and numbers that are simply said."""
    correlations: dict[str, Any] = {"srcc": srcc, "krcc": srcc, "plcc": None if srcc is None else srcc - 0.1}
    interval = {} if srcc is None else {"srcc": Interval(low=srcc - 0.05, high=srcc + 0.02)}
    return Evaluation(
        model=model,
        dataset=dataset,
        better=better,
        mos_better="higher",
        part=part,
        agreement=Agreement(
            **(NO_NUMBERS | correlations | {"rmse": 0.5, "curve": curve}),
            count=sum(score is not None for score in scores),
            intervals=interval,
            problem=problem,
        ),
        failed=sum(score is None for score in scores),
        predictions=[
            Prediction(image=f"{place}.png", predicted=score, ground_truth=opinion, scene=f"scene{place // 3}")
            for place, (score, opinion) in enumerate(zip(scores, mos, strict=True))
        ],
    )


def run_of(*evaluations: Evaluation) -> EvaluationRun:
    """Evaluations as one run."""
    return EvaluationRun(eval_time="2030-01-31 12:00:00", evaluations=list(evaluations))


def rising(count: int, seed: int = 0) -> tuple[list[float], list[float]]:
    """Scores and opinions that rise together."""
    draw = np.random.default_rng(seed)
    scores = draw.normal(size=count)
    return scores.tolist(), (2 * scores + draw.normal(size=count)).tolist()


def comparison_of(
    scores: dict[str, dict[str, list[float | None]]], better: Better = "higher", wins: dict[str, int] | None = None
) -> Comparison:
    """A comparison with these scores by model and method, and their means."""
    models = list(scores)
    methods = list(scores[models[0]])
    results = []
    for model in models:
        rows = zip(*scores[model].values(), strict=True)
        common = [row for row in rows if None not in row]
        for place, method in enumerate(methods):
            values = [float(row[place] or 0) for row in common]
            mean = mean_of(values)
            around = mean.finite
            interval = None if around is None else Interval(low=around - 0.25, high=around + 0.5)
            results.append(
                MethodScores(
                    method=method, model=model, count=len(common), failed=0, mean=mean.value,
                    median=mean.value, interval=interval, finite_mean=mean.finite, finite_count=mean.finite_count,
                    wins=(wins or {}).get(method, 0),
                )
            )  # fmt: skip
    count = len(next(iter(scores[models[0]].values())))
    images = [
        ImageScores(
            picture=f"{place}.png", reference=None, images={method: f"{method}/{place}.png" for method in methods},
            scores={model: {method: scores[model][method][place] for method in methods} for model in models},
        )
        for place in range(count)
    ]  # fmt: skip
    return Comparison(
        compare_time="2030-01-31 12:00:00", methods=methods, models=models, better=dict.fromkeys(models, better),
        results=results, pictures=images,
    )  # fmt: skip


def panels(figure: Figure) -> list[Any]:
    """The panels, of which tests read what matplotlib's types do not tell."""
    return list(figure.axes)


def titles(figure: Figure) -> list[str]:
    """The title of each panel."""
    return [axes.get_title(loc="left") for axes in figure.axes]


def words(axes: Axes) -> str:
    """All free text of a panel."""
    return "\n".join(text.get_text() for text in axes.texts)


def legend_words(figure: Figure) -> list[str]:
    """What the legend of a figure says."""
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def bar_heights(axes: Axes) -> list[float]:
    """The height of each bar that was drawn."""
    return [patch.get_height() for patch in axes.patches if isinstance(patch, Rectangle)]


def tick_words(axes: Axes, side: str) -> list[str]:
    """What stands beside the ticks of ``x`` or ``y``, line breaks left out."""
    labels = axes.get_xticklabels() if side == "x" else axes.get_yticklabels()
    return [label.get_text().replace("\n", "") for label in labels]


def outside(figure: Figure) -> list[str]:
    """Texts that leave a figure, and names along an axis that overlap the next."""
    with house_style():
        figure.draw_without_rendering()
    texts = [text for axes in figure.axes for text in _panel_texts(axes)]
    lost = [
        text.get_text() for text in (*texts, *_legend_texts(figure)) if text.get_text() and not _inside(text, figure)
    ]
    for axes in figure.axes:
        boxes = [label.get_window_extent() for label in _in_view(axes.get_xticklabels(), axes.get_xlim())]
        lost += [f"overlap {place}" for place in range(len(boxes) - 1) if boxes[place].x1 > boxes[place + 1].x0]
    return lost


def _panel_texts(axes: Axes) -> list[Text]:
    """Title, labels, free texts and the ticks that are seen."""
    title = axes.title if not axes.get_title(loc="left") else axes._left_title  # type: ignore[attr-defined]
    across = _in_view(axes.get_xticklabels(), axes.get_xlim())
    up = _in_view(axes.get_yticklabels(), axes.get_ylim(), place=1)
    return [title, axes.xaxis.label, axes.yaxis.label, *axes.texts, *across, *up]


def _in_view(labels: Sequence[Text], limits: tuple[float, float], place: int = 0) -> list[Text]:
    low, high = sorted(limits)
    return [label for label in labels if low <= label.get_position()[place] <= high and label.get_text()]


def _legend_texts(figure: Figure) -> list[Text]:
    legends = [*figure.legends, *(axes.get_legend() for axes in figure.axes)]
    return [text for legend in legends if legend is not None for text in (*legend.get_texts(), legend.get_title())]


def _inside(text: Text, figure: Figure) -> bool:
    box, whole = text.get_window_extent(), figure.bbox.padded(2)
    return bool(box.x0 >= whole.x0 and box.x1 <= whole.x1 and box.y0 >= whole.y0 and box.y1 <= whole.y1)
