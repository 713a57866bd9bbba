"""Options that several verbs have, said once; what is particular to a verb stands in its own file."""

import inspect
from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Annotated, Any, Literal, get_args, get_origin

import typer
from pydantic.fields import FieldInfo

from acutance.scoring.options import RunOptions, run_options

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
Offline = Annotated[bool, typer.Option("--offline", help="Never touch the network.")]
AllowMissing = Annotated[
    bool, typer.Option("--allow-missing", help="Take what is there of a data set that is not whole as published.")
]
OpinionBetter = Annotated[
    Direction | None,
    typer.Option(help="Which opinions are better in lists that do not tell, as dmos; mos tells.", show_default=False),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the output.")]


def with_run_options(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Gives a verb an option for each of these fields of ``RunOptions``, or for all; it takes them as ``run``."""
    fields = {name: field for name, field in RunOptions.model_fields.items() if not names or name in names}

    def decorate(verb: Callable[..., None]) -> Callable[..., None]:
        @wraps(verb)
        def command(**given: Any) -> None:  # noqa: ANN401 (whatever the verb takes)
            chosen = {name: given.pop(name) for name in fields}
            verb(**given, run=run_options(**chosen))

        parameters = [one for one in inspect.signature(verb).parameters.values() if one.name != "run"]
        for name, field in fields.items():
            kind = inspect.Parameter.KEYWORD_ONLY
            parameters.append(inspect.Parameter(name, kind, default=field.default, annotation=_option(name, field)))
        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        command.__annotations__ = {one.name: one.annotation for one in parameters}
        return command

    return decorate


def _option(name: str, field: FieldInfo) -> object:
    """The annotation by which typer makes an option of a field."""
    kind: Any = field.annotation
    if get_origin(kind) is Literal:
        kind = StrEnum(name.title(), list(get_args(kind)))  # type: ignore[misc, no-redef]
    elif kind not in (bool, str, int | None, float | None):
        kind = str  # such as a number or a word, which pydantic tells apart
    flag = [f"--{name.replace('_', '-')}"] if kind is bool else []
    return Annotated[kind, typer.Option(*flag, help=field.description, show_default=field.default is not None)]
