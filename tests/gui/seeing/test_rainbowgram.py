import colorsys

import numpy as np
import pytest

from gui.seeing.note_view import picture_of
from gui.seeing.rainbowgram import (
    HIGHEST_HZ,
    LOWEST_HZ,
    N_COLUMNS,
    N_ROWS,
    envelope,
    rainbowgram,
    release_share,
)
from instrument import NoteWave

RATE = 32000
TIMES = np.arange(2 * RATE) / RATE


def note_of(wave, **changes):
    return NoteWave(60, wave.astype("<f4").tobytes(), RATE, **changes)


def tone(frequency, cents=0.0):
    """A tone, with a vibrato of so many cents in its second half."""
    bent = frequency * 2 ** (cents / 1200 * np.sin(2 * np.pi * 5 * TIMES) * (TIMES > 1))
    return 0.5 * np.sin(2 * np.pi * np.cumsum(bent) / RATE)


def row_of(frequency):
    share = np.log(frequency / LOWEST_HZ) / np.log(HIGHEST_HZ / LOWEST_HZ)
    return N_ROWS - 1 - round(share * (N_ROWS - 1))


def hue(colour):
    return colorsys.rgb_to_hsv(colour.redF(), colour.greenF(), colour.blueF())[0]


@pytest.mark.parametrize("frequency", [110.0, 440.0, 1760.0, 7040.0])
def test_a_tone_is_bright_in_its_row_and_dark_elsewhere(frequency):
    image = rainbowgram(note_of(tone(frequency)))
    rows = [image.pixelColor(N_COLUMNS // 2, row).lightness() for row in range(N_ROWS)]
    assert abs(int(np.argmax(rows)) - row_of(frequency)) <= 1
    assert rows[row_of(frequency * 2)] < 30


def test_octaves_differ_in_colour():
    image = rainbowgram(note_of(tone(220.0) + tone(440.0)))
    low, high = (hue(image.pixelColor(N_COLUMNS // 2, row_of(f))) for f in (220.0, 440.0))
    assert abs(low - high) > 0.1


def test_a_steady_tone_keeps_its_colour_and_a_vibrato_turns_it():
    image = rainbowgram(note_of(tone(440.0, cents=40)))
    hues = [hue(image.pixelColor(column, row_of(440.0))) for column in range(N_COLUMNS)]
    steady, wavering = hues[20:80], hues[100:160]
    assert np.ptp(steady) < 0.02
    assert np.ptp(wavering) > 0.1


def test_silence_can_be_drawn():
    assert not rainbowgram(note_of(np.zeros(RATE))).isNull()
    assert envelope(note_of(np.zeros(RATE))).max() == 0.0


def test_the_envelope_follows_the_notes_level():
    peaks = envelope(note_of(tone(440.0) * np.exp(-2 * TIMES)))
    assert peaks.max() == 1.0
    assert peaks[-1] == pytest.approx(np.exp(-4), rel=0.1)


def test_the_loop_is_told_as_shares_of_the_note():
    picture = picture_of(note_of(tone(440.0), loop_start=RATE, loop_end=2 * RATE))
    assert picture.loop == (0.5, 1.0)
    assert picture.seconds == pytest.approx(2.0)


def test_a_note_without_a_loop_has_none():
    assert picture_of(note_of(tone(440.0))).loop is None


def _note(level, rate=16000):
    """Make a note of a tone with a level over time."""
    time = np.arange(len(level)) / rate
    samples = (level * np.sin(2 * np.pi * 220 * time)).astype("<f4")
    return NoteWave(57, samples.tobytes(), rate, 0, 0)


def _held(seconds, fall_per_second, rate=16000):
    """Give the level of a note that decays slowly, and from a time on at another rate."""
    time = np.arange(4 * rate) / rate
    return np.exp(-0.5 * time) * np.exp(-fall_per_second * np.maximum(time - seconds, 0.0))


@pytest.mark.parametrize("seconds", [2.0, 3.0, 3.4])
def test_the_release_is_where_the_level_begins_to_fall_faster(seconds):
    assert release_share(_note(_held(seconds, 12.0))) == pytest.approx(seconds / 4, abs=0.02)


def test_a_note_that_falls_all_the_way_alike_has_no_release():
    assert release_share(_note(_held(3.0, 0.0))) is None


def test_a_note_that_has_died_away_has_no_release():
    time = np.arange(4 * 16000) / 16000
    assert release_share(_note(np.exp(-5.0 * time) * np.where(time > 3.0, 0.01, 1.0))) is None


def test_a_short_note_has_no_release():
    assert release_share(_note(np.ones(8000))) is None
