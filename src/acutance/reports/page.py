"""A report as one HTML file that needs no network: what a page says of an evaluation or a comparison."""

import base64
import importlib.util
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from acutance.comparison.results import Comparison, ImageScores
from acutance.errors import AcutanceError, ConfigError
from acutance.evaluation.results import Evaluation, EvaluationRun
from acutance.extras import install_command
from acutance.reports import columns
from acutance.reports.cards import (
    Card,
    Choice,
    Layer,
    choose_comparisons,
    choose_predictions,
    fitted_opinions,
    images_part,
    key_of,
)
from acutance.reports.columns import AgreementRow, Column, Measured, Predicted
from acutance.reports.html import Block, Lines, Paragraph, Part, Plot, check_jinja, folded, paragraph, render, table
from acutance.tables.atomic import atomic_write
from acutance.tables.strict_json import strict
from acutance.types import OnProgress

if TYPE_CHECKING:
    from matplotlib.figure import Figure

THUMBNAILS = 24
"""How many images a page shows unless told otherwise."""
PAGE_ENDINGS = (".html", ".htm")
MAX_PROVENANCE = 200_000
"""Most letters of the provenance that a page repeats."""
MOST_SVG_BYTES = 400_000
"""Largest drawing of lines and letters; beyond it, with thousands of points, an image takes less."""
PNG_DPI = 110
"""Dots an inch of such an image."""
FOLDED_ABOVE = 30
"""Tables of groups with more rows are folded."""
REFERENCE = "reference"
"""What the reference is called beside the methods."""


def check_report_place(path: Path, *, overwrite: bool = False) -> None:
    """Raise where a report cannot be written, before anything is computed.

    Args:
        overwrite: Whether one that is there may be replaced.

    Raises:
        ConfigError: Another ending than .html, a file that is there, or a folder.
        MissingExtraError: jinja2 is not installed.
    """
    check_jinja()
    if path.suffix.lower() not in PAGE_ENDINGS:
        raise ConfigError(f"Expected a report that ends in .html, got {path}. Name it report.html.")
    if path.is_dir() or (path.exists() and not overwrite):
        raise ConfigError(f"Expected no file at {path}, got one. Name another, or replace it with --overwrite.")


def write_report(
    results: EvaluationRun | Comparison,
    path: Path,
    *,
    thumbnails: int = THUMBNAILS,
    overwrite: bool = False,
    on_progress: OnProgress | None = None,
) -> None:
    """Write a page that stands alone: it can be mailed, and opened in years to come.

    Thumbnails have at most 384 pixels a side; they become smaller, and then fewer, so that a page stays below about
    8 MB. Images that cannot be read leave a grey field with the reason. Names and errors are text in the page,
    whatever is in them; the page loads nothing and may run no script but its own.

    Args:
        results: What was evaluated or compared; images are read where it says they lie.
        path: The file, ending in .html; its folder is made.
        thumbnails: How many images are shown at most, 0 or more.
        overwrite: Whether a file that is there may be replaced.
        on_progress: Called with the number of finished images and of all.

    Raises:
        ConfigError: Another ending, a file that is there, a negative number, or a place that cannot be written to.

    Example:
        >>> import tempfile
        >>> from acutance.comparison.results import Comparison
        >>> path = Path(tempfile.mkdtemp()) / "report.html"
        >>> comparison = Comparison(compare_time="2030-01-31 12:00:00", methods=["ours"], models=["psnr"],
        ...                         better={"psnr": "higher"})
        >>> write_report(comparison, path)
        >>> path.read_text(encoding="utf-8").splitlines()[0]
        '<!DOCTYPE html>'
    """
    check_report_place(path, overwrite=overwrite)
    if thumbnails < 0:
        raise ConfigError(f"Expected 0 or more thumbnails, got {thumbnails}. Choose another number.")
    if isinstance(results, Comparison):
        title, lead = "Comparison of methods", _comparison_lead(results)
        parts = _comparison_parts(results, thumbnails, on_progress)
    else:
        title, lead = "Evaluation of quality models", _evaluation_lead(results)
        parts = _evaluation_parts(results, thumbnails, on_progress)
    content = render(title, lead, [*parts, _provenance(results.provenance)])
    try:
        with atomic_write(path) as temporary:
            temporary.write_bytes(content.encode("utf-8"))
    except OSError as error:
        raise ConfigError(f"Expected to write a report to {path}, got: {error.strerror or error}.") from error


