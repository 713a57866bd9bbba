"""The installed command, and the weights that it is given."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import acutance
from acutance.catalog import run_weights
from acutance.models.quality_model import QualityModel
from acutance.scoring.api import ScoreRows
from acutance.scoring.rows import ScoreRow
from acutance.weights.store import read_header

WHOLE, ALONE = "afine-tiny", "afine-tiny-naturalness"
"""What compares, and what needs no reference."""


@dataclass(frozen=True)
class Weights:
    """Those of the package, or a file."""

    file: Path | None

    @classmethod
    def at(cls, place: Path | None) -> "Weights":
        """Of a file or the folder of a training."""
        return cls(None if place is None else run_weights(place) or place)

    @property
    def has_fidelity(self) -> bool:
        """Whether they are those of a whole afine-tiny, and not of its stage 1."""
        return self.file is None or read_header(self.file).scores_as is None

    def options(self, model: str) -> list[str]:
        """Of the command."""
        return [] if self.file is None else ["--weights", f"{model}={self.file}"]

    def load(self, model: str) -> QualityModel:
        """On the processor, in float32."""
        return acutance.load(model, self.file, offline=True)


def score_rows(images: Sequence[Any], model: QualityModel, reference: Sequence[Any] | None = None) -> list[ScoreRow]:
    """What the engine of the command says of pictures, by a model that is loaded already."""
    rows = acutance.score(list(images), reference=None if reference is None else list(reference), model=[model])
    assert isinstance(rows, ScoreRows)
    return list(rows)


def acutance_command() -> list[str]:
    """The command that is installed beside this Python."""
    place = shutil.which("acutance", path=str(Path(sys.executable).parent))
    return [place] if place else [sys.executable, "-m", "acutance"]


def run_acutance(*arguments: str | Path) -> None:
    """Run the command; what it says goes to stderr.

    Raises:
        SystemExit: It ended with an error.
    """
    command = [*acutance_command(), *map(str, arguments)]
    code = subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode
    if code:
        raise SystemExit(f"Expected success of: {' '.join(command[:8])} ..., got exit status {code}.")
