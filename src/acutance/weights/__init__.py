"""Weights: records, download, key tables and storage."""
