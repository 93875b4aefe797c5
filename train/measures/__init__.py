"""Measurements of training and of representations, without a run."""
