"""Names of acutance 0.1: each goes on, and one line says the present one."""

import logging
from pathlib import Path

import pytest
import torch

from acutance import catalog
from acutance.catalog import find_model, find_record, model_of_run
from acutance.cli.options import parse_options
from acutance.inspection import without_weights
from acutance.models.entry import weights_of
from acutance.models.weights_file import open_weights
from acutance.weights.store import save

FORMER = {
    "hyperiqa.pyiqa": "hyperiqa-pyiqa",
    "vtamiq.head": "vtamiq-head",
    "vtamiq.paper": "vtamiq-paper",
    "vtamiq.kadis700k": "vtamiq-kadis700k",
}


@pytest.fixture(autouse=True)
def _nothing_said_yet() -> None:
    catalog._say_new_name.cache_clear()


@pytest.mark.parametrize("former", FORMER)
def test_a_former_name_of_a_model_finds_it_and_one_line_says_the_new(former: str, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.WARNING):
        assert find_model(former.upper()).name == find_model(former).name == FORMER[former]
        assert find_record(former).name == FORMER[former]
        assert parse_options([f"{former}.seed=3"]) == {FORMER[former]: {"seed": "3"}}
        assert without_weights(former)[0].name == FORMER[former]
    (line,) = [record.getMessage() for record in caplog.records]
    assert former in line
    assert FORMER[former] in line


@pytest.mark.parametrize("former", ["clip-vit-b32.openai", "vit-b16-384.google", "vit-b16-384.timm"])
def test_a_former_name_of_weights_finds_them(former: str, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.WARNING):
        assert find_record(former).name == former.replace(".", "-")
    assert len(caplog.records) == 1


def test_present_names_say_nothing(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.WARNING):
        for name in FORMER.values():
            find_model(name)
    assert caplog.records == []


def test_weights_that_were_written_under_a_former_name_are_those_of_the_model(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    path = tmp_path / "best.safetensors"
    save(path, {"a": torch.zeros(1)}, model="vtamiq.head", config={"layers": 2}, source_sha256=None)
    with caplog.at_level(logging.WARNING):
        assert model_of_run(path) == "vtamiq-head"
        assert open_weights(weights_of(find_model("vtamiq-head")), path).config == {"layers": 2}
    assert caplog.records == []
