"""Options that several verbs have, said once, and what their text means; what one verb has stands in its own file."""

import inspect
from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import wraps
from typing import Annotated, Any, Literal, get_args, get_origin

import typer
from pydantic.fields import FieldInfo

from acutance.errors import ConfigError
from acutance.scoring.options import RunOptions, run_options
from acutance.types import Better


class Format(StrEnum):
    """How rows are printed."""

    table = "table"
    csv = "csv"
    json = "json"


class Direction(StrEnum):
    """Which numbers are better."""

    HIGHER = "higher"
    LOWER = "lower"


class DataPart(StrEnum):
    """A part of a split."""

    train = "train"
    validation = "validation"
    test = "test"


class GroupBy(StrEnum):
    """What the images of a group share."""

    distortion = "distortion"
    level = "level"
    reference = "reference"


Models = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        "-m",
        help="Model to score with, such as psnr,ssim or the folder of a training; may be repeated. By default "
        "afine-tiny, or afine-tiny-naturalness for images alone; classic stands for psnr, ssim, ms_ssim, gmsd and "
        "vsi.",
        show_default=False,
    ),
]
Reference = Annotated[
    str | None,
    typer.Option("--reference", "-r", help="The undistorted image, or a folder of them.", show_default=False),
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
    bool, typer.Option("--allow-missing", help="Take what is there of a dataset that is not whole as published.")
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


def parse_models(texts: Sequence[str]) -> list[str]:
    """Names of models and folders of trainings, several of them between commas or one by one; none for the default.

    Example:
        >>> parse_models(["psnr,SSIM", "runs/small"])
        ['psnr', 'SSIM', 'runs/small']
    """
    from acutance.catalog import model_names

    return [name for text in texts for name in model_names(text)]


def parse_weights(texts: Sequence[str]) -> str | dict[str, str] | None:
    """One file for all, or files by model name."""
    from acutance.catalog import CATALOG, catalogue_name

    named = [text.partition("=") for text in texts]
    by_model = {
        catalogue_name(name): file for name, equals, file in named if equals and catalogue_name(name) in CATALOG
    }
    if len(by_model) == len(texts):
        return by_model or None
    if len(texts) == 1:
        return texts[0]
    raise ConfigError(f"Expected MODEL=FILE for each of several weights, got {', '.join(texts)}.")


def parse_options(texts: Sequence[str]) -> dict[str, dict[str, str | bool]]:
    """Options by model name."""
    from acutance.catalog import catalogue_name

    options: dict[str, dict[str, str | bool]] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        model, dot, option = name.rpartition(".")
        if not (equals and dot and model and option and value):
            raise ConfigError(f"Expected an option as MODEL.OPTION=VALUE, such as ssim.channel=rgb, got {text!r}.")
        of_model = options.setdefault(catalogue_name(model), {})
        if option.lower() in map(str.lower, of_model):
            raise ConfigError(f"Expected {model}.{option} once, got it again as {text!r}. Leave one out.")
        truth = {"true": True, "false": False}
        of_model[option] = truth.get(value.lower(), value)
    return options


def parse_directions(texts: Sequence[str]) -> dict[str, Better]:
    """Which direction of scores is better, by model."""
    directions: dict[str, Better] = {}
    for text in texts:
        name, _, value = text.rpartition("=")
        if not name or value not in ("higher", "lower"):
            raise ConfigError(f"Expected a direction as NAME=higher or NAME=lower, got {text!r}.")
        if name in directions:
            raise ConfigError(f"Expected one direction of {name}, got several. Leave the others out.")
        directions[name] = "higher" if value == "higher" else "lower"
    return directions
