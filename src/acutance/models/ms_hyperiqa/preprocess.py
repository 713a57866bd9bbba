"""How an image becomes the crops that MS-HyperIQA sees."""

from typing import Literal

from acutance.models.hyperiqa.preprocess import HyperIQAViews


class MSHyperIQAViews(HyperIQAViews):
    """Where the crops of a picture lie; the score is the mean over them."""

    protocol: Literal["cover", "random"] = "cover"
    """``cover``: the fewest crops that hold every pixel. ``random``: the reference code's random crops."""
