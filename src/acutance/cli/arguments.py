"""Text of options to values: ``MODEL,MODEL``, ``MODEL=FILE``, ``MODEL.OPTION=VALUE`` and ``NAME=higher``."""

from collections.abc import Sequence

from acutance.errors import ConfigError
from acutance.types import Better


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
