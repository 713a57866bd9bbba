"""The columns of every table, once: terminal and page take theirs from here, and share names with the CSV files.

The columns of the CSV files are file formats and stand beside the records, in ``evaluation.results`` and
``comparison.results``.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeVar

from acutance.tables.text import number, pretty
from acutance.types import Better

if TYPE_CHECKING:  # results load statistics, which a list of models has no use for
    from acutance.comparison.results import Comparison, Disagreement, ImageScores, MethodScores, MethodTest, Strength
    from acutance.evaluation.results import Agreement, Evaluation, FittedCurve, Interval, ModelTest, Prediction

Row = TypeVar("Row")
ARROWS = {"higher": "↑", "lower": "↓"}
"""Which way is better."""
WORST = 3
"""How many of its worst images a method's row names."""


class Measured(NamedTuple):
    """A number with what stands beside it."""

    value: float | None
    interval: "Interval | None" = None
    of: int | None = None
    """How many numbers it is the mean of, where that is written."""
    is_best: bool = False


@dataclass(frozen=True)
class Column(Generic[Row]):
    """A column of a table."""

    name: str
    """Of the field, and in the CSV file where it has one."""
    title: str
    """On a page."""
    meaning: str = ""
    """Shown on a page where one points at the title."""
    value: Callable[[Row], Any] | None = None
    """Text, a number, or a ``Measured`` number; ``None`` takes the attribute of this name."""
    kind: Literal["text", "long", "number", "count", "probability"] = "text"
    form: str = ".5g"
    """How a page writes its numbers, as in an f-string."""
    heading: str = ""
    """In a terminal; the title in lower case if empty."""
    printed: Callable[[Row], str] | None = None
    """What a terminal says instead of the value."""

    def of(self, row: Row) -> Any:  # noqa: ANN401 (text or a number)
        """The value in a row."""
        return getattr(row, self.name) if self.value is None else self.value(row)

    @property
    def is_text(self) -> bool:
        """Whether it stands on the left."""
        return self.kind in ("text", "long")


def chosen(columns: Sequence[Column[Row]], names: str) -> list[Column[Row]]:
    """Some of the columns in the order of their names, which spaces part."""
    by_name = {column.name: column for column in columns}
    return [by_name[name] for name in names.split()]


# Evaluations


class AgreementRow(NamedTuple):
    """A model on a dataset, or on one group of its images."""

    evaluation: "Evaluation"
    agreement: "Agreement"
    group: str = ""


def with_arrow(one: "Evaluation") -> str:
    """A model, and which direction of its scores is better."""
    return f"{one.model} {ARROWS[one.better]}"


def agreement_notes(agreement: "Agreement") -> list[str]:
    """Notes on the numbers: missing ones, another curve than wanted, infinite scores."""
    notes = [agreement.problem, agreement.curve.note if agreement.curve else ""]
    if agreement.clipped:
        many = "1 infinite score counts" if agreement.clipped == 1 else f"{agreement.clipped:,} infinite scores count"
        notes.append(f"{many} as the nearest finite one for the curve and errors.")
    return [note for note in notes if note]


def _remarks(row: AgreementRow) -> str:
    of_data = [] if row.group else [f"{note[:1].upper()}{note[1:]}." for note in row.evaluation.notes]
    return " ".join([*of_data, *agreement_notes(row.agreement)])


def _statistic(name: str, title: str, meaning: str) -> Column[AgreementRow]:
    def measured(row: AgreementRow) -> Measured:
        return Measured(getattr(row.agreement, name), row.agreement.intervals.get(name))

    def printed(row: AgreementRow) -> str:
        value, interval, *_ = measured(row)
        return number(value) + ("" if interval is None else f" [{interval.low:z.4f}, {interval.high:z.4f}]")

    return Column(name, title, meaning, measured, "number", ".4f", name.replace("_", " "), printed)


