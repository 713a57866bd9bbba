"""Trunks on timm, the only room that imports it."""
