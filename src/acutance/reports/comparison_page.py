"""What a page says of a comparison: which method is better by which model, how sure that is, and where it is seen."""

from collections.abc import Sequence
from pathlib import Path

from acutance.comparison.results import Comparison, MethodScores, MethodTest, PictureScores
from acutance.reports.cards import Card, Choice, Layer, Progress, best_and_next, choose_comparisons, pictures_part
from acutance.reports.html import (
    Column,
    Html,
    Part,
    comparison_figures,
    folded,
    joined,
    long_cell,
    number_cell,
    paragraph,
    probability_cell,
    table,
    text_cell,
)
from acutance.types import Better

REFERENCE = "reference"
"""What the reference is called beside the methods."""
WORST = 3
"""How many of its worst pictures a method's row names."""


def comparison_lead(comparison: Comparison) -> Html:
    """A line under the title: what was compared, when, and what failed."""
    failed = sum(one.failed for one in comparison.results)
    by = f" by {', '.join(comparison.models)}" if comparison.models else ""
    pictures = f"{len(comparison.pictures):,} pictures, " if comparison.pictures else ""
    return joined(
        [
            paragraph(f"{', '.join(comparison.methods)}{by}; {pictures}{comparison.compare_time}."),
            paragraph(f"Failed scores: {failed:,}, listed below." if failed else "", "failed"),
        ]
    )


def comparison_parts(comparison: Comparison, count: int, on_progress: Progress | None = None) -> list[Part]:
    """All parts of the page of a comparison.

    Args:
        comparison: The comparison.
        count: How many pictures are shown at most.
        on_progress: Called with the number of finished pictures and of all.
    """
    return [
        Part(
            "summary", "Methods", joined([_summary(comparison), *map(paragraph, comparison.notes), _orders(comparison)])
        ),
        comparison_figures(comparison),
        Part("tests", "Is one method better than another?", _tests(comparison)),
        _pictures(comparison, count, on_progress),
        Part("scores", "Scores picture by picture", _scores(comparison)),
        Part("disagreements", "Where models disagree", _disagreements(comparison)),
        Part("failed", "Failed and left out", joined([_failures(comparison), _left_out(comparison)])),
    ]


def _summary(comparison: Comparison) -> Html:
    is_mixed = any(one.is_mixed for one in comparison.results)
    columns: list[Column] = [
        "Method",
        "Model",
        ("Better", "Which direction of the scores is better"),
        ("Mean", "Over pictures that every method has a score for; the best of a model is shaded"),
        *([("Finite mean", "Of the finite scores, with its interval and their number")] if is_mixed else []),
        "Median",
        ("Wins", "Pictures on which no method is better, and not all are equal"),
        ("Pictures", "Pictures that every method has a score for"),
        ("Failed", "Pictures of this method without a score"),
        ("Worst on", "Where it does worst beside the other methods"),
    ]
    best = {model: _best_mean(comparison.results, model, better) for model, better in comparison.better.items()}
    rows = [
        [
            text_cell(one.method),
            text_cell(one.model),
            text_cell(comparison.better[one.model]),
            number_cell(
                one.mean,
                interval=None if one.is_mixed else one.interval,
                mark="best" if one.mean is not None and one.mean == best[one.model] else "",
            ),
            *([_finite_cell(one, one.finite_mean)] if is_mixed else []),
            number_cell(one.median),
            number_cell(one.wins, ",.0f"),
            number_cell(one.count, ",.0f"),
            number_cell(one.failed, ",.0f"),
            long_cell(", ".join(one.worst[:WORST])),
        ]
        for one in comparison.results
    ]
    return table("Methods by models", columns, rows)


def _finite_cell(one: MethodScores | MethodTest, mean: float | None, form: str = ".5g") -> Html:
    return number_cell(mean, form, interval=one.interval if one.is_mixed else None, count=one.finite_count)


def _best_mean(results: Sequence[MethodScores], model: str, better: Better) -> float | None:
    means = [one.mean for one in results if one.model == model and one.mean is not None]
    return (max if better == "higher" else min)(means, default=None)


def _orders(comparison: Comparison) -> Html:
    rows = [
        [
            text_cell(by),
            number_cell(place, ",.0f"),
            text_cell(one.name),
            number_cell(one.strength, ".4f", interval=one.interval),
        ]
        for by, order in comparison.orders.items()
        for place, one in enumerate(order, start=1)
    ]
    columns: list[Column] = [
        "By",
        "Place",
        "Method",
        ("Strength", "Logarithm of the odds against the average; 0 on average"),
    ]
    return table("Bradley-Terry order", columns, rows)