STATISTICS: tuple[Column[AgreementRow], ...] = (
    _statistic("srcc", "SRCC", "Spearman's rank correlation; 1 is full agreement"),
    _statistic("krcc", "KRCC", "Kendall's tau-b"),
    _statistic("plcc", "PLCC", "Pearson's correlation after the fitted curve"),
    _statistic("plcc_unfitted", "PLCC unfitted", "Pearson's correlation without a curve"),
    _statistic("rmse", "RMSE", "Root mean squared error after the curve, in units of the opinions"),
    _statistic("mae", "MAE", "Mean absolute error after the curve, in units of the opinions"),
    _statistic("outlier_ratio", "Outlier ratio", "Share of images further off than the spread of opinions explains"),
)
_COUNT = "Scored and rated: what the statistics are of"
_CURVE = "Fitted from scores to opinions before PLCC, RMSE and MAE"
AGREEMENTS: tuple[Column[AgreementRow], ...] = (
    Column("model", "Model", value=attrgetter("evaluation.model"), printed=lambda row: with_arrow(row.evaluation)),
    Column("dataset", "Dataset", value=attrgetter("evaluation.dataset")),
    Column("count", "Images", _COUNT, attrgetter("agreement.count"), "count", heading="count"),
    Column("failed", "Failed", "Images without a score", attrgetter("evaluation.failed"), "count"),
    Column("unrated", "Unrated", "Images with a score and no opinion", attrgetter("evaluation.unrated"), "count"),
    *STATISTICS,
    Column("curve", "Curve", _CURVE, lambda row: row.agreement.curve.kind if row.agreement.curve else ""),
    Column("protocol", "Protocol", value=attrgetter("evaluation.protocol")),
    Column("part", "Part", value=attrgetter("evaluation.part")),
    Column("note", "Remarks", value=_remarks, kind="long", heading="note"),
)


def group_columns(by: str) -> list[Column[AgreementRow]]:
    """Columns of the agreement within groups, whose names stand first."""
    return [Column("group", by.capitalize()), *chosen(AGREEMENTS, "model dataset count"), *STATISTICS, AGREEMENTS[-1]]


def _model_winner(one: "ModelTest") -> str:
    return one.winner or ("-" if one.p_corrected is None else "neither")


_TESTED = "That both have a score and an opinion of: those alone are tested; splits for wilcoxon_splits"
_OF_MODELS = "After Holm's correction over the pairs of models of one dataset and test"
_WINNER = "Significantly better at 0.05 after correction"
MODEL_TESTS: tuple[Column["ModelTest"], ...] = (
    Column("dataset", "Dataset"),
    Column("first", "First"),
    Column("second", "Second"),
    Column("test", "Test"),
    Column("count", "Images", _TESTED, kind="count", heading="count"),
    Column("statistic", "Statistic", kind="number"),
    Column("p_value", "p", "Two-sided, uncorrected", kind="probability", printed=lambda one: _short(one.p_value)),
    Column("p_corrected", "p corrected", _OF_MODELS, kind="probability", printed=lambda one: _short(one.p_corrected)),
    Column("winner", "Better", _WINNER, _model_winner, printed=attrgetter("winner")),
    Column("note", "Remarks", kind="long", heading="note"),
)


def _short(p: float | None) -> str:
    return "-" if p is None else f"{p:.2g}"


_MODEL: Column[Any] = Column("model", "Model", value=attrgetter("evaluation.model"))
_DATASET: Column[Any] = AGREEMENTS[1]
_PROTOCOL: Column[Any] = Column("protocol", "Protocol", value=attrgetter("evaluation.protocol"))


class Named(NamedTuple):
    """A number that a protocol names."""

    evaluation: "Evaluation"
    name: str
    value: float | None


PROTOCOL_NUMBERS: tuple[Column[Named], ...] = (
    *(_MODEL, _DATASET, _PROTOCOL),
    Column("name", "Number"),
    Column("value", "Value", kind="number"),
)


class Fitted(NamedTuple):
    """The curve of an evaluation."""

    evaluation: "Evaluation"
    curve: "FittedCurve"


def _parameters(row: Fitted) -> str:
    return ", ".join(pretty(value, ".6g") for value in row.curve.parameters)


CURVES: tuple[Column[Fitted], ...] = (
    *(_MODEL, _DATASET),
    Column("wanted", "Asked for", value=attrgetter("curve.wanted")),
    Column("kind", "Fitted", value=attrgetter("curve.kind")),
    Column("parameters", "Parameters", value=_parameters),
    Column("note", "Why another", value=attrgetter("curve.note"), kind="long"),
)


