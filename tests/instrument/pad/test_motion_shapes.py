import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instrument.pad.motion_shapes import drift, envelope, noise, oscillation
from instrument.values.parameters import LFO_SHAPES

each = pytest.mark.parametrize("shape", LFO_SHAPES)


@each
@given(phase=st.floats(-1e6, 1e6))
def test_an_oscillator_stays_between_minus_one_and_one(shape, phase):
    assert -1.0 <= oscillation(shape, phase) <= 1.0


@pytest.mark.parametrize("shape", [shape for shape in LFO_SHAPES if shape != "random"])
def test_an_oscillator_repeats_each_cycle_and_is_centred(shape):
    values = [oscillation(shape, n / 1000) for n in range(1000)]
    assert values == pytest.approx([oscillation(shape, 3 + n / 1000) for n in range(1000)])
    assert np.mean(values) == pytest.approx(0.0, abs=0.002)
    assert max(values) == pytest.approx(1.0, abs=0.01)
    assert min(values) == pytest.approx(-1.0, abs=0.01)


def test_the_shapes_are_what_their_names_say():
    for shape in ("sine", "triangle"):
        quarters = [oscillation(shape, n / 4) for n in range(4)]
        assert quarters == pytest.approx([0.0, 1.0, 0.0, -1.0], abs=1e-9)
    assert [oscillation("rising", n / 4) for n in range(4)] == [-1.0, -0.5, 0.0, 0.5]
    assert [oscillation("falling", n / 4) for n in range(4)] == [1.0, 0.5, 0.0, -0.5]
    assert [oscillation("square", n / 4) for n in range(4)] == [1.0, 1.0, -1.0, -1.0]


def test_random_holds_one_value_a_cycle_and_the_same_each_time():
    values = [oscillation("random", n / 10) for n in range(1000)]
    assert all(len(set(values[i : i + 10])) == 1 for i in range(0, 1000, 10))
    assert len(set(values)) == 100
    assert values == [oscillation("random", n / 10) for n in range(1000)]


def test_noise_is_even_between_its_bounds():
    values = np.array([noise(n, 3) for n in range(20000)])
    counts, _ = np.histogram(values, 10, (-1, 1))
    assert counts.min() > 1800
    assert abs(np.corrcoef(values[1:], values[:-1])[0, 1]) < 0.02


@given(
    seconds=st.floats(-1.0, 1e6),
    attack=st.floats(0.01, 10.0),
    decay=st.floats(0.01, 20.0),
)
def test_the_envelope_stays_between_zero_and_one(seconds, attack, decay):
    assert 0.0 <= envelope(seconds, attack, decay) <= 1.0


def test_the_envelope_rises_in_its_attack_and_falls_by_60_db_in_its_decay():
    assert envelope(0.0, 0.5, 2.0) == 0.0
    assert envelope(0.25, 0.5, 2.0) == pytest.approx(0.5)
    assert envelope(0.5, 0.5, 2.0) == pytest.approx(1.0)
    assert envelope(0.5 + 2.0 / 3, 0.5, 2.0) == pytest.approx(0.1)
    assert envelope(2.6, 0.5, 2.0) == 0.0
    assert envelope(float("inf"), 0.5, 2.0) == 0.0


@given(phase=st.floats(0.0, 1e5), salt=st.integers(0, 9))
def test_a_drift_is_bounded_and_never_jumps(phase, salt):
    assert -1.0 <= drift(phase, salt) <= 1.0
    # the steepest slope of the smooth step is 15/8, over a way of 2 at most, in both parts
    assert abs(drift(phase + 1e-3, salt) - drift(phase, salt)) < 1e-3 * 2 * 15 / 8 * (0.7 + 0.69)


def test_a_drift_goes_everywhere_in_time():
    values = [drift(n / 20, 1) for n in range(20000)]
    assert max(values) > 0.8
    assert min(values) < -0.8
    assert np.mean(values) == pytest.approx(0.0, abs=0.1)
