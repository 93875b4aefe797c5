import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instrument.engine.chorus import BASE_SECONDS, SWING_SECONDS, chorus_delay
from tests.instrument.effect_units import Chorus, hiss, impulse
from tests.instrument.playing import pitches_of
from tests.signals import sine


@given(
    phase=st.floats(-10, 10),
    fast=st.floats(-10, 10),
    depth=st.floats(0, 1),
    ensemble=st.floats(0, 1),
)
def test_a_copy_is_never_outside_seven_to_seventeen_milliseconds(phase, fast, depth, ensemble):
    seconds = chorus_delay(phase, fast, depth, ensemble, 48000.0) / 48000.0
    assert abs(seconds - BASE_SECONDS) <= SWING_SECONDS * depth + 1e-9


@pytest.mark.parametrize("ensemble", [0.0, 1.0])
def test_what_goes_in_comes_out_within_those_bounds(ensemble):
    chorus = Chorus(rate_hz=5.0, depth=1.0, ensemble=ensemble)
    for _ in range(20):
        frames = np.flatnonzero(np.abs(chorus.run(impulse(0.05)).sum(axis=1)) > 1e-6)
        assert frames.min() >= (BASE_SECONDS - SWING_SECONDS) * 48000 - 2
        assert frames.max() <= (BASE_SECONDS + SWING_SECONDS) * 48000 + 2


def test_without_depth_it_is_one_steady_copy():
    out = Chorus(depth=0.0).run(impulse(0.1))
    assert np.flatnonzero(np.abs(out[:, 0]) > 1e-6).tolist() == [576]
    assert out[576, 0] == pytest.approx(1.5)


def test_pitch_swings_no_further_than_depth_and_rate_allow():
    chorus = Chorus(rate_hz=2.0, depth=0.3)
    tone = sine(1000, 2.0, 48000.0, 0.5)
    for tap in range(3):  # one copy at a time: the others' gains cancel nothing then
        delays = [
            chorus_delay(n / 1500 * 2.0 + tap / 3, 0.0, 0.3, 0.0, 48000.0) for n in range(1500)
        ]
        steepest = np.abs(np.diff(delays)).max() / 32
        bound = 2 * np.pi * 2.0 * 0.3 * SWING_SECONDS
        assert steepest == pytest.approx(bound, rel=0.01)
    out = chorus.run(np.stack([tone, tone], axis=1))
    assert np.abs(np.median(pitches_of(out[4800:-4800, 0])) - pitches_of(tone)[1000]) < 0.05


def test_both_sides_differ():
    tone = sine(440, 1.0, 48000.0, 0.5)
    out = Chorus().run(np.stack([tone, tone], axis=1))[4800:]
    assert np.abs(out[:, 0] - out[:, 1]).max() > 0.1


def test_a_tone_through_it_has_no_clicks():
    tone = sine(200, 2.0, 48000.0, 0.5)
    out = Chorus(rate_hz=1.0, depth=1.0).run(np.stack([tone, tone], axis=1))[4800:]
    rough = np.abs(np.diff(out, 2, axis=0)).max()
    assert rough < 2.0 * np.abs(np.diff(tone.astype(np.float64), 2)).max()


@settings(max_examples=30, deadline=None)
@given(
    rate=st.sampled_from([8000.0, 44100.0, 192000.0]),
    rate_hz=st.floats(0.05, 5.0),
    depth=st.floats(0.0, 1.0),
    ensemble=st.floats(0.0, 1.0),
    level=st.floats(0.0, 1e6, width=32),
)
def test_it_is_bounded_for_any_knobs_and_any_input(rate, rate_hz, depth, ensemble, level):
    out = Chorus(rate, rate_hz, depth, ensemble).run(hiss(0.2, rate, level))
    assert np.isfinite(out).all()
    assert np.abs(out).max() <= 3 * 0.5 * 16.0 * 1.3  # three copies; splines overshoot by a quarter