class Predicted(NamedTuple):
    """Score of an image by a model; ``fitted`` is that on the scale of the opinions."""

    evaluation: "Evaluation"
    one: "Prediction"
    fitted: float | None = None


def _off_by(row: Predicted) -> float | None:
    opinion = row.one.ground_truth
    return None if row.fitted is None or opinion is None else row.fitted - opinion


FAILED_PREDICTIONS: tuple[Column[Predicted], ...] = (
    Column("image", "Image", value=attrgetter("one.image")),
    *(_MODEL, _DATASET),
    Column("error", "Error", value=lambda row: row.one.error or "no score", kind="long"),
)
JUDGEMENTS: tuple[Column[Predicted], ...] = (
    _MODEL,
    Column("predicted", "Score", value=attrgetter("one.predicted"), kind="number", form=".4g"),
    Column("fitted", "Fitted", "The score on the scale of the opinions", kind="number", form=".4g"),
    Column("ground_truth", "Opinion", value=attrgetter("one.ground_truth"), kind="number", form=".4g"),
    Column("off_by", "Off by", value=_off_by, kind="number", form="+.3g"),
)


# Comparisons

_MEAN = "Over images that every method has a score for; the best of a model is shaded"
_FINITE_MEAN = "Of the finite scores, with its interval and their number"
_DIFFERENCE = "Mean score of the first minus that of the second, with its interval"
_FINITE_DIFFERENCE = "Of images with finite ones, with its interval and their number"
_OF_METHODS = "After Holm's correction over the pairs of methods of one model"


def method_columns(comparison: "Comparison") -> list[Column["MethodScores"]]:
    """Columns of methods by models; the best mean of a model is marked."""
    best = {model: _best_mean(comparison.results, model, better) for model, better in comparison.better.items()}

    def mean(one: "MethodScores") -> Measured:
        interval = None if one.is_mixed else one.interval
        return Measured(one.mean, interval, is_best=one.mean is not None and one.mean == best[one.model])

    def worst(one: "MethodScores") -> str:
        return ", ".join(one.worst[:WORST])

    beside, better = "Where it does worst beside the other methods", "Which direction of the scores is better"
    return [
        Column("method", "Method"),
        Column("model", "Model"),
        Column("better", "Better", better, lambda one: comparison.better[one.model]),
        Column("mean", "Mean", _MEAN, mean, "number"),
        *_finite(comparison.results, "finite_mean", "Finite mean", _FINITE_MEAN),
        Column("median", "Median", kind="number"),
        Column("wins", "Wins", "Images on which no method is better, and not all are equal", kind="count"),
        Column("count", "Images", "Images that every method has a score for", kind="count"),
        Column("failed", "Failed", "Images of this method without a score", kind="count"),
        Column("worst", "Worst on", beside, worst, "long", heading="worst beside the others"),
    ]


def method_test_columns(tests: Sequence["MethodTest"]) -> list[Column["MethodTest"]]:
    """Columns of two methods by one model."""

    def difference(one: "MethodTest") -> Measured:
        return Measured(one.difference, None if one.is_mixed else one.interval)

    def printed(one: "MethodTest") -> str:
        finite = f" (finite: {number(one.finite_difference)} of {one.finite_count})" if one.is_mixed else ""
        return number(one.difference) + finite

    def corrected(one: "MethodTest") -> str:
        return _long(one.p_corrected)

    def winner(one: "MethodTest") -> str:
        return one.winner or "neither"

    wilcoxon = "Wilcoxon's signed-rank test, two-sided, uncorrected"
    return [
        Column("model", "Model"),
        Column("first", "First"),
        Column("second", "Second"),
        Column("difference", "Difference", _DIFFERENCE, difference, "number", "+.4g", printed=printed),
        *_finite(tests, "finite_difference", "Finite difference", _FINITE_DIFFERENCE, "+.4g"),
        Column("first_wins", "First wins", kind="count"),
        Column("ties", "Ties", kind="count"),
        Column("second_wins", "Second wins", kind="count"),
        Column("p_value", "p", wilcoxon, kind="probability", printed=lambda one: _long(one.p_value)),
        Column("p_corrected", "p corrected", _OF_METHODS, None, "probability", heading="corrected", printed=corrected),
        Column("winner", "Better method", _WINNER, winner, heading="better", printed=lambda one: one.winner or "-"),
    ]


