"""The command ``acutance``: its verbs, and what becomes of an error."""

import sys

import typer

from acutance.cli.models import models
from acutance.cli.score import SCORE_EPILOG, score
from acutance.cli.weights import weights_app
from acutance.errors import AcutanceError

USAGE_ERROR = 2
INTERRUPTED = 130

app = typer.Typer(
    name="acutance",
    help="How good does this picture look? Image quality scores one can cite.",
    epilog="Examples:  acutance score out.png --reference truth.png   |   acutance models",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
app.command(epilog=SCORE_EPILOG)(score)
app.command(epilog="Examples:  acutance models   |   acutance models ssim")(models)
app.add_typer(weights_app, name="weights")


@app.callback(invoke_without_command=True)
def _options(
    *, version: bool = typer.Option(False, "--version", help="Print the version and leave.", is_eager=True)
) -> None:
    if version:
        from acutance import __version__

        print(f"acutance {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command; a deliberate error becomes one line on stderr and exit status 2."""
    try:
        app()
    except AcutanceError as error:
        print(f"acutance: {error}", file=sys.stderr)
        sys.exit(USAGE_ERROR)
    except KeyboardInterrupt:
        print("acutance: interrupted; continue a file of scores with --resume", file=sys.stderr)
        sys.exit(INTERRUPTED)
