"""``acutance plot``: figures of trainings, evaluations, comparisons and patches, for papers and screens."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from acutance.cli.options import ModelSettings, Overwrite, Weights, with_run_options
from acutance.scoring.options import RunOptions

if TYPE_CHECKING:
    from acutance.evaluation.results import EvaluationRun

plot_app = typer.Typer(
    help="Draw trainings, evaluations, comparisons and what a model looks at as PNG, PDF or SVG.",
    epilog="Examples:\n\nacutance plot training runs/a runs/b -o training.pdf\n\n"
    "acutance plot evaluation results/eval_results.json -o scatter.png",
    no_args_is_help=True,
)

Output = Annotated[
    Path, typer.Option("--output", "-o", help="Figure to write: .png, .pdf or .svg.", show_default=False)
]
Dpi = Annotated[int, typer.Option(help="Dots an inch of a PNG.", min=1)]
Labels = Annotated[
    list[str] | None,
    typer.Option("--labels", "--label", help="Name of each file in the figure; once for each.", show_default=False),
]


class EvaluationKind(StrEnum):
    """What is drawn of an evaluation."""

    scatter = "scatter"
    bars = "bars"
    groups = "groups"
    matrix = "matrix"


class ComparisonKind(StrEnum):
    """What is drawn of a comparison."""

    violins = "violins"
    wins = "wins"


class PatchesKind(StrEnum):
    """What is drawn of the patches of an image."""

    both = "both"
    outlines = "outlines"
    heat = "heat"


class Grouping(StrEnum):
    """What the images of a group share."""

    distortion = "distortion"
    level = "level"
    reference = "reference"


class Correlation(StrEnum):
    """Which correlation is drawn."""

    srcc = "srcc"
    krcc = "krcc"
    plcc = "plcc"


@plot_app.command(
    epilog="Examples:\n\nacutance plot training checkpoints/run1 -o training.png\n\n"
    "acutance plot training a/metrics.json b/metrics.csv -o both.pdf --labels before --labels after"
)
def training(
    runs: Annotated[
        list[Path],
        typer.Argument(help="Folders of trainings, or their metrics.json, .jsonl or .csv.", show_default=False),
    ],
    *,
    output: Output,
    labels: Labels = None,
    quantity: Annotated[
        list[str] | None,
        typer.Option(
            help="What to draw, such as l1_loss, or all; may be repeated. By default loss, srcc and plcc.",
            show_default=False,
        ),
    ] = None,
    dpi: Dpi = 300,
    overwrite: Overwrite = False,
) -> None:
    """Draw loss, SRCC and PLCC after each epoch, the best marked; several trainings are overlaid."""
    from acutance.reports.plots.canvas import check_figure_place, save_figure
    from acutance.reports.plots.training import read_trainings, training_figure

    check_figure_place(output, overwrite=overwrite)
    figure = training_figure(read_trainings(runs, labels or []), quantities=quantity or [])
    save_figure(figure, output, dpi, overwrite=overwrite)
    print(output)


@plot_app.command(
    epilog="Examples:\n\nacutance plot evaluation results/ -o scatter.pdf\n\n"
    "acutance plot evaluation a/eval_results.json b/eval_results.json -o bars.png --kind bars --labels A --labels B"
)
def evaluation(
    results: Annotated[
        list[Path],
        typer.Argument(help="Files eval_results.json, or folders of: acutance evaluate.", show_default=False),
    ],
    *,
    output: Output,
    kind: Annotated[
        EvaluationKind, typer.Option(help="Opinions over scores, bars, groups of images, or models by datasets.")
    ] = EvaluationKind.scatter,
    labels: Labels = None,
    by: Annotated[
        Grouping | None,
        typer.Option(help="What the images of a group share; by default distortion.", show_default=False),
    ] = None,
    statistic: Annotated[
        Correlation | None,
        typer.Option(help="Correlation of groups and matrix; by default srcc.", show_default=False),
    ] = None,
    draws: Annotated[
        int | None,
        typer.Option(
            help="Draws of scenes for the band of a scatter's curve; by default 200, 0 for none.",
            min=0,
            show_default=False,
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Seed of these draws; by default 0.", min=0, show_default=False)
    ] = None,
    dpi: Dpi = 300,
    overwrite: Overwrite = False,
) -> None:
    """Draw how well scores agree with opinions; several files stand beside each other."""
    from acutance.reports.plots import evaluation as plots
    from acutance.reports.plots.canvas import check_figure_place, save_figure

    _tell_unused(kind, by=by, statistic=statistic, draws=draws, seed=seed)
    check_figure_place(output, overwrite=overwrite)
    run = _read_evaluations(results, labels or [])
    by, statistic = by or Grouping.distortion, statistic or Correlation.srcc
    match kind:
        case EvaluationKind.scatter:
            figure = plots.scatter_figure(run, draws=200 if draws is None else draws, seed=seed or 0)
        case EvaluationKind.bars:
            figure = plots.bars_figure(run)
        case EvaluationKind.groups:
            figure = plots.groups_figure(run, by=by.value, statistic=statistic.value)
        case EvaluationKind.matrix:
            figure = plots.matrix_figure(run, statistic=statistic.value)
    save_figure(figure, output, dpi, overwrite=overwrite)
    print(output)


@plot_app.command(
    epilog="Examples:\n\nacutance plot compare comparison/comparison.json -o violins.svg\n\n"
    "acutance plot compare old/comparison.json new/comparison.json -o wins.png --kind wins --labels old --labels new"
)
def compare(
    comparisons: Annotated[
        list[Path],
        typer.Argument(help="Files comparison.json, or folders of: acutance compare.", show_default=False),
    ],
    *,
    output: Output,
    kind: Annotated[
        ComparisonKind, typer.Option(help="Scores of methods, or how often each is the best.")
    ] = ComparisonKind.violins,
    labels: Labels = None,
    dpi: Dpi = 300,
    overwrite: Overwrite = False,
) -> None:
    """Draw the scores of methods as violins with means and intervals, or their wins; several are overlaid."""
    from acutance.comparison.results import read_comparison
    from acutance.reports.plots.canvas import check_figure_place, save_figure
    from acutance.reports.plots.comparison import violin_figure, wins_figure
    from acutance.reports.plots.labels import labels_of

    check_figure_place(output, overwrite=overwrite)
    names = labels_of(comparisons, labels or [])
    draw = violin_figure if kind is ComparisonKind.violins else wins_figure
    figure = draw([read_comparison(path) for path in comparisons], names)
    save_figure(figure, output, dpi, overwrite=overwrite)
    print(output)


@plot_app.command(
    epilog="Examples:\n\nacutance plot patches out.png -r truth.png -m vtamiq-head --set vtamiq-head.protocol=grid "
    "-o patches.png\n\nacutance plot patches photo.jpg -m hyperiqa -o crops.pdf --kind outlines"
)
@with_run_options("background", "hdr_peak")
def patches(
    image: Annotated[Path, typer.Argument(help="The image.", show_default=False)],
    *,
    output: Output,
    model: Annotated[
        str,
        typer.Option(
            "--model",
            "-m",
            help="Model that looks at patches or crops (ahiq, hyperiqa, ms_hyperiqa, vtamiq-head ...), or the folder "
            "of its training.",
            show_default=False,
        ),
    ],
    reference: Annotated[
        Path | None,
        typer.Option(
            "--reference", "-r", help="Its reference, where patches lie where the two differ.", show_default=False
        ),
    ] = None,
    weights: Weights = None,
    settings: ModelSettings = None,
    kind: Annotated[
        PatchesKind, typer.Option(help="The patches outlined, how often each pixel is seen, or both.")
    ] = PatchesKind.both,
    dpi: Dpi = 300,
    overwrite: Overwrite = False,
    run: RunOptions,
) -> None:
    """Draw which patches of an image a score depends on; the model's weights need not be there."""
    from acutance.cli.options import parse_options, parse_weights
    from acutance.images import read_image
    from acutance.inspection import looked_at
    from acutance.reports.plots.canvas import check_figure_place, save_figure
    from acutance.reports.plots.patches import patches_figure

    check_figure_place(output, overwrite=overwrite)
    pixels = read_image(image, background=run.background, hdr_peak=run.hdr_peak)
    truth = None if reference is None else read_image(reference, background=run.background, hdr_peak=run.hdr_peak)
    given = parse_weights(weights or [])
    file = given if given is None or isinstance(given, str) else next(iter(given.values()))
    seen = looked_at(model, pixels, truth, file, parse_options(settings or []))
    told = [f"{name} {seen.preprocessing[name]}" for name in ("seed",) if name in seen.preprocessing]
    title = ", ".join([seen.model, str(seen.preprocessing["protocol"]), *told])
    figure = patches_figure(pixels, seen.patches, title, kind=kind.value)
    save_figure(figure, output, dpi, overwrite=overwrite)
    print(output)


def _tell_unused(kind: EvaluationKind, **given: object) -> None:
    """A line for each option that this kind of figure has no use for."""
    useful = {
        EvaluationKind.scatter: ("draws", "seed"),
        EvaluationKind.bars: (),
        EvaluationKind.groups: ("by", "statistic"),
        EvaluationKind.matrix: ("statistic",),
    }[kind]
    for name, value in given.items():
        if value is not None and name not in useful:
            typer.echo(f"--{name} has no use beside --kind {kind.value}", err=True)


def _read_evaluations(places: list[Path], labels: list[str]) -> "EvaluationRun":
    """All evaluations as one run, told apart by labels or by their folders."""
    from acutance.evaluation.files import read_run
    from acutance.reports.plots.labels import merged_runs

    return merged_runs([read_run(place) for place in places], labels) if labels else read_run(places)
