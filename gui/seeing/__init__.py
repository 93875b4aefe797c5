"""Seeing the sound: notes, spectrum, timing."""
