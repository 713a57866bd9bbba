"""The command ``acutance``: its verbs, and what becomes of an error."""

import os
import shlex
import sys
from io import TextIOWrapper
from typing import Any

import typer
from typer.core import TyperGroup

from acutance.cli import data_lists, data_synthesis  # noqa: F401 (they add their commands to data_app)
from acutance.cli.compare import COMPARE_EPILOG, compare
from acutance.cli.data import data_app
from acutance.cli.evaluate import EVALUATE_EPILOG, evaluate
from acutance.cli.models import models
from acutance.cli.plot import plot_app
from acutance.cli.score import SCORE_EPILOG, score
from acutance.cli.train import TRAIN_EPILOG, TRAIN_HELP, TrainCommand, train
from acutance.cli.weights import weights_app
from acutance.errors import AcutanceError, PairingError

USAGE_ERROR = 2
INTERRUPTED = 130
BROKEN_PIPE = 141
"""As a shell reports a program that SIGPIPE ended."""
TYPED = "acutance.typed"
"""Where a context keeps the words that were typed after the name of the program."""


class _Verbs(TyperGroup):
    """The verbs, whose deliberate errors become one line on stderr and an exit status."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 (its class moved from click to typer)
        ctx.meta[TYPED] = list(args)
        parsed: list[str] = super().parse_args(ctx, args)
        return parsed

    def invoke(self, ctx: Any) -> object:  # noqa: ANN401 (its class moved from click to typer)
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            _forget_stdout()
            raise typer.Exit(BROKEN_PIPE) from None
        except KeyboardInterrupt:
            verb = self.get_command(ctx, ctx.invoked_subcommand or "")
            cure = "; the same command goes on with --resume" if _resumes(verb) else ""
            typer.echo(f"acutance: interrupted{cure}", err=True)
            raise typer.Exit(INTERRUPTED) from None
        except (AcutanceError, OSError) as error:
            typer.echo(f"acutance: {' '.join(str(error).split())}", err=True)
            if isinstance(error, PairingError) and error.pair_by is not None:
                typer.echo(f"try: {_with_rule(ctx, error.pair_by)}", err=True)
            raise typer.Exit(USAGE_ERROR) from None


app = typer.Typer(
    name="acutance",
    cls=_Verbs,
    help="How good does this image look? Image quality scores one can cite.\n\n"
    "Exit status: 0; 1 if some images failed; 2 if the request made no sense.",
    epilog="Examples:\n\nacutance score out.png --reference truth.png\n\nacutance models",
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
app.command(epilog=SCORE_EPILOG)(score)
app.command(epilog=COMPARE_EPILOG)(compare)
app.command(epilog=EVALUATE_EPILOG)(evaluate)
app.command(epilog="Examples:\n\nacutance models\n\nacutance models ssim")(models)
app.command(cls=TrainCommand, epilog=TRAIN_EPILOG, help=TRAIN_HELP)(train)
app.add_typer(weights_app, name="weights")
app.add_typer(data_app, name="data")
app.add_typer(plot_app, name="plot")


@app.callback(invoke_without_command=True)
def _options(
    *,
    version: bool = typer.Option(False, "--version", help="Print the version and leave.", is_eager=True),
    local_rank: int | None = typer.Option(None, "--local-rank", hidden=True),
) -> None:
    if version:
        from acutance import __version__

        print(f"acutance {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command, on whatever the terminal can show."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    app()


def _resumes(verb: Any) -> bool:  # noqa: ANN401 (its class moved from click to typer)
    """Whether a verb, or one below it, has ``--resume``."""
    return any(option.name == "resume" for option in getattr(verb, "params", [])) or any(
        map(_resumes, getattr(verb, "commands", {}).values())
    )


def _with_rule(ctx: Any, pair_by: str) -> str:  # noqa: ANN401 (its class moved from click to typer)
    """The command as it was typed, with another rule of pairing."""
    words: list[str] = []
    typed = iter(ctx.meta[TYPED])
    for word in typed:
        if word == "--pair-by":
            next(typed)
        elif not word.startswith("--pair-by="):
            words.append(word)
    place = words.index("--") if "--" in words else len(words)
    words[place:place] = ["--pair-by", pair_by]
    return f"{ctx.command_path} {shlex.join(words)}"


def _forget_stdout() -> None:
    """Point stdout nowhere: whoever read it is gone, and Python would still flush it at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
