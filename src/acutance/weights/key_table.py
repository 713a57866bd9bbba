"""Names and shapes of a foreign checkpoint brought to our own, with nothing lost by accident."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Union

from acutance.errors import CheckpointError, ConfigError
from acutance.tables.text import some

if TYPE_CHECKING:  # the catalogue reads key tables, and `acutance --help` must not load torch
    import torch

COUNTER = "num_batches_tracked"
"""Ending of the names of batch norm's counters: no score depends on them, and old files lack them."""

TensorOrShape = Union["torch.Tensor", Sequence[int]]
"""What a model expects of a weight: the tensor it has now, or only the shape."""


class KeyTable:
    """A literal table from foreign name to own name; ``None`` is a tensor dropped on purpose.

    Args:
        names: Own name, or ``None``, by foreign name. Every tensor of the file stands in it.

    Raises:
        ConfigError: Two foreign names lead to one own name.

    Example:
        >>> import torch
        >>> table = KeyTable({"fc.weight": "head.weight", "fc.steps": None})
        >>> foreign = {"fc.weight": torch.ones(4), "fc.steps": torch.zeros(())}
        >>> own = table.apply(foreign, {"head.weight": (1, 4)})
        >>> {name: tuple(weight.shape) for name, weight in own.items()}
        {'head.weight': (1, 4)}
    """

    def __init__(self, names: Mapping[str, str | None]) -> None:
        self.names = dict(names)
        own = [name for name in self.names.values() if name is not None]
        twice = sorted({name for name in own if own.count(name) > 1})
        if twice:
            raise ConfigError(
                f"Expected every own name once in a key table, got {some(twice)} twice. Correct the table."
            )
        self.own_names = frozenset(own)

    def taking(self, optional: Mapping[str, str], expected: Mapping[str, TensorOrShape]) -> "KeyTable":
        """The table with what a model expects of the tensors that it drops otherwise.

        Args:
            optional: Own name by foreign name.
            expected: Every tensor of the model, or its shape, by own name.
        """
        wanted = {name: own for name, own in optional.items() if own in expected}
        return KeyTable({**self.names, **wanted}) if wanted else self

    def apply(
        self,
        foreign: Mapping[str, "torch.Tensor"],
        expected: Mapping[str, TensorOrShape],
        source: object = "the checkpoint",
    ) -> dict[str, "torch.Tensor"]:
        """The weights under their own names, float32 and of the expected shapes.

        Meta tensors are checked for name, type and shape; values are checked where there are any.

        Args:
            foreign: Every tensor of the file, by foreign name.
            expected: Every tensor of the model, or its shape, by own name.

        Returns:
            One tensor per own name; it shares memory with ``foreign`` where type and layout allow.

        Raises:
            CheckpointError: A name missing or unexpected, a shape that differs by more than dimensions of
                size 1, a type that is not floating, or a value that is not finite.
        """
        counters = {name for name in self.names if name.endswith(COUNTER)}
        _check_names(source, set(foreign) | counters, set(self.names))
        _check_names("the key table", set(self.own_names), set(expected))
        return {
            own: _fitted(tensor, _shape(expected[own]), f"{name} of {source}")
            for name, tensor in foreign.items()
            if (own := self.names[name]) is not None
        }


def _check_names(where: object, got: set[str], wanted: set[str]) -> None:
    missing, unexpected = sorted(wanted - got), sorted(got - wanted)
    if missing or unexpected:
        raise CheckpointError(
            f"Expected {len(wanted)} names in {where}, got {len(missing)} missing{_listed(missing)} "
            f"and {len(unexpected)} unexpected{_listed(unexpected)}. Use the file that belongs to this model."
        )


def _fitted(tensor: "torch.Tensor", shape: tuple[int, ...], name: str) -> "torch.Tensor":
    """``tensor`` as finite float32 of ``shape``; ``name`` says which it is and of which file."""
    import torch

    if not tensor.is_floating_point():
        raise CheckpointError(
            f"Expected floats in {name}, got {tensor.dtype}. Use the published file, not a quantised one."
        )
    if _without_ones(tensor.shape) != _without_ones(shape):
        raise CheckpointError(
            f"Expected {name} of shape {shape}, got {tuple(tensor.shape)}. Use the file that belongs to this model."
        )
    own = tensor.detach().to(torch.float32).reshape(shape)
    if not own.is_meta and not bool(torch.isfinite(own).all()):
        raise CheckpointError(f"Expected finite numbers in {name}, got NaN or infinity. Use the published file.")
    return own


def _shape(expected: TensorOrShape) -> tuple[int, ...]:
    return tuple(expected) if isinstance(expected, Sequence) else tuple(expected.shape)


def _without_ones(shape: Iterable[int]) -> tuple[int, ...]:
    return tuple(size for size in shape if size != 1)


def _listed(names: Sequence[str]) -> str:
    return f" ({some(names)})" if names else ""
