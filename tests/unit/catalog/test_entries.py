import pytest

from acutance.catalog import CATALOG, find_model, list_models
from acutance.errors import UnknownNameError

CLASSIC = [
    "psnr",
    "ssim",
    "ms_ssim",
    "iw_ssim",
    "vif_p",
    "fsim",
    "sr_sim",
    "gmsd",
    "ms_gmsd",
    "vsi",
    "mdsi",
    "haarpsi",
    "dss",
]


def test_every_model_of_the_catalogue_is_listed_in_order():
    names = [entry.name for entry in list_models()]
    assert names == sorted(["afine", "afine-naturalness", *CLASSIC])
    assert set(CATALOG) == set(names)


def test_an_unknown_model_is_offered_the_nearest():
    with pytest.raises(UnknownNameError, match=r"got 'ms-ssim'\. Did you mean 'ms_ssim'\?"):
        find_model("ms-ssim")


@pytest.mark.parametrize("name", CATALOG)
def test_every_entry_says_what_its_score_means(name: str):
    entry = find_model(name)
    assert entry.name == name
    assert entry.info.low < entry.info.high
    assert entry.title
    assert entry.paper
    assert entry.note
    assert entry.licence


def words(name: str) -> dict[str, tuple[str | bool, ...]]:
    """The options of a model that are words."""
    return {
        option: allowed for option, allowed in (find_model(name).options or {}).items() if isinstance(allowed, tuple)
    }


@pytest.mark.parametrize("name", CLASSIC)
def test_what_the_catalogue_says_of_a_model_is_true_of_it(name: str):
    entry = find_model(name)
    for options in ({}, *({option: value} for option, values in words(name).items() for value in values)):
        model = entry.build(**options)
        assert model.info == entry.info
        assert model.needs_reference is entry.needs_reference
        assert entry.weights is None


@pytest.mark.parametrize("name", CLASSIC)
def test_the_first_value_of_an_option_is_its_default(name: str):
    entry = find_model(name)
    defaults = {option: values[0] for option, values in words(name).items()}
    assert entry.build(**defaults).preprocessing() == entry.build().preprocessing()
