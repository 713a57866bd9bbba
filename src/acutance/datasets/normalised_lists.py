"""A-FINE's lists of normalised opinions: written for a fit, and fitted to what a model says of the pictures."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np

from acutance.datasets.calibration import Logistic, fit_final_scaling, fit_naturalness_calibrator
from acutance.datasets.normalisation import afine_final_targets, afine_naturalness_targets
from acutance.datasets.own_lists import RatedLine, is_of_contents, read_lines, read_rated_lines
from acutance.errors import DatasetError
from acutance.tables.atomic import write_text
from acutance.types import Better

ENDS = {(-2.0, 2.0): "raw_naturalness", (0.0, 100.0): "adaptive"}
"""Best and worst of a list, and what of A-FINE is fitted to it."""


def normalised(lines: Sequence[RatedLine], *, final: bool, better: Better = "higher") -> list[RatedLine]:
    """The lines with opinions from -2, the best, to 2; or from 0 to 100, for A-FINE's last scaling.

    Args:
        lines: All that a fit takes: the limits are theirs.
        final: Whether from 0 to 100.
        better: Which direction of the opinions is better.

    Raises:
        DatasetError: Opinions that are all equal.
    """
    opinions = np.array([line.mos for line in lines], dtype=np.float64)
    targets = (afine_final_targets if final else afine_naturalness_targets)(opinions, better=better)(opinions)
    return [replace(line, mos=float(target)) for line, target in zip(lines, targets, strict=True)]


def normalised_lists(folder: Path) -> list[RatedLine]:
    """The opinions of a folder of lists: SRIQA-Bench's, of two columns, from 0 to 100, all others from -2 to 2.

    Raises:
        DatasetError: No lists, or a damaged one.
    """
    lines = read_rated_lines(folder)
    seen: dict[tuple[str, str], float] = {}
    for line in lines:
        key = (line.image, line.reference)
        if key in seen:
            raise DatasetError(
                f"Expected one opinion of {line.image} in the lists of {folder}, got {seen[key]:g} and {line.mos:g}. "
                "Remove a line, or a list that is none of the dataset's."
            )
        seen[key] = line.mos
    return normalised(lines, final=is_of_contents(folder))


def write_normalised(path: Path, lines: Iterable[RatedLine]) -> None:
    """Write ``image,reference,opinion`` with all digits, as A-FINE's scripts do.

    Raises:
        ConfigError: A place that cannot be written to.
    """
    write_text(path, "".join(f"{line.image},{line.reference},{line.mos}\n" for line in lines))


@dataclass(frozen=True)
class Targets:
    """A list of normalised opinions."""

    lines: list[RatedLine]
    low: float
    """Its best."""
    high: float
    """Its worst."""

    @property
    def term(self) -> str:
        """What of A-FINE is fitted to it."""
        return ENDS[self.low, self.high]

    def fit(self, scores: Mapping[str, float]) -> Logistic:
        """The logistic from a model's scores to the opinions.

        Args:
            scores: By the file name of the picture, in lower case.

        Raises:
            DatasetError: A picture without a score, or scores that do not rise with the opinions.
        """
        missing = [line.image for line in self.lines if file_name(line.image) not in scores]
        if missing:
            raise DatasetError(
                f"Expected a score of each of {len(self.lines)} pictures of the list, got none of {len(missing)}, such "
                f"as {missing[0]}. Score them too."
            )
        names = [file_name(line.image) for line in self.lines]
        if len(set(names)) < len(names):
            twice = next(name for place, name in enumerate(names) if name in names[:place])
            raise DatasetError(
                f"Expected every picture once in the list, got {twice} twice, so that its score is not known. Remove a "
                "line."
            )
        said = np.array([scores[file_name(line.image)] for line in self.lines], dtype=np.float64)
        targets = np.array([line.mos for line in self.lines], dtype=np.float64)
        return (fit_naturalness_calibrator if self.low else fit_final_scaling)(said, targets)


def read_targets(path: Path) -> Targets:
    """A list that ``write_normalised`` or A-FINE's scripts wrote.

    Raises:
        DatasetError: A damaged list, or opinions that do not go from -2 to 2 or from 0 to 100.
    """
    lines = list(read_lines(path))
    opinions = [line.mos for line in lines]
    ends = (round(min(opinions), 6), round(max(opinions), 6)) if opinions else ()
    if ends not in ENDS:
        got = " to ".join(f"{end:g}" for end in ends) or "nothing"
        raise DatasetError(
            f"Expected opinions from -2 to 2, or from 0 to 100, in {path}, got {got}. Make the list with: acutance "
            "data normalize"
        )
    return Targets(lines, *ends)


def file_name(path: str) -> str:
    """By which pictures of a list and scores of them meet."""
    return PurePosixPath(path.replace("\\", "/")).name.casefold()
