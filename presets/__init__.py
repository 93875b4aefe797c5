"""Factory presets and the bundled models: data only."""
