from dataclasses import replace
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from acutance.catalog import find_model
from acutance.errors import ConfigError, UnknownNameError
from acutance.models.entry import ModelEntry, UsedBy, checked_options, described
from tests.raising import raises


class Options(BaseModel):
    protocol: Literal["cover", "random"] = "cover"
    crops: Annotated[int, UsedBy("random")] = Field(default=25, ge=1, le=100)
    centre: float = Field(default=0.25, ge=0)
    flip: bool = False


class Seeded(BaseModel):
    seed: int = Field(default=0, ge=0)


@pytest.fixture
def entry() -> ModelEntry:
    return replace(find_model("psnr"), name="model", options=Options)


def test_text_becomes_the_number_it_says(entry: ModelEntry) -> None:
    checked = checked_options(entry, {"crops": "7", "protocol": "random", "centre": "0.5", "flip": True})
    assert checked == {"crops": 7, "centre": 0.5, "protocol": "random", "flip": True}
    assert isinstance(checked["crops"], int)


def test_options_and_their_words_are_found_in_any_case(entry: ModelEntry) -> None:
    assert checked_options(entry, {"Protocol": "RANDOM", "CROPS": 7}) == {"protocol": "random", "crops": 7}


def test_one_option_in_two_cases_is_an_error(entry: ModelEntry) -> None:
    with raises(ConfigError, "protocol"):
        checked_options(entry, {"Protocol": "random", "protocol": "cover"})


def test_options_that_are_not_given_are_left_out(entry: ModelEntry) -> None:
    assert checked_options(entry, {}) == {}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"crops": "many"}, ("crops", 1, 100, "many")),
        ({"crops": 101}, (1, 100, 101)),
        ({"crops": 2.5}, (1, 100, 2.5)),
        ({"crops": True}, (1, 100, True)),
        ({"crops": float("inf")}, (1, 100, "inf")),
        ({"centre": -1}, ("centre", 0, -1)),
        ({"centre": "inf"}, (0, "inf")),
        ({"protocol": "rendom"}, ("cover", "random", "rendom")),
        ({"flip": "yes"}, ("flip", "false", "true", "yes")),
        ({"flip": 1}, ("flip", "false", "true", 1)),
    ],
)
def test_a_value_that_is_not_allowed_is_an_error(
    entry: ModelEntry, given: dict[str, Any], words: tuple[object, ...]
) -> None:
    with raises(ConfigError, *words):
        checked_options(entry, given)


def test_an_unknown_option_is_offered_the_nearest(entry: ModelEntry) -> None:
    with raises(UnknownNameError, "crop", "crops"):
        checked_options(entry, {"crop": 1})


def test_options_are_described_with_their_default_first(entry: ModelEntry) -> None:
    assert {name: described(values) for name, values in entry.choices.items()} == {
        "protocol": "cover, random",
        "crops": "25 (a whole number, 1 to 100)",
        "centre": "0.25 (a number, 0 or more)",
        "flip": "false, true",
    }


def test_an_option_that_the_protocol_does_not_use_is_an_error(entry: ModelEntry) -> None:
    with raises(ConfigError, "random", "crops", "cover", "protocol=random"):
        checked_options(entry, {"crops": 3})


def test_a_large_whole_number_stays_what_it_is(entry: ModelEntry) -> None:
    seeded = replace(entry, options=Seeded)
    assert checked_options(seeded, {"seed": "9007199254740993"}) == {"seed": 9007199254740993}


@pytest.mark.parametrize("given", [256, "256"])
def test_a_number_among_words_may_be_given_as_text(given: int | str):
    assert checked_options(find_model("ssim"), {"levels": given}) == {"levels": 256}


@pytest.mark.parametrize("given", [255, "255", True, None, 256.0])
def test_another_number_than_those_among_words_is_an_error(given: object):
    with raises(ConfigError, "levels", 256):
        checked_options(find_model("ssim"), {"levels": given})


@pytest.mark.parametrize("levels", [256, "none"])
@pytest.mark.parametrize(
    ("name", "channel"), [("psnr", {}), ("fsim", {}), ("haarpsi", {"channel": "rgb"}), ("ssim", {"channel": "rgb"})]
)
def test_levels_beside_the_channel_rgb_which_is_never_rounded_are_an_error(
    name: str, channel: dict[str, str], levels: str | int
) -> None:
    with raises(ConfigError, name, f"levels={levels}", "rgb", "channel=grey"):
        checked_options(find_model(name), {**channel, "levels": levels})


@pytest.mark.parametrize(
    ("name", "given"),
    [("psnr", {"levels": "auto"}), ("psnr", {"levels": 256, "channel": "luma"}), ("ssim", {"levels": "none"})],
)
def test_levels_that_have_an_effect_or_are_the_default_are_taken(name: str, given: dict[str, Any]) -> None:
    assert checked_options(find_model(name), given) == given
