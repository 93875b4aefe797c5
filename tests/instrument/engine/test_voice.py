import numpy as np
import pytest

from instrument.engine.envelope import BLOCK
from instrument.engine.voice import _read_inside, fade_gains, read_note
from instrument.engine.voice_record import reader_dtype
from tests.instrument.playing import level_db, roughness
from tests.signals import sine

RATE = 48000.0
END_FRAMES = 480.0


def reader_of(samples, *, position=0.0, loop=(0, 0), loop_gain=1.0):
    reader = np.zeros(1, reader_dtype)[0]
    reader["n_frames"], reader["position"] = len(samples), position
    reader["ratio"] = reader["gain"] = 1.0
    reader["loop_start"], reader["loop_end"] = loop
    reader["loop_gain"] = loop_gain
    return reader


def read(samples, n_blocks, step=1.0, **options):
    """Read blocks of a note, float32 [frame], at a step."""
    reader = reader_of(samples, **options)
    rows = np.zeros((n_blocks, BLOCK), np.float32)
    one = np.float32(1.0)
    for row in rows:
        read_note(reader, samples, step, END_FRAMES, one, one, row)
    return rows.ravel()


def test_at_its_own_pitch_a_note_is_read_to_the_bit():
    noise = np.random.default_rng(0).uniform(-1, 1, 4000).astype(np.float32)
    np.testing.assert_array_equal(read(noise, 10)[1:], noise[1:640])


@pytest.mark.parametrize("step", [0.5, 0.97, 1.003, 1.5, 4.0])
def test_a_constant_stays_constant_at_any_pitch(step):
    out = read(np.full(20000, 0.5, np.float32), 20, step)
    np.testing.assert_allclose(out[4:], 0.5, atol=1e-6)


@pytest.mark.parametrize("step", [0.5, 0.97, 1.003, 1.06, 1.5, 2.0])
def test_a_sine_read_at_a_step_is_a_sine_of_that_pitch(step):
    out = read(sine(500, 2.0, RATE), 200, step)
    expected = sine(500 * step, 1.0, RATE)[: len(out)]
    assert level_db(out[64:] - expected[64:]) - level_db(expected) < -75


@pytest.mark.parametrize("step", [1 - 1 / 63.5, 0.999, 1.0001, 1 + 1 / 63.5, 1 + 1 / 62.5, 3.3])
@pytest.mark.parametrize("start", [2.0, 2.25, 7.999999])
def test_each_frame_lies_on_the_spline_of_its_four_neighbours(step, start):
    samples = np.random.default_rng(1).standard_normal(400).astype(np.float32)
    row = np.zeros(BLOCK, np.float32)
    _read_inside(samples, start, step, np.float32(1.0), np.float32(0.0), row)
    place = start + step * np.arange(BLOCK)
    here = np.floor(place).astype(int)
    share = place - here
    p0, p1, p2, p3 = (samples[here + n].astype(float) for n in (-1, 0, 1, 2))
    spline = (p3 - p0) / 2 + 1.5 * (p1 - p2)
    spline = spline * share + p0 - 2.5 * p1 + 2 * p2 - p3 / 2
    spline = (spline * share + (p2 - p0) / 2) * share + p1
    np.testing.assert_allclose(row, spline, atol=2e-5)


def test_a_loop_goes_on_for_ever_without_a_seam():
    wave = sine(480, 1.0, RATE)  # 100 frames a period
    out = read(wave, 2000, 1.0, loop=(1000, 3000))
    assert len(out) > 2.5 * RATE
    np.testing.assert_allclose(out, sine(480, 3.0, RATE)[: len(out)], atol=1e-4)


@pytest.mark.parametrize("step", [0.9, 1.003, 1.7])
def test_a_loop_has_no_seam_at_other_pitches(step):
    wave = sine(480, 1.0, RATE)
    wave[3003:] = 0.9  # what lies after the loop is never heard
    out = read(wave, 1000, step, loop=(1000, 3000))
    assert roughness(out) < 1.05 * roughness(sine(480 * step, 0.1, RATE))


def test_a_loop_of_a_falling_note_goes_on_falling():
    time = np.arange(48000) / RATE
    wave = sine(480, 1.0, RATE) * np.exp(-time * 3).astype(np.float32)
    loop_gain = np.exp(-3 * 2000 / RATE)
    out = read(wave, 1200, 1.0, loop=(1000, 3000), loop_gain=loop_gain)
    expected = sine(480, 2.0, RATE)[: len(out)] * np.exp(-3 * np.arange(len(out)) / RATE)
    np.testing.assert_allclose(out, expected, atol=1e-3)


def test_a_loop_shorter_than_a_block_works():
    out = read(sine(480, 1.0, RATE), 100, 1.0, loop=(100, 200))
    np.testing.assert_allclose(out, sine(480, 1.0, RATE)[: len(out)], atol=1e-4)


@pytest.mark.parametrize("step", [0.7, 1.0, 1.37])
def test_a_note_without_a_loop_ends_softly(step):
    out = read(sine(480, 0.1, RATE), 200, step)
    assert roughness(out[8:]) < 1.3 * roughness(sine(480 * step, 0.1, RATE))
    assert not out[round(4800 / step) :].any()


def test_a_note_is_loud_until_its_last_hundredth_of_a_second():
    out = read(np.full(4800, 0.5, np.float32), 100)
    np.testing.assert_allclose(out[4 : 4800 - 480 - 3 * BLOCK], 0.5, atol=1e-6)


@pytest.mark.parametrize("likeness", [0.0, 0.3, 1.0])
def test_a_cross_fade_keeps_the_power_of_two_notes_that_share_so_much(likeness):
    for way in np.linspace(0, 1, 11, dtype=np.float32):
        old, new = fade_gains(way, np.float32(likeness))
        assert old**2 + new**2 + 2 * likeness * old * new == pytest.approx(1.0, abs=1e-5)


def test_a_cross_fade_begins_with_the_old_and_ends_with_the_new():
    assert fade_gains(np.float32(0), np.float32(0.5)) == pytest.approx((1.0, 0.0), abs=1e-6)
    assert fade_gains(np.float32(1), np.float32(0.5)) == pytest.approx((0.0, 1.0), abs=1e-6)
