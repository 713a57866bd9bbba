"""SRIQA-Bench's labels of pairs, counted over all people, and the scores they make likely."""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from jaxtyping import Float64

from acutance.datasets.facts import SRIQA_BENCH
from acutance.datasets.labels import LABELS, SOURCE, folders_in, label_of, name_of, read_label_file
from acutance.errors import DatasetError
from acutance.stats.ordering import thurstone_scores
from acutance.types import OnProgress

Counts = Float64[np.ndarray, " pictures pictures"]
Scores = Float64[np.ndarray, " pictures"]

DATASET = SRIQA_BENCH.title
TOP = 100.0
"""Score of the best picture of a content; the worst has 0."""
EQUAL = 1e-10
"""A spread of scores that is rounding."""


@dataclass(frozen=True)
class ContentLabels:
    """How often each picture of a content was found better than each other one."""

    names: list[str]
    """File names without ending, sorted."""
    counts: Counts
    """Row i, column j: how often i was better than j; an equal counts for both."""


def read_pairwise_labels(folder: Path, *, on_progress: OnProgress | None = None) -> dict[str, ContentLabels]:
    """Count the labels of all people, content by content.

    Args:
        folder: The folder ``labels``, with ``<person>/<content>/*.json``.
        on_progress: Told how many files are done, of how many.

    Raises:
        DatasetError: A file of another layout, or a content that some people did not label.
    """
    people = folders_in(folder, "people", DATASET)
    contents = {person: [path.name for path in folders_in(person, "contents", DATASET)] for person in people}
    for person, names in contents.items():
        for missing in sorted(set(contents[people[0]]) ^ set(names))[:1]:
            raise DatasetError(
                f"Expected the same contents of every person of {DATASET} in {folder}, got {missing} of only one of "
                f"{people[0].name} and {person.name}. Get the labels whole from {SOURCE}."
            )
    files = {
        name: [file for person in people for file in sorted((person / name).glob("*.json"))]
        for name in contents[people[0]]
    }
    total, done = sum(map(len, files.values())), 0
    found = {}
    for name, paths in files.items():
        found[name] = _count(folder / "*" / name, paths)
        done += len(paths)
        if on_progress:
            on_progress(done, total)
    return found


def mos_of(content: ContentLabels) -> dict[str, float]:
    """Score of each picture of a content, 0 the worst and 100 the best, best first.

    Args:
        content: Its labels.

    Raises:
        DatasetError: Labels by which all pictures are equal.
    """
    scores = mos_from_counts(content.counts)
    order = sorted(range(len(scores)), key=lambda index: (-scores[index], content.names[index]))
    return {content.names[index]: float(scores[index]) for index in order}


def mos_from_counts(counts: Counts) -> Scores:
    """Scores from 0, the worst picture of a content, to 100, the best: most likely by Thurstone's model.

    Args:
        counts: How often picture i was found better than picture j, of one content; an equal counts for both.

    Raises:
        DatasetError: Labels by which all pictures are equal.
        StatisticsError: Counts that are no square of numbers of at least 0.
    """
    scores = thurstone_scores(counts)
    spread = float(np.ptp(scores)) if len(scores) else 0.0
    if spread <= EQUAL:
        raise DatasetError(
            f"Expected labels that prefer one of {len(counts)} pictures, got none. Leave this content out."
        )
    return np.asarray(TOP * (scores - scores.min()) / spread)


def _count(where: Path, paths: list[Path]) -> ContentLabels:
    labelled = []
    for path in paths:
        fields = read_label_file(path, DATASET)
        names = [PurePosixPath(name_of(path, fields, key, DATASET)).stem for key in ("Picture_01", "Picture_02")]
        labels = [label_of(path, fields, key, DATASET) for key in ("Picture_01", "Picture_02")]
        if names[0] == names[1]:
            raise DatasetError(
                f"Expected two pictures of {DATASET} in {path}, got {names[0]} twice. Get it whole from {SOURCE}."
            )
        labelled.append((names[0], names[1], LABELS.index(labels[0]) - LABELS.index(labels[1])))  # 0 is the best
    if not labelled:
        raise DatasetError(f"Expected labels of {DATASET} in {where}, got none. Get them whole from {SOURCE}.")
    pictures = sorted({name for first, second, _ in labelled for name in (first, second)})
    index = {name: place for place, name in enumerate(pictures)}
    counts = np.zeros((len(pictures), len(pictures)))
    for first, second, difference in labelled:
        counts[index[first], index[second]] += difference <= 0
        counts[index[second], index[first]] += difference >= 0
    return ContentLabels(pictures, counts)
