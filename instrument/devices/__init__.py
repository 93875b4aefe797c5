"""The sound card: opened, watched, opened again."""
