"""The measure of repeats: it finds a known modulation, and none where none is."""

import numpy as np
import pytest

from instrument.notes.periodicity import band_levels, modulation_at, most_change, pitch_drift_cents

RATE = 16000
TIME = np.arange(40 * RATE) / RATE
TONE = np.sin(2 * np.pi * 440 * TIME)
NOISE = np.random.default_rng(1).standard_normal(len(TIME))


def measured(wave, rate_hz=0.7):
    return modulation_at(band_levels(wave.astype(np.float32), RATE), rate_hz)


@pytest.mark.parametrize("depth_db", [-20.0, -40.0, -60.0])
@pytest.mark.parametrize("harmonic", [1, 3])
def test_a_known_modulation_is_found(depth_db, harmonic):
    depth = 10 ** (depth_db / 20)
    wave = TONE * (1 + depth * np.sin(2 * np.pi * 0.7 * harmonic * TIME))
    assert measured(wave).total_db == pytest.approx(depth_db, abs=0.5)
    assert measured(wave).worst_db == pytest.approx(depth_db, abs=0.5)


def test_a_modulation_in_one_band_is_found_there():
    other = np.sin(2 * np.pi * 3500 * TIME) * (1 + 0.1 * np.sin(2 * np.pi * 0.7 * TIME))
    found = measured(TONE + 0.1 * other)
    assert max(found.bands_db) == pytest.approx(-20, abs=1)
    assert found.total_db < -50


@pytest.mark.parametrize("wave", [TONE, NOISE, TONE + 0.1 * NOISE], ids=["tone", "noise", "both"])
def test_what_is_stationary_has_none(wave):
    assert measured(wave).worst_db < -60


def test_a_modulation_at_another_rate_does_not_count():
    assert measured(TONE * (1 + 0.1 * np.sin(2 * np.pi * 1.0 * TIME))).worst_db < -60


def test_looped_noise_repeats_itself():
    loop = np.tile(NOISE[: RATE * 10 // 7], 28)
    assert measured(loop).worst_db > -35


def test_a_click_is_a_change():
    wave = TONE[: 2 * RATE].astype(np.float32)
    clicked = wave.copy()
    clicked[RATE:] *= -1
    assert most_change(clicked, RATE) > 5 * most_change(wave, RATE)


def test_a_step_of_pitch_is_found_in_cents():
    hz = np.where(TIME < 2.0, 440.0, 440.0 * 2 ** (10 / 1200))[: 5 * RATE]
    wave = np.sin(2 * np.pi * np.cumsum(hz) / RATE).astype(np.float32)
    assert pitch_drift_cents(wave, RATE) == pytest.approx(10, abs=0.5)
    assert pitch_drift_cents(TONE[: 4 * RATE].astype(np.float32), RATE) < 0.1
