import numpy as np
import pytest

from instrument.notes.playability import MOST_PLACES, Playability, cents_off, share_in_tune

RATE = 48000.0


def tone(pitch, *, cents=0.0, partials=6, seconds=0.5, noise=0.0, seed=0):
    hz = 440.0 * 2.0 ** ((pitch - 69 + cents / 100.0) / 12.0)
    time = np.arange(round(seconds * RATE)) / RATE
    wave = sum(
        np.sin(2 * np.pi * k * hz * time + k) / k
        for k in range(1, partials + 1)
        if k * hz < 0.45 * RATE
    )
    return (0.3 * wave + noise * np.random.default_rng(seed).standard_normal(len(time))).astype(
        "f4"
    )


@pytest.mark.parametrize("pitch", [24, 36, 48, 60, 72, 84])
@pytest.mark.parametrize("cents", [-80.0, -12.0, 0.0, 30.0, 100.0])
def test_a_tone_is_as_far_off_as_it_was_made(pitch, cents):
    assert cents_off(tone(pitch, cents=cents), RATE, pitch) == pytest.approx(cents, abs=2.0)


def test_a_pitch_far_from_what_was_asked_for_is_wrong():
    assert abs(cents_off(tone(67), RATE, 60)) > 100.0


def test_an_octave_above_is_the_note_that_was_asked_for():
    assert abs(cents_off(tone(72), RATE, 60)) < 2.0


def test_breath_around_a_tone_does_not_matter():
    assert abs(cents_off(tone(60, noise=0.05), RATE, 60)) < 5.0


@pytest.mark.parametrize("pitch", [24, 60, 84])
def test_noise_and_silence_have_no_pitch(pitch):
    noise = 0.3 * np.random.default_rng(1).standard_normal(24000).astype("f4")
    assert cents_off(noise, RATE, pitch) is None
    assert cents_off(np.zeros(24000, "f4"), RATE, pitch) is None
    assert cents_off(np.zeros(10, "f4"), RATE, pitch) is None


def test_the_share_is_of_the_notes_that_have_a_pitch():
    waves = [(60, tone(60)), (62, tone(62, cents=60)), (64, np.zeros(24000, "f4"))]
    assert share_in_tune(waves, RATE) == 0.5
    assert share_in_tune(waves[2:], RATE) is None


def test_another_pad_is_not_known_and_late_measures_of_the_former_are_dropped():
    known = Playability()
    known.show_pad("one")
    known.note("one", (0.5, 0.5), 0.25)
    assert known.marks == ((0.5, 0.5, 0.25),)
    known.show_pad("two")
    known.note("one", (0.1, 0.1), 0.5)
    assert known.marks == ()
    known.close()


def test_the_oldest_places_are_forgotten():
    known = Playability()
    for step in range(MOST_PLACES + 3):
        known.note(None, (step / 1000, 0.0), 1.0)
    assert len(known.marks) == MOST_PLACES
    assert not known.knows((0.0, 0.0))
    known.close()
