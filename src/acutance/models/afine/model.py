"""A-FINE: quality of an image beside a reference that need not be perfect.

Chen, Wu, Ma, Zhang, CVPR 2025, arXiv 2503.11221. Lower is better everywhere.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor

from acutance.layers.clip import ClipImageEncoder
from acutance.models.afine.entry import AFINEOptions, Covariance, FidelityOptions, NaturalnessOptions
from acutance.models.afine.heads import (
    Adapter,
    AdaptivePair,
    FidelityHead,
    Level,
    NaturalnessHead,
    PairMoments,
    describe,
    fidelity_calibrator,
    final_score,
    moments,
    naturalness_calibrator,
)
from acutance.models.afine.preprocess import view_settings, whole_image
from acutance.models.afine.weights import AFINE_SCORE, FIDELITY_SCORE, NATURALNESS_SCORE
from acutance.models.quality_model import QualityModel, check_batch
from acutance.shapes import ImageBatch, ScoreBatch
from acutance.types import JSON


@dataclass(frozen=True, slots=True)
class ClipFeatures:
    """What CLIP's image tower says of images."""

    features: list[Tensor]
    """The residual stream after each block, (batch, tokens, width), without the class token; nothing is rectified."""
    cls: Tensor | None
    """(batch, width): the class token after the last block and its LayerNorm; ``None`` unless it was asked for."""


class AFINENaturalness(QualityModel):
    """Naturalness of an image seen alone: the no-reference half of A-FINE, one pass of its encoder.

    Args:
        encoder: CLIP's image tower; by default ViT-B/32 with random weights.
    """

    info = NATURALNESS_SCORE
    needs_reference = False

    def __init__(self, encoder: ClipImageEncoder | None = None, options: NaturalnessOptions | None = None) -> None:
        super().__init__()
        options = options or NaturalnessOptions()
        self.encoder = encoder or ClipImageEncoder()
        if options.return_cls:
            self.encoder.add_class_norm()
        self.takes_normalized = options.normalized
        self.naturalness_head = NaturalnessHead(self.encoder.width, self.encoder.depth)
        self.naturalness_calibrator = naturalness_calibrator()

    def terms(self, distorted: ImageBatch, reference: ImageBatch | None = None) -> dict[str, ScoreBatch]:
        """raw_naturalness (unbounded), naturalness in (-2, 2), and score, which is naturalness."""
        distorted = self.plain(distorted)
        check_batch(distorted, "distorted", self.smallest_side)
        raw = self.naturalness_head(moments(self.levels(distorted)))
        naturalness = self.naturalness_calibrator(raw)
        return {"raw_naturalness": raw, "naturalness": naturalness, "score": naturalness}

    def plain(self, images: ImageBatch) -> ImageBatch:
        """Images in [0, 1], of such as this model takes."""
        if not self.takes_normalized or images.ndim != 4 or images.shape[1] != 3 or not images.is_floating_point():
            return images  # and the check of the batch says what is wrong with it
        return images * self.encoder.std.to(images.dtype) + self.encoder.mean.to(images.dtype)

    def features(self, images: ImageBatch) -> ClipFeatures:
        """What the encoder says of images: every block, and the class token of a model with ``return_cls``."""
        images = self.plain(images)
        check_batch(images, "distorted", self.smallest_side)
        view = whole_image(images.to(self.naturalness_calibrator.centre.dtype))
        streams = list(self.encoder.streams(view))
        return ClipFeatures([stream[:, 1:] for stream in streams], self.encoder.class_output(streams[-1]))

    def levels(self, images: ImageBatch) -> Iterator[Level]:
        """The image itself and the rectified output of each block, one at a time."""
        return _levels(self.encoder, images.to(self.naturalness_calibrator.centre.dtype))

    def preprocessing(self) -> dict[str, JSON]:
        """How images become network inputs."""
        return view_settings(**({"normalized": True} if self.takes_normalized else {}))

    def use_bfloat16_products(self) -> bool:
        """Take the encoder's matrix products in bfloat16; heads and statistics stay float32."""
        self.encoder.use_bfloat16_products()
        return True


