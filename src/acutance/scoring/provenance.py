"""What scores depend on, written beside them so that they can be cited and made again."""

import hashlib
import importlib.metadata
import json
import logging
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from acutance.errors import ConfigError
from acutance.images.read import reading_settings
from acutance.models.classic.metrics import LEVELS_RULE
from acutance.models.quality_model import QualityModel
from acutance.scoring.pairing import Pair
from acutance.scoring.sources import is_path
from acutance.tables import append
from acutance.tables.atomic import atomic_write

_LOGGER = logging.getLogger(__name__)

PACKAGES = ("acutance", "torch", "torchvision", "timm", "piq", "numpy", "pillow")
"""Packages that a score may depend on."""
READING_OF_0_1 = {
    "colour": "embedded profile to sRGB, relative colorimetric, black point compensation; else sRGB",
    "depth": "16-bit grey, and 16-bit colour of PNG and TIFF, kept unless a profile is applied; else 8",
}
"""What 0.1 wrote of how it read pictures, where this version reads otherwise."""


def describe_run(
    models: Sequence[QualityModel], background: str, pairs: Sequence[Pair], hdr_peak: float | None = None
) -> dict[str, Any]:
    """All that the scores of a run depend on, as plain JSON values.

    Args:
        models: Loaded models.
        background: Colour under transparent pixels.
        pairs: The plan; a checksum of its names and places tells a resumed run from another one.
        hdr_peak: Nits of the display to which HDR pictures are brought.
    """
    described = {
        "models": [asdict(model.provenance) for model in models if model.provenance is not None],
        **describe_plan(background, pairs, hdr_peak),
    }
    plain: dict[str, Any] = json.loads(json.dumps(described))
    return plain


def describe_plan(background: str, pairs: Sequence[Pair], hdr_peak: float | None = None) -> dict[str, Any]:
    """What is known of a run before its models are loaded."""
    return {
        "reading": reading_settings(background, hdr_peak),
        "versions": {name: importlib.metadata.version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "pairs": {"count": len(pairs), "sha256": _plan_checksum(pairs)},
    }


def provenance_path(output: Path) -> Path:
    """Where the provenance of a file of scores lies: beside it."""
    return output.with_name(output.name + ".provenance.json")


def write_provenance(output: Path, described: dict[str, Any]) -> None:
    """Write the provenance of a file of scores, whole or not at all."""
    with atomic_write(provenance_path(output)) as temporary:
        temporary.write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")


def complete_provenance(output: Path, described: dict[str, Any]) -> None:
    """Write it once more with what is known at the end; its time stays that of the run's beginning."""
    began = provenance_path(output).stat()
    write_provenance(output, described)
    os.utime(provenance_path(output), ns=(began.st_atime_ns, began.st_mtime_ns))


def demand_same(output: Path, described: dict[str, Any]) -> None:
    """Raise ``ConfigError`` unless the file of scores was begun with what is described."""
    path = provenance_path(output)
    try:
        before = dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        got = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(
            f"Expected the provenance of the run to resume at {path}, got: {got}. Start anew with --overwrite."
        ) from error
    append.demand_same(_as_of_now(before, described, output), described, output)


def earlier_rows(output: Path, count: int) -> dict[str, Any]:
    """What the provenance of a file says of rows that 0.1 made, which read some pictures otherwise; empty without any.

    Args:
        output: The file of scores.
        count: How many rows it has.
    """
    before = json.loads(provenance_path(output).read_text(encoding="utf-8"))
    if "earlier_rows" in before:
        return {"earlier_rows": before["earlier_rows"]}
    if not READING_OF_0_1.items() <= before["reading"].items():
        return {}
    return {"earlier_rows": {"count": count, "reading": before["reading"], "versions": before["versions"]}}


def demand_unchanged(output: Path, pairs: Iterable[Pair]) -> None:
    """Raise ``ConfigError`` if a file of these pairs was changed after the run that made the scores began."""
    began = provenance_path(output).stat().st_mtime_ns
    pictures = {
        picture.key: picture
        for pair in pairs
        for picture in (pair.image, pair.reference)
        if picture is not None and is_path(picture.source)
    }
    for picture in pictures.values():
        path = Path(picture.source)
        if path.exists() and max(path.stat().st_mtime_ns, path.stat().st_ctime_ns) > began:
            raise ConfigError(
                f"Expected {picture.name} as it was when it was scored, got a file that was changed since the run "
                f"began. Start {output} anew with --overwrite."
            )


def _as_of_now(before: dict[str, Any], described: dict[str, Any], output: Path) -> dict[str, Any]:
    """The provenance of a run that 0.1 began in the words of this version, with one line on what may have changed."""
    reading, earlier = before.get("reading"), before.get("earlier_rows")
    is_old = isinstance(reading, dict) and all(reading.get(name) == words for name, words in READING_OF_0_1.items())
    if (is_old or earlier) and "models" not in described:  # once: it is asked again when the models are loaded
        _LOGGER.warning(
            "%s was begun by version 0.1, which rounded pictures of more than 8 bits and ignored some colour tags: if "
            "there are such pictures, start anew with --overwrite",
            output,
        )
    if not isinstance(reading, dict) or not is_old:
        return before
    names = {name: described["reading"].get(name) for name in READING_OF_0_1}
    now = {model["model"]: model["preprocessing"] for model in described.get("models", [])}
    models = [
        model | {"preprocessing": {"levels": LEVELS_RULE, **model["preprocessing"]}}
        if "levels" in now.get(model.get("model"), {})
        else model
        for model in before.get("models", [])
    ]
    versions = {**before.get("versions", {}), "acutance": described["versions"]["acutance"]}
    return before | {"reading": reading | names, "models": models, "versions": versions}


def _plan_checksum(pairs: Sequence[Pair]) -> str:
    digest = hashlib.sha256()
    for pair in pairs:
        pictures = (picture for picture in (pair.image, pair.reference) if picture is not None)
        places = [[picture.name, picture.key if is_path(picture.source) else ""] for picture in pictures]
        digest.update(json.dumps(places).encode())
    return digest.hexdigest()
