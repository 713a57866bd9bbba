"""What every quality model offers: one score per picture, named terms, stated preprocessing."""

from dataclasses import dataclass
from typing import ClassVar, Protocol, TypeVar, runtime_checkable

from torch import Tensor, nn

from acutance.errors import InputError, ShapeMismatchError
from acutance.score_info import ScoreInfo
from acutance.shapes import ImageBatch, ScoreBatch

VALUE_SLACK = 0.5
"""How far outside [0, 1] a value may lie: room for the overshoot of a network, none for 0..255 or -1..1."""

JSON = str | int | float | bool | None | list["JSON"] | dict[str, "JSON"]


@dataclass(frozen=True, kw_only=True)
class ModelProvenance:
    """All that a model's scores depend on, apart from the pictures."""

    model: str
    """Name in the catalogue."""
    weights: str | None
    """File name of the weights; ``None`` if the model has none."""
    weights_sha256: str | None
    """Checksum of that file."""
    published_sha256: str | None = None
    """Checksum of the published file it was converted from."""
    trunk_sha256: dict[str, str] | None = None
    """Checksums of the files its trunks came from, by their names, where its weights lack them."""
    preprocessing: dict[str, JSON]
    """How pictures become inputs."""
    precision: str
    """What it computes in: float32, float64, or bfloat16 for its matrix products."""
    device: str
    """Where it computes, such as ``cpu`` or ``cuda``."""


class QualityModel(nn.Module):
    """Base of every model: pictures in [0, 1] in, one score per picture out.

    ``forward`` is pure: it changes no input, reads no file, and a picture's score does not depend on
    its batch mates. It is differentiable in both images.
    """

    info: ScoreInfo
    """Direction, bounds and unit of the score."""
    needs_reference: ClassVar[bool] = True
    """Whether the model compares a picture with its reference (full-reference) or sees it alone."""
    smallest_side: int = 1
    """Shortest picture side in pixels that can be scored."""
    provenance: ModelProvenance | None = None
    """Where the model's numbers come from; set by ``acutance.load``."""
    loaded_state: tuple[object, ...] | None = None
    """``state_mark`` when it was loaded; set by ``acutance.load``."""

    def forward(self, distorted: ImageBatch, reference: ImageBatch | None = None) -> ScoreBatch:
        """Scores of a batch.

        Args:
            distorted: Pictures to score, in [0, 1].
            reference: Their references of the same shape; ``None`` for a no-reference model.

        Returns:
            One score per picture; ``info`` says how to read it.
        """
        return self.terms(distorted, reference)["score"]

    def terms(self, distorted: ImageBatch, reference: ImageBatch | None = None) -> dict[str, ScoreBatch]:
        """Everything the score is made of, by name; the key ``score`` is the score itself."""
        raise NotImplementedError

    def preprocessing(self) -> dict[str, JSON]:
        """The settings a score depends on, for its provenance: plain JSON values."""
        return {}

    def config(self) -> dict[str, JSON]:
        """What it must be built with to take its weights, stored beside them."""
        return {}

    def computes_in(self, asked: str, device: str) -> str:
        """The precision it computes in on a device when another is asked for."""
        return asked

    def state_mark(self) -> tuple[object, ...]:
        """Something that changes when weights, their place, type or device change; ``.data.mul_`` is not seen."""
        tensors = [*self.parameters(), *self.buffers()]
        return tuple((t.data_ptr(), t.dtype, str(t.device), 0 if t.is_inference() else t._version) for t in tensors)

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


@dataclass(frozen=True, kw_only=True)
class PairDepth:
    """What is known of the values of a picture and its reference; by default nothing, as of tensors."""

    eight_bits: bool = False
    """Whether both hold 8 bits a channel."""
    one_channel: bool = False
    """Whether both have one channel, repeated three times, and one of them or both hold more than 8 bits."""


@runtime_checkable
class ReadsDepth(Protocol):
    """A model that computes another way with 8-bit pictures than with deeper ones."""

    def terms_at_depth(self, distorted: ImageBatch, reference: ImageBatch, depth: PairDepth) -> dict[str, ScoreBatch]:
        """Terms of a batch whose pairs are all of one depth."""
        ...


Features = TypeVar("Features")


@runtime_checkable
class SharesReferences(Protocol[Features]):
    """A model that can keep what it computed of a reference for all pictures compared with it."""

    def encode_reference(self, reference: ImageBatch) -> Features:
        """What ``terms_against`` needs of one reference (a batch of one)."""
        ...

    def features_nbytes(self, height: int, width: int) -> int:
        """Memory that the features of one reference of this size take, in bytes."""
        ...

    def terms_against(self, distorted: ImageBatch, features: list[Features]) -> dict[str, ScoreBatch]:
        """Terms of a batch, the i-th picture against the i-th features (the same object may repeat)."""
        ...


def check_batch(images: Tensor, role: str, smallest_side: int) -> None:
    """Raise ``InputError`` unless ``images`` is a float batch (N, 3, H, W) in [0, 1], large enough."""
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
            f"{images.shape[2]} and width {images.shape[3]}. Score larger pictures, or choose another model."
        )
    low, high = (float(value) for value in images.detach().aminmax())
    if not (low >= -VALUE_SLACK and high <= 1 + VALUE_SLACK):  # also true for NaN
        raise InputError(
            f"Expected {role} images in [0, 1], got values from {low:g} to {high:g}. "
            "Scale them first: 0..255 by 1/255, -1..1 by (x + 1) / 2."
        )
