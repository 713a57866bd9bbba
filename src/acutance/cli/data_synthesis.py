"""``acutance data distort`` and ``acutance data synthesize``: images made worse on purpose."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from acutance.cli.data import data_app
from acutance.cli.output import SOME_FAILED, say

if TYPE_CHECKING:
    from acutance.synthesis import SyntheticSet

Sources = Annotated[list[str], typer.Argument(help="Pristine images, and folders of them.", show_default=False)]
Output = Annotated[Path, typer.Option("--output", "-o", help="Folder to write.", show_default=False)]
Types = Annotated[str, typer.Option(help="Distortions such as gaussian_blur,jpeg or gblur,jp2k; or all.")]
Levels = Annotated[str, typer.Option(help="Levels such as 1,3,5; or all.")]
Seed = Annotated[int, typer.Option(help="What everything random is drawn from.")]
Workers = Annotated[int | None, typer.Option(help="Processes that work; one a core.", min=1, show_default=False)]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with what an ended run left.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Throw away what a run made there.")]


class ImageFormat(StrEnum):
    """Formats without loss."""

    png = "png"
    bmp = "bmp"
    tiff = "tiff"


@data_app.command(
    epilog="Examples:\n\nacutance data distort photos/ -o ladder --types gaussian_blur,jpeg --levels 1,3,5\n\n"
    "acutance data distort photos/ -o ladder --mixtures 10 --resume"
)
def distort(
    sources: Sources,
    *,
    output: Output,
    types: Types = "all",
    levels: Levels = "all",
    mixtures: Annotated[int, typer.Option(help="Random mixtures of each source too.", min=0)] = 0,
    seed: Seed = 0,
    image_format: Annotated[ImageFormat, typer.Option("--format", help="Of the images.")] = ImageFormat.png,
    workers: Workers = None,
    resume: Resume = False,
    overwrite: Overwrite = False,
) -> None:
    """Write every distortion of images at every level, and a table of them."""
    from acutance.cli.progress import synthesizing
    from acutance.synthesis import distort_pictures

    with synthesizing() as (references, images):
        made = distort_pictures(
            sources,
            output,
            kinds=_listed(types),
            levels=_numbers(levels),
            mixtures=mixtures,
            seed=seed,
            ending=f".{image_format.value}",
            workers=workers,
            resume=resume,
            overwrite=overwrite,
            on_references=references,
            on_progress=images,
        )
    _end(made)


@data_app.command(
    epilog="Examples:\n\nacutance data synthesize photos/ -n 10000 -o synthetic --size 512\n\n"
    "acutance data synthesize photos/ -n 700000 -o synthetic --models mdsi,vsi,haarpsi --mixtures 0.2 --resume"
)
def synthesize(
    sources: Sources,
    *,
    output: Output,
    count: Annotated[
        int | None,
        typer.Option(
            "--count",
            "-n",
            help="How many images; every kind at every level of each source, once, if left out.",
            min=1,
            show_default=False,
        ),
    ] = None,
    models: Annotated[
        str, typer.Option(help="Classic metrics that make the pseudo-MOS; by default mdsi,gmsd,sr_sim.")
    ] = "",
    types: Types = "all",
    levels: Levels = "all",
    mixtures: Annotated[float, typer.Option(help="Share of the images that get a mixture.", min=0, max=1)] = 0.0,
    size: Annotated[
        int | None,
        typer.Option(help="Sides of a random part of larger sources; whole if left out.", min=1, show_default=False),
    ] = None,
    seed: Seed = 0,
    workers: Workers = None,
    resume: Resume = False,
    overwrite: Overwrite = False,
) -> None:
    """Distort images at random, score them by classic metrics, and write a table with pseudo-MOS."""
    from acutance.cli.progress import synthesizing
    from acutance.synthesis import synthesize as make
    from acutance.synthesis.plan import DEFAULT_METRICS

    with synthesizing() as (references, images):
        made = make(
            sources,
            output,
            count=count,
            metrics=_names(models) if models else DEFAULT_METRICS,
            kinds=_listed(types),
            levels=_numbers(levels),
            mixture_share=mixtures,
            size=size,
            seed=seed,
            workers=workers,
            resume=resume,
            overwrite=overwrite,
            on_references=references,
            on_progress=images,
        )
    _end(made)


def _listed(text: str) -> list[str] | None:
    """The names between commas; ``None`` for all."""
    return None if text == "all" else _names(text)


def _names(text: str) -> list[str]:
    return [name for name in map(str.strip, text.split(",")) if name]


def _numbers(text: str) -> list[int] | None:
    from acutance.errors import ConfigError

    try:
        return None if text == "all" else [int(number) for number in text.split(",")]
    except ValueError:
        raise ConfigError(f"Expected levels such as 1,3,5 or all, got {text!r}. Change --levels.") from None


def _end(made: "SyntheticSet") -> None:
    print(f"{made.table} ({made.count} rows)")
    failures = []
    for failure in made.failures:
        many = "1 image" if failure.count == 1 else f"{failure.count} images"
        failures.append(f"failed: {failure.source} ({many}): {failure.error}")
    say(failures)
    if failures:
        say([f"{sum(failure.count for failure in made.failures)} images failed"])
        raise typer.Exit(SOME_FAILED)
