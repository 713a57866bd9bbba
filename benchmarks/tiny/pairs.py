"""What afine-tiny says of made pictures whose references nothing was trained on."""

from collections.abc import Sequence

import numpy as np

from acutance.datasets import RatedImage
from acutance.evaluation import Evaluation
from benchmarks.tiny.commands import WHOLE
from benchmarks.tiny.figures import Figure, Section, Table, interval, number
from benchmarks.tiny.orders import (
    TWO_SIDED,
    Ladder,
    Rung,
    Shares,
    by_strength,
    falls_by_kind,
    ladders,
    mean_fall,
    preference_shares,
)
from benchmarks.tiny.pair_scores import PairScores

SRCC, FALL, CLEAN_WINS, CLEAN_WINS_OVER_DEGRADED = 0.93, 0.95, 0.99, 0.90
"""What is wanted at least."""
STRENGTH = "psnr"
"""The metric that says how unlike its reference a picture of a two-sided kind is."""
STEPS = 5
"""Levels of a whole ladder."""


def pairs_section(scores: PairScores) -> Section:
    """The numbers of a set of made pictures."""
    found = {one.model: ladders(_rungs(one)) for one in scores.evaluations}
    own = next(one for one in scores.evaluations if one.model == WHOLE)
    changed = [row for row in scores.table if row.image not in scores.same]
    clean, alone = _clean_beside_copy(scores, own, changed)
    degraded = _degraded_reference(scores, changed)
    by_level = {level: _degraded_reference(scores, rows) for level, rows in _by_level(changed).items()}
    references = len({row.reference for row in scores.table})
    whole = sum(ladder.levels == STEPS for ladder in found[WHOLE])
    notes = [
        f"Ladders of at least 3 levels: {len(found[WHOLE])}, of which {whole} have all 5.",
        f"{len(scores.same)} of the {len(scores.table)} pictures are their reference, pixel for pixel, and are in no "
        "share of pairs. A tie is an equal score.",
        "(*) one of the metrics that made the pseudo-MOS, which it agrees with the more.",
        f"Two-sided kinds: {', '.join(TWO_SIDED)}; their levels are not in the order of strength, for which stands "
        f"that of {STRENGTH} where it says so.",
    ]
    return Section(
        f"Pairs: {len(scores.table)} made pictures of {references} held-out references",
        [
            _srcc(own),
            _fall("fall within a ladder, all kinds", found[WHOLE], at_least=FALL),
            *_fall_by_strength(own, scores.evaluations),
            _fall("fall within a ladder, without the two-sided kinds", found[WHOLE], without=TWO_SIDED, at_least=FALL),
            _share("clean picture beats its copy, score of the pair", clean, at_least=CLEAN_WINS),
            _share("clean picture beats its copy, naturalness alone", alone),
            _share("clean picture beats its degraded reference", degraded, at_least=CLEAN_WINS_OVER_DEGRADED),
        ],
        [
            _models(scores, found),
            _kinds(found[WHOLE]),
            _shares({"score of the pair": clean, "naturalness alone": alone}, "clean picture and its distorted copy"),
            _shares(
                {**{f"level {level}": shares for level, shares in by_level.items()}, "all levels": degraded},
                "clean picture and the degraded reference",
            ),
        ],
        notes,
        {"pictures": len(scores.table), "references": references, "ladders": len(found[WHOLE]), "whole_ladders": whole},
    )


def _rungs(evaluation: Evaluation) -> list[Rung]:
    """The pictures of one kind and level, turned so that higher is better."""
    sign = 1.0 if evaluation.better == "higher" else -1.0
    return [
        Rung(str(row.reference), row.distortion, row.level, sign * row.predicted)
        for row in evaluation.predictions
        if row.predicted is not None and row.distortion is not None and row.level is not None
    ]


