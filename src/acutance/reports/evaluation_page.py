"""What a page says of an evaluation: how well models agree with people, on which images they do not, and why."""

from collections.abc import Sequence
from pathlib import Path

from acutance.evaluation.results import Agreement, Evaluation, EvaluationRun, Group, Prediction
from acutance.reports.cards import (
    Card,
    Choice,
    Layer,
    Progress,
    choose_predictions,
    fitted_opinions,
    key_of,
    pictures_part,
)
from acutance.reports.html import (
    Column,
    Html,
    Part,
    evaluation_figures,
    folded,
    joined,
    long_cell,
    number,
    number_cell,
    paragraph,
    probability_cell,
    table,
    text_cell,
)

STATISTICS = (
    ("srcc", "SRCC", "Spearman's rank correlation; 1 is full agreement"),
    ("krcc", "KRCC", "Kendall's tau-b"),
    ("plcc", "PLCC", "Pearson's correlation after the fitted curve"),
    ("plcc_unfitted", "PLCC unfitted", "Pearson's correlation without a curve"),
    ("rmse", "RMSE", "Root mean squared error after the curve, in units of the opinions"),
    ("mae", "MAE", "Mean absolute error after the curve, in units of the opinions"),
    ("outlier_ratio", "Outlier ratio", "Share of pictures further off than the spread of opinions explains"),
)
"""Fields of an agreement, their names and what they mean."""
FOLDED_ABOVE = 30
"""Tables of groups with more rows are folded."""


def evaluation_lead(run: EvaluationRun) -> Html:
    """A line under the title: when, what, how much, and how much failed."""
    models, sets = (
        (list(dict.fromkeys(names)) for names in zip(*_pairs(run), strict=True)) if run.evaluations else ([], [])
    )
    failed = sum(one.failed for one in run.evaluations)
    scores = sum(len(one.predictions) for one in run.evaluations)
    return joined(
        [
            paragraph(f"{_listed(models)} on {_listed(sets)}, {run.eval_time}. {scores:,} scores asked for."),
            paragraph(f"Failed: {failed:,}, listed below." if failed else "", "failed"),
        ]
    )


def evaluation_parts(run: EvaluationRun, count: int, on_progress: Progress | None = None) -> list[Part]:
    """All parts of the page of an evaluation.

    Args:
        run: The evaluations.
        count: How many pictures are shown at most.
        on_progress: Called with the number of finished pictures and of all.
    """
    return [
        Part("summary", "Agreement with opinions", _summary(run.evaluations)),
        evaluation_figures(run),
        Part("tests", "Is one model better than another?", _tests(run)),
        Part("groups", "Groups", _groups(run.evaluations)),
        evaluation_pictures(run, count, on_progress),
        Part("failed", "Failed pictures", _failures(run.evaluations)),
    ]


def _summary(evaluations: Sequence[Evaluation]) -> Html:
    columns: list[Column] = [
        "Model",
        "Data set",
        ("Pictures", "Scored and rated: what the statistics are of"),
        ("Failed", "Pictures without a score"),
        ("Unrated", "Pictures with a score and no opinion"),
        *((name, meaning) for _, name, meaning in STATISTICS),
        ("Curve", "Fitted from scores to opinions before PLCC, RMSE and MAE"),
        "Protocol",
        "Part",
        "Remarks",
    ]
    rows = [_summary_row(one) for one in evaluations]
    return joined(
        [
            _matrix(evaluations),
            table("All pictures", columns, rows),
            paragraph(
                "Correlations are positive where a model agrees with people, whichever way its scores go. "
                "Small figures are bootstrap intervals.",
                "note",
            ),
            _protocol_results(evaluations),
            _curves(evaluations),
        ]
    )


def _summary_row(one: Evaluation) -> list[Html]:
    found = one.agreement
    curve = found.curve.kind if found.curve else ""
    return [
        text_cell(one.model),
        text_cell(one.dataset),
        number_cell(found.count, ",.0f"),
        number_cell(one.failed, ",.0f"),
        number_cell(one.unrated, ",.0f"),
        *(number_cell(getattr(found, field), ".4f", interval=found.intervals.get(field)) for field, _, _ in STATISTICS),
        text_cell(curve),
        text_cell(one.protocol),
        text_cell(one.part),
        long_cell(" ".join([*(f"{note[:1].upper()}{note[1:]}." for note in one.notes), _remarks(found)]).strip()),
    ]


def _remarks(found: Agreement) -> str:
    clipped = f"{found.clipped:,} infinite scores took the best finite one for the curve." if found.clipped else ""
    return " ".join(filter(None, (found.problem, found.curve.note if found.curve else "", clipped)))


