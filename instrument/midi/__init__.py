"""MIDI in: ports, bytes, controllers, tunings."""
