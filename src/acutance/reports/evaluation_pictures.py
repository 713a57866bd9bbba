"""Pictures of an evaluation beside their references, with what each model and people say of them."""

from collections.abc import Sequence
from pathlib import Path

from acutance.evaluation.results import Evaluation, EvaluationRun, Prediction
from acutance.reports.chosen_pictures import Choice, choose_predictions, fitted_opinions, key_of
from acutance.reports.markup import Html
from acutance.reports.page_tables import Column, Part, number_cell, table, text_cell
from acutance.reports.picture_cards import Card, Layer, Progress, pictures_part

Judgement = tuple[Evaluation, Prediction, float | None]
"""What one model says of one picture; last the score on the scale of the opinions."""


def evaluation_pictures(run: EvaluationRun, count: int, on_progress: Progress | None = None) -> Part:
    """Pictures with the largest residuals and a sample over the range, each beside its reference.

    Args:
        run: The evaluations.
        count: How many at most.
        on_progress: Called with the number of finished pictures and of all.
    """
    chosen = choose_predictions(run, count)
    found: dict[tuple[str, ...], list[Judgement]] = {choice.key: [] for choice in chosen}
    for one in run.evaluations:
        wanted = set(found)  # a picture that stands twice is judged by its first line
        for prediction, opinion in zip(one.predictions, fitted_opinions(one), strict=True):
            key = key_of(one, prediction)
            if key in wanted:
                wanted.remove(key)
                found[key].append((one, prediction, opinion))
    lead = (
        "Pictures on which models are furthest from people after the fitted curve, and a sample over the range. "
        "Move the slider, or drag on the picture."
    )
    return pictures_part([_card(choice, found[choice.key]) for choice in chosen], lead, on_progress)


def _card(choice: Choice, rows: Sequence[Judgement]) -> Card:
    dataset, root, image, reference = choice.key
    layers = [Layer("distorted", Path(root, image))]
    if reference:
        layers.append(Layer("reference", Path(root, reference)))
    return Card(
        title=f"{image} ({dataset})",
        reasons=choice.reasons,
        layers=layers,
        sides=("distorted", "reference"),
        is_fixed=True,
        table=_card_table(f"Scores of {image}", rows),
    )


def _card_table(title: str, rows: Sequence[Judgement]) -> Html:
    columns: list[Column] = [
        "Model",
        "Score",
        ("Fitted", "The score on the scale of the opinions"),
        "Opinion",
        "Off by",
    ]
    return table(
        title,
        columns,
        [
            [
                text_cell(one.model),
                number_cell(each.predicted, ".4g"),
                number_cell(fitted, ".4g"),
                number_cell(each.ground_truth, ".4g"),
                number_cell(
                    None if fitted is None or each.ground_truth is None else fitted - each.ground_truth, "+.3g"
                ),
            ]
            for one, each, fitted in rows
        ],
    )
