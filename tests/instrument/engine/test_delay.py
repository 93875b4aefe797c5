import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instrument.engine.delay import MAXIMUM_SECONDS, delay_frames
from instrument.values.divisions import DELAY_BEATS, DELAY_DIVISIONS
from tests.instrument.effect_units import Delay, hiss, impulse

RATES = (8000.0, 44100.0, 48000.0, 96000.0)


def echoes(wave):
    """Give the frames that are not silent, and what is in them."""
    frames = np.flatnonzero(np.abs(wave) > 1e-7)
    return frames.tolist(), wave[frames]


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("seconds", [0.01, 0.1234, 0.35])
def test_echoes_come_at_their_sample(rate, seconds):
    response = Delay(rate, seconds, feedback=0.5).run(impulse(2.0, rate))
    every = max(round(seconds * rate), 64)
    for side in (0, 1):
        frames, levels = echoes(response[:, side])
        expected = [every * (n + 1) for n in range(len(frames))]
        assert frames == expected
        np.testing.assert_allclose(levels, 0.5 ** np.arange(len(levels)), rtol=1e-5)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("tempo", [60.0, 97.3, 120.0, 200.0])
@pytest.mark.parametrize("division", range(1, len(DELAY_DIVISIONS)))
def test_a_notes_value_is_as_long_as_the_tempo_says(rate, tempo, division):
    seconds = DELAY_BEATS[division] * 60.0 / tempo
    n_frames = delay_frames(0.1, division, tempo, rate)
    assert n_frames == pytest.approx(seconds * rate, abs=0.5)


def test_an_eighth_at_120_beats_a_minute_echoes_each_quarter_of_a_second():
    division = DELAY_DIVISIONS.index("1/8")
    frames, _ = echoes(Delay(division=division, tempo=120.0).run(impulse(1.0))[:, 0])
    assert frames[:3] == [12000, 24000, 36000]


def test_a_value_too_long_for_the_memory_is_halved_until_it_fits():
    division = DELAY_DIVISIONS.index("1/1")
    assert delay_frames(0.1, division, 20.0, 48000.0) == 3.0 * 48000
    for tempo in np.linspace(20, 300, 57):
        assert delay_frames(0.1, division, tempo, 48000.0) <= MAXIMUM_SECONDS * 48000


def test_ping_pong_begins_at_the_left_and_goes_to_and_fro():
    response = Delay(seconds=0.1, crossing=1.0, feedback=0.5).run(impulse(0.6))
    left, right = echoes(response[:, 0]), echoes(response[:, 1])
    assert left[0] == [4800, 14400, 24000]
    assert right[0] == [9600, 19200]
    np.testing.assert_allclose(left[1], [1.0, 0.25, 0.0625], rtol=1e-5)
    np.testing.assert_allclose(right[1], [0.5, 0.125], rtol=1e-5)


def test_straight_sides_keep_to_themselves():
    response = Delay(seconds=0.1).run(impulse(0.5, sides=(1.0, 0.0)))
    assert response[:, 0].any()
    assert not response[:, 1].any()


def test_each_echo_is_darker_than_the_one_before():
    response = Delay(seconds=0.1, feedback=0.9, cutoff_hz=2000.0).run(impulse(0.6))[:, 0]
    shares = []
    for n in range(1, 5):
        spectrum = np.abs(np.fft.rfft(response[4800 * n : 4800 * n + 4096])) ** 2
        shares.append(spectrum[512:].sum() / spectrum.sum())  # above 6 kHz
    assert shares == sorted(shares, reverse=True)
    assert shares[3] < 0.05 * shares[0]


def test_another_time_is_faded_to_without_a_click_and_then_kept():
    delay = Delay(seconds=0.1, feedback=0.3)
    time = np.arange(48000) / 48000
    tone = np.repeat(np.sin(2 * np.pi * 200 * time)[:, None], 2, axis=1).astype(np.float32)
    before = delay.run(tone)[9600:]
    delay.seconds = 0.1777
    after = delay.run(tone)
    rough = [np.abs(np.diff(wave, 2, axis=0)).max() for wave in (before, after)]
    assert rough[1] < 1.5 * rough[0]
    assert delay.record["before"] == delay.record["after"] == round(0.1777 * 48000)


def test_an_echo_dies_away_into_zeros():
    delay = Delay(8000.0, seconds=0.01, feedback=0.98, cutoff_hz=1000.0)
    delay.run(impulse(30.0, 8000.0))
    assert not delay.memory[:64].any()
    assert not delay.record["low"].any()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e30])
def test_what_is_no_number_does_not_stay_in_it(bad):
    wave = impulse(1.0)
    wave[100] = bad
    assert np.isfinite(Delay(seconds=0.05).run(wave)[14400:]).all()
    assert np.isfinite(Delay(seconds=0.05).run(wave)).all()


@settings(max_examples=40, deadline=None)
@given(
    rate=st.sampled_from([8000.0, 22050.0, 48000.0]),
    seconds=st.lists(st.floats(0.01, 4.0), min_size=1, max_size=4),
    feedback=st.floats(0.0, 0.98),
    cutoff=st.floats(200.0, 20000.0),
    crossing=st.floats(0.0, 1.0),
    level=st.floats(0.0, 1e6, width=32),
)
def test_it_is_bounded_for_any_knobs_and_any_input(
    rate, seconds, feedback, cutoff, crossing, level
):
    delay = Delay(rate, seconds[0], feedback, cutoff, crossing)
    for value in seconds:
        delay.seconds = value
        out = delay.run(hiss(0.2, rate, level))
        assert np.isfinite(out).all()
        assert np.abs(out).max() <= 16.0
