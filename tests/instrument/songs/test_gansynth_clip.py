"""The original's way with a song, against numbers of the original; see tests/data/README.md."""

from pathlib import Path

import numpy as np
import pytest

from instrument.songs.gansynth_clip import (
    combine,
    draw_gaussian,
    envelope,
    instrument_times,
    note_latents,
    playable_notes,
    slerp,
)
from instrument.songs.song_notes import SongNote

DATA = Path(__file__).parents[2] / "data" / "golden"


@pytest.fixture(scope="module")
def golden():
    with np.load(DATA / "clip.npz", allow_pickle=False) as arrays:
        return dict(arrays)


def note(start, end, velocity=127, pitch=60):
    return SongNote(pitch, velocity, start, end)


def test_instruments_stand_where_the_originals_do(golden):
    np.testing.assert_array_equal(instrument_times(10.0, 2.5), golden["random_instruments_t"])


def test_notes_have_the_originals_latents(golden):
    z = note_latents(
        golden["start_times"], golden["random_instruments_z"], golden["random_instruments_t"]
    )
    np.testing.assert_allclose(z, golden["z_notes"], rtol=0, atol=1e-14)


def test_the_great_circle_is_the_originals():
    with np.load(DATA / "slerp.npz", allow_pickle=False) as arrays:
        start, end = arrays["z_instruments"][:2]
        for t in ("0.00", "0.25", "0.50", "1.00"):
            expected = arrays[f"slerp_t{t}"]
            np.testing.assert_allclose(slerp(start, end, float(t)), expected, rtol=0, atol=1e-15)


@pytest.mark.parametrize("seconds", ["0.05", "0.20", "1.00", "3.00", "5.00"])
def test_envelopes_are_the_originals(golden, seconds):
    expected = golden[f"envelope_len_{seconds}"]
    np.testing.assert_allclose(envelope(float(seconds), 16000), expected, rtol=0, atol=1e-7)


def test_the_sum_of_notes_is_the_originals(golden):
    t = np.arange(64000) / 16000
    waves = [
        (level * np.sin(2 * np.pi * hz * t) * np.exp(-decay * t)).astype(np.float32)
        for hz, decay, level in golden["combine_note_params_freq_decay_amp"]
    ]
    columns = [golden[f"combine_{name}"] for name in ("start", "end", "vel")]
    notes = [note(s, e, int(v)) for s, e, v in zip(*columns, strict=True)]
    clip = combine(notes, waves, 16000)
    assert clip.dtype == np.float32
    np.testing.assert_allclose(clip, golden["combine_out"], rtol=0, atol=1e-6)


def test_latents_are_those_that_the_original_draws_after_the_same_seed():
    np.random.seed(7)  # it is this generator that the original draws from
    np.testing.assert_array_equal(draw_gaussian(3, 5, 7), np.random.normal(size=[3, 5]))


# Where the original stops with an error, or makes a file of no numbers


@pytest.mark.parametrize("total", [0.01, 5.9, 6.0, 11.9])
def test_a_short_song_has_two_instruments(total):
    times = instrument_times(total, 6.0)
    assert len(times) == 2
    z = note_latents([0.0, total], draw_gaussian(2, 4, 0), times)
    assert np.isfinite(z).all()


def test_a_note_that_begins_after_the_last_instrument_lies_beyond_it():
    z = np.eye(2)
    times = np.array([0.0, 1.0])
    beyond = note_latents([1.5], z, times)[0]
    np.testing.assert_allclose(beyond, [np.cos(0.75 * np.pi), np.sin(0.75 * np.pi)], atol=1e-12)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_way_between_equal_or_opposite_latents_is_straight(sign):
    z = np.array([1.0, 2.0])
    np.testing.assert_allclose(slerp(z, sign * z, 0.25), (0.75 + 0.25 * sign) * z)


def test_silent_notes_stay_silent_and_the_others_sound():
    waves = [np.zeros(64000, np.float32), np.full(64000, -0.1, np.float32)]
    notes = [note(0.0, 1.0), note(1.0, 2.0)]
    np.testing.assert_array_equal(combine(notes, waves, 16000), 0.0)
    waves[1] = np.sin(np.arange(64000) * 0.1).astype(np.float32)
    clip = combine(notes, waves, 16000)
    assert clip.max() == np.float32(0.5)
    assert np.abs(clip[:16000]).max() == 0.0


def test_a_wave_shorter_than_its_note_ends_where_it_ends():
    clip = combine([note(0.0, 2.0)], [np.ones(8000, np.float32)], 16000)
    assert np.abs(clip[8000:]).max() == 0.0
    assert clip[4000] > 0


def test_only_what_the_original_and_the_model_know_is_played():
    notes = [note(0, 1, pitch=pitch) for pitch in (24, 35, 36, 60, 84, 85)]
    assert [n.pitch for n in playable_notes(notes, range(24, 85))] == [36, 60, 84]
    assert [n.pitch for n in playable_notes(notes, range(48, 73))] == [60]


def test_a_louder_key_is_louder_in_proportion():
    wave = np.sin(np.arange(64000) * 0.1).astype(np.float32)
    clip = combine([note(0.0, 0.5, 127), note(2.0, 2.5, 32)], [wave, wave], 16000)
    ratio = clip[32000:40000].max() / clip[:8000].max()
    assert ratio == pytest.approx(32 / 127, rel=1e-6)
