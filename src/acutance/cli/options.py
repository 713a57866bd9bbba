"""Options that several verbs have, said once; what is particular to a verb stands in its own file."""

from enum import StrEnum
from typing import Annotated

import typer

SOME_FAILED = 1
"""Exit status where some pictures failed."""


class Format(StrEnum):
    """How rows are printed."""

    table = "table"
    csv = "csv"
    json = "json"


class Direction(StrEnum):
    """Which numbers are better."""

    HIGHER = "higher"
    LOWER = "lower"


class Precision(StrEnum):
    """Type of the matrix products."""

    float32 = "float32"
    bfloat16 = "bfloat16"
    float64 = "float64"


Models = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        "-m",
        help="Model to score with, such as psnr,ssim or the folder of a training; may be repeated. By default "
        "afine-tiny, or afine-tiny-naturalness for pictures alone; classic stands for psnr, ssim, ms_ssim, gmsd and "
        "vsi.",
        show_default=False,
    ),
]
Reference = Annotated[
    str | None,
    typer.Option("--reference", "-r", help="The undistorted picture, or a folder of them.", show_default=False),
]
Weights = Annotated[
    list[str] | None,
    typer.Option(help="File or folder of weights, or MODEL=FILE; may be repeated.", show_default=False),
]
ModelSettings = Annotated[
    list[str] | None,
    typer.Option("--set", help="Option of a model, such as ssim.channel=rgb; may be repeated.", show_default=False),
]
Directions = Annotated[
    list[str] | None,
    typer.Option(help="Direction of a model in such a file: NAME=higher or NAME=lower.", show_default=False),
]
Printed = Annotated[Format, typer.Option("--format", "-f", help="What to print.")]
BootstrapDraws = Annotated[int, typer.Option(help="Bootstrap draws for intervals; 0 for none.", min=0)]
Products = Annotated[Precision, typer.Option(help="bfloat16 is faster and a little off.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
BatchSize = Annotated[str, typer.Option(help="Pictures of one size scored at once: a number or auto.")]
Threads = Annotated[int | None, typer.Option(help="Threads that decode ahead.", show_default=False)]
Background = Annotated[str, typer.Option(help="Colour under transparent pixels.")]
HdrPeak = Annotated[
    float | None,
    typer.Option(
        help="Nits of a display's white to which HDR pictures (PQ, HLG) are tone-mapped; else they are an error.",
        show_default=False,
    ),
]
Strict = Annotated[
    bool, typer.Option("--strict", help="Make errors of pictures that are not read, later frames and lost bits.")
]
Offline = Annotated[bool, typer.Option("--offline", help="Never touch the network.")]
AllowMissing = Annotated[
    bool, typer.Option("--allow-missing", help="Take what is there of a data set that is not whole as published.")
]
OpinionBetter = Annotated[
    Direction | None,
    typer.Option(help="Which opinions are better in lists that do not tell, as dmos; mos tells.", show_default=False),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the output.")]
