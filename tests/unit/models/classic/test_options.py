from pydantic import ValidationError

from acutance.errors import ConfigError, UnknownNameError
from acutance.models.classic.entry import CLASSIC, OPTIONS, SSIMOptions, classic_options
from tests.raising import raises


def test_every_metric_has_options_in_the_same_order() -> None:
    assert list(OPTIONS) == list(CLASSIC)


def test_defaults_are_filled_in() -> None:
    assert classic_options("ssim", downsample=True) == SSIMOptions(channel="grey", downsample=True)


def test_options_are_frozen_and_closed() -> None:
    options = SSIMOptions()
    with raises(ValidationError, "channel", "frozen_instance"):
        options.channel = "rgb"
    with raises(ValidationError, "window", "extra_forbidden"):
        SSIMOptions.model_validate({"window": 7})


def test_an_unknown_option_names_the_nearest() -> None:
    with raises(UnknownNameError, "subsample", "downsample"):
        classic_options("haarpsi", subsample=False)


def test_an_unknown_metric_names_the_nearest() -> None:
    with raises(UnknownNameError, "vif", "vif_p"):
        classic_options("vif")


def test_a_metric_without_options_says_so() -> None:
    with raises(ConfigError, "vsi", "channel"):
        classic_options("vsi", channel="grey")


def test_a_wrong_value_names_the_right_ones() -> None:
    with raises(ConfigError, "channel", "psnr", "rgb", "grey", "luma", "Y"):
        classic_options("psnr", channel="Y")
    with raises(ConfigError, "downsample", "ssim", "perhaps"):
        classic_options("ssim", downsample="perhaps")
