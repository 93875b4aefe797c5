"""Controls and their dress: knobs, keys, wheels, meters, the theme."""
