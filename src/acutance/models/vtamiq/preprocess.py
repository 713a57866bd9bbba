"""Which patches of an image are seen: protocols and their settings; ``patches.py`` computes where patches lie.

``cover`` (the default here) sees every pixel; ``grid`` is the perturbed grid of the authors' present code;
``context-aware`` draws patches where images differ, near the centre, and everywhere (CAPS, arXiv 2110.01655).
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from acutance.errors import ConfigError
from acutance.models.entry import UsedBy
from acutance.models.vtamiq.weights import VTAMIQConfig
from acutance.types import JSON

PATCH = 16
"""Side of a patch in pixels."""
NORMALISATIONS = {"half": "mean 0.5, standard deviation 0.5", "imagenet": "ImageNet"}
"""``VTAMIQConfig.pixels`` in the words of every model's provenance."""
_IN_CONTEXT = UsedBy("context-aware")


class VTAMIQViews(BaseModel):
    """Which patches of an image are seen; the defaults are those of ``vtamiq-head``."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    protocol: Literal["cover", "grid", "context-aware"] = "cover"
    """Where patches come from; see the module."""
    patches: int = Field(default=512, ge=1, le=8192)
    """Patches in a set, all of which the encoder sees at once; in ``cover`` at most so many."""
    repeats: Annotated[int, UsedBy("grid", "context-aware")] = Field(default=4, ge=1, le=1000)
    """Sets whose scores are averaged; ``cover`` has as many as it needs."""
    seed: Annotated[int, UsedBy("grid", "context-aware")] = Field(default=0, ge=0, lt=2**32)
    """Of the draws; the same for every image."""
    centre: Annotated[float, _IN_CONTEXT] = Field(default=0.25, ge=0)
    """Weight of the centre in ``context-aware``."""
    difference: Annotated[float, _IN_CONTEXT] = Field(default=1.0, ge=0)
    """Weight of the difference of the two images."""
    uniform: Annotated[float, _IN_CONTEXT] = Field(default=0.1, ge=0)
    """Weight of everywhere alike."""
    difference_map: Annotated[Literal["colour", "ssim"], _IN_CONTEXT] = "colour"
    """How the difference is measured at each pixel: distance of colours, or 1 - SSIM."""
    stretched: Annotated[bool, _IN_CONTEXT] = False
    """Whether each image is stretched to its full range before the difference, as in the code of 2024."""
    sampler: Annotated[Literal["stratified", "independent"], _IN_CONTEXT] = "stratified"
    """Patches spread over cells (2022 on), or drawn each on its own (2021)."""
    points: Annotated[Literal["halton", "perturbed"], _IN_CONTEXT] = "halton"
    """How ``stratified`` spreads patches within a cell."""
    uv: Literal["published", "centred"] = "published"
    """Places as the authors compute them, a little off to the bottom right, which weights have learned; or centres of
    patches as shares of height and width."""

    def check(self) -> None:
        """Raise ``ConfigError`` if no patch could be drawn."""
        if self.protocol == "context-aware" and not self.centre + self.difference + self.uniform > 0:
            raise ConfigError("Expected a weight above 0 for centre, difference or uniform, got none. Set one of them.")

    def settings(self, config: VTAMIQConfig) -> dict[str, JSON]:
        """All that the inputs of a network depend on, for the provenance of a score."""
        drawn: dict[str, JSON] = {"repeats": self.repeats, "seed": self.seed}
        weights: dict[str, JSON] = {"centre": self.centre, "difference": self.difference, "uniform": self.uniform}
        stratified = self.sampler == "stratified"
        context: dict[str, JSON] = {**weights, "sampler": self.sampler}
        context |= {"points": self.points, "stretched": self.stretched} if stratified else {}
        context |= {} if self.difference_map == "colour" else {"difference_map": self.difference_map}
        own = {"cover": {}, "grid": drawn, "context-aware": {**drawn, **context}}[self.protocol]
        return {
            "protocol": self.protocol,
            "patches": self.patches,
            **own,
            "scales": max(config.scales, 1),
            "uv": self.uv,
            "normalisation": NORMALISATIONS[config.pixels],
            "small pictures": f"shorter side enlarged to {PATCH}, bilinear",
        }
