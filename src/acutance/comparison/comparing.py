"""From scores of every picture by every method to all that a comparison says."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from acutance.comparison.disagreement import disagreements
from acutance.comparison.figures import Draws, method_results, method_tests
from acutance.comparison.notes import notes_of
from acutance.comparison.order import PREFERENCES, order_by_scores, order_by_wins
from acutance.comparison.preference_files import Preferences
from acutance.comparison.results import Comparison, PictureScores
from acutance.comparison.scores import complete_scores
from acutance.types import Better


def compare_scores(
    pictures: Sequence[PictureScores],
    methods: Sequence[str],
    better: Mapping[str, Better],
    *,
    preferences: Preferences | None = None,
    draws: Draws | None = None,
    left_out: Sequence[str] = (),
    root: str = "",
    provenance: Mapping[str, object] | None = None,
) -> Comparison:
    """All that scores, preferences or both say of methods.

    Args:
        pictures: Every picture with its scores; a score that is missing has an error.
        methods: Names of the methods.
        better: Which direction is better, by model, in the order of the models.
        preferences: What people prefer, if they were asked.
        draws: How intervals are drawn.
        left_out: Pictures that are not compared.
        root: Folder that paths of pictures start from.
        provenance: What the scores depend on.
    """
    draws = draws or Draws()
    by_model = {model: complete_scores(pictures, methods, model, way) for model, way in better.items()}
    notes = notes_of(by_model, methods, len(pictures)) if pictures else []
    orders = {
        model: order_by_scores(scores, draws.level)
        for model, scores in by_model.items()
        if len(methods) > 1 and scores.pictures
    }
    if preferences is not None:
        orders[PREFERENCES] = order_by_wins(preferences.methods, preferences.wins, draws.level)
    notes += [f"{name}: {order.note}" for name, order in orders.items() if order.note]
    return Comparison(
        compare_time=datetime.now().astimezone().strftime("%Y-%m-%d %H:%M:%S"),
        methods=list(methods),
        models=list(by_model),
        better=dict(better),
        results=[
            result
            for model, scores in by_model.items()
            for result in method_results(scores, _failed(pictures, model), draws)
        ],
        tests=[test for scores in by_model.values() for test in method_tests(scores, draws)],
        orders={name: order.places for name, order in orders.items()},
        disagreements=disagreements(by_model),
        root=root,
        pictures=list(pictures),
        notes=notes,
        left_out=list(left_out),
        provenance=dict(provenance or {}),
    )


def _failed(pictures: Sequence[PictureScores], model: str) -> Counter[str]:
    return Counter(method for picture in pictures for method in picture.errors.get(model, {}))
