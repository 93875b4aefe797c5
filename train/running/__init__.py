"""A run from start to end: the loop, its folder, checkpoints, looks, the model that it ends in."""