class AFINEFidelity(AdaptivePair):
    """Fidelity of an image to its reference: the half of A-FINE that compares, without naturalness.

    Args:
        encoder: CLIP's image tower; by default ViT-B/32 with random weights.
    """

    info = FIDELITY_SCORE
    needs_reference = True

    def __init__(self, encoder: ClipImageEncoder | None = None, options: FidelityOptions | None = None) -> None:
        super().__init__()
        self.covariance = (options or FidelityOptions()).covariance
        self.encoder = encoder or ClipImageEncoder()
        self.fidelity_head = FidelityHead(3 + self.encoder.depth * self.encoder.width)
        self.fidelity_calibrator = fidelity_calibrator()

    def levels(self, images: ImageBatch) -> Iterator[Level]:
        """The image itself and the rectified output of each block, one at a time."""
        return _levels(self.encoder, images.to(self.fidelity_calibrator.centre.dtype), self.covariance)

    def _combine(self, pairs: PairMoments) -> dict[str, ScoreBatch]:
        raw = self.fidelity_head(pairs)
        fidelity = self.fidelity_calibrator(raw)
        return {"raw_fidelity": raw, "fidelity": fidelity, "score": fidelity}

    def features_nbytes(self, height: int, width: int) -> int:
        """Memory in bytes that ``encode_reference`` of an image of this size holds."""
        return _levels_nbytes(self.encoder, height, width, self.fidelity_calibrator.centre.element_size())

    def preprocessing(self) -> dict[str, JSON]:
        """How images become network inputs, and the covariance if it is not the centred one."""
        return view_settings(**_settings(self.covariance))

    def use_bfloat16_products(self) -> bool:
        """Take the encoder's matrix products in bfloat16; head and statistics stay float32."""
        self.encoder.use_bfloat16_products()
        return True


class AFINE(AdaptivePair, AFINENaturalness):
    """A-FINE: fidelity to the reference and naturalness of both images in one score, 0 to 100.

    Asymmetric: which image is the reference matters. Images of any size; both of one size.

    Args:
        encoder: CLIP's image tower; by default ViT-B/32 with random weights.
    """

    info = AFINE_SCORE
    needs_reference = True

    def __init__(self, encoder: ClipImageEncoder | None = None, options: AFINEOptions | None = None) -> None:
        options = options or AFINEOptions()
        AFINENaturalness.__init__(self, encoder, options)
        self.covariance = options.covariance
        self.fidelity_head = FidelityHead(3 + self.encoder.depth * self.encoder.width)
        self.fidelity_calibrator = fidelity_calibrator()
        self.adapter = Adapter()

    def plain(self, images: ImageBatch) -> ImageBatch:
        """Images in [0, 1], of such as this model takes."""
        return AFINENaturalness.plain(self, images)

    def levels(self, images: ImageBatch) -> Iterator[Level]:
        """The image itself and the rectified output of each block, one at a time."""
        return _levels(self.encoder, images.to(self.adapter.k.dtype), self.covariance)

    def preprocessing(self) -> dict[str, JSON]:
        """How images become network inputs, and the covariance if it is not the centred one."""
        return {**AFINENaturalness.preprocessing(self), **_settings(self.covariance)}

    def final_score(self, adaptive: ScoreBatch) -> ScoreBatch:
        """(batch,) in (0, 100), of the combined quality D."""
        return final_score(adaptive)

    def features_nbytes(self, height: int, width: int) -> int:
        """Memory in bytes that ``encode_reference`` of an image of this size holds."""
        return _levels_nbytes(self.encoder, height, width, self.adapter.k.element_size())


def _levels(encoder: ClipImageEncoder, images: ImageBatch, covariance: Covariance = "centred") -> Iterator[Level]:
    view = whole_image(images)
    if covariance == "published":  # normalised and back, in the authors' order of sums: rounding counts
        view_again = (view - encoder.mean) / encoder.std * encoder.std + encoder.mean
        yield describe(view_again.flatten(2).transpose(1, 2), sample_axis=1, uncentred=True)
    else:
        yield describe(view.flatten(2), sample_axis=2)  # (batch, 3, height * width)
    for tokens in encoder.blocks(view):
        yield describe(tokens.relu(), sample_axis=1, uncentred=covariance == "published")  # (batch, tokens, width)


def _settings(covariance: Covariance) -> dict[str, str]:
    return {} if covariance == "centred" else {"covariance": covariance}


def _levels_nbytes(encoder: ClipImageEncoder, height: int, width: int, number: int) -> int:
    rows, columns = (-(-side // encoder.patch_size) for side in (height, width))
    tokens = rows * columns * encoder.width * encoder.depth
    return (tokens + 3 * rows * columns * encoder.patch_size**2) * number
