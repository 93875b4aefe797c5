"""Presets in the window: listed, mapped, bred, tried, asked for."""
