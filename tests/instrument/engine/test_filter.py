import numpy as np
import pytest

from instrument.engine.envelope import BLOCK
from instrument.engine.filter import filter_coefficients
from instrument.engine.lanes import (
    A1,
    DISTANCE,
    ENERGY,
    GAIN,
    LANES,
    LEFT,
    N_LANE_ROWS,
    TARGET,
    WET,
    calm_states,
    mix_moving_lanes,
    mix_still_lanes,
)
from tests.instrument.playing import level_db
from tests.signals import sine

RATE = 48000.0


def low_pass(wave, cutoff_hz, resonance=0.0, wet=1.0):
    """Filter a wave, float32 [frame], in the last lane; noise runs in the others."""
    lanes = np.zeros((N_LANE_ROWS, LANES), np.float32)
    lanes[A1 : A1 + 3] = np.array(filter_coefficients(cutoff_hz, resonance, RATE))[:, None]
    lanes[WET] = wet
    lanes[GAIN] = lanes[TARGET] = lanes[LEFT, -1] = 1.0
    noise = np.random.default_rng(1)
    out = np.zeros(len(wave) // BLOCK * BLOCK, np.float32)
    curve, mix = np.ones(BLOCK, np.float32), np.zeros((2, BLOCK), np.float32)
    for first in range(0, len(out), BLOCK):
        waves = noise.uniform(-1, 1, (BLOCK, LANES)).astype(np.float32)
        waves[:, -1] = wave[first : first + BLOCK]
        mix_still_lanes(waves, lanes, curve, mix)
        calm_states(lanes)
        out[first : first + BLOCK] = mix[0]
    return out


def gain_db(frequency_hz, cutoff_hz, resonance=0.0):
    wave = sine(frequency_hz, 0.5, RATE)
    out = low_pass(wave, cutoff_hz, resonance)
    return level_db(out[len(out) // 2 :]) - level_db(wave[len(wave) // 2 :])


def test_a_tone_far_below_the_cutoff_is_kept():
    assert gain_db(200, 4000) == pytest.approx(0.0, abs=0.05)


def test_a_tone_at_the_cutoff_loses_3_db():
    assert gain_db(1000, 1000) == pytest.approx(-3.01, abs=0.1)


def test_a_tone_three_octaves_above_the_cutoff_is_killed():
    assert gain_db(8000, 1000) < -36


def test_resonance_lifts_the_cutoff():
    assert gain_db(1000, 1000, 1.0) == pytest.approx(21.0, abs=1.0)


def test_a_constant_passes():
    out = low_pass(np.full(4800, 0.5, np.float32), 500)
    np.testing.assert_allclose(out[-100:], 0.5, atol=1e-5)


def test_silence_stays_silence():
    assert not low_pass(np.zeros(4800, np.float32), 1000, 0.8).any()


def test_a_dry_lane_is_left_as_it_is():
    wave = sine(5000, 0.1, RATE)
    np.testing.assert_array_equal(low_pass(wave, 100, wet=0.0), wave[: len(wave) // 64 * 64])


def test_it_agrees_with_the_plain_equations():
    wave = np.random.default_rng(2).uniform(-1, 1, 960).astype(np.float32)
    a1, a2, a3 = filter_coefficients(1234.0, 0.5, RATE)
    expected, band, low = [], 0.0, 0.0
    for x in wave:
        v3 = x - low
        v1 = a1 * band + a2 * v3
        v2 = low + a2 * band + a3 * v3
        band, low = 2 * v1 - band, 2 * v2 - low
        expected.append(v2)
    np.testing.assert_allclose(low_pass(wave, 1234.0, 0.5), expected, atol=2e-5)


@pytest.mark.parametrize("cutoff_hz", [0.0, 20.0, 20000.0, 1e9])
@pytest.mark.parametrize("resonance", [0.0, 1.0])
@pytest.mark.parametrize("rate", [8000.0, 44100.0, 192000.0])
def test_every_cutoff_gives_a_stable_filter(cutoff_hz, resonance, rate):
    a1, a2, a3 = filter_coefficients(cutoff_hz, resonance, rate)
    step = np.array([[2 * a1 - 1, -2 * a2], [2 * a2, 1 - 2 * a3]])
    assert np.abs(np.linalg.eigvals(step)).max() < 1.0


def test_a_ringing_filter_ends_in_zeros():
    wave = np.zeros(48000, np.float32)
    wave[0] = 1.0
    out = low_pass(wave, 3000, 1.0)
    assert np.abs(out[:1000]).max() > 0.05
    assert not out[-64:].any()


def test_what_moves_nothing_gives_the_same_in_both_kernels():
    random = np.random.default_rng(2)
    lanes = random.uniform(0.1, 0.3, (N_LANE_ROWS, LANES)).astype(np.float32)
    lanes[ENERGY + 1 :] = 0.0
    curve = random.uniform(0, 1, BLOCK).astype(np.float32)
    levels = lanes[TARGET] + lanes[DISTANCE] * curve[:, None]
    waves = random.uniform(-1, 1, (BLOCK, LANES)).astype(np.float32)
    still, moving = lanes.copy(), lanes.copy()
    mixes = np.zeros((2, 2, BLOCK), np.float32)
    mix_still_lanes(waves, still, curve, mixes[0])
    mix_moving_lanes(waves, moving, levels, mixes[1])
    np.testing.assert_allclose(mixes[0], mixes[1], atol=1e-5)
    np.testing.assert_allclose(still, moving, rtol=1e-4)
