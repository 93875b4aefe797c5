"""A SoundFont of one looped tone, so that another player can be given the engine's work."""

from pathlib import Path

import numpy as np

from instrument.export import soundfont as sf

SAMPLE_RATE = 48000
_CYCLE = 100
_N_CYCLES = 200
_ROOT_NOTE, _CORRECTION_CENTS = 71, 49  # 480 Hz are half a semitone below B4: all keys interpolate


def write_tone_font(
    path: Path, *, cutoff_hz: float, resonance_db: float, vibrato_cents: float
) -> None:
    """Write a font whose preset 0 holds a tone on every key, each of one voice.

    Args:
        path: The file.
        cutoff_hz: Of each voice's low-pass filter.
        resonance_db: Its peak.
        vibrato_cents: Depth of each voice's own vibrato.

    Raises:
        OSError: If it can't be written.
    """
    cycle = 2 * np.pi * np.arange(_CYCLE) / _CYCLE
    wave = np.tile(0.3 * np.sin(cycle) + 0.1 * np.sin(3 * cycle), _N_CYCLES)
    loop = (10 * _CYCLE, wave.size - 10 * _CYCLE)
    generators = {
        sf.VIBRATO_TO_PITCH: round(vibrato_cents),
        sf.FILTER_CUTOFF: sf.cents_of_hz(cutoff_hz),
        sf.FILTER_Q: round(10 * resonance_db),
        sf.SAMPLE_MODES: sf.LOOPED,
        sf.SAMPLE_ID: 0,
    }
    tone = sf.FontSample("Tone", wave, SAMPLE_RATE, _ROOT_NOTE, _CORRECTION_CENTS, loop)
    preset = sf.FontPreset("Tone", [sf.Zone(generators)])
    sf.write_font(path, sf.Font("A tone", [preset], [tone]))
