from pathlib import Path

import pytest

from acutance.cli.options import parse_directions, parse_models, parse_options, parse_weights
from acutance.errors import ConfigError
from tests.raising import raises


@pytest.mark.parametrize(
    ("texts", "parsed"),
    [
        ([], []),
        (["psnr", "ssim"], ["psnr", "ssim"]),
        (["psnr,ssim"], ["psnr", "ssim"]),
        (["PSNR, ssim,", "runs/A"], ["PSNR", "ssim", "runs/A"]),
    ],
)
def test_models_come_between_commas_or_one_by_one(texts: list[str], parsed: list[str]):
    assert parse_models(texts) == parsed


def test_a_folder_with_a_comma_in_its_name_is_one_model(tmp_path: Path):
    (tmp_path / "lr,1").mkdir()
    assert parse_models([str(tmp_path / "lr,1")]) == [str(tmp_path / "lr,1")]


@pytest.mark.parametrize("text", ["", ",", " "])
def test_a_text_without_a_model_is_an_error(text: str):
    with raises(ConfigError, repr(text)):
        parse_models([text])


@pytest.mark.parametrize(
    ("texts", "parsed"),
    [
        ([], None),
        (["afine.pth"], "afine.pth"),
        (["runs/lr=1/afine.pth"], "runs/lr=1/afine.pth"),
        (["afine=a.pth"], {"afine": "a.pth"}),
        (["AFINE=a.pth"], {"afine": "a.pth"}),
        (["afine=a=b.pth", "afine-naturalness=c.pth"], {"afine": "a=b.pth", "afine-naturalness": "c.pth"}),
    ],
)
def test_weights_are_one_file_or_files_by_model(texts: list[str], parsed: object):
    assert parse_weights(texts) == parsed


@pytest.mark.parametrize("texts", [["a.pth", "b.pth"], ["afine=a.pth", "b.pth"], ["afine=a.pth", "afine=b.pth"]])
def test_several_files_need_the_names_of_their_models(texts: list[str]):
    with raises(ConfigError, "MODEL=FILE"):
        parse_weights(texts)


def test_options_are_sorted_by_model():
    texts = ["ssim.channel=rgb", "SSIM.downsample=TRUE", "haarpsi.downsample=false", "model.tag.option=a=b"]
    assert parse_options(texts) == {
        "ssim": {"channel": "rgb", "downsample": True},
        "haarpsi": {"downsample": False},
        "model.tag": {"option": "a=b"},
    }


@pytest.mark.parametrize("text", ["ssim", "ssim.channel", "channel=rgb", "ssim.=rgb", ".channel=rgb", "ssim.channel="])
def test_a_text_that_is_no_option_is_an_error(text: str):
    with raises(ConfigError, "MODEL.OPTION=VALUE"):
        parse_options([text])


@pytest.mark.parametrize("again", ["SSIM.channel=grey", "ssim.channel=grey", "Ssim.Channel=rgb"])
@pytest.mark.parametrize("first", ["SSIM.channel=rgb", "ssim.channel=rgb", "ssim.CHANNEL=rgb"])
def test_an_option_that_is_given_twice_in_any_case_is_an_error(first: str, again: str):
    with raises(ConfigError, repr(again)):
        parse_options([first, again])


def test_directions_are_told_by_model():
    assert parse_directions(["ours=higher", "a=b=lower"]) == {"ours": "higher", "a=b": "lower"}
    assert parse_directions([]) == {}


@pytest.mark.parametrize("texts", [["ours"], ["=lower"], ["ours=up"], ["ours=higher", "ours=lower"]])
def test_a_direction_that_is_none_or_told_twice_is_refused(texts: list[str]):
    with raises(ConfigError):
        parse_directions(texts)
