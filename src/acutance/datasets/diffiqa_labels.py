"""DiffIQA's labels: three people on each enhanced picture against its reference, and their majority."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from acutance.datasets.facts import DIFFIQA
from acutance.datasets.labels import SOURCE, Label, folders_in, label_of, read_label_file
from acutance.errors import DatasetError
from acutance.types import OnProgress

DATASET = DIFFIQA.title
PEOPLE = 3
"""How many people label a pair (A, B and C)."""


@dataclass(frozen=True)
class Majorities:
    """What most people said of each enhanced picture against its reference."""

    labels: dict[str, Label]
    """Label of each picture, by its name without ending; sorted."""
    left_out: list[str] = field(default_factory=list)
    """Pictures of which three people said three things."""


def majority(labels: Sequence[Label]) -> Label | None:
    """What at least two of three people said; ``None`` if each said something else.

    Args:
        labels: The three labels.

    Raises:
        DatasetError: Another number of labels.

    Example:
        >>> majority(["Similar", "Negative", "Similar"])
        'Similar'
    """
    if len(labels) != PEOPLE:
        raise DatasetError(f"Expected {PEOPLE} labels of a pair of {DATASET}, got {len(labels)}. Give one a person.")
    label, votes = Counter(labels).most_common(1)[0]
    return label if votes > 1 else None


def read_majorities(folder: Path, *, on_progress: OnProgress | None = None) -> Majorities:
    """Read the labels of DiffIQA and take the majority of three.

    Args:
        folder: The folder ``labels`` of a part, with ``A/01/<name>_01.json`` and so on.
        on_progress: Told how many pictures are done, of how many.

    Raises:
        DatasetError: Not three people, a label that one of them lacks, or a file of another layout.
    """
    people = folders_in(folder, "three people", DATASET)
    if len(people) != PEOPLE:
        names = ", ".join(person.name for person in people)
        raise DatasetError(
            f"Expected folders of {PEOPLE} people (A, B, C) of {DATASET} in {folder}, got {len(people)}: {names}. "
            f"Get the labels whole from {SOURCE}."
        )
    files = _shared_files(people)
    labels: dict[str, Label] = {}
    left_out: list[str] = []
    for done, file in enumerate(files, start=1):
        paths = [person / file for person in people]
        found = majority([label_of(path, read_label_file(path, DATASET), "Picture_AI", DATASET) for path in paths])
        if found is None:
            left_out.append(Path(file).stem)
        else:
            labels[Path(file).stem] = found
        if on_progress:
            on_progress(done, len(files))
    return Majorities(labels, left_out)


def _shared_files(people: Sequence[Path]) -> list[str]:
    """The label files, below the folder of each person, sorted by their names."""
    by_person = {
        person.name: {path.relative_to(person).as_posix() for path in person.glob("*/*.json")} for person in people
    }
    everything = set[str]().union(*by_person.values())
    if not everything:
        raise DatasetError(
            f"Expected labels such as {people[0] / '01' / 'NAME_01.json'} of {DATASET}, got none. "
            f"Get them whole from {SOURCE}."
        )
    for name, files in by_person.items():
        for missing in sorted(everything - files)[:1]:
            raise DatasetError(
                f"Expected a label of every person of {DATASET} for {missing} in {people[0].parent}, got none of "
                f"{name} ({len(everything - files)} missing). Get the labels whole from {SOURCE}."
            )
    return sorted(everything, key=lambda file: (Path(file).stem, file))
