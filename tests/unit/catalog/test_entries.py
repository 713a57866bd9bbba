import subprocess
import sys
from pathlib import Path

import pytest

from acutance.catalog import CATALOG, GROUPS, find_model, find_record, list_models, list_records
from acutance.errors import ConfigError, UnknownNameError
from tests.raising import raises

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
AFINE = ["afine", "afine-fidelity", "afine-naturalness", "afine-tiny", "afine-tiny-naturalness"]
SYSTEMS = [
    "ahiq",
    "hyperiqa",
    "hyperiqa-pyiqa",
    "ms_hyperiqa",
    "vtamiq-head",
    "vtamiq-kadis700k",
    "vtamiq-paper",
]


def test_every_model_of_the_catalogue_is_listed_in_order():
    names = [entry.name for entry in list_models()]
    assert names == sorted([*AFINE, *SYSTEMS, *CLASSIC])
    assert set(CATALOG) == set(names)


def test_an_unknown_model_is_offered_the_nearest():
    with raises(UnknownNameError, "msssim", "ms_ssim"):
        find_model("msssim")


def test_an_unknown_model_like_no_other_is_told_all_models_and_groups():
    with raises(UnknownNameError, "lpips", *CATALOG, *GROUPS):
        find_model("lpips")


def test_a_group_is_offered_to_who_mistypes_it():
    with raises(UnknownNameError, "clasic", "classic"):
        find_model("clasic")


def test_a_group_is_no_model():
    with raises(ConfigError, "classic", *GROUPS["classic"]):
        find_model("classic")


def test_groups_hold_models_of_the_catalogue():
    assert {member for members in GROUPS.values() for member in members} <= set(CATALOG)
    assert not set(GROUPS) & set(CATALOG)


def test_names_of_the_catalogue_are_in_lower_case_so_that_any_case_finds_them():
    assert [name for name in (*CATALOG, *GROUPS) if name != name.lower()] == []
    assert [find_model(name.upper()).name for name in CATALOG] == list(CATALOG)
    words = [word for entry in list_models() for values in entry.choices.values()
             for word in (*entry.choices, *values.words)]  # fmt: skip
    assert [word for word in words if isinstance(word, str) and word != word.lower()] == []


@pytest.mark.parametrize("made", ["run", "afine.pth", "absent"])
def test_a_path_that_is_no_training_is_an_error_that_names_it(tmp_path: Path, made: str):
    (tmp_path / "run").mkdir()
    (tmp_path / "afine.pth").touch()
    with raises(ConfigError, tmp_path / made):
        find_model(str(tmp_path / made))


@pytest.mark.parametrize("made", ["run", "scores.csv"])
def test_a_path_without_a_slash_that_is_on_disk_is_an_error_of_a_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: str
):
    (tmp_path / "run").mkdir()
    (tmp_path / "scores.csv").touch()
    monkeypatch.chdir(tmp_path)
    with raises(ConfigError, made, "--weights") as caught:
        find_model(made)
    assert not isinstance(caught.value, UnknownNameError)


def test_several_names_where_one_is_wanted_are_an_error_that_names_them():
    with raises(ConfigError, "psnr", "ssim", 2) as caught:
        find_model("psnr,ssim")
    assert not isinstance(caught.value, UnknownNameError)


@pytest.mark.parametrize("name", CATALOG)
def test_every_entry_says_what_its_score_means(name: str):
    entry = find_model(name)
    assert entry.name == name
    assert entry.info.low < entry.info.high
    assert entry.title
    assert entry.paper
    assert entry.note
    assert entry.licence


def words(name: str) -> dict[str, tuple[str | bool | int, ...]]:
    """The options of a model that are words."""
    return {option: allowed.words for option, allowed in find_model(name).choices.items() if allowed.words}


@pytest.mark.parametrize("name", CLASSIC)
def test_what_the_catalogue_says_of_a_model_is_true_of_it(name: str):
    entry = find_model(name)
    for options in ({}, *({option: value} for option, values in words(name).items() for value in values)):
        model = entry.make(options=options)
        assert model.info == entry.info
        assert model.needs_reference is entry.needs_reference
        assert entry.weights is None


@pytest.mark.parametrize("name", CLASSIC)
def test_the_first_value_of_an_option_is_its_default(name: str):
    entry = find_model(name)
    defaults = {option: values[0] for option, values in words(name).items()}
    assert entry.make(options=defaults).preprocessing() == entry.make().preprocessing()


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_system_states_its_protocols_with_the_one_that_covers_every_pixel_first(name: str):
    assert words(name)["protocol"][0] == "cover"
    assert len(words(name)["protocol"]) > 1


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_system_says_on_which_opinions_it_was_trained(name: str):
    info = find_model(name).info
    assert info.usual is not None
    assert info.identical is None
    assert (info.low, info.high) == (float("-inf"), float("inf"))


def test_every_file_of_weights_is_listed_once_with_its_trunks():
    records = list_records()
    assert {"afine", "hyperiqa", "hyperiqa-pyiqa", "resnet50.a1_in1k"} <= set(records)
    assert [name for name, record in records.items() if record.is_backbone] == [
        "clip-vit-b32-openai",
        "resnet50.a1_in1k",
        "resnet50.tv_in1k",
        "vit-b16-384-google",
        "vit-b16-384-timm",
        "vit_base_patch32_clip_224.openai",
        "vit_base_patch8_224.augreg_in21k_ft_in1k",
    ]
    assert all(record.repository or record.origin for record in records.values())


@pytest.mark.parametrize(
    ("name", "known"), [("ms-hyperiqa", "ms_hyperiqa"), ("MS-SSIM", "ms_ssim"), ("afine_tiny", "afine-tiny")]
)
def test_a_name_is_found_with_hyphens_and_with_underscores(name: str, known: str):
    assert find_model(name).name == known


def test_weights_are_found_by_the_model_s_name_with_hyphens():
    assert find_record("ms-hyperiqa").name == "ms_hyperiqa"


def test_where_trainings_of_hyperiqa_start_is_a_file_that_can_be_fetched():
    assert find_record("resnet50.tv_in1k").repository == "timm/resnet50.tv_in1k"


@pytest.mark.parametrize("command", [["models"], ["models", "afine"], ["models", "vtamiq-head"], ["weights", "list"]])
def test_models_and_weights_are_listed_without_torch(command: list[str]):
    code = f"import sys; sys.modules['torch'] = None; from acutance.cli.app import app; app({command!r})"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "afine" in run.stdout or "vtamiq" in run.stdout
