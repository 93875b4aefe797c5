from math import erfc, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import butter, sosfilt

from instrument.engine.reverb import HIGH_HZ, MOST_DAMPING, line_coefficients, reverb_rows
from tests.instrument.effect_units import Reverb, hiss, impulse
from tests.instrument.playing import level_db

OCTAVES = (125, 250, 500, 1000, 2000, 4000)


def octave(wave, centre, rate):
    """Keep an octave round a frequency."""
    band = [centre / sqrt(2), centre * sqrt(2)]
    return sosfilt(butter(3, band, "band", fs=rate, output="sos"), wave)


def decay_seconds(wave, rate):
    """Give the time of a fall by 60 dB, from the slope between -5 and -35 dB (ISO 3382: T30)."""
    left = np.cumsum(np.square(wave[::-1], dtype=np.float64))[::-1]
    curve = 10 * np.log10(left / left[0] + 1e-30)
    return 2.0 * (np.argmax(curve < -35) - np.argmax(curve < -5)) / rate


def echo_density(wave, rate, at):
    """Give how much 20 ms are like noise: 1 is Gaussian, 0 single echoes.

    Source: Abel and Huang, "A simple, robust measure of reverberation echo density", AES
    Convention 121, 2006.
    """
    window = wave[round((at - 0.01) * rate) : round((at + 0.01) * rate)]
    outside = np.abs(window) > np.sqrt(np.mean(window**2))
    return outside.mean() / erfc(1 / sqrt(2))


@pytest.mark.parametrize("rate", [32000.0, 48000.0, 96000.0])
@pytest.mark.parametrize("seconds", [0.5, 2.0])
def test_every_octave_decays_in_the_time_that_the_knob_says(rate, seconds):
    response = Reverb(rate, seconds).run(impulse(1.2 * seconds, rate))[:, 0]
    for centre in OCTAVES:
        measured = decay_seconds(octave(response, centre, rate), rate)
        assert measured == pytest.approx(seconds, rel=0.1), centre


def test_damping_shortens_the_high_octaves_and_leaves_the_low_ones():
    response = Reverb(48000.0, 2.0, 0.5).run(impulse(2.4))[:, 0]
    times = [decay_seconds(octave(response, centre, 48000.0), 48000.0) for centre in OCTAVES]
    assert times[0] == pytest.approx(2.0, rel=0.1)
    assert times[3:] == sorted(times[3:], reverse=True)  # from 1 kHz on
    assert times[-1] < 0.8 * times[3]
    high = decay_seconds(octave(response, HIGH_HZ, 48000.0), 48000.0)
    assert high == pytest.approx(2.0 * (1 - MOST_DAMPING * 0.5), rel=0.15)


@pytest.mark.parametrize("rate", [8000.0, 44100.0, 192000.0])
def test_a_lines_loss_is_that_of_its_length_at_low_and_at_high_frequencies(rate):
    seconds, damping = 1.5, 0.4
    for n_frames in reverb_rows(rate)["lines"]:
        gain, pole = line_coefficients(n_frames, seconds, damping, rate)
        turn = min(2 * np.pi * HIGH_HZ / rate, 0.9 * np.pi)
        high = gain * (1 - pole) / abs(1 - pole * np.exp(-1j * turn))
        for measured, time in ((gain, seconds), (high, seconds * (1 - MOST_DAMPING * damping))):
            assert 20 * np.log10(measured) == pytest.approx(-60 * n_frames / rate / time, rel=1e-6)


def test_a_tenth_of_a_second_after_an_impulse_the_echoes_are_as_dense_as_noise():
    response = Reverb().run(impulse(0.5))
    for side in (0, 1):
        assert echo_density(response[:, side], 48000.0, 0.05) < 0.9  # single ones are told apart
        assert all(echo_density(response[:, side], 48000.0, t) > 0.9 for t in (0.1, 0.2, 0.4))


def test_both_sides_have_nothing_in_common():
    response = Reverb().run(impulse(2.0))
    assert abs(np.corrcoef(response.T)[0, 1]) < 0.05


def test_no_frequency_rings_longer_than_the_rest():
    late = Reverb(48000.0, 4.0).run(impulse(4.0))[2 * 48000 : 3 * 48000, 0]
    power = np.abs(np.fft.rfft(late * np.hanning(len(late)))[200:4000]) ** 2
    # of noise, the largest of 3,800 values is about ln 3800 = 8 times the mean
    assert power.max() < 20 * power.mean()


def test_it_begins_after_the_pre_delay_and_the_shortest_line():
    for before in (0.0, 0.1):
        response = np.abs(Reverb(before=before).run(impulse(0.5))[:, 0])
        first = np.argmax(response > 0.0) / 48000.0
        # the line reads by four points round its length
        shortest = reverb_rows(48000.0)["lines"][0] / 48000.0
        assert first == pytest.approx(before + shortest, abs=0.0003)


def test_another_pre_delay_is_faded_to():
    reverb = Reverb(before=0.02)
    steady = np.sin(np.arange(48000) * 2 * np.pi * 200 / 48000).astype(np.float32)
    tone = np.stack([steady, steady], axis=1)
    before = reverb.run(tone)
    reverb.before = 0.11
    after = reverb.run(tone)
    assert np.abs(np.diff(after, axis=0)).max() < 1.5 * np.abs(np.diff(before[9600:], axis=0)).max()


def test_silence_stays_silence():
    assert not Reverb().run(np.zeros((48000, 2), np.float32)).any()


def test_a_tail_ends_in_zeros_and_not_in_denormal_numbers():
    reverb = Reverb(8000.0, 0.2)
    reverb.run(impulse(4.0, 8000.0))
    assert not reverb.memory.any()
    assert not reverb.record["low"].any()


def test_turning_the_time_while_it_sounds_makes_no_click():
    reverb = Reverb(seconds=1.0)
    time = np.arange(48000) / 48000
    tone = np.repeat(np.sin(2 * np.pi * 200 * time)[:, None], 2, axis=1).astype(np.float32)
    before = reverb.run(tone)
    reverb.seconds, reverb.damping = 3.0, 0.7
    after = reverb.run(tone)
    rough = [np.abs(np.diff(wave[4800:], 2, axis=0)).max() for wave in (before, after)]
    assert rough[1] < 3 * rough[0]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e30])
def test_what_is_no_number_does_not_stay_in_it(bad):
    reverb = Reverb(8000.0, 0.3)
    wave = impulse(2.0, 8000.0)
    wave[100] = bad
    out = reverb.run(wave)
    assert np.isfinite(out).all()
    assert level_db(out[-800:]) < -60


@settings(max_examples=25, deadline=None)
@given(
    rate=st.sampled_from([8000.0, 16000.0, 44100.0]),
    seconds=st.floats(0.2, 20.0),
    damping=st.floats(0.0, 1.0),
    before=st.floats(0.0, 0.25),
    level=st.floats(0.0, 1e6, width=32),
    seed=st.integers(0, 1000),
)
def test_it_is_bounded_for_any_knobs_and_any_input(rate, seconds, damping, before, level, seed):
    reverb = Reverb(rate, seconds, damping, before)
    out = reverb.run(hiss(0.5, rate, level, seed))
    tail = reverb.run(np.zeros((round(0.5 * rate), 2), np.float32))
    assert np.isfinite(out).all()
    assert np.abs(out).max() <= 16.0 * 16.0  # sixteen lines, each with what may go into it
    later = reverb.run(np.zeros((round(rate), 2), np.float32))
    assert level_db(later) <= level_db(tail) + 1e-6
