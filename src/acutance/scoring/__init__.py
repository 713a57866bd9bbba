"""Scoring many pictures: pairs, batches, rows."""