def _tests(comparison: Comparison) -> Html:
    is_mixed = any(one.is_mixed for one in comparison.tests)
    columns: list[Column] = [
        "Model",
        "First",
        "Second",
        ("Difference", "Mean score of the first minus that of the second, with its interval"),
        *(
            [("Finite difference", "Of pictures with finite ones, with its interval and their number")]
            if is_mixed
            else []
        ),
        "First wins",
        "Ties",
        "Second wins",
        ("p", "Wilcoxon's signed-rank test, two-sided, uncorrected"),
        ("p corrected", "After Holm's correction over the pairs of methods of one model"),
        ("Better method", "Significantly better at 0.05 after correction"),
    ]
    rows = [
        [
            text_cell(one.model),
            text_cell(one.first),
            text_cell(one.second),
            number_cell(one.difference, "+.4g", interval=None if one.is_mixed else one.interval),
            *([_finite_cell(one, one.finite_difference, "+.4g")] if is_mixed else []),
            number_cell(one.first_wins, ",.0f"),
            number_cell(one.ties, ",.0f"),
            number_cell(one.second_wins, ",.0f"),
            probability_cell(one.p_value),
            probability_cell(one.p_corrected),
            text_cell(one.winner or "neither"),
        ]
        for one in comparison.tests
    ]
    return table("Pairs of methods", columns, rows, first_heads=False)


def _disagreements(comparison: Comparison) -> Html:
    rows = [
        [
            text_cell(one.picture),
            text_cell(one.first_model),
            text_cell(one.second_model),
            number_cell(one.agreement, ".3f"),
        ]
        for one in sorted(comparison.disagreements, key=lambda one: one.agreement)
    ]
    columns: list[Column] = [
        "Picture",
        "Model",
        "Other model",
        ("Kendall's tau", "-1 is the reverse order of the methods, 1 the same"),
    ]
    return table("Pictures on which models order the methods differently", columns, rows)


def _scores(comparison: Comparison) -> Html:
    columns: list[Column] = [
        "Picture",
        *(f"{model}: {method}" for model in comparison.models for method in comparison.methods),
    ]
    rows = (
        [
            text_cell(one.picture),
            *(
                _score_cell(one, model, method, comparison.better[model])
                for model in comparison.models
                for method in comparison.methods
            ),
        ]
        for one in comparison.pictures
    )
    count = len(comparison.pictures)
    return folded(f"{count:,} pictures", table("Scores of all pictures", columns, rows, count=count))


def _score_cell(picture: PictureScores, model: str, method: str, better: Better) -> Html:
    scores = picture.scores.get(model, {})
    pair = best_and_next(scores, better)
    is_best = pair is not None and pair[2] > 0 and pair[0] == method
    return number_cell(scores.get(method), mark="best" if is_best else "")


def _failures(comparison: Comparison) -> Html:
    count = sum(len(errors) for one in comparison.pictures for errors in one.errors.values())
    rows = (
        [text_cell(one.picture), text_cell(method), text_cell(model), long_cell(error)]
        for one in comparison.pictures
        for model, errors in one.errors.items()
        for method, error in errors.items()
    )
    return table("Scores that failed", ["Picture", "Method", "Model", "Error"], rows, count=count)


def _left_out(comparison: Comparison) -> Html:
    rows = [[text_cell(name)] for name in comparison.left_out]
    title = "Not compared, since a method or the reference is missing"
    return table(title, ["Picture"], rows)


def _pictures(comparison: Comparison, count: int, on_progress: Progress | None) -> Part:
    pictures = {one.picture: one for one in comparison.pictures}
    cards = [
        _card(choice, pictures[choice.key[0]], comparison)
        for choice in choose_comparisons(comparison, count)
        if pictures[choice.key[0]].images
    ]
    lead = (
        "Pictures on which models disagree, on which a method does worst, and on which one wins by most. Choose what "
        "stands on either side of the slider; move it, or drag on the picture."
    )
    return pictures_part(cards, lead, on_progress)


def _card(choice: Choice, picture: PictureScores, comparison: Comparison) -> Card:
    layers = [
        Layer(method, Path(comparison.root, picture.images[method]))
        for method in comparison.methods
        if method in picture.images
    ]
    if picture.reference is not None:
        name = REFERENCE if REFERENCE not in comparison.methods else f"{REFERENCE} (true)"
        layers.append(Layer(name, Path(comparison.root, picture.reference)))
    names = [layer.name for layer in layers]
    left = choice.sides[0] if choice.sides[0] in names else names[0]
    right = (
        choice.sides[1]
        if choice.sides[1] in names
        else next(name for name in (*reversed(names),) if name != left or len(names) == 1)
    )
    return Card(
        title=picture.picture,
        reasons=choice.reasons,
        layers=layers,
        sides=(left, right),
        table=_card_table(picture, comparison),
    )


def _card_table(picture: PictureScores, comparison: Comparison) -> Html:
    columns: list[Column] = [
        "Method",
        *((model, f"{comparison.better[model]} is better") for model in comparison.models),
    ]
    rows = [
        [
            text_cell(method),
            *(_score_cell(picture, model, method, comparison.better[model]) for model in comparison.models),
        ]
        for method in comparison.methods
    ]
    return table(f"Scores of {picture.picture}", columns, rows)
