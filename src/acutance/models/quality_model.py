"""The interface of every quality model: one score per image, named terms, stated preprocessing."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from itertools import chain
from typing import Any, ClassVar, Generic, Protocol, TypeVar, cast, runtime_checkable

import torch
from pydantic import BaseModel
from torch import Tensor, nn

from acutance.errors import InputError, ShapeMismatchError
from acutance.layers.cpu import is_in_vmap, version_of
from acutance.models.patches import SeenPatches
from acutance.shapes import ImageBatch, ScoreBatch
from acutance.types import JSON, ScoreInfo

VALUE_SLACK = 0.5
"""How far outside [0, 1] a value may lie: room for the overshoot of a network, none for 0..255 or -1..1."""

Model = TypeVar("Model", bound="QualityModel")
Features = TypeVar("Features")
LOW_PRECISION = (torch.float16, torch.bfloat16)
"""Types that the weights of a loaded model are never brought to."""


@dataclass(frozen=True, kw_only=True)
class ModelProvenance:
    """All that a model's scores depend on, apart from the images."""

    model: str
    """Name in the catalogue."""
    weights: str | None
    """Name of the file of weights, or of the folder of several; ``None`` if the model has none."""
    weights_sha256: str | None
    """Checksum of that file; ``None`` for a folder."""
    published_sha256: str | None = None
    """Checksum of the published file it was converted from."""
    trunk_sha256: dict[str, str] | None = None
    """Checksums of the files its backbones came from, by their names, where its weights lack them, or of the files of a
    folder of weights."""
    preprocessing: dict[str, JSON]
    """How images become inputs."""
    precision: str
    """What it computes in: float32, float64, or bfloat16 for its matrix products."""
    device: str
    """Where it computes, such as ``cpu`` or ``cuda``."""


@dataclass(frozen=True, slots=True)
class EncodedReference(Generic[Features]):
    """Features of a reference, kept for all images that are compared with it."""

    shape: tuple[int, ...]
    """Shape of the batch of one that it was."""
    kept: Features


