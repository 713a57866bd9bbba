"""Plots and pages of what was evaluated, compared and trained."""