def _provenance(provenance: dict[str, object]) -> Part:
    text = json.dumps(strict(provenance), indent=2, ensure_ascii=False, default=str)
    cut = ["… the rest stands in the JSON file beside the scores."] if len(text) > MAX_PROVENANCE else []
    lines = Lines([*text[:MAX_PROVENANCE].split("\n"), *cut])
    return Part("provenance", "Provenance", folded("What the scores depend on", [lines] if provenance else []))


# Evaluations


def _evaluation_lead(run: EvaluationRun) -> list[Block]:
    """When, what, how much, and how much failed."""
    models, sets = ([one.model for one in run.evaluations], [one.dataset for one in run.evaluations])
    failed = sum(one.failed for one in run.evaluations)
    scores = sum(len(one.predictions) for one in run.evaluations)
    what = f"{_listed(models)} on {_listed(sets)}, {run.eval_time}. {scores:,} scores asked for."
    return [*paragraph(what), *paragraph(f"Failed: {failed:,}, listed below." if failed else "", "failed")]


def _listed(names: Sequence[str], most: int = 6) -> str:
    names = list(dict.fromkeys(names))
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest


def _evaluation_parts(run: EvaluationRun, count: int, on_progress: OnProgress | None) -> list[Part]:
    tests = table("Tests between models", columns.MODEL_TESTS, run.tests, first_heads=False)
    return [
        Part("summary", "Agreement with opinions", _summary(run.evaluations)),
        Part("figures", "Figures", list(_evaluation_plots(run))),
        Part("tests", "Is one model better than another?", tests),
        Part("groups", "Groups", list(_groups(run.evaluations))),
        _judged_images(run, count, on_progress),
        Part("failed", "Failed images", _failed_predictions(run.evaluations)),
    ]


def _summary(evaluations: Sequence[Evaluation]) -> list[Block]:
    rows = [AgreementRow(one, one.agreement) for one in evaluations]
    numbers = [columns.Named(one, *named) for one in evaluations for named in one.protocol_results.items()]
    curves = [columns.Fitted(one, one.agreement.curve) for one in evaluations if one.agreement.curve is not None]
    note = (
        "Correlations are positive where a model agrees with people, whichever way its scores go. "
        "Small figures are bootstrap intervals."
    )
    return [
        *_matrix(evaluations),
        *table("All images", columns.AGREEMENTS, rows),
        Paragraph(note, "note"),
        *table("Numbers of the protocols", columns.PROTOCOL_NUMBERS, numbers),
        *folded("Fitted curves", table("Curves from scores to opinions", columns.CURVES, curves)),
    ]


def _matrix(evaluations: Sequence[Evaluation]) -> list[Block]:
    """SRCC of models by datasets, where there are several of both."""
    found = {(one.model, one.dataset): one.agreement.srcc for one in evaluations}
    models, sets = (list(dict.fromkeys(names)) for names in zip(*found, strict=True)) if found else ([], [])
    if len(models) < 2 or len(sets) < 2:
        return []

    def column(dataset: str) -> Column[str]:
        known = [value for (_, name), value in found.items() if name == dataset and value is not None]

        def measured(model: str) -> Measured:
            value = found.get((model, dataset))
            return Measured(value, is_best=value is not None and value == max(known))

        return Column(dataset, dataset, value=measured, kind="number", form=".4f")

    names: Column[str] = Column("model", "Model", value=str)
    title = "SRCC of models by datasets, the highest of each shaded"
    return table(title, [names, *map(column, sets)], models)


def _groups(evaluations: Sequence[Evaluation]) -> Iterator[Block]:
    for kind in dict.fromkeys(kind for one in evaluations for kind in one.groups):
        count = sum(len(one.groups.get(kind, [])) for one in evaluations)
        rows = (
            AgreementRow(one, group.agreement, group.name) for one in evaluations for group in one.groups.get(kind, [])
        )
        inside = table(f"By {kind}", columns.group_columns(kind), rows, count=count)
        yield from folded(f"By {kind}: {count:,} rows", inside, is_open=count <= FOLDED_ABOVE)


