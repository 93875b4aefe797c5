import ctypes.util
from pathlib import Path

import numpy as np
import pytest

from instrument.benchmarks.font import write_tone_font
from train.datasets.fluidsynth_voices import fluidsynth_voices

RATE = 48000
LOWEST_HZ = 65.41  # of key 36
THIRD_PARTIAL = 3

needs_fluidsynth = pytest.mark.skipif(
    ctypes.util.find_library("fluidsynth") is None, reason="FluidSynth is not installed"
)


def spectrum(folder: Path, cutoff_hz: float, vibrato_cents: float = 0.0) -> np.ndarray:
    """Give what one voice on the lowest key sounds like: magnitude, a bin a Hz."""
    out = np.zeros((2 * RATE, 2), np.float32)
    font = folder / "tone.sf2"
    write_tone_font(font, cutoff_hz=cutoff_hz, resonance_db=0.0, vibrato_cents=vibrato_cents)
    with fluidsynth_voices(font, 1, RATE) as voices:
        voices.process(out)
    return np.abs(np.fft.rfft(out[RATE:, 0] * np.hanning(RATE)))


@needs_fluidsynth
def test_fluidsynth_holds_as_many_voices_as_asked_for(tmp_path):
    font = tmp_path / "tone.sf2"
    write_tone_font(font, cutoff_hz=2000.0, resonance_db=4.0, vibrato_cents=10.0)
    with fluidsynth_voices(font, 256, RATE) as voices:
        out = np.zeros((RATE, 2), np.float32)
        voices.process(out)
        assert voices.n_voices == 256
        assert np.abs(out[-1000:]).max() > 0.01


@needs_fluidsynth
def test_its_voice_has_the_keys_pitch_and_a_filter(tmp_path):
    hertz = LOWEST_HZ
    opened, closed = spectrum(tmp_path, 8000.0), spectrum(tmp_path, 100.0)
    assert abs(int(opened.argmax()) - hertz) <= 1
    above = round(THIRD_PARTIAL * hertz)
    share = [
        x[above - 2 : above + 3].max() / x[round(hertz) - 2 : round(hertz) + 3].max()
        for x in (opened, closed)
    ]
    assert share[0] == pytest.approx(1 / THIRD_PARTIAL, rel=0.1)
    assert share[1] < 0.6 * share[0]


@needs_fluidsynth
def test_its_voice_has_vibrato(tmp_path):
    hertz = round(LOWEST_HZ)
    steady, moving = (spectrum(tmp_path, 8000.0, cents) for cents in (0.0, 100.0))
    beside = slice(hertz + 5, hertz + 12)
    assert moving[beside].max() / moving.max() > 10 * steady[beside].max() / steady.max()
