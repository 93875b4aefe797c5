"""Evaluation: figures of a model's notes, each beside the same figure of real notes."""
