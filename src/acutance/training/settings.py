"""Which training a user means: a recipe, a written configuration, or a run to go on with."""

import json
from collections.abc import Sequence
from pathlib import Path

from acutance.errors import ConfigError
from acutance.tables.strict_json import from_json
from acutance.training.config import TrainConfig, checked, with_settings
from acutance.training.recipes import find_recipe, recipes, refuse_authors_name
from acutance.training.run_folder import CONFIG


def resolved(recipe: str, assignments: Sequence[str], output: Path | None, *, resume: bool) -> tuple[TrainConfig, Path]:
    """The configuration of a training and the folder it writes to.

    Args:
        recipe: Name of a recipe, a ``config.json``, or the folder of a run.
        assignments: Settings to change, ``name=value``.
        output: The folder, if it was named.
        resume: Whether a run is to be gone on with; its folder then is ``recipe`` or ``output``.

    Raises:
        UnknownNameError: A recipe or a setting nobody knows.
        ConfigError: No folder, a file that is no configuration, or a value that does not fit.

    Example:
        >>> config, _ = resolved("ms-hyperiqa-koniq10k", ["loop.epochs=3"], Path("runs/ms"), resume=False)
        >>> config.loop.epochs
        3
    """
    config = configuration(recipe)
    folder = Path(recipe) if resume and output is None and recipe not in recipes() else output
    if folder is None:
        raise ConfigError(_no_folder(recipe))
    if resume and (folder / CONFIG).is_file():
        begun = _read(folder / CONFIG)
        if begun.recipe != config.recipe:
            raise ConfigError(
                f"Expected a run of {config.recipe} to go on with in {folder}, got one of {begun.recipe}. Name it "
                f"alone: acutance train {folder} --resume"
            )
        config = begun
    return changed(config, assignments), folder


def changed(config: TrainConfig, assignments: Sequence[str]) -> TrainConfig:
    """The configuration with some settings changed, ``name=value``.

    Raises:
        UnknownNameError: A setting nobody knows.
        ConfigError: A value that does not fit, or the name of an option of the authors' programs.
    """
    for assignment in assignments:
        refuse_authors_name(assignment)
    return with_settings(config, assignments)


def data_settings(config: TrainConfig, *, data: str | None, root: Path | None, validation: float | None) -> list[str]:
    """The settings of what a recipe trains on: a dataset's name or a table, its folder, the share that is held out.

    Raises:
        ConfigError: A recipe that trains on something else.
    """
    given = (("--data", "dataset", data), ("--root", "root", root), ("--validation", "validation_share", validation))
    there: object = getattr(config.task, "data", None)
    assignments = []
    for option, name, value in given:
        if value is None:
            continue
        if name not in getattr(type(there), "model_fields", {}):
            raise ConfigError(
                f"Expected a recipe that trains on one set of rated images beside {option}, got {config.recipe}. "
                "Leave it out, and set what that recipe has below task.data (--show)."
            )
        assignments.append(f"task.data.{name}={json.dumps(str(value))}")
    return assignments


def configuration(recipe: str) -> TrainConfig:
    """The configuration of a recipe, of a ``config.json``, or of a run by its folder.

    Raises:
        UnknownNameError: A recipe nobody knows.
        ConfigError: A file that is no configuration.
    """
    path = Path(recipe)
    if recipe in recipes():
        return find_recipe(recipe)
    if path.is_dir():
        return _read(path / CONFIG)
    return _read(path) if path.suffix == ".json" or path.name != recipe else find_recipe(recipe)


def _no_folder(recipe: str) -> str:
    if recipe not in recipes() and Path(recipe).is_dir():
        return (
            f"Expected a folder to write, got none. Go on with {recipe} by --resume, or name another: --output runs/b"
        )
    return "Expected a folder to write, got none. Name it: --output runs/first"


def _read(path: Path) -> TrainConfig:
    try:
        fields = dict(from_json(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        got = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(f"Expected the configuration of a training at {path}, got: {got}. Name another.") from error
    return checked(TrainConfig, fields)
