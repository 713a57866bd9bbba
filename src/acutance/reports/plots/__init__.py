"""Plots of evaluations, comparisons, trainings and patches."""
