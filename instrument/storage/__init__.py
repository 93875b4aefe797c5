"""Files: where they lie, how they are named and written whole."""
