"""The listener itself is put to the test on notes whose places are known."""

import numpy as np
import pytest

from tests.main_job.listening import listen
from tests.main_job.prelude import PlayedNote, prelude
from tests.signals import Samples, harmonic_note

SAMPLE_RATE = 48000
PIECE = [note for note in prelude() if note.start_seconds < 14.0]


def perform(piece: list[PlayedNote], rolloff: float) -> Samples:
    wave = np.zeros(round((piece[-1].start_seconds + 3) * SAMPLE_RATE), np.float32)
    for played in piece:
        note = harmonic_note(played.note, played.length_seconds, SAMPLE_RATE, rolloff=rolloff)
        start = round((played.start_seconds + 0.01) * SAMPLE_RATE)
        wave[start : start + len(note)] += 0.2 * note
    return wave


@pytest.mark.parametrize("rolloff", [0.5, 2.0])
def test_every_note_of_a_true_performance_is_heard(rolloff: float) -> None:
    report = listen(perform(PIECE, rolloff), SAMPLE_RATE, PIECE, tolerance_seconds=0.03)
    assert report.wrong == ()


def test_the_notes_that_were_left_out_are_the_ones_reported() -> None:
    played = [note for i, note in enumerate(PIECE) if i % 10 != 3]
    report = listen(perform(played, 1.0), SAMPLE_RATE, PIECE, tolerance_seconds=0.03)
    assert [note for note, _ in report.wrong] == PIECE[3::10]


def test_a_performance_a_semitone_off_is_not_taken_for_the_piece() -> None:
    higher = [PlayedNote(p.start_seconds, p.length_seconds, p.note + 1) for p in PIECE]
    report = listen(perform(higher, 1.0), SAMPLE_RATE, PIECE, tolerance_seconds=0.03)
    assert report.share_right < 0.1


def test_late_notes_are_reported() -> None:
    late = [
        PlayedNote(p.start_seconds + (0.045 if i % 10 == 3 else 0), p.length_seconds, p.note)
        for i, p in enumerate(PIECE)
    ]
    report = listen(perform(late, 1.0), SAMPLE_RATE, PIECE, tolerance_seconds=0.03)
    assert [note for note, _ in report.wrong] == PIECE[3::10]
