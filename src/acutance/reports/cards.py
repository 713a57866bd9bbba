"""Images of a page: which are shown, small copies of them, and one laid over the other with a slider."""

import base64
import io
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from acutance.comparison.results import Comparison, ImageScores
from acutance.errors import AcutanceError
from acutance.evaluation.results import Evaluation, EvaluationRun, Prediction
from acutance.images import read_image
from acutance.reports.columns import best_and_next
from acutance.reports.html import Block, Part, paragraph
from acutance.stats.curves import Curve
from acutance.stats.samples import Numbers
from acutance.tables.text import pretty
from acutance.types import OnProgress

MAX_IMAGE_BYTES = 4_500_000
"""What all thumbnails of a page may take; a third more in the page, where bytes are written as base64."""
LEAST_IMAGE_BYTES = 12_000
"""What is left for one of them at least: cards are left out before images become smaller."""
MOST_REASONS = 5
"""Reasons that a card gives."""
MOST_CANDIDATES = 1000
"""How many of a list may be looked at for images that are not shown yet."""
HDR_PEAK = 203.0
"""Nits to which HDR images are brought to be looked at, whatever they were scored at: white by BT.2408."""
MAX_SIDE = 384
"""Longest side of a thumbnail in pixels."""
_STEPS = ((384, 88), (384, 75), (288, 75), (192, 70), (128, 55), (96, 40))
"""Longest side and JPEG quality, tried until the images are small enough."""
_GREY = (128, 128, 128)


class Layer(NamedTuple):
    """An image that can be shown on either side of the slider; its small copy and classes of CSS, once it was read."""

    name: str
    path: Path
    copy: "Thumbnail | None" = None
    css: str = ""


@dataclass(frozen=True, kw_only=True)
class Card:
    """An image of the page."""

    title: str
    reasons: Sequence[str]
    """Why it is shown."""
    layers: Sequence[Layer]
    """Its images; one that stands alone has no slider."""
    sides: tuple[str, str] = ("", "")
    """Names of the layers on the left and right of the slider."""
    is_fixed: bool = False
    """Whether the sides stay what they are."""
    blocks: Sequence[Block] = ()
    """The scores."""
    size: str = ""
    """How large the images are, since a small copy hides what is seen in full size."""

    @property
    def has_slider(self) -> bool:
        """Whether there is something to slide over."""
        return len(self.layers) > 1


@dataclass(frozen=True)
class Cards(Block):
    """Cards with controls for all of them at once: what stands on either side, and a switch from slider to pairs."""

    cards: Sequence[Card]
    names: Sequence[str]
    """Of all layers."""
    kind = "cards"

    @property
    def has_slider(self) -> bool:
        """Whether any card has one."""
        return any(card.has_slider for card in self.cards)

    @property
    def is_free(self) -> bool:
        """Whether sides of any card can be chosen."""
        return any(card.has_slider and not card.is_fixed for card in self.cards)


