"""Playing: MIDI in, the note cache, voices, mixing, audio out, presets.

The package root is the whole interface for a window, and it is light: importing it loads
neither numba nor sounddevice nor torch. A window calls `start_instrument`, which runs the
instrument in a process of its own and gives a client with the methods of `InstrumentInterface`.
"""
