"""Measurements of the instrument, each one command of `timbrepad bench`."""
