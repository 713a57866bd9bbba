"""PieAPP's preferences of pairs: which train and which validate; its test part is never read."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from acutance.datasets.comparisons import Comparison
from acutance.datasets.pieapp import Preference, read_preferences
from acutance.datasets.splits import VTAMIQ
from acutance.errors import ConfigError, TrainingError
from acutance.training.config import Settings


class PreferenceData(Settings):
    """Pairs and how they are split."""

    root: str | None = None
    """Folder of PieAPP."""
    preference: Preference = "processed"
    """Which of its two columns is the label: estimated for every pair, or the share of people where they were asked."""
    split: Literal["own", "vtamiq"] = "own"
    """``own``: PieAPP's training part trains, its validation part validates. ``vtamiq``: the first 130 of the 140
    references of the training part train, the next 5 validate."""


@dataclass(frozen=True)
class PreferenceTables:
    """Pairs that train, and pairs that validate."""

    root: Path
    """Folder that their paths start from."""
    train: list[Comparison]
    validation: list[Comparison]


def preference_tables(config: PreferenceData) -> PreferenceTables:
    """The pairs of the training and the validation part.

    Args:
        config: Folder and split.

    Raises:
        ConfigError: No folder named.
        DatasetError: Labels that are not there, or damaged ones.
        TrainingError: Pictures that are missing, or another number of references than the split is for.
    """
    if config.root is None:
        raise ConfigError("Expected the folder of PieAPP, got none. Name it: --set task.data.root=/data/PieAPP_dataset")
    root = Path(config.root)
    train = read_preferences(root, part="train", preference=config.preference)
    if config.split == "own":
        validation = read_preferences(root, part="val", preference=config.preference)
    else:
        train, validation = _as_vtamiq(train)
    _demand_pictures(root, [*train, *validation])
    return PreferenceTables(root, train, validation)


def pictures_of(pairs: Iterable[Comparison]) -> list[tuple[str, str]]:
    """Every distorted picture of some pairs with its reference, once, those of one reference together."""
    return sorted({(pair.reference, name) for pair in pairs for name in (pair.first, pair.second)})


def _as_vtamiq(pairs: list[Comparison]) -> tuple[list[Comparison], list[Comparison]]:
    first, second, count = VTAMIQ["pieapp"]
    references = sorted({pair.reference for pair in pairs}, key=_label_file)
    if len(references) != count:
        raise TrainingError(
            f"Expected the {count} references of PieAPP's training part for split=vtamiq, got {len(references)}. Take "
            "the whole dataset, or split=own."
        )
    train, validation = set(references[:first]), set(references[first:second])
    return [pair for pair in pairs if pair.reference in train], [pair for pair in pairs if pair.reference in validation]


def _label_file(reference: str) -> str:
    """The file that the labels of a reference are in, by whose name its authors' loader sorts references."""
    return PurePosixPath(reference).stem + "_pairwise_labels.csv"


def _demand_pictures(root: Path, pairs: list[Comparison]) -> None:
    names = {name for pair in pictures_of(pairs) for name in pair}
    missing = sorted(name for name in names if not (root / name).is_file())
    if missing:
        raise TrainingError(
            f"Expected {len(names)} pictures of PieAPP in {root}, got {len(names) - len(missing)}: {missing[0]} is "
            "missing. Copy it again."
        )
