"""A dropped recording, matched."""
