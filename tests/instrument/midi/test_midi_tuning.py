import random

import pytest

from instrument.midi.midi_messages import MOST_SYSEX_BYTES, MessageParser, event_of
from instrument.midi.midi_tuning import tune_keys
from instrument.values.events import TuneKeys

NAME = [ord("x")] * 16


def pitch_bytes(pitch):
    whole = int(pitch)
    part = round((pitch - whole) * 16384)
    return [whole, part >> 7, part & 127]


def dump(pitches):
    return [0x7E, 0, 8, 1, 0, *NAME, *(b for p in pitches for b in pitch_bytes(p)), 0]


def events(data):
    return [event_of(message, 1.0) for message in MessageParser().feed(bytes(data))]


def test_single_notes_are_tuned_in_real_time():
    data = [0x7F, 0, 8, 2, 0, 2, 60, *pitch_bytes(60.5), 61, *pitch_bytes(61.25)]
    assert tune_keys(data, 2.0) == TuneKeys(
        pitches=((60, 60.5), (61, 61.25)), is_real_time=True, time_seconds=2.0
    )


@pytest.mark.parametrize("first", [0x7E, 0x7F])
def test_single_notes_of_a_bank_are_tuned(first):
    tuned = tune_keys([first, 0, 8, 7, 0, 0, 1, 69, *pitch_bytes(69.5)])
    assert tuned == TuneKeys(pitches=((69, 69.5),), is_real_time=first == 0x7F)


def test_a_dump_tunes_every_key_of_later_notes():
    pitches = [min(key + 0.25, 127.5) for key in range(128)]
    tuned = tune_keys(dump(pitches))
    assert [pitch for _, pitch in tuned.pitches] == pitches
    assert not tuned.is_real_time


def test_a_pitch_that_says_no_change_changes_nothing():
    data = [0x7F, 0, 8, 2, 0, 2, 60, 127, 127, 127, 61, *pitch_bytes(61.5)]
    assert tune_keys(data).pitches == ((61, 61.5),)


def test_an_octave_is_tuned_by_cents():
    cents = [0, -10, 5, 0, 0, 0, 0, 0, 0, 0, 0, 63]
    tuned = tune_keys([0x7F, 0, 8, 8, 3, 127, 127, *(64 + c for c in cents)])
    assert len(tuned.pitches) == 128
    assert dict(tuned.pitches)[61] == pytest.approx(60.9)
    assert dict(tuned.pitches)[71] == pytest.approx(71.63)


def test_an_octave_is_tuned_by_fourteen_bits():
    fine = [[64, 0]] * 11 + [[0, 0]]
    tuned = tune_keys([0x7E, 0, 8, 9, 3, 127, 127, *(b for pair in fine for b in pair)])
    assert dict(tuned.pitches)[60] == 60.0
    assert dict(tuned.pitches)[71] == pytest.approx(70.0)


@pytest.mark.parametrize(
    "data",
    [
        [],
        [0x7E, 0, 8],
        [0x7E, 0, 6, 1],
        [0x43, 0, 8, 2, 0, 1, 60, 60, 0, 0],
        [0x7F, 0, 8, 2, 0, 2, 60, 60, 0, 0],
        [0x7F, 0, 8, 2, 0],
        [0x7F, 0, 8, 2, 0, 0],
        [0x7F, 0, 8, 99, 0, 1, 60, 60, 0, 0],
        dump(range(128))[:-5],
        [0x7F, 0, 8, 8, 3, 127, 127, 64],
    ],
)
def test_what_is_no_whole_tuning_is_passed_over(data):
    assert tune_keys(data) is None


def test_a_tuning_comes_through_the_parser_though_a_clock_stands_in_it():
    data = [0xF0, 0x7F, 0, 8, 2, 0, 1, 0xF8, 60, *pitch_bytes(60.5), 0xF7, 0x90, 60, 64]
    _clock, tuned, note = events(data)
    assert tuned.pitches == ((60, 60.5),)
    assert note.note == 60


def test_a_message_that_another_status_cuts_off_is_no_tuning():
    data = [0xF0, 0x7F, 0, 8, 2, 0, 1, 60, 0x90, 60, 64]
    assert [type(event).__name__ for event in events(data)] == ["NoteOn"]


def test_a_message_without_an_end_is_given_up_and_the_next_note_plays():
    parser = MessageParser()
    assert parser.feed([0xF0, *([1] * 100 * MOST_SYSEX_BYTES)]) == []
    assert len(parser._bytes) <= MOST_SYSEX_BYTES
    assert [m.note for m in parser.feed([0x90, 60, 64])] == [60]


def test_any_bytes_are_a_tuning_or_none():
    source = random.Random(3)
    for _ in range(2000):
        head = [source.choice([0x7E, 0x7F]), 0, 8, source.randrange(10)]
        tuned = tune_keys([*head, *(source.randrange(128) for _ in range(source.randrange(420)))])
        if tuned is not None:
            assert all(0 <= key < 128 and -2 <= pitch <= 129 for key, pitch in tuned.pitches)