def interval_column(interval: Callable[[Row], "Interval | None"]) -> Column[Row]:
    """Intervals in a column of their own, as a terminal has them."""
    return Column("interval", "Interval", value=interval, kind="number", printed=lambda row: ends(interval(row)))


def ends(interval: "Interval | None") -> str:
    """Both ends of an interval, as a terminal shows them."""
    return "-" if interval is None else f"{number(interval.low)} to {number(interval.high)}"


class OrderRow(NamedTuple):
    """A place in an order, and by whom it is."""

    by: str
    place: int
    one: "Strength"


def _strength(row: OrderRow) -> Measured:
    return Measured(row.one.strength, row.one.interval)


_ODDS = "Logarithm of the odds against the average; 0 on average"
STRENGTHS: tuple[Column[OrderRow], ...] = (
    Column("by", "By"),
    Column("place", "Place", kind="count"),
    Column("method", "Method", value=attrgetter("one.name"), heading="preferred"),
    Column("strength", "Strength", _ODDS, _strength, "number", ".4f", printed=lambda row: f"{row.one.strength:+.4f}"),
)
_TAU = "-1 is the reverse order of the methods, 1 the same"
DISAGREEMENTS: tuple[Column["Disagreement"], ...] = (
    Column("picture", "Image", heading="models disagree on"),
    Column("first_model", "Model", heading="first"),
    Column("second_model", "Other model", heading="second"),
    Column("agreement", "Kendall's tau", _TAU, None, "number", ".3f", "tau-b", lambda one: f"{one.agreement:+.2f}"),
)


class Failure(NamedTuple):
    """A score that failed."""

    picture: str
    method: str
    model: str
    error: str


FAILURES: tuple[Column[Failure], ...] = (
    Column("picture", "Image"),
    Column("method", "Method"),
    Column("model", "Model"),
    Column("error", "Error", kind="long"),
)


def score_column(
    title: str, model: str, better: Better, place: Callable[[Row], tuple["ImageScores", str]], meaning: str = ""
) -> Column[Row]:
    """Scores by one model, marked where they are the best of the methods; ``place`` gives image and method of a row."""

    def measured(row: Row) -> Measured:
        image, method = place(row)
        scores = image.scores.get(model, {})
        pair = best_and_next(scores, better)
        return Measured(scores.get(method), is_best=pair is not None and pair[2] > 0 and pair[0] == method)

    return Column(title, title, meaning, measured, "number")


def best_and_next(scores: dict[str, float | None], better: str) -> tuple[str, str, float] | None:
    """The best method, the second best and how far they are apart, 0 or more; ``None`` with fewer than two scores.

    Example:
        >>> best_and_next({"ours": 31.0, "swinir": 30.5, "old": None}, "higher")
        ('ours', 'swinir', 0.5)
    """
    known = [(name, value) for name, value in scores.items() if value is not None and not math.isnan(value)]
    known.sort(key=lambda item: item[1], reverse=better == "higher")
    if len(known) < 2:
        return None
    (first, high), (second, low) = known[:2]
    return first, second, 0.0 if high == low else abs(high - low)


def _finite(rows: Sequence[Any], name: str, title: str, meaning: str, form: str = ".5g") -> list[Column[Any]]:
    """The mean of what is finite, in a table where some is not."""

    def measured(one: "MethodScores | MethodTest") -> Measured:
        return Measured(getattr(one, name), one.interval if one.is_mixed else None, one.finite_count)

    return [Column(name, title, meaning, measured, "number", form)] if any(one.is_mixed for one in rows) else []


def _best_mean(results: Sequence["MethodScores"], model: str, better: Better) -> float | None:
    means = [one.mean for one in results if one.model == model and one.mean is not None]
    return (max if better == "higher" else min)(means, default=None)


def _long(p: float) -> str:
    return f"{p:.4f}" if p >= 0.0001 else f"{p:.0e}"
