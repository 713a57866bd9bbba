"""Backbones on timm, the only room that imports it."""
