"""Scoring many images: options, pairs, batches, rows, files."""