def _failed_predictions(evaluations: Sequence[Evaluation]) -> list[Block]:
    count = sum(one.predicted is None for each in evaluations for one in each.predictions)
    rows = (Predicted(each, one) for each in evaluations for one in each.predictions if one.predicted is None)
    return table("Images without a score", columns.FAILED_PREDICTIONS, rows, count=count)


def _judged_images(run: EvaluationRun, count: int, on_progress: OnProgress | None) -> Part:
    """Images with the largest residuals and a sample over the range, each beside its reference."""
    choices = choose_predictions(run, count)
    found: dict[tuple[str, ...], list[Predicted]] = {choice.key: [] for choice in choices}
    for one in run.evaluations:
        wanted = set(found)  # an image that stands twice is judged by its first line
        for prediction, fitted in zip(one.predictions, fitted_opinions(one), strict=True):
            key = key_of(one, prediction)
            if key in wanted:
                wanted.remove(key)
                found[key].append(Predicted(one, prediction, fitted))
    lead = (
        "Images on which models are furthest from people after the fitted curve, and a sample over the range. "
        "Move the slider, or drag on the image."
    )
    return images_part([_judged_card(choice, found[choice.key]) for choice in choices], lead, on_progress)


def _judged_card(choice: Choice, rows: Sequence[Predicted]) -> Card:
    dataset, root, image, reference = choice.key
    layers = {"distorted": image, **({"reference": reference} if reference else {})}
    return Card(
        title=f"{image} ({dataset})",
        reasons=choice.reasons,
        layers=[Layer(name, Path(root, path)) for name, path in layers.items()],
        sides=("distorted", "reference"),
        is_fixed=True,
        blocks=table(f"Scores of {image}", columns.JUDGEMENTS, rows),
    )


# Comparisons


def _comparison_lead(comparison: Comparison) -> list[Block]:
    """What was compared, when, and what failed."""
    failed = sum(one.failed for one in comparison.results)
    by = f" by {', '.join(comparison.models)}" if comparison.models else ""
    images = f"{len(comparison.pictures):,} images, " if comparison.pictures else ""
    return [
        *paragraph(f"{', '.join(comparison.methods)}{by}; {images}{comparison.compare_time}."),
        *paragraph(f"Failed scores: {failed:,}, listed below." if failed else "", "failed"),
    ]


def _comparison_parts(comparison: Comparison, count: int, on_progress: OnProgress | None) -> list[Part]:
    tests = columns.method_test_columns(comparison.tests)
    orders = [
        columns.OrderRow(by, place, one)
        for by, order in comparison.orders.items()
        for place, one in enumerate(order, start=1)
    ]
    disagreements = sorted(comparison.disagreements, key=lambda one: one.agreement)
    summary = [
        *table("Methods by models", columns.method_columns(comparison), comparison.results),
        *(Paragraph(note) for note in comparison.notes),
        *table("Bradley-Terry order", columns.STRENGTHS, orders),
    ]
    unlike = "Images on which models order the methods differently"
    return [
        Part("summary", "Methods", summary),
        Part("figures", "Figures", list(_comparison_plots(comparison))),
        Part(
            "tests",
            "Is one method better than another?",
            table("Pairs of methods", tests, comparison.tests, first_heads=False),
        ),
        _compared_images(comparison, count, on_progress),
        Part("scores", "Scores image by image", _scores(comparison)),
        Part("disagreements", "Where models disagree", table(unlike, columns.DISAGREEMENTS, disagreements)),
        Part("failed", "Failed and left out", _failures(comparison)),
    ]


def _scores(comparison: Comparison) -> list[Block]:
    def column(model: str, method: str) -> Column[ImageScores]:
        return columns.score_column(f"{model}: {method}", model, comparison.better[model], lambda one: (one, method))

    scores = [column(model, method) for model in comparison.models for method in comparison.methods]
    name: Column[ImageScores] = Column("picture", "Image")
    inside = table("Scores of all images", [name, *scores], comparison.pictures)
    return folded(f"{len(comparison.pictures):,} images", inside)


