"""The pad: points, finger, trail and paths, drawn and played."""
