"""Distortions of images: KADID-10k's 25 kinds at 5 levels, and mixtures of them."""

from acutance.distortions.ladder import KINDS, LEVELS, Kind, distort
from acutance.distortions.mixtures import Mixture, apply_mixture, draw_mixture

__all__ = ["KINDS", "LEVELS", "Kind", "Mixture", "apply_mixture", "distort", "draw_mixture"]