def _clean_beside_copy(scores: PairScores, own: Evaluation, rows: Sequence[RatedImage]) -> tuple[Shares, Shares]:
    """With the clean picture as the reference: by the score of the pair, and by naturalness."""
    said = {row.image: row.predicted for row in own.predictions}
    missing = sum(said[row.image] is None for row in rows)
    if missing:
        raise SystemExit(f"Expected a score of every picture, got {missing} failures. See results/pairs.")
    references = [str(row.reference) for row in rows]
    clean = [scores.pairs[name, name] for name in references]
    copies = [scores.pairs[row.image, row.image] for row in rows]
    return (
        preference_shares(
            np.array([one.score for one in clean]), np.array([float(said[row.image] or 0) for row in rows]), references
        ),
        preference_shares(
            np.array([one.quality_alone for one in clean]), np.array([one.quality_alone for one in copies]), references
        ),
    )


def _degraded_reference(scores: PairScores, rows: Sequence[RatedImage]) -> Shares:
    """With the distorted picture as the reference: the clean picture against the reference itself."""
    references = [str(row.reference) for row in rows]
    clean = [scores.pairs[reference, row.image].score for reference, row in zip(references, rows, strict=True)]
    itself = [scores.pairs[row.image, row.image].score for row in rows]
    return preference_shares(np.array(clean), np.array(itself), references)


def _by_level(rows: Sequence[RatedImage]) -> dict[int, list[RatedImage]]:
    levels = sorted({row.level for row in rows if row.level is not None})
    return {level: [row for row in rows if row.level == level] for level in levels}


def _srcc(one: Evaluation, *, at_least: float | None = SRCC) -> Figure:
    ends = one.agreement.intervals.get("srcc")
    value = one.agreement.srcc
    return Figure(
        what="SRCC with the pseudo-MOS",
        value=float("nan") if value is None else value,
        low=None if ends is None else ends.low,
        high=None if ends is None else ends.high,
        at_least=at_least,
    )


def _fall(what: str, found: Sequence[Ladder], *, without: Sequence[str] = (), at_least: float | None = None) -> Figure:
    mean, low, high = mean_fall(found, without=without)
    return Figure(what=what, value=mean, low=low, high=high, at_least=at_least)


def _fall_by_strength(own: Evaluation, evaluations: Sequence[Evaluation]) -> list[Figure]:
    """Of all kinds, the two-sided ones in the order of strength; none where nothing says how strong they are."""
    likeness = [one for one in evaluations if one.model == STRENGTH]
    if not likeness:
        return []
    rungs = by_strength(_rungs(own), _rungs(likeness[0]))
    return [_fall("fall within a ladder, two-sided kinds by strength", ladders(rungs), at_least=FALL)]


def _share(what: str, shares: Shares, *, at_least: float | None = None) -> Figure:
    return Figure(what=what, value=shares.wins, low=shares.low, high=shares.high, at_least=at_least, unit="%")


def _models(scores: PairScores, found: dict[str, list[Ladder]]) -> Table:
    """Every model beside the others."""
    rows = []
    for one in scores.evaluations:
        mark = " (*)" if one.model in scores.labelled_by else ""
        figures = (
            _srcc(one, at_least=None),
            _fall("", found[one.model]),
            _fall("", found[one.model], without=TWO_SIDED),
        )
        cells = [cell for figure in figures for cell in (number(figure.value, figure), interval(figure))]
        rows.append([f"{one.model}{mark}", *cells])
    between = "95 % interval"
    return Table(
        ("", "SRCC with the pseudo-MOS", between, "fall, all kinds", between, "fall, one-sided kinds", between), rows
    )


def _kinds(found: Sequence[Ladder]) -> Table:
    """Those that fall too little."""
    rows = []
    for kind, (mean, low, high) in falls_by_kind(found).items():
        if mean < FALL:
            figure = Figure(what=kind, value=mean, low=low, high=high)
            rows.append([kind, "yes" if kind in TWO_SIDED else "", number(mean, figure), interval(figure)])
    columns = (f"kinds that fall by less than {FALL}", "two-sided", "fall", "95 % interval")
    return Table(columns, rows or [["none", "", "", ""]])


def _shares(found: dict[str, Shares], what: str) -> Table:
    rows = []
    for name, shares in found.items():
        figure = Figure(what=name, value=shares.wins, low=shares.low, high=shares.high, unit="%", digits=4)
        others = [number(value, figure) for value in (shares.ties, shares.losses)]
        rows.append([name, str(shares.count), number(shares.wins, figure), interval(figure), *others])
    return Table((what, "pairs", "the clean one wins", "95 % interval", "ties", "loses"), rows)
