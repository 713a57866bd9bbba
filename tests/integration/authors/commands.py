"""Commands of the guide, run as they stand there, in the current folder."""

import json
import shlex
from collections.abc import Iterable, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from typer.testing import CliRunner, Result

from acutance.cli.app import app
from tests.integration.authors.table import code


def invoke(command: str, more: Sequence[str] = ()) -> Result:
    """Run a command line with options appended, whatever comes of it."""
    return CliRunner().invoke(app, [*shlex.split(command)[1:], *more])


def run(command: str, more: Sequence[str] = ()) -> Result:
    """Run a command line of the guide with options appended; it must succeed."""
    result = invoke(command, more)
    assert result.exit_code == 0, f"{command}\n{result.stderr}\n{result.exception!r}"
    return result


def sets(assignments: Iterable[str]) -> list[str]:
    """The options that set these."""
    return [word for assignment in assignments for word in ("--set", assignment)]


def options_of(ours: str) -> list[str]:
    """The options ``--set ...`` of a cell."""
    return [word for part in code(ours) if part.startswith("--set ") for word in shlex.split(part)]


def configuration(recipe: str, options: Sequence[str]) -> dict[str, Any]:
    """What a recipe becomes with some options."""
    return dict(json.loads(run(f"acutance train {recipe} --show", options).stdout))


def value(config: dict[str, Any], name: str) -> object:
    """A setting by its name with dots."""
    found: object = reduce(lambda level, part: level[part], name.split("."), config)
    return found


def with_content(folder: Path, side: int = 16) -> None:
    """Give every image below a folder content of its own: noise that grows with its place in the listing."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".png", ".bmp", ".jpg"))
    base = np.random.default_rng(0).uniform(60, 190, (side, side, 3))
    for place, path in enumerate(paths):
        noise = np.random.default_rng(place).normal(0, 1 + place, (side, side, 3))
        Image.fromarray(np.clip(base + noise, 0, 255).astype(np.uint8)).save(path)
