"""Presets and models on disk: read, listed, packed, bred."""
