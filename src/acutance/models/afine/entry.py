"""A-FINE and its two halves in the catalogue, and what a user may choose of them; imports no torch."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from acutance.models.afine import weights as published
from acutance.models.afine.weights import read_fidelity, read_naturalness, read_stages
from acutance.models.entry import ModelEntry, PublishedWeights

Covariance = Literal["centred", "published"]


class NaturalnessOptions(BaseModel):
    """Options of what sees an image alone; neither changes a score of images."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    normalized: bool = False
    """Take tensors whose images have CLIP's mean and deviation taken out of them, ``(x - mean) / std``, as training
    code of other libraries hands them on, instead of images in [0, 1]."""
    return_cls: bool = False
    """Whether ``features`` gives the class token too."""


class FidelityOptions(BaseModel):
    """Options of what compares an image with its reference."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    covariance: Covariance = "centred"
    """How fidelity takes the covariance of a channel: ``centred``, or ``published`` as in the authors' code,
    ``mean(xy) - mean(x) mean(y)``. They differ by rounding, which 1e-10 does not hold off where a channel is all but
    constant: a flat image then is not faithful to itself."""


class AFINEOptions(FidelityOptions, NaturalnessOptions):
    """Options of the whole model."""


AFINE = ModelEntry(
    name="afine",
    title="A-FINE",
    info=published.AFINE_SCORE,
    needs_reference=True,
    paper=published.AFINE.paper,
    note="The reference need not be perfect, and which of the two is the reference matters.",
    term_names=(
        "raw_naturalness",
        "raw_reference_naturalness",
        "naturalness",
        "reference_naturalness",
        "raw_fidelity",
        "fidelity",
        "adaptive",
    ),
    terms_better="lower",
    options=AFINEOptions,
    build="acutance.models.afine.model:AFINE",
    weights=PublishedWeights(
        record=published.AFINE,
        layouts=(published.AFINE_LAYOUT,),
        stored_as="afine",
        anchor=published.PUBLISHED_ANCHOR,
        read_parts=read_stages,
        starts=(published.CLIP_ARCHIVE, published.CLIP_TIMM),
        check_start="acutance.models.afine.weights:check_clip",
    ),
)
NATURALNESS = ModelEntry(
    name="afine-naturalness",
    title="A-FINE naturalness",
    info=published.NATURALNESS_SCORE,
    needs_reference=False,
    paper=published.AFINE.paper,
    note="The no-reference half of A-FINE: one image, one pass of its encoder.",
    term_names=("raw_naturalness", "naturalness"),
    terms_better="lower",
    options=NaturalnessOptions,
    build="acutance.models.afine.model:AFINENaturalness",
    weights=PublishedWeights(
        record=published.AFINE,
        layouts=(published.NATURALNESS_LAYOUT,),
        stored_as="afine",
        read_parts=read_naturalness,
    ),
)
FIDELITY = ModelEntry(
    name="afine-fidelity",
    title="A-FINE fidelity",
    info=published.FIDELITY_SCORE,
    needs_reference=True,
    paper=published.AFINE.paper,
    note="The half of A-FINE that compares: 0 for equal images before it is calibrated, symmetric.",
    term_names=("raw_fidelity", "fidelity"),
    terms_better="lower",
    options=FidelityOptions,
    build="acutance.models.afine.model:AFINEFidelity",
    weights=PublishedWeights(
        record=published.AFINE, layouts=(published.FIDELITY_LAYOUT,), stored_as="afine", read_parts=read_fidelity
    ),
)
ENTRIES = (AFINE, NATURALNESS, FIDELITY)
