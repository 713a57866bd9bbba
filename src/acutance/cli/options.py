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


class Precision(StrEnum):
    """Type of the matrix products."""

    float32 = "float32"
    bfloat16 = "bfloat16"
    float64 = "float64"


Reference = Annotated[
    str | None,
    typer.Option("--reference", "-r", help="The undistorted picture, or a folder of them.", show_default=False),
]
Weights = Annotated[
    list[str] | None, typer.Option(help="File of weights, or MODEL=FILE; may be repeated.", show_default=False)
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
Strict = Annotated[bool, typer.Option("--strict", help="Make errors of warnings, such as bits that are lost.")]
Offline = Annotated[bool, typer.Option("--offline", help="Never touch the network.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the output.")]
