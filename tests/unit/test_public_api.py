import inspect
import subprocess
import sys

import pytest

import acutance
from tests.raising import raises


def test_the_public_names_are_frozen():
    assert acutance.__all__ == [
        "AcutanceError",
        "CheckpointError",
        "ConfigError",
        "DatasetError",
        "EvaluationError",
        "ImageReadError",
        "InputError",
        "MissingExtraError",
        "MissingWeightsError",
        "OtherProcessError",
        "PairingError",
        "Score",
        "ScoreInfo",
        "ScoreRow",
        "ShapeMismatchError",
        "StatisticsError",
        "TrainingError",
        "UnknownNameError",
        "compare",
        "evaluate",
        "list_models",
        "load",
        "score",
    ]


def test_every_public_name_is_there():
    for name in acutance.__all__:
        assert getattr(acutance, name).__doc__, name
    assert dir(acutance) == acutance.__all__


def test_another_name_is_an_attribute_error():
    with raises(AttributeError, "acutance", "scores"):
        _ = acutance.scores


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        (
            "score",
            "images * reference model weights options pair_by allow_unmatched device precision offline batch_size "
            "workers background hdr_peak strict on_progress",
        ),
        (
            "compare",
            "methods * reference model weights options pair_by allow_unmatched scores better preferences output resume "
            "overwrite draws seed device precision offline batch_size workers background hdr_peak strict on_progress",
        ),
        (
            "evaluate",
            "model * data root reference opinion_better allow_missing scores better protocol part split curve draws "
            "seed margin output resume overwrite weights options device precision offline batch_size workers "
            "background hdr_peak strict on_progress",
        ),
        ("load", "name weights * device precision offline on_progress options"),
        ("list_models", ""),
    ],
)
def test_the_parameters_are_frozen(name: str, parameters: str):
    names, starred = [], False
    for parameter in inspect.signature(getattr(acutance, name)).parameters.values():
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and not starred:
            names.append("*")
            starred = True
        names.append(parameter.name)
    assert " ".join(names) == parameters


def test_the_defaults_of_score_are_frozen():
    parameters = inspect.signature(acutance.score).parameters
    defaults = {name: parameter.default for name, parameter in parameters.items() if name != "images"}
    assert defaults == {
        "reference": None,
        "model": None,
        "weights": None,
        "options": None,
        "pair_by": "path",
        "allow_unmatched": False,
        "device": "auto",
        "precision": "float32",
        "offline": False,
        "batch_size": "auto",
        "workers": None,
        "background": "white",
        "hdr_peak": None,
        "strict": False,
        "on_progress": None,
    }


@pytest.mark.parametrize(
    "action",
    ["", "acutance.ConfigError, acutance.ScoreInfo", "acutance.list_models()", "dir(acutance)", "acutance.__version__"],
)
def test_torch_is_not_loaded_until_it_is_needed(action: str):
    code = f"import acutance, sys; {action}\nassert not {{'torch', 'timm', 'scipy', 'numpy'}} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