class QualityModel(nn.Module):
    """Base of every model: images in [0, 1] in, one score per image out.

    ``forward`` is pure: it changes no input, reads no file, and an image's score does not depend on
    its batch mates. It is differentiable in both images.
    """

    configuration: BaseModel | None = None
    """What its network is built with, where weights say it."""
    info: ScoreInfo
    """Direction, bounds and unit of the score."""
    needs_reference: ClassVar[bool] = True
    """Whether the model compares an image with its reference (full-reference) or sees it alone."""
    smallest_side: int = 1
    """Shortest image side in pixels that can be scored."""
    takes_normalized: bool = False
    """Whether it takes tensors that the caller has normalised instead of images in [0, 1]."""
    provenance: ModelProvenance | None = None
    """Where the model's numbers come from; set by ``acutance.load``."""
    frozen: bool = False
    """Whether it is as ``acutance.load`` gives it: ``train()`` and low precision around it change nothing."""
    loaded_state: tuple[object, ...] | None = None
    """``state_mark`` when it was loaded; set by ``freeze``."""
    loaded_weights: tuple[object, ...] | None = None
    """What its weights were then."""

    def __init_subclass__(cls, **named: Any) -> None:  # noqa: ANN401 (whatever a base takes)
        """Guard every way in, so that no model can forget to."""
        super().__init_subclass__(**named)
        for name in ("terms", "terms_at_depth", "terms_against", "encode_reference", "features", "map"):
            if name in cls.__dict__:
                setattr(cls, name, _as_loaded(cls.__dict__[name]))

    def __repr__(self) -> str:
        """One line about a loaded model, ``nn.Module``'s tree of any other."""
        if self.provenance is None:
            return super().__repr__()
        return f"{type(self).__name__}({', '.join(_facts_of(self, self.provenance))})"

    def freeze(self: Model) -> Model:
        """The model itself, from now on as ``acutance.load`` gives it: in evaluation mode, whatever holds it trains."""
        self.eval().requires_grad_(requires_grad=False)
        self.frozen = True
        self.loaded_state, self.loaded_weights = self.state_mark(), _weights_mark(self)
        return self

    def trainable(self: Model) -> Model:
        """A copy in training mode whose weights can be trained; it has no provenance."""
        twin = copy.deepcopy(self)
        twin.frozen, twin.provenance, twin.loaded_state, twin.loaded_weights = False, None, None, None
        return twin.train().requires_grad_(requires_grad=True)

    def train(self: Model, mode: bool = True) -> Model:  # noqa: FBT001, FBT002 (torch's signature)
        """Set the mode; a loaded model stays in evaluation mode, for which ``trainable`` is the cure."""
        return super().train(mode and not self.frozen)

    def _apply(self: Model, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Model:  # noqa: FBT001, FBT002 (the same)
        """Move or cast, as ``to``, ``double`` and ``half`` of this or of what holds it do.

        A loaded model keeps its precision where a low one is asked for, as mixed training asks of all that a network
        holds: its scores would be others than its provenance says.
        """
        super()._apply(_keeping_precision(fn) if self.frozen else fn, recurse)  # type: ignore[no-untyped-call]
        return self

    def forward(self, distorted: ImageBatch, reference: ImageBatch | None = None) -> ScoreBatch:
        """Scores of a batch.

        Args:
            distorted: Images to score, in [0, 1].
            reference: Their references of the same shape; ``None`` for a no-reference model.

        Returns:
            One score per image; ``info`` says how to read it.
        """
        return self.terms(distorted, reference)["score"]

    def terms(self, distorted: ImageBatch, reference: ImageBatch | None = None) -> dict[str, ScoreBatch]:
        """Everything the score is made of, by name; the key ``score`` is the score itself."""
        raise NotImplementedError

    def preprocessing(self) -> dict[str, JSON]:
        """The settings a score depends on, for its provenance: plain JSON values."""
        return {}

    def config(self) -> dict[str, JSON]:
        """Configuration that the model must be built with to take its weights, stored beside them."""
        return {} if self.configuration is None else dict(self.configuration.model_dump(mode="json"))

    def looks(self, height: int, width: int) -> tuple[int, str]:
        """Number of network passes over an image of this size, and what each sees; by default one over all of it."""
        return 1, ""

    def computes_in(self, asked: str, device: str) -> str:
        """The precision it computes in on a device when another is asked for."""
        return asked

    def state_mark(self) -> tuple[object, ...]:
        """Something that changes when weights, their place, type or device change; ``.data.mul_`` is not seen."""
        tensors = [*self.parameters(), *self.buffers()]
        return tuple((t.data_ptr(), t.dtype, str(t.device), version_of(t)) for t in tensors)

    def is_as_loaded(self) -> bool:
        """Whether weights, their type and their device are those that it was loaded with; so they are in a copy."""
        if self.loaded_state is None or self.loaded_state == self.state_mark():
            return True
        if self.loaded_weights != _weights_mark(self):
            return False
        self.loaded_state = self.state_mark()
        return True

    def use_bfloat16_products(self) -> bool:
        """Take matrix products in bfloat16 from now on; ``False`` if the model has none to take."""
        return False

    def checked_pair(self, distorted: ImageBatch, reference: ImageBatch | None) -> tuple[ImageBatch, ImageBatch]:
        """The two batches, once they are known to be something this model can compare.

        Raises:
            InputError: Wrong shape, type, range, size, or a reference missing.
            ShapeMismatchError: The two differ in shape.
        """
        if reference is None:
            raise InputError(
                f"Expected a reference, because {type(self).__name__} compares with one, got None. "
                "Pass reference=..., or choose a no-reference model."
            )
        if distorted.shape != reference.shape:
            raise ShapeMismatchError(distorted.shape, reference.shape)
        check_batch(distorted, "distorted", self.smallest_side)
        check_batch(reference, "reference", self.smallest_side)
        return distorted, reference

    def kept_beside(self, distorted: ImageBatch, features: Sequence[EncodedReference[Features]]) -> list[Features]:
        """Features of each reference, once the batch is known to fit them.

        Raises:
            InputError: Wrong shape, type, range or size.
            ShapeMismatchError: An image differs from its reference in shape.
        """
        check_batch(distorted, "distorted", self.smallest_side)
        for reference in features:
            if reference.shape[1:] != distorted.shape[1:]:
                raise ShapeMismatchError(distorted.shape[1:], reference.shape[1:])
        return [reference.kept for reference in features]


@dataclass(frozen=True, kw_only=True)
class PairDepth:
    """Known bit depths of an image and its reference; by default unknown, as of tensors."""

    eight_bits: bool = False
    """Whether both hold 8 bits a channel."""
    one_channel: bool = False
    """Whether both have one channel, repeated three times, and one of them or both hold more than 8 bits."""


@runtime_checkable
class ReadsDepth(Protocol):
    """A model that computes another way with 8-bit images than with deeper ones."""

    def terms_at_depth(self, distorted: ImageBatch, reference: ImageBatch, depth: PairDepth) -> dict[str, ScoreBatch]:
        """Terms of a batch whose pairs are all of one depth."""
        ...


@runtime_checkable
class SharesReferences(Protocol[Features]):
    """A model that can keep what it computed of a reference for all images compared with it."""

    def encode_reference(self, reference: ImageBatch) -> Features:
        """Encode one reference (a batch of one) for ``terms_against``."""
        ...

    def features_nbytes(self, height: int, width: int) -> int:
        """Memory that the features of one reference of this size take, in bytes."""
        ...

    def terms_against(self, distorted: ImageBatch, features: list[Features]) -> dict[str, ScoreBatch]:
        """Terms of a batch, the i-th image against the i-th features (the same object may repeat)."""
        ...


@runtime_checkable
class LooksAtPatches(Protocol):
    """A model that sees patches or crops of an image, and can say which."""

    def seen_patches(self, distorted: ImageBatch, reference: ImageBatch | None = None) -> SeenPatches:
        """Patches that ``terms`` looks at in one image (a batch of one); it needs settings, no weights.

        Args:
            distorted: The image, in [0, 1].
            reference: Its reference, where the places depend on it.
        """
        ...


def check_batch(images: Tensor, role: str, smallest_side: int) -> None:
    """Raise ``InputError`` unless ``images`` is a float batch (N, 3, H, W) in [0, 1], large enough."""
    if is_in_vmap(images):
        raise InputError(
            f"Expected {role} images as a batch, got a tensor inside torch.vmap. Call the model with the whole batch: "
            "it scores each image by itself."
        )
    if images.ndim != 4 or images.shape[1] != 3 or 0 in images.shape:
        raise InputError(
            f"Expected {role} images of shape (batch, 3, height, width), got {tuple(images.shape)}. "
            "Add a batch dimension, or repeat a grey channel three times."
        )
    if not images.is_floating_point():
        raise InputError(
            f"Expected {role} images as floats in [0, 1], got {images.dtype}. Divide by its largest value first."
        )
    if min(images.shape[2:]) < smallest_side:
        raise InputError(
            f"Expected {role} images of at least {smallest_side} pixels a side, got height "
            f"{images.shape[2]} and width {images.shape[3]}. Score larger images, or choose another model."
        )
    if images.is_meta:  # without values, as operations are counted
        return
    low, high = (float(value) for value in images.detach().aminmax())
    if not (low >= -VALUE_SLACK and high <= 1 + VALUE_SLACK):  # also true for NaN
        raise InputError(
            f"Expected {role} images in [0, 1], got values from {low:g} to {high:g}. "
            "Scale them first: 0..255 by 1/255, -1..1 by (x + 1) / 2."
        )


Method = TypeVar("Method", bound=Callable[..., Any])


def _as_loaded(method: Method) -> Method:
    """The method in full precision and evaluation mode, whatever was done around or inside a loaded model."""

    @wraps(method)
    def guarded(self: QualityModel, *given: Any, **named: Any) -> Any:  # noqa: ANN401 (as the method)
        if not self.frozen:
            return method(self, *given, **named)
        if torch.compiler.is_compiling():  # which would round otherwise, and fails at windows, draws and kept weights
            return torch.compiler.disable(guarded)(self, *given, **named)  # type: ignore[no-untyped-call]
        if any(module.training for module in self.modules()):  # whoever called ``train`` of a part of it
            self.eval()
        device = next((value.device.type for value in (*given, *named.values()) if isinstance(value, Tensor)), "cpu")
        if not torch.is_autocast_enabled(device):
            return method(self, *given, **named)
        with torch.autocast(device, enabled=False):
            return method(self, *given, **named)

    return cast("Method", guarded)


def _keeping_precision(fn: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    def apply(tensor: Tensor) -> Tensor:
        changed = fn(tensor)
        lowered = changed.dtype in LOW_PRECISION and tensor.dtype not in LOW_PRECISION
        return tensor.to(changed.device) if lowered else changed

    return apply


def _facts_of(model: QualityModel, provenance: ModelProvenance) -> list[str]:
    """What the line about a loaded model says of it."""
    info, tensor = model.info, next(chain(model.parameters(), model.buffers()), None)
    device, precision = provenance.device, provenance.precision
    if tensor is not None:
        device, now = str(tensor.device), str(tensor.dtype).removeprefix("torch.")
        precision = precision if now == ("float64" if precision == "float64" else "float32") else now
    unit = f" {info.unit}" if info.unit else ""
    bounds = f"{info.low:g} to {info.high:g}{unit}" if info.low > -float("inf") else f"without bounds{unit}"
    return [
        repr(provenance.model),
        *([options] if (options := model.extra_repr()) else []),
        f"score {bounds}",
        f"{info.better} is better",
        *([] if provenance.weights is None else [f"weights {provenance.weights}"]),
        f"{precision} on {device}",
    ]


def _weights_mark(model: nn.Module) -> tuple[object, ...]:
    """Type, device and a checksum of every tensor: sums of their bits, which any training changes."""
    tensors = chain(model.named_parameters(), model.named_buffers())
    return tuple((name, t.dtype, str(t.device), tuple(t.shape), _sum_of_bits(t)) for name, t in tensors)


def _sum_of_bits(tensor: Tensor) -> int:
    octets = tensor.detach().cpu().reshape(-1).view(torch.uint8)
    whole = len(octets) // 8 * 8
    if octets.storage_offset() % 8:
        octets = octets.clone()
    return int(octets[:whole].view(torch.int64).sum()) + int(octets[whole:].sum())
