import pytest
import torch

from acutance.errors import CheckpointError, ConfigError
from acutance.weights.key_table import KeyTable
from tests.raising import raises

TABLE = KeyTable({"fc.weight": "head.weight", "fc.bias": "head.bias", "fc.steps": None})
SHAPES = {"head.weight": (2, 3), "head.bias": (2,)}


def foreign(**changed: torch.Tensor) -> dict[str, torch.Tensor]:
    whole = {"weight": torch.ones(2, 3), "bias": torch.zeros(2), "steps": torch.tensor(7)}
    return {f"fc.{name}": tensor for name, tensor in (whole | changed).items()}


def test_kept_tensors_get_their_own_names_and_dropped_ones_go() -> None:
    own = TABLE.apply(foreign(), SHAPES)
    assert set(own) == {"head.weight", "head.bias"}
    assert torch.equal(own["head.weight"], torch.ones(2, 3))


def test_the_models_tensors_serve_as_shapes() -> None:
    assert set(TABLE.apply(foreign(), {name: torch.empty(shape) for name, shape in SHAPES.items()})) == set(SHAPES)


def test_missing_and_unexpected_names_are_listed_together() -> None:
    file = foreign() | {"new": torch.zeros(1)}
    del file["fc.bias"], file["fc.steps"]
    with raises(CheckpointError, 3, 2, "fc.bias", "fc.steps", 1, "new"):
        TABLE.apply(file, SHAPES)


def test_a_long_list_of_names_is_cut_and_counted() -> None:
    file = foreign() | {f"new{i}": torch.zeros(1) for i in range(9)}
    with raises(CheckpointError, 9, "new0", "new1", "new2", 6):
        TABLE.apply(file, SHAPES)


def test_a_model_with_other_names_than_the_table_is_an_error() -> None:
    with raises(CheckpointError, "key table", 1, "head.gain", 1, "head.bias"):
        TABLE.apply(foreign(), {"head.weight": (2, 3), "head.gain": (2,)})


def test_two_foreign_names_for_one_own_name_are_refused() -> None:
    with raises(ConfigError, "a"):
        KeyTable({"x": "a", "y": "a", "z": None, "w": None})


@pytest.mark.parametrize("shape", [(2, 1, 3), (1, 2, 3, 1)])
def test_dimensions_of_size_one_may_come_and_go(shape: tuple[int, ...]) -> None:
    weight = torch.arange(6.0).reshape(shape)
    own = TABLE.apply(foreign(weight=weight), SHAPES)
    assert torch.equal(own["head.weight"], torch.arange(6.0).reshape(2, 3))


@pytest.mark.parametrize("shape", [(3, 2), (6,), (2, 4)])
def test_another_shape_is_refused_even_with_as_many_numbers(shape: tuple[int, ...]) -> None:
    with raises(CheckpointError, "fc.weight", (2, 3)):
        TABLE.apply(foreign(weight=torch.ones(shape)), SHAPES)


def test_a_scalar_stays_without_dimensions() -> None:
    own = KeyTable({"k": "k"}).apply({"k": torch.tensor(5.0)}, {"k": ()})
    assert own["k"].shape == ()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_floats_of_any_width_become_float32(dtype: torch.dtype) -> None:
    assert TABLE.apply(foreign(bias=torch.zeros(2, dtype=dtype)), SHAPES)["head.bias"].dtype == torch.float32


def test_integers_are_refused() -> None:
    with raises(CheckpointError, "fc.bias", "torch.int8"):
        TABLE.apply(foreign(bias=torch.zeros(2, dtype=torch.int8)), SHAPES)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_value_that_is_not_finite_is_refused_by_name(value: float) -> None:
    with raises(CheckpointError, "fc.bias"):
        TABLE.apply(foreign(bias=torch.tensor([0.0, value])), SHAPES)


def test_a_float64_too_large_for_float32_is_refused() -> None:
    with raises(CheckpointError, "fc.bias"):
        TABLE.apply(foreign(bias=torch.tensor([0.0, 1e300], dtype=torch.float64)), SHAPES)


def test_meta_tensors_are_checked_for_shape_without_values() -> None:
    meta = {name: tensor.to("meta") for name, tensor in foreign().items()}
    assert TABLE.apply(meta, SHAPES)["head.weight"].is_meta
    with raises(CheckpointError, (2, 4), (2, 3)):
        TABLE.apply(meta, SHAPES | {"head.weight": (2, 4)})


def test_the_file_s_tensors_are_left_alone() -> None:
    file = foreign()
    TABLE.apply(file, SHAPES | {"head.weight": (1, 2, 3)})
    assert file["fc.weight"].shape == (2, 3)


def test_counters_of_batch_norm_may_be_absent() -> None:
    table = KeyTable({"bn.weight": "norm.weight", "bn.num_batches_tracked": None})
    own = table.apply({"bn.weight": torch.ones(2)}, {"norm.weight": (2,)})
    assert list(own) == ["norm.weight"]


def test_the_file_is_named_by_every_error() -> None:
    with raises(CheckpointError, "a/best_model.pkl", "fc.bias"):
        TABLE.apply({"fc.weight": torch.ones(2, 3)}, SHAPES, "a/best_model.pkl")
    with raises(CheckpointError, "a/best_model.pkl", "fc.bias"):
        TABLE.apply(foreign(bias=torch.ones(5)), SHAPES, "a/best_model.pkl")
