import numpy as np
import pytest

from instrument.engine.envelope import BLOCK
from instrument.engine.limiter import THRESHOLD, limit_block, limiter_coefficient, soft_clip
from tests.instrument.playing import level_db, roughness
from tests.signals import sine

RATE = 48000.0


def limit(wave):
    """Limit a wave, float32 [frame], on both sides; give it and the gain at the end."""
    gain, recovery, out = np.float32(1.0), limiter_coefficient(RATE), []
    for first in range(0, len(wave) // BLOCK * BLOCK, BLOCK):
        block = np.stack([wave[first : first + BLOCK], -wave[first : first + BLOCK]])
        gain = np.float32(limit_block(block, gain, recovery))
        out.append(block)
    return np.concatenate(out, axis=1), gain


@pytest.mark.parametrize("level", [0.01, 0.5, 0.89])
def test_below_the_threshold_nothing_is_touched(level):
    wave = sine(1000, 0.2, RATE, level)
    out, gain = limit(wave)
    np.testing.assert_array_equal(out[0], wave[: out.shape[1]])
    assert gain == 1.0


@pytest.mark.parametrize("level", [1.0, 1.5, 4.0, 100.0, 1e6])
def test_nothing_passes_full_scale(level):
    noise = np.random.default_rng(0).uniform(-level, level, 48000).astype(np.float32)
    noise[:4800] = 0.0  # from silence to full level at once
    out, _ = limit(noise)
    assert np.abs(out).max() <= 1.0


def test_a_loud_tone_settles_at_the_threshold_undistorted():
    out, _ = limit(sine(1000, 1.0, RATE, 2.0))
    settled = out[0, 24000:]
    assert np.abs(settled).max() == pytest.approx(THRESHOLD, abs=0.01)
    spectrum = np.abs(np.fft.rfft(settled[:19200] * np.hanning(19200)))
    harmonics = spectrum[[800, 1200, 2000]].max() / spectrum[400]
    assert 20 * np.log10(harmonics) < -50


def test_it_lets_go_again():
    wave = sine(1000, 2.0, RATE, 0.5)
    wave[:4800] *= 4
    out, gain = limit(wave)
    assert gain == 1.0
    assert level_db(out[0, -4800:]) == pytest.approx(level_db(wave[-4800:]), abs=0.01)


def test_a_sudden_loud_tone_makes_no_click():
    wave = sine(200, 0.5, RATE, 0.5)
    wave[12000:] *= 3  # at a zero crossing
    out, _ = limit(wave)
    assert roughness(out[0]) < 3 * roughness(wave)


def test_both_sides_are_turned_down_together():
    out, _ = limit(sine(1000, 0.2, RATE, 2.0))
    np.testing.assert_array_equal(out[0], -out[1])


def test_the_soft_clip_is_straight_below_the_threshold_and_bounded_above():
    values = np.linspace(-5, 5, 1001, dtype=np.float32)
    clipped = np.array([soft_clip(x) for x in values])
    inside = np.abs(values) <= THRESHOLD
    np.testing.assert_array_equal(clipped[inside], values[inside])
    assert np.all(np.diff(clipped) >= 0)
    assert np.abs(clipped).max() <= 1.0
