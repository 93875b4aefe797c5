"""An even texture: what drifts is level, what is fast and in tune stays as it is."""

import numpy as np
import pytest

from instrument.notes.stationary import even_out
from tests.signals import sine

RATE = 48000
START, END, AT = RATE, round(2.9 * RATE), round(2.4 * RATE)


def evened(wave):
    return even_out(np.asarray(wave, np.float32), RATE, START, END, AT)


def levels_db(wave, seconds=0.1):
    n = round(seconds * RATE)
    rows = wave[: len(wave) // n * n].reshape(-1, n)
    return 10 * np.log10(np.mean(rows.astype(np.float64) ** 2, axis=1))


def test_a_steady_tone_stays_what_it_is():
    wave = sine(440.0, 4.0, RATE)
    np.testing.assert_allclose(evened(wave), wave[START:END], atol=2e-3)


def test_a_falling_tone_becomes_level_as_loud_as_it_is_where_it_is_entered():
    time = np.arange(4 * RATE) / RATE
    wave = 10 ** (-6.0 * time / 20) * sine(440.0, 4.0, RATE)
    levels = levels_db(evened(wave))
    at = levels_db(wave[AT - RATE // 20 : AT + RATE // 20])[0]
    assert levels == pytest.approx(np.full(len(levels), at), abs=0.2)


def test_each_band_is_evened_by_itself():
    time = np.arange(4 * RATE) / RATE
    low = 10 ** (-3.0 * time / 20) * np.sin(2 * np.pi * 300 * time)
    high = 10 ** (6.0 * time / 20) * np.sin(2 * np.pi * 3000 * time)
    texture = evened(0.1 * (low + high))
    spectra = [np.abs(np.fft.rfft(texture[i : i + 9600])) for i in (9600, 72000)]
    for place in (60, 600):  # 5 Hz each
        early, late = (spectrum[place - 3 : place + 4].max() for spectrum in spectra)
        assert 20 * np.log10(late / early) == pytest.approx(0.0, abs=0.2)


def test_a_tremolo_stays():
    time = np.arange(4 * RATE) / RATE
    wave = (1 + 0.3 * np.sin(2 * np.pi * 7 * time)) * sine(440.0, 4.0, RATE)
    levels = levels_db(evened(wave), 0.02)[10:-10]
    assert np.ptp(levels) > 0.7 * np.ptp(levels_db(wave[START:END], 0.02))


def test_the_moment_stays_in_phase():
    wave = sine(440.0, 4.0, RATE) * np.linspace(1, 0.3, 4 * RATE, dtype=np.float32)
    texture, own = evened(wave), wave[START:END]
    correlation = texture @ own / np.sqrt((texture @ texture) * (own @ own))
    assert correlation > 0.95  # their levels differ, their phases do not


def test_silence_stays_silent():
    assert not evened(np.zeros(4 * RATE)).any()