def _matrix(evaluations: Sequence[Evaluation]) -> Html:
    """SRCC of models by data sets, where there are several of both."""
    found = {(one.model, one.dataset): one.agreement for one in evaluations}
    models, sets = (list(dict.fromkeys(names)) for names in zip(*found, strict=True)) if found else ([], [])
    if len(models) < 2 or len(sets) < 2:
        return Html()
    best = {name: max((_srcc(found, model, name) for model in models), default=-2.0) for name in sets}
    rows = [
        [
            text_cell(model),
            *(
                number_cell(
                    found[model, name].srcc if (model, name) in found else None,
                    ".4f",
                    mark="best" if -2 < best[name] == _srcc(found, model, name) else "",
                )
                for name in sets
            ),
        ]
        for model in models
    ]
    return table("SRCC of models by data sets, the highest of each shaded", ["Model", *sets], rows)


def _srcc(found: dict[tuple[str, str], Agreement], model: str, dataset: str) -> float:
    """The SRCC, or -2 where there is none."""
    agreement = found.get((model, dataset))
    return -2.0 if agreement is None or agreement.srcc is None else agreement.srcc


def _protocol_results(evaluations: Sequence[Evaluation]) -> Html:
    rows = [
        [text_cell(one.model), text_cell(one.dataset), text_cell(one.protocol), text_cell(name), number_cell(value)]
        for one in evaluations
        for name, value in one.protocol_results.items()
    ]
    return table("Numbers of the protocols", ["Model", "Data set", "Protocol", "Number", "Value"], rows)


def _curves(evaluations: Sequence[Evaluation]) -> Html:
    rows = [
        [
            text_cell(one.model),
            text_cell(one.dataset),
            text_cell(curve.wanted),
            text_cell(curve.kind),
            text_cell(", ".join(number(value, ".6g") for value in curve.parameters)),
            long_cell(curve.note),
        ]
        for one in evaluations
        if (curve := one.agreement.curve) is not None
    ]
    columns: list[Column] = ["Model", "Data set", "Asked for", "Fitted", "Parameters", "Why another"]
    return folded("Fitted curves", table("Curves from scores to opinions", columns, rows))


def _tests(run: EvaluationRun) -> Html:
    columns: list[Column] = [
        "Data set",
        "First",
        "Second",
        "Test",
        ("Pictures", "That both have a score and an opinion of: those alone are tested; splits for wilcoxon_splits"),
        "Statistic",
        ("p", "Two-sided, uncorrected"),
        ("p corrected", "After Holm's correction over the pairs of models of one data set and test"),
        ("Better", "Significantly better at 0.05 after correction"),
        "Remarks",
    ]
    rows = [
        [
            text_cell(one.dataset),
            text_cell(one.first),
            text_cell(one.second),
            text_cell(one.test),
            number_cell(one.count, ",.0f"),
            number_cell(one.statistic),
            probability_cell(one.p_value),
            probability_cell(one.p_corrected),
            text_cell(one.winner or ("-" if one.p_corrected is None else "neither")),
            long_cell(one.note),
        ]
        for one in run.tests
    ]
    return table("Tests between models", columns, rows, first_heads=False)


def _groups(evaluations: Sequence[Evaluation]) -> Html:
    kinds = list(dict.fromkeys(kind for one in evaluations for kind in one.groups))
    return joined(_groups_of(kind, evaluations) for kind in kinds)


def _groups_of(kind: str, evaluations: Sequence[Evaluation]) -> Html:
    count = sum(len(one.groups.get(kind, [])) for one in evaluations)
    rows = (_group_row(one, group) for one in evaluations for group in one.groups.get(kind, []))
    columns: list[Column] = [
        kind.capitalize(),
        "Model",
        "Data set",
        "Pictures",
        *((name, meaning) for _, name, meaning in STATISTICS),
        "Remarks",
    ]
    inside = table(f"By {kind}", columns, rows, count=count)
    return folded(f"By {kind}: {count:,} rows", inside, is_open=count <= FOLDED_ABOVE)


def _group_row(one: Evaluation, group: Group) -> list[Html]:
    found = group.agreement
    return [
        text_cell(group.name),
        text_cell(one.model),
        text_cell(one.dataset),
        number_cell(found.count, ",.0f"),
        *(number_cell(getattr(found, field), ".4f", interval=found.intervals.get(field)) for field, _, _ in STATISTICS),
        long_cell(_remarks(found)),
    ]


def _failures(evaluations: Sequence[Evaluation]) -> Html:
    count = sum(one.predicted is None for each in evaluations for one in each.predictions)
    rows = (
        [text_cell(one.image), text_cell(each.model), text_cell(each.dataset), long_cell(one.error or "no score")]
        for each in evaluations
        for one in each.predictions
        if one.predicted is None
    )
    return table("Pictures without a score", ["Picture", "Model", "Data set", "Error"], rows, count=count)


def _pairs(run: EvaluationRun) -> list[tuple[str, str]]:
    return [(one.model, one.dataset) for one in run.evaluations]


def _listed(names: Sequence[str], most: int = 6) -> str:
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest


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
