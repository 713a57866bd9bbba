"""Every exception that acutance raises on purpose.

AcutanceError
├── InputError (also ValueError)            an image or tensor that cannot be scored
│   ├── ShapeMismatchError                  a distorted image and its reference differ in size
│   └── ImageReadError (also OSError)       a file that is no readable image
├── PairingError (also ValueError)          images and references that do not fit together
├── ConfigError (also ValueError)           a setting out of range, or two that contradict
│   └── UnknownNameError (also KeyError)    a model, option or checkpoint nobody knows
├── StatisticsError (also ValueError)       numbers from which a statistic cannot be computed
├── DatasetError (also ValueError)          a dataset that is missing, not whole or damaged
│   └── OpinionDirectionError               nobody said whether higher opinions are better
├── EvaluationError (also ValueError)       scores, opinions or results that do not fit together
├── TrainingError (also RuntimeError)       a training that cannot begin or go on
│   └── OtherProcessError                   another process of the training stopped first
├── CheckpointError (also RuntimeError)     weights that are damaged or of another layout
│   └── MissingWeightsError (also FileNotFoundError)
└── MissingExtraError (also ImportError)    an optional package that is not installed
"""

import difflib
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

FEW_NAMES = 5
"""So few names are all told, even where one of them is near."""


class AcutanceError(Exception):
    """Base of every exception raised on purpose."""


class InputError(AcutanceError, ValueError):
    """An image or a tensor that cannot be scored."""


class ShapeMismatchError(InputError):
    """A distorted image and its reference differ in size.

    Args:
        distorted: Shape of the distorted image or batch.
        reference: Shape of the reference image or batch.
    """

    def __init__(self, distorted: Sequence[int], reference: Sequence[int]) -> None:
        super().__init__(
            f"Expected distorted and reference images of one shape, got {tuple(distorted)} "
            f"and {tuple(reference)}. Resize or crop one of them first."
        )


class ImageReadError(InputError, OSError):
    """A file that cannot be read as an image: missing, empty, truncated, too large or no image."""


class PairingError(AcutanceError, ValueError):
    """Distorted images and references that do not fit together.

    Args:
        message: What does not fit, and the cure.
        pair_by: The rule by which they would, where one was found.
    """

    def __init__(self, message: str, *, pair_by: str | None = None) -> None:
        super().__init__(message)
        self.pair_by = pair_by


class ConfigError(AcutanceError, ValueError):
    """A configuration value out of range, or two that contradict."""


class UnknownNameError(ConfigError, KeyError):
    """A name that is not in a catalogue; the message offers the nearest.

    Args:
        kind: What was looked up, such as ``"model"``.
        name: The name asked for.
        known: The names there are.
        listed_by: The command that lists them, if there is one.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str], *, listed_by: str = "") -> None:
        names = sorted(known)
        by_lower = {one.lower(): one for one in names}
        nearest = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.5)
        cure = f"Did you mean {by_lower[nearest[0]]!r}?" if nearest else f"Known are: {', '.join(names)}."
        if nearest and (listed_by or len(names) <= FEW_NAMES):
            cure += f" All are listed by: {listed_by}" if listed_by else f" Known are: {', '.join(names)}."
        article = "an" if kind[0] in "aeiou" else "a"
        super().__init__(f"Expected the name of {article} {kind}, got {name!r}. {cure}")

    def __str__(self) -> str:
        return str(self.args[0])


class StatisticsError(AcutanceError, ValueError):
    """Numbers from which a statistic cannot be computed: too few, all equal, not finite, or not as many."""


class DatasetError(AcutanceError, ValueError):
    """A dataset that is not where it should be, not whole, or damaged."""


class OpinionDirectionError(DatasetError):
    """Opinions of which nobody said whether higher or lower is better.

    Args:
        path: The file.
        column: Name of their column.
        command: What was called, to be shown with each direction.
        place: Which row of the file, where others do tell.
    """

    def __init__(self, path: Path, column: str, command: str = "", place: str = "") -> None:
        self.path, self.column, self.place = path, column, place
        command = command or f"acutance evaluate MODEL --data {shlex.quote(str(path))} --output results"
        super().__init__(
            f"Expected which direction of the column {column} of {place or path} means better quality, got none: lower "
            f"in LIVE and CSIQ, higher in KADID-10k. Say it: {command} --opinion-better lower, or: {command} "
            "--opinion-better higher (in Python opinion_better; read_list: better)."
        )


class EvaluationError(AcutanceError, ValueError):
    """Scores, opinions or files of results that do not fit together."""


class TrainingError(AcutanceError, RuntimeError):
    """A training that cannot begin or go on; what it wrote before is whole."""


class OtherProcessError(TrainingError):
    """A training that stops because another of its processes did, which says why."""


class CheckpointError(AcutanceError, RuntimeError):
    """A checkpoint that is damaged or has another layout than the model."""


class MissingWeightsError(CheckpointError, FileNotFoundError):
    """Weights that are needed and not on this machine."""


class MissingExtraError(AcutanceError, ImportError):
    """An optional package that is not installed."""
