import pickle

import pytest

import acutance
from acutance import errors
from acutance.errors import AcutanceError, ShapeMismatchError, TrainingError, UnknownNameError
from tests.raising import lacking

BUILTINS = {
    "InputError": (ValueError,),
    "ShapeMismatchError": (ValueError, acutance.InputError),
    "ImageReadError": (OSError, acutance.InputError),
    "PairingError": (ValueError,),
    "ConfigError": (ValueError,),
    "UnknownNameError": (KeyError, acutance.ConfigError),
    "CheckpointError": (RuntimeError,),
    "MissingWeightsError": (FileNotFoundError, acutance.CheckpointError),
    "MissingExtraError": (ImportError,),
}
OF_ROOMS = {
    "DatasetError": ValueError,
    "EvaluationError": ValueError,
    "StatisticsError": ValueError,
    "TrainingError": RuntimeError,
    "OtherProcessError": TrainingError,
}


@pytest.mark.parametrize("name", BUILTINS)
def test_every_error_is_also_the_fitting_built_in(name: str):
    error = getattr(acutance, name)
    assert issubclass(error, AcutanceError)
    assert all(issubclass(error, base) for base in BUILTINS[name])


@pytest.mark.parametrize("name", OF_ROOMS)
def test_the_errors_of_evaluation_and_training_stand_beside_the_others(name: str):
    error = getattr(errors, name)
    assert issubclass(error, AcutanceError)
    assert issubclass(error, OF_ROOMS[name])
    assert str(pickle.loads(pickle.dumps(error("a.csv, line 3")))) == "a.csv, line 3"  # noqa: S301


def test_no_public_error_is_left_out():
    public = {name for name in acutance.__all__ if name.endswith("Error")}
    assert public == {*BUILTINS, *OF_ROOMS, "AcutanceError"}


def test_an_unknown_name_is_offered_the_nearest():
    error = UnknownNameError("model", "afin", ["psnr", "afine", *"abcdef"])
    assert str(error) == "Expected the name of a model, got 'afin'. Did you mean 'afine'?"


def test_of_few_names_all_are_told():
    told = str(UnknownNameError("device", "gpu", ["auto", "cpu", "cuda", "mps"]))
    assert all(name in told for name in ("'gpu'", "'cpu'", "auto, cpu, cuda, mps"))


def test_the_nearest_name_is_found_in_any_case_and_told_as_it_is_written():
    assert "'psnr'" in str(UnknownNameError("model", "PSRN", ["psnr", "afine"]))
    assert "'CSIQ'" in str(UnknownNameError("dataset", "csig", ["CSIQ", "LIVE"]))


def test_a_name_like_no_other_is_told_all():
    error = UnknownNameError("model", "xyz", ["psnr", "afine"])
    assert not lacking(str(error), "model", "xyz", "afine", "psnr")


def test_two_shapes_are_both_named():
    assert not lacking(str(ShapeMismatchError((3, 4), (5, 6))), (3, 4), (5, 6))
