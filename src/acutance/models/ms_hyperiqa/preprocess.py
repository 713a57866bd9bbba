"""Which crops of an image MS-HyperIQA sees; loads no torch."""

from typing import Literal

from acutance.models.hyperiqa.preprocess import HyperIQAViews


class MSHyperIQAViews(HyperIQAViews):
    """Where the crops of an image lie; the score is the mean over them."""

    protocol: Literal["cover", "random"] = "cover"
    """``cover``: the fewest crops that hold every pixel. ``random``: the reference code's random crops."""
