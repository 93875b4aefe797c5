"""Undo, and the trail of the last sounds."""