def images_part(cards: Sequence[Card], lead: str, on_progress: OnProgress | None = None) -> Part:
    """All cards that fit into ``MAX_IMAGE_BYTES``, below a sentence about them."""
    images = sum(len(card.layers) for card in cards)
    shown = list(cards)
    while images > MAX_IMAGE_BYTES // LEAST_IMAGE_BYTES and len(shown) > 1:
        images -= len(shown.pop().layers)
    done: list[Card] = []
    for card in shown:
        if on_progress is not None:
            on_progress(len(done), len(shown))
        done.append(_with_copies(card, MAX_IMAGE_BYTES * len(card.layers) // images))
    if not done:
        return Part("pictures", "Images", [])
    if on_progress is not None:
        on_progress(len(done), len(shown))
    more = f" {len(cards) - len(shown)} more are left out to keep the page small." if len(shown) < len(cards) else ""
    names = list(dict.fromkeys(layer.name for card in shown for layer in card.layers))
    return Part("pictures", "Images", [*paragraph(lead + more), Cards(done, names)])


def _with_copies(card: Card, most_bytes: int) -> Card:
    copies = thumbnails([layer.path for layer in card.layers], most_bytes=most_bytes)
    left, right = card.sides if card.has_slider else (card.layers[0].name, "")
    layers = []
    for layer, copy in zip(card.layers, copies, strict=True):
        kinds = {"tiny": copy.is_tiny, "left": layer.name == left, "right": layer.name == right}
        layers.append(layer._replace(copy=copy, css=" ".join(kind for kind, holds in kinds.items() if holds)))
    sizes = list(dict.fromkeys(copy.size for copy in copies if copy.size is not None))
    shrunk = any(max(size) > max(copies[0].width, copies[0].height) for size in sizes)
    size = " and ".join(f"{width} x {height}" for width, height in sizes)
    more = len(card.reasons) - MOST_REASONS
    return replace(
        card,
        layers=layers,
        reasons=[*card.reasons[:MOST_REASONS], *([f"and {more} more"] if more > 0 else [])],
        size=f"{size} pixels{', shown smaller' if shrunk else ''}" if size else "",
    )


@dataclass(frozen=True, kw_only=True)
class Thumbnail:
    """A small copy, or a placeholder where there is no image."""

    uri: str
    """``data:`` URI of a JPEG, or of an SVG with a cross."""
    width: int
    """On the page, in pixels; larger than the copy where the image is tiny."""
    height: int
    is_tiny: bool
    """Whether its pixels are shown as squares."""
    size: tuple[int, int] | None
    """Width and height of the image itself; ``None`` without one."""
    problem: str
    """Why there is no image, in one line; empty if there is one."""


def thumbnails(paths: Sequence[Path], *, most_bytes: int) -> list[Thumbnail]:
    """Small copies of images that are laid over each other, all in one frame.

    The first readable image gives the frame; one of another shape stands in it on grey. Images are read as
    for scoring: upright, transparent pixels over white, in sRGB. Copies carry no metadata.

    Args:
        most_bytes: What all copies together may take; the last step of size and quality is taken as it comes.

    Returns:
        One for every path: one that cannot be read is a placeholder that says why.
    """
    copies = [_copy(path) for path in paths]
    first = next((copy.size for copy in copies if copy.size is not None), (MAX_SIDE * 3 // 4, MAX_SIDE // 2))
    files: list[bytes] = []
    for side, quality in _STEPS:
        frame = _inside(first, side)
        files = [b"" if copy.image is None else _jpeg(copy.image, frame, quality) for copy in copies]
        if sum(map(len, files)) <= most_bytes:
            break
    width, height, is_tiny = _on_page(first)
    return [
        Thumbnail(
            uri=_uri("image/jpeg", file) if file else _uri("image/svg+xml", _placeholder(width, height)),
            width=width,
            height=height,
            is_tiny=is_tiny and bool(file),
            size=copy.size,
            problem=copy.problem,
        )
        for file, copy in zip(files, copies, strict=True)
    ]


@dataclass(frozen=True)
class _Copy:
    """An image shrunk to ``MAX_SIDE``, its own size, and why there is none."""

    image: Image.Image | None = None
    size: tuple[int, int] | None = None
    problem: str = ""


def _copy(path: Path) -> _Copy:
    try:
        if not path.is_file():
            return _Copy(problem="Expected an image file, got no such file.")
        image = Image.fromarray(_eight_bits(read_image(path, hdr_peak=HDR_PEAK)))
    except (AcutanceError, OSError, ValueError) as error:
        return _Copy(problem=" ".join(str(error).split()))
    size = image.size
    return _Copy(_resized(image, _inside(size, MAX_SIDE)), size)


def _eight_bits(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """Rounded to 8 bits, shape (H, W, 3)."""
    if pixels.dtype.kind == "f":
        pixels = np.rint(pixels * 255)
    elif pixels.dtype.itemsize == 2:
        pixels = (pixels.astype(np.uint32) * 255 + 32767) // 65535
    eight: NDArray[np.uint8] = pixels.astype(np.uint8, copy=False)
    return eight


def _inside(size: tuple[int, int], side: int) -> tuple[int, int]:
    """The size shrunk in proportion to a longest side; never enlarged."""
    longest = max(size)
    if longest <= side:
        return size
    return max(1, round(size[0] * side / longest)), max(1, round(size[1] * side / longest))


def _on_page(size: tuple[int, int]) -> tuple[int, int, bool]:
    """Width and height on the page, and whether pixels are shown as squares."""
    times = MAX_SIDE // max(size)
    if times >= 2:
        return size[0] * times, size[1] * times, True
    return *_inside(size, MAX_SIDE), False


def _jpeg(image: Image.Image, frame: tuple[int, int], quality: int) -> bytes:
    """The image in a frame, as large as it fits, without subsampled colour."""
    scale = min(frame[0] / image.width, frame[1] / image.height)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    if max(abs(size[0] - frame[0]), abs(size[1] - frame[1])) > 1:
        framed = Image.new("RGB", frame, _GREY)
        framed.paste(_resized(image, size), ((frame[0] - size[0]) // 2, (frame[1] - size[1]) // 2))
    else:  # a pixel of difference is rounding
        framed = _resized(image, frame)
    file = io.BytesIO()
    framed.save(file, "JPEG", quality=quality, subsampling=0)
    return file.getvalue()


def _resized(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    return image if size == image.size else image.resize(size, Image.Resampling.LANCZOS)


def _placeholder(width: int, height: int) -> bytes:
    """A grey field with a cross, in the shape of the frame."""
    middle, centre, arm = width / 2, height / 2, min(width, height) / 8
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
        f'<rect width="{width}" height="{height}" fill="#888"/><path stroke="#fff" stroke-width="3" d="'
        f"M{middle - arm} {centre - arm}l{2 * arm} {2 * arm}M{middle + arm} {centre - arm}l{-2 * arm} {2 * arm}"
        '"/></svg>'
    ).encode()


def _uri(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"


@dataclass
class Choice:
    """An image to show."""

    key: tuple[str, ...]
    """Dataset, root, name and reference (empty without one); or the name alone."""
    reasons: list[str] = field(default_factory=list)
    """Why it is shown."""
    sides: tuple[str, str] = ("", "")
    """Which two methods are shown first; empty for the usual ones."""


def choose_predictions(run: EvaluationRun, count: int) -> list[Choice]:
    """Images of an evaluation: half with the largest residuals, model by model, half over the range of opinions."""
    far = _in_turn([_largest_residuals(one) for one in run.evaluations])
    chosen = _merged(far, -(-count // 2))
    over = _in_turn([_over_the_range(one, count) for one in _one_of_each_set(run)])
    return list(_merged(over, count, chosen).values())


def choose_comparisons(comparison: Comparison, count: int) -> list[Choice]:
    """Images of a comparison: a third each where models disagree, methods do worst, and methods win by most."""
    images = {one.picture: one for one in comparison.pictures}
    ordered = sorted(comparison.disagreements, key=lambda one: one.agreement)
    disagreements = [
        Choice(
            (one.picture,),
            [f"{one.first_model} and {one.second_model} disagree (tau {one.agreement:.2f})"],
            _favourites(images[one.picture], comparison, (one.first_model, one.second_model)),
        )
        for one in ordered
        if one.picture in images
    ]
    worst = _in_turn(
        [
            [
                Choice((name,), [f"{one.method} at its worst by {one.model}"], (one.method, ""))
                for name in one.worst
                if name in images
            ]
            for one in comparison.results
        ]
    )
    wins = _in_turn([_biggest_wins(comparison, model) for model in comparison.models])
    chosen = _merged(disagreements, -(-count // 3))
    chosen = _merged(worst, -(-2 * count // 3), chosen)
    return list(_merged(wins, count, chosen).values())


def fitted_opinions(evaluation: Evaluation) -> list[float | None]:
    """Scores on the fitted curve, in units of the opinions.

    Args:
        evaluation: An infinite score takes the best finite one, as for the errors after the curve; the other
            infinity the worst.

    Returns:
        One for each prediction; ``None`` without a score or curve.
    """
    curve = evaluation.agreement.curve
    scores = _numbers(one.predicted for one in evaluation.predictions)
    finite = scores[np.isfinite(scores)]
    if curve is None or not finite.size:
        return [None] * len(scores)
    bounded = np.clip(scores, finite.min(), finite.max())
    known = ~np.isnan(bounded)
    fitted = np.full(len(scores), np.nan)
    found = Curve(kind=curve.kind, wanted=curve.wanted, parameters=curve.parameters, is_decreasing=False)
    fitted[known] = found(bounded[known])
    return [float(value) if math.isfinite(value) else None for value in fitted]


def _largest_residuals(evaluation: Evaluation) -> list[Choice]:
    """All images whose residual is known, the largest first."""
    opinions = _numbers(one.ground_truth for one in evaluation.predictions)
    residuals = _numbers(fitted_opinions(evaluation)) - opinions
    order = np.argsort(-np.abs(residuals), kind="stable")
    good = residuals > 0 if evaluation.mos_better == "higher" else residuals < 0
    return [
        Choice(
            key_of(evaluation, evaluation.predictions[place]),
            [f"{evaluation.model} takes it for {abs(residuals[place]):.3g} too {'good' if good[place] else 'bad'}"],
        )
        for place in order[:MOST_CANDIDATES]
        if math.isfinite(residuals[place])
    ]


def _over_the_range(evaluation: Evaluation, count: int) -> list[Choice]:
    """Images at even steps from the worst opinion to the best; by scores where there are no opinions."""
    values = _numbers(one.ground_truth for one in evaluation.predictions)
    better, what = evaluation.mos_better, "opinions"
    if np.isnan(values).all():
        values = _numbers(one.predicted for one in evaluation.predictions)
        better, what = evaluation.better, f"scores of {evaluation.model}"
    known = np.flatnonzero(~np.isnan(values))
    order = known[np.argsort(values[known] if better == "higher" else -values[known], kind="stable")]
    if not len(order):
        return []
    steps = np.unique(np.linspace(0, len(order) - 1, min(count, len(order))).round().astype(int))
    return [
        Choice(
            key_of(evaluation, evaluation.predictions[order[step]]),
            [f"sample of the range of {what}: better than {100 * int(step) // max(1, len(order) - 1)} %"],
        )
        for step in steps
    ]


def _one_of_each_set(run: EvaluationRun) -> list[Evaluation]:
    return list({(one.dataset, one.root): one for one in run.evaluations}.values())


def _biggest_wins(comparison: Comparison, model: str) -> list[Choice]:
    """Images by how far the best method is from the next, the furthest first; equal ones are left out."""
    found = []
    for image in comparison.pictures:
        pair = best_and_next(image.scores.get(model, {}), comparison.better[model])
        if pair is not None and pair[2] > 0:
            found.append((pair, image.picture))
    found.sort(key=lambda item: -item[0][2])
    return [
        Choice((name,), [f"{first} wins by {pretty(gap, '.3g')} in {model}"], (second, first))
        for (first, second, gap), name in found[:MOST_CANDIDATES]
    ]


def _favourites(image: ImageScores, comparison: Comparison, models: tuple[str, str]) -> tuple[str, str]:
    """The method that each of two models likes best; empty where they are the same or there is none."""
    pairs = [best_and_next(image.scores.get(model, {}), comparison.better[model]) for model in models]
    first, second = (pair[0] if pair is not None else "" for pair in pairs)
    return ("", "") if first == second else (first, second)


def _in_turn(lists: Sequence[Sequence[Choice]]) -> Iterator[Choice]:
    """The first of each list, then the second of each, and so on."""
    return (one for group in zip_longest(*lists) for one in group if one is not None)


def _merged(
    choices: Iterable[Choice], count: int, chosen: dict[tuple[str, ...], Choice] | None = None
) -> dict[tuple[str, ...], Choice]:
    """Choices added until there are ``count`` images; an image chosen twice has both reasons."""
    chosen = {} if chosen is None else chosen
    for choice in choices:
        if len(chosen) >= count:
            break
        if choice.key in chosen:
            chosen[choice.key].reasons += [text for text in choice.reasons if text not in chosen[choice.key].reasons]
        else:
            chosen[choice.key] = choice
    return chosen


def key_of(evaluation: Evaluation, prediction: Prediction) -> tuple[str, str, str, str]:
    """Key of an image in a run: a dataset may set it beside several references."""
    return evaluation.dataset, evaluation.root, prediction.image, prediction.reference or ""


def _numbers(values: Iterable[float | None]) -> Numbers:
    return np.array([math.nan if value is None else value for value in values], dtype=np.float64)
