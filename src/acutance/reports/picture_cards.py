"""Cards of a page: a picture by all methods, one laid over the other, with what models say of it beside."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from acutance.reports.markup import Html, escaped, joined, tag
from acutance.reports.page_tables import Part, paragraph
from acutance.reports.thumbnails import Thumbnail, thumbnails

MAX_PICTURE_BYTES = 4_500_000
"""What all thumbnails of a page may take; a third more in the page, where bytes are written as base64."""
LEAST_PICTURE_BYTES = 12_000
"""What is left for one of them at least: cards are left out before pictures become smaller."""
MOST_REASONS = 5
"""Reasons that a card gives."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Layer:
    """A picture that can be shown on either side of the slider."""

    name: str
    path: Path


@dataclass(frozen=True, kw_only=True)
class Card:
    """A picture of the page."""

    title: str
    reasons: Sequence[str]
    """Why it is shown."""
    layers: Sequence[Layer]
    """Its pictures; one that stands alone has no slider."""
    sides: tuple[str, str] = ("", "")
    """Names of the layers on the left and right of the slider."""
    is_fixed: bool = False
    """Whether the sides stay what they are."""
    table: Html = field(default_factory=Html)
    """The scores."""


def pictures_part(cards: Sequence[Card], lead: str, on_progress: Progress | None = None) -> Part:
    """All cards, with controls for all of them at once.

    Args:
        cards: As many are shown as fit into ``MAX_PICTURE_BYTES``.
        lead: A sentence about them.
        on_progress: Called with the number of finished cards and of all.
    """
    pictures = sum(len(card.layers) for card in cards)
    most = MAX_PICTURE_BYTES // LEAST_PICTURE_BYTES
    shown = list(cards)
    while pictures > most and len(shown) > 1:
        pictures -= len(shown.pop().layers)
    names = list(dict.fromkeys(layer.name for card in shown for layer in card.layers))
    done: list[Html] = []
    for card in shown:
        if on_progress is not None:
            on_progress(len(done), len(shown))
        copies = thumbnails(
            [layer.path for layer in card.layers], most_bytes=MAX_PICTURE_BYTES * len(card.layers) // pictures
        )
        done.append(_card(card, copies, names))
    if on_progress is not None and shown:
        on_progress(len(done), len(shown))
    if not done:
        return Part("pictures", "Pictures", Html())
    left_out = (
        f" {len(cards) - len(shown)} more are left out to keep the page small." if len(shown) < len(cards) else ""
    )
    is_free = any(not card.is_fixed and len(card.layers) > 1 for card in shown)
    controls = _controls(names if is_free else [], has_slider=any(len(card.layers) > 1 for card in shown))
    return Part(
        "pictures", "Pictures", joined([paragraph(lead + left_out), controls, tag("div", *done, class_="cards")])
    )


def _controls(names: Sequence[str], *, has_slider: bool) -> Html:
    """Selects for the sides of all cards, and a switch from the slider to two pictures beside each other."""
    if not has_slider:
        return Html()
    selects = [
        tag(
            "label",
            f"On the {side} everywhere",
            tag(
                "select", _option("", "as chosen", ""), *_options(names, names, ""), data_side=side, autocomplete="off"
            ),
        )
        for side in (("left", "right") if names else ())
    ]
    switch = tag("label", tag("input", type="checkbox", id="beside", autocomplete="off"), "side by side, no slider")
    return tag("div", *selects, switch, class_="controls")


def _card(card: Card, copies: Sequence[Thumbnail], names: Sequence[str]) -> Html:
    has_slider = len(card.layers) > 1
    left, right = card.sides if has_slider else (card.layers[0].name, "")
    images = [
        tag(
            "img",
            src=copy.uri,
            alt=f"{layer.name}: {copy.problem or card.title}",
            width=str(copy.width),
            height=str(copy.height),
            class_=" ".join(
                kind
                for kind, holds in (
                    ("tiny", copy.is_tiny),
                    ("left", layer.name == left),
                    ("right", layer.name == right),
                )
                if holds
            ),
            data_layer=str(names.index(layer.name)),
        )
        for layer, copy in zip(card.layers, copies, strict=True)
    ]
    problems = [
        paragraph(f"{layer.name}: {copy.problem}", "failed")
        for layer, copy in zip(card.layers, copies, strict=True)
        if copy.problem
    ]
    return tag(
        "article",
        tag("h3", card.title),
        tag("ul", *(tag("li", reason) for reason in _short(card.reasons)), class_="reasons"),
        tag(
            "div",
            tag("div", *images, class_="stage two" if has_slider else "stage"),
            _slider(card) if has_slider else Html(),
            class_="view",
        ),
        _sides(card, names) if has_slider else Html(),
        _size(copies),
        *problems,
        card.table,
        class_="card",
    )


def _short(reasons: Sequence[str]) -> list[str]:
    """The first few reasons."""
    more = len(reasons) - MOST_REASONS
    return [*reasons[:MOST_REASONS], *([f"and {more} more"] if more > 0 else [])]


def _slider(card: Card) -> Html:
    left, right = card.sides
    return tag(
        "input",
        type="range",
        min="0",
        max="100",
        step="any",
        value="50",
        autocomplete="off",
        aria_label=f"How much of {left} is shown over {right}",
    )


def _sides(card: Card, names: Sequence[str]) -> Html:
    """What stands on the left and on the right, to be chosen unless it is fixed."""
    left, right = card.sides
    if card.is_fixed:
        return tag("div", tag("span", left), tag("span", right), class_="sides")
    own = [layer.name for layer in card.layers]
    selects = [
        tag(
            "select",
            *_options(own, names, chosen),
            data_side=side,
            data_first=str(names.index(chosen)),
            aria_label=f"On the {side}",
            autocomplete="off",
        )
        for side, chosen in (("left", left), ("right", right))
    ]
    return tag("div", *selects, class_="sides")


def _options(shown: Sequence[str], names: Sequence[str], chosen: str) -> list[Html]:
    return [_option(str(names.index(name)), name, str(names.index(chosen)) if chosen else "") for name in shown]


def _option(value: str, name: str, chosen: str) -> Html:
    return tag("option", escaped(name), value=value, selected=bool(value) and value == chosen)


def _size(copies: Sequence[Thumbnail]) -> Html:
    """How large the pictures are, since a small copy hides what is seen in full size."""
    sizes = list(dict.fromkeys(copy.size for copy in copies if copy.size is not None))
    if not sizes:
        return Html()
    text = " and ".join(f"{width} x {height}" for width, height in sizes)
    shrunk = any(max(size) > max(copies[0].width, copies[0].height) for size in sizes)
    return tag("small", f"{text} pixels{', shown smaller' if shrunk else ''}")
