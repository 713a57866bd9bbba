"""How each model is built; models, and torch with them, are imported when one is."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from acutance.models.quality_model import QualityModel

Config = Mapping[str, Any] | None
"""What weights ask for; ``None`` for the published configuration."""


def build_afine(**options: Any) -> "QualityModel":  # noqa: ANN401 (keywords of AFINE)
    """A-FINE."""
    from acutance.models.afine.model import AFINE

    return AFINE(**options)


def build_afine_naturalness(**options: Any) -> "QualityModel":  # noqa: ANN401 (keywords of AFINENaturalness)
    """The no-reference half of A-FINE."""
    from acutance.models.afine.model import AFINENaturalness

    return AFINENaturalness(**options)


def build_afine_fidelity(**options: Any) -> "QualityModel":  # noqa: ANN401 (keywords of AFINEFidelity)
    """The half of A-FINE that compares."""
    from acutance.models.afine.model import AFINEFidelity

    return AFINEFidelity(**options)


def build_afine_tiny(config: Config = None) -> "QualityModel":
    """afine-tiny."""
    from acutance.models.afine_tiny.config import AFINETinyConfig
    from acutance.models.afine_tiny.model import AFINETiny

    return AFINETiny(AFINETinyConfig(**config or {}))


def build_afine_tiny_naturalness(config: Config = None) -> "QualityModel":
    """The no-reference half of afine-tiny."""
    from acutance.models.afine_tiny.config import AFINETinyConfig
    from acutance.models.afine_tiny.model import AFINETinyNaturalness

    return AFINETinyNaturalness(AFINETinyConfig(**config or {}))


def build_ahiq(config: Config = None, **views: Any) -> "QualityModel":  # noqa: ANN401 (fields of AHIQViews)
    """AHIQ."""
    from acutance.models.ahiq.model import AHIQ
    from acutance.models.ahiq.preprocess import AHIQViews
    from acutance.models.ahiq.weights import AHIQConfig

    return AHIQ(AHIQConfig(**config or {}), AHIQViews(**views))


def build_classic(name: str, **options: Any) -> "QualityModel":  # noqa: ANN401 (checked by the options' model)
    """A classic metric."""
    from acutance.models.classic.metrics import build

    return build(name, **options)


def build_hyperiqa(config: Config = None, **views: Any) -> "QualityModel":  # noqa: ANN401 (fields of HyperIQAViews)
    """HyperIQA."""
    from acutance.models.hyperiqa.model import HyperIQA, HyperIQAConfig
    from acutance.models.hyperiqa.preprocess import HyperIQAViews

    return HyperIQA(HyperIQAConfig(**config or {}), HyperIQAViews(**views))


def build_ms_hyperiqa(config: Config = None, **views: Any) -> "QualityModel":  # noqa: ANN401 (fields of MSHyperIQAViews)
    """MS-HyperIQA."""
    from acutance.models.ms_hyperiqa.model import MSHyperIQA, MSHyperIQAConfig
    from acutance.models.ms_hyperiqa.preprocess import MSHyperIQAViews

    return MSHyperIQA(MSHyperIQAConfig(**config or {}), MSHyperIQAViews(**views))


def build_vtamiq(
    published: Mapping[str, Any],
    views: Mapping[str, Any],
    config: Config = None,
    **chosen: Any,  # noqa: ANN401 (fields of VTAMIQViews)
) -> "QualityModel":
    """VTAMIQ.

    Args:
        published: The configuration of one state of its repository.
        views: How that state looks at pictures, where it differs from the defaults.
        config: What weights ask for, instead of ``published``.
        chosen: What a user chose of the views.
    """
    from acutance.models.vtamiq.model import VTAMIQ
    from acutance.models.vtamiq.preprocess import VTAMIQViews
    from acutance.models.vtamiq.weights import VTAMIQConfig

    return VTAMIQ(VTAMIQConfig(**(published if config is None else config)), VTAMIQViews(**{**views, **chosen}))
