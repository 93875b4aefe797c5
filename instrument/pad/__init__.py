"""The pad as geometry: points, how near they are, shapes of motion."""
