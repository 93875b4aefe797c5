"""What goes to the device as the meters see it."""

import numpy as np
import pytest

from instrument.engine.engine import Engine
from instrument.engine.monitor import (
    FLOOR_DB,
    HIGHEST_HZ,
    LOWEST_HZ,
    N_BANDS,
    N_TAPS,
    Heard,
    true_peak,
)
from instrument.engine.pool import NotePool

RATE = 48000.0


def sine(hertz, *, amplitude=1.0, phase=0.0, n_frames=4800):
    time = np.arange(n_frames) / RATE
    return (amplitude * np.sin(2 * np.pi * hertz * time + phase)).astype(np.float32)


@pytest.fixture
def engine():
    pool = NotePool(4, 4096)
    yield Engine(RATE, pool)
    pool.close()


def play(engine, n_frames, block=128):
    out = np.zeros((block, 2), np.float32)
    played = []
    for _ in range(n_frames // block):
        engine.process(out)
        played.append(out.copy())
    return np.concatenate(played)


def test_a_wave_that_is_largest_between_its_samples_has_a_higher_true_peak():
    wave = sine(RATE / 4, phase=np.pi / 4)
    assert np.abs(wave).max() == pytest.approx(0.7071, abs=1e-3)
    assert 20 * np.log10(true_peak(wave)) == pytest.approx(0.0, abs=0.2)


@pytest.mark.parametrize("hertz", [100.0, 997.0, 5000.0, 11000.0])
def test_the_true_peak_of_a_sine_is_its_amplitude(hertz):
    level = 20 * np.log10(true_peak(sine(hertz, amplitude=0.5)))
    assert level == pytest.approx(-6.02, abs=0.25)  # the standard's own error is as large


def test_the_true_peak_is_never_below_the_largest_sample():
    wave = np.zeros(200, np.float32)
    wave[100] = -0.8
    assert true_peak(wave) >= 0.8


def test_the_lead_in_does_not_count():
    wave = np.zeros(100, np.float32)
    wave[0] = 1.0
    assert true_peak(wave) < 0.1


def test_fewer_frames_than_the_filter_is_long_are_taken_as_they_are():
    assert true_peak(np.full(N_TAPS - 1, 0.25, np.float32)) == 0.25
    assert true_peak(np.zeros(0, np.float32)) == 0.0


def test_silence_is_heard_as_nothing(engine):
    play(engine, 4096)
    assert engine.monitor.look() == Heard()


def test_nothing_new_is_heard_as_nothing(engine):
    engine.test_tone()
    play(engine, 4096)
    assert engine.monitor.look() != Heard()
    assert engine.monitor.look() == Heard()


@pytest.mark.parametrize("block", [64, 100, 512])
def test_what_was_played_is_heard_whatever_the_block(engine, block):
    engine.test_tone()
    engine.monitor.look()
    played = play(engine, 6400, block)
    heard = engine.monitor.look()
    assert heard.true_peak_left == pytest.approx(true_peak(played[:, 0]), rel=1e-4)
    assert heard.true_peak_left >= np.abs(played[:, 0]).max()


def test_the_spectrum_of_a_tone_has_its_top_at_the_tone(engine):
    engine.test_tone()
    played = play(engine, 6400)
    spectrum = np.frombuffer(engine.monitor.look().spectrum, np.uint8)
    assert len(spectrum) == N_BANDS
    bins = np.abs(np.fft.rfft(played[-4096:, 0] * np.hanning(4096)))
    loudest = bins.argmax() * RATE / 4096
    edges = np.geomspace(LOWEST_HZ, HIGHEST_HZ, N_BANDS)
    assert abs(np.log(edges[spectrum.argmax()] / loudest)) < 2 * np.log(edges[1] / edges[0])


def test_the_height_of_a_band_is_its_level(engine):
    engine.test_tone()
    played = play(engine, 6400)
    spectrum = np.frombuffer(engine.monitor.look().spectrum, np.uint8)
    window = np.hanning(4096)
    level = np.abs(np.fft.rfft(played[-4096:].mean(axis=1) * window)).max() * 2 / window.sum()
    expected = 255 * (1 - 20 * np.log10(level) / FLOOR_DB)
    assert spectrum.max() == pytest.approx(expected, abs=1.0)


def test_of_a_long_time_only_the_end_is_heard(engine):
    engine.test_tone()
    play(engine, 48000 * 4)
    engine.monitor.look()
    play(engine, 48000)
    assert engine.monitor.look() == Heard()  # the tone had ended long before
