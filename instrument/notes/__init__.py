"""From a place on the pad to notes that can be played: rendering, holding, caching."""
