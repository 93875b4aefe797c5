"""Voices held in FluidSynth, each with interpolation, filter and vibrato, to measure against."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .fluidsynth import load_library
from .notes import DatasetError

LOWEST, N_KEYS = 36, 61
_FOURTH_ORDER = 4  # four points, as in Hermite interpolation
_ALL_CHANNELS = -1
_VOICES_AT_MOST = 256


class FluidSynthVoices:
    """A FluidSynth in which voices are held; reverb and chorus off, one core.

    Attributes:
        version: The library's.
        n_voices: How many sound.
    """

    def __init__(self, library: ctypes.CDLL, synth: int, n_voices: int) -> None:
        self._library = library
        self._synth = synth
        self.version: str = library.fluid_version_str().decode()
        for i in range(n_voices):
            key, channel = LOWEST + i % N_KEYS, i // N_KEYS
            library.fluid_synth_noteon(synth, channel, key, 64 + i % 64)
        self.process(np.zeros((128, 2), np.float32))
        self.n_voices: int = library.fluid_synth_get_active_voice_count(synth)

    def process(self, out: NDArray[np.float32]) -> None:
        """Fill a block: float32 [frame, 2], contiguous."""
        at, n_frames = out.ctypes.data, len(out)
        self._library.fluid_synth_write_float(self._synth, n_frames, at, 0, 2, at, 1, 2)


@contextmanager
def fluidsynth_voices(font: Path, n_voices: int, sample_rate: float) -> Iterator[FluidSynthVoices]:
    """Hold voices in FluidSynth, each a note of its own.

    Args:
        font: A SoundFont whose preset 0 has a note of one voice on every key.
        n_voices: How many to hold.
        sample_rate: In Hz.

    Raises:
        DatasetError: If the library is not installed or makes another number of voices.
    """
    library = load_library()
    settings = library.new_fluid_settings()
    for name in (b"synth.reverb.active", b"synth.chorus.active"):
        library.fluid_settings_setint(settings, name, 0)
    library.fluid_settings_setint(settings, b"synth.cpu-cores", 1)
    library.fluid_settings_setint(settings, b"synth.polyphony", _VOICES_AT_MOST)
    library.fluid_settings_setnum(settings, b"synth.sample-rate", sample_rate)
    synth = library.new_fluid_synth(settings)
    try:
        library.fluid_synth_set_interp_method(synth, _ALL_CHANNELS, _FOURTH_ORDER)
        library.fluid_synth_sfload(synth, str(font).encode(), 1)
        voices = FluidSynthVoices(library, synth, n_voices)
        if voices.n_voices != n_voices:
            raise DatasetError(
                f"FluidSynth {voices.version} plays {voices.n_voices} voices instead of "
                f"{n_voices}: try another version."
            )
        yield voices
    finally:
        library.delete_fluid_synth(synth)
        library.delete_fluid_settings(settings)
