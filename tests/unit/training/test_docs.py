"""docs/training.md and docs/recipes.md name every recipe and every setting, and their commands are ones."""

import json
import re
import shlex
from itertools import pairwise
from pathlib import Path

import pytest
from pydantic import BaseModel
from typer.testing import CliRunner

from acutance.cli.app import app
from acutance.training.config import LoopConfig, OptimizerConfig, Recipe
from acutance.training.data import DataConfig
from acutance.training.losses import VTAMIQLossWeights
from acutance.training.recipes import recipes
from acutance.training.systems.afine import AFINEStage1Training
from acutance.training.systems.afine_frozen import AFINEStage2Training, AFINEStage3Training
from acutance.training.systems.ahiq import AHIQTraining
from acutance.training.systems.hyperiqa import MSHyperIQATraining
from acutance.training.systems.vtamiq import PatchDraws, VTAMIQTraining
from acutance.training.systems.vtamiq_preferences import PreferenceData, VTAMIQPreferenceTraining
from acutance.training.triplets import TripletData, TripletSource

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/training.md").read_text()
BOTH = PAGE + (ROOT / "docs/recipes.md").read_text()
COMMANDS = re.findall(r"^(?: {4})?(acutance train .*)$", BOTH + (ROOT / "README.md").read_text(), re.MULTILINE)
SETTINGS: tuple[type[BaseModel], ...] = (
    *(LoopConfig, OptimizerConfig, DataConfig, MSHyperIQATraining, AHIQTraining),
    *(AFINEStage1Training, AFINEStage2Training, AFINEStage3Training, TripletData, TripletSource),
    *(VTAMIQTraining, VTAMIQPreferenceTraining, PreferenceData, PatchDraws, VTAMIQLossWeights),
)


@pytest.mark.parametrize("entry", recipes().values(), ids=lambda entry: entry.name)
def test_every_recipe_has_its_row(entry: Recipe):
    assert f"| `{entry.name}` | {entry.trains} | {entry.data} |" in PAGE


@pytest.mark.parametrize("settings", SETTINGS)
def test_every_setting_is_told(settings: type[BaseModel]):
    told = set(re.findall(r"`(?:[a-z_]+\.)*([a-z0-9_]+)(?:[=\[][^`]*)?`", BOTH))
    assert set(settings.model_fields) - {"model", "data"} <= told


@pytest.mark.parametrize("command", sorted({line for line in COMMANDS if line.split()[2] in recipes()}))
def test_every_command_that_begins_a_training_can_be_given(command: str):
    words = shlex.split(command, comments=True)[1:]
    result = CliRunner().invoke(app, [*words, "--show"])
    assert result.exit_code == 0, result.output
    shown = json.loads(result.stdout)
    assert shown["recipe"] == words[1]
    for setting in (word for flag, word in pairwise(words) if flag == "--set"):
        name, _, value = setting.partition("=")
        found = shown
        for part in name.split("."):
            found = found[part]
        assert found == value or found == json.loads(value) or isinstance(found, dict), setting


def test_other_commands_name_a_run_or_nothing():
    others = {line for line in COMMANDS if line.split()[2] not in recipes()}
    assert {line.split()[2].partition("/")[0] for line in others} <= {"runs", "RUN", "#"}