def _failures(comparison: Comparison) -> list[Block]:
    count = sum(len(errors) for one in comparison.pictures for errors in one.errors.values())
    rows = (
        columns.Failure(one.picture, method, model, error)
        for one in comparison.pictures
        for model, errors in one.errors.items()
        for method, error in errors.items()
    )
    name: Column[str] = Column("picture", "Image", value=str)
    return [
        *table("Scores that failed", columns.FAILURES, rows, count=count),
        *table("Not compared, since a method or the reference is missing", [name], comparison.left_out),
    ]


def _compared_images(comparison: Comparison, count: int, on_progress: OnProgress | None) -> Part:
    images = {one.picture: one for one in comparison.pictures}
    cards = [
        _compared_card(choice, images[choice.key[0]], comparison)
        for choice in choose_comparisons(comparison, count)
        if images[choice.key[0]].images
    ]
    lead = (
        "Images on which models disagree, on which a method does worst, and on which one wins by most. Choose what "
        "stands on either side of the slider; move it, or drag on the image."
    )
    return images_part(cards, lead, on_progress)


def _compared_card(choice: Choice, image: ImageScores, comparison: Comparison) -> Card:
    paths = {method: image.images[method] for method in comparison.methods if method in image.images}
    if image.reference is not None:
        paths[REFERENCE if REFERENCE not in comparison.methods else f"{REFERENCE} (true)"] = image.reference
    names = list(paths)
    left = choice.sides[0] if choice.sides[0] in names else names[0]
    other = next(name for name in reversed(names) if name != left or len(names) == 1)
    scores = [
        columns.score_column(model, model, better, lambda method: (image, method), f"{better} is better")
        for model, better in comparison.better.items()
        if model in comparison.models
    ]
    name: Column[str] = Column("method", "Method", value=str)
    return Card(
        title=image.picture,
        reasons=choice.reasons,
        layers=[Layer(name, Path(comparison.root, path)) for name, path in paths.items()],
        sides=(left, choice.sides[1] if choice.sides[1] in names else other),
        blocks=table(f"Scores of {image.picture}", [name, *scores], comparison.methods),
    )


# Plots


def _evaluation_plots(run: EvaluationRun) -> Iterator[Block]:
    """Scores against opinions with the fitted curves, correlations, and what else the evaluations have."""
    if not _is_installed():
        yield _without_matplotlib()
        return
    from acutance.reports.plots.evaluation import bars_figure, groups_figure, matrix_figure, scatter_figure

    yield _plot("Opinions over scores", lambda: scatter_figure(run))
    yield _plot("Agreement with opinions", lambda: bars_figure(run))
    if len({one.model for one in run.evaluations}) > 1 and len({one.dataset for one in run.evaluations}) > 1:
        yield _plot("SRCC of models by datasets", lambda: matrix_figure(run))
    if any(one.groups.get("distortion") for one in run.evaluations):
        yield _plot("SRCC by distortion", lambda: groups_figure(run, by="distortion"))


def _comparison_plots(comparison: Comparison) -> Iterator[Block]:
    """Scores and wins of all methods, model by model; nothing where no model scored them."""
    if not comparison.models:
        return
    if not _is_installed():
        yield _without_matplotlib()
        return
    from acutance.reports.plots.comparison import violin_figure, wins_figure

    yield _plot("Scores of the methods", lambda: violin_figure(comparison))
    yield _plot("Wins of the methods", lambda: wins_figure(comparison))


def _is_installed() -> bool:
    return importlib.util.find_spec("matplotlib") is not None


def _without_matplotlib() -> Block:
    return Paragraph(f"Figures need matplotlib, which is not installed. Do: {install_command('plots')}", "note")


def _plot(title: str, draw: Callable[[], "Figure"]) -> Block:
    """A plot as an image of its own, so that neither its styles nor its names meet those of the page."""
    from acutance.reports.plots.canvas import figure_png, figure_svg

    try:
        figure = draw()
    except AcutanceError as error:
        return Paragraph(f"{title}: {error}", "note")
    kind, content = "svg+xml", figure_svg(figure).encode()
    if len(content) > MOST_SVG_BYTES:
        kind, content = "png", figure_png(figure, dpi=PNG_DPI)
    return Plot(title, f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}")
