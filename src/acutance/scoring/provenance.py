"""Provenance of scores, written beside them so that they can be cited and reproduced."""

import hashlib
import json
import logging
import os
import platform
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acutance.errors import ConfigError
from acutance.extras import installed_versions
from acutance.images.formats import by_kind, kinds_of
from acutance.images.read import reading_settings
from acutance.scoring.options import RunOptions
from acutance.scoring.pairing import Pair, is_path
from acutance.scoring.rows import ScoreRow
from acutance.tables import append
from acutance.tables.atomic import atomic_write
from acutance.tables.text import FEW, some

if TYPE_CHECKING:
    from acutance.models.quality_model import QualityModel

_LOGGER = logging.getLogger(__name__)

PACKAGES = ("acutance", "torch", "torchvision", "timm", "piq", "numpy", "pillow")
"""Packages that a score may depend on."""
READING_OF_0_1 = {
    "colour": "embedded profile to sRGB, relative colorimetric, black point compensation; else sRGB",
    "depth": "16-bit grey, and 16-bit colour of PNG and TIFF, kept unless a profile is applied; else 8",
}
"""What 0.1 wrote of how it read images, where this version reads otherwise."""


@dataclass
class LeftOut:
    """Unread files, known before a run begins, and the later frames and lost bits that it finds."""

    unread: Sequence[str] = ()
    """Images of kinds that are not read, and folders that may not be looked into (these end in a slash)."""
    frames: dict[str, int] = field(default_factory=dict)
    """How many later frames each image has, by its name; those without are not in it."""
    depths: Counter[str] = field(default_factory=Counter)
    """How many scores come from fewer bits than the files hold, by what was kept, such as ``8 of 16``."""

    def count_depth(self, rows: Iterable[ScoreRow]) -> None:
        """Count those of the rows that come from fewer bits than their files hold."""
        self.depths.update(row.depth for row in rows if row.depth is not None)

    def before(self) -> list[str]:
        """Lines for a user before the work begins."""
        return [f"left out, not read here: {kinds_of(self.unread)}"] if self.unread else []

    def after(self) -> list[str]:
        """Lines for a user when the work is done."""
        lines = []
        if self.frames:
            count = f"{len(self.frames):,} image{'s' if len(self.frames) > 1 else ''}"
            named = some([f"{name}: {more} more" for name, more in self.frames.items()])
            lines.append(f"only the first frame of {count} counts ({named})")
        if self.depths:
            kinds = ", ".join(f"depth {depth} in {count:,}" for depth, count in self.depths.items())
            lines.append(f"fewer bits than their files hold: {kinds} score{'s' if self.depths.total() > 1 else ''}")
        return lines

    def fields(self) -> dict[str, Any]:
        """The same for the provenance, as plain JSON values; empty if nothing was left out."""
        fields: dict[str, Any] = {}
        if self.unread:
            kinds = by_kind(self.unread).items()
            fields["left_out"] = {kind: {"count": len(names), "first": list(names[:FEW])} for kind, names in kinds}
        if self.frames:
            first = dict(list(self.frames.items())[:FEW])
            fields["later_frames"] = {"count": len(self.frames), "first": first}
        if self.depths:
            fields["depth"] = dict(self.depths)
        return fields


def describe_run(models: Sequence["QualityModel"], pairs: Sequence[Pair], options: RunOptions) -> dict[str, Any]:
    """All that the scores of loaded models depend on, as plain JSON values."""
    described = {"models": describe_models(models), **describe_plan(pairs, options)}
    plain: dict[str, Any] = json.loads(json.dumps(described))
    return plain


def describe_models(models: Sequence["QualityModel"]) -> list[dict[str, Any]]:
    """The provenance of each loaded model."""
    return [asdict(model.provenance) for model in models if model.provenance is not None]


def describe_plan(pairs: Sequence[Pair], options: RunOptions) -> dict[str, Any]:
    """Provenance of a run before its models are loaded; the checksum of the pairs identifies it."""
    return {
        "reading": reading_settings(options.background, options.hdr_peak),
        "versions": installed_versions(PACKAGES),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "pairs": {"count": len(pairs), "sha256": _plan_checksum(pairs)},
    }


def provenance_path(output: Path) -> Path:
    """Path of the provenance beside a file of scores."""
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


def check_same_run(output: Path, described: dict[str, Any]) -> None:
    """Raise ``ConfigError`` unless the file of scores was begun with what is described."""
    path = provenance_path(output)
    try:
        before = dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        got = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(
            f"The provenance of the run to resume cannot be read from {path}: {got}. Start anew with --overwrite."
        ) from error
    append.require_same(_as_of_now(before, described, output), described, output)


def check_unchanged(output: Path, pairs: Iterable[Pair]) -> None:
    """Raise ``ConfigError`` if a file of these pairs was changed after the run that made the scores began."""
    began = provenance_path(output).stat().st_mtime_ns
    images = {
        image.key: image
        for pair in pairs
        for image in (pair.image, pair.reference)
        if image is not None and is_path(image.source)
    }
    for image in images.values():
        path = Path(image.source)
        if path.exists() and max(path.stat().st_mtime_ns, path.stat().st_ctime_ns) > began:
            raise ConfigError(
                f"{image.name} was changed since the run that scored it began. Start {output} anew with --overwrite."
            )


def earlier_rows(output: Path, count: int) -> dict[str, Any]:
    """Settings of the first ``count`` rows of a file, from its provenance, if 0.1 made them; else empty."""
    before = json.loads(provenance_path(output).read_text(encoding="utf-8"))
    if "earlier_rows" in before:
        return {"earlier_rows": before["earlier_rows"]}
    if not READING_OF_0_1.items() <= before["reading"].items():
        return {}
    return {"earlier_rows": {"count": count, "reading": before["reading"], "versions": before["versions"]}}


def _as_of_now(before: dict[str, Any], described: dict[str, Any], output: Path) -> dict[str, Any]:
    """The provenance of a run that 0.1 began in the words of this version, with one line on what may have changed."""
    reading, earlier = before.get("reading"), before.get("earlier_rows")
    is_old = isinstance(reading, dict) and all(reading.get(name) == words for name, words in READING_OF_0_1.items())
    if (is_old or earlier) and "models" not in described:  # once: it is asked again when the models are loaded
        _LOGGER.warning(
            "%s was begun by version 0.1, which rounded images of more than 8 bits and ignored some colour tags: if "
            "there are such images, start anew with --overwrite",
            output,
        )
    if not isinstance(reading, dict) or not is_old:
        return before
    names = {name: described["reading"].get(name) for name in READING_OF_0_1}
    versions = {**before.get("versions", {}), "acutance": described["versions"]["acutance"]}
    before = before | {"reading": reading | names, "versions": versions}
    if "models" not in described:
        return before
    from acutance.models.classic.metrics import LEVELS_RULE  # loads torch, which models have loaded already

    now = {model["model"]: model["preprocessing"] for model in described["models"]}
    models = [
        model | {"preprocessing": {"levels": LEVELS_RULE, **model["preprocessing"]}}
        if "levels" in now.get(model.get("model"), {})
        else model
        for model in before.get("models", [])
    ]
    return before | {"models": models}


def _plan_checksum(pairs: Sequence[Pair]) -> str:
    digest = hashlib.sha256()
    for pair in pairs:
        images = (image for image in (pair.image, pair.reference) if image is not None)
        places = [[image.name, image.key if is_path(image.source) else ""] for image in images]
        digest.update(json.dumps(places).encode())
    return digest.hexdigest()
