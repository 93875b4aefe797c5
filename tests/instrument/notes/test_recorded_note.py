"""Recordings of single notes: what is taken, what is made of it, and what is refused in a line."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from instrument.notes.heard_pitch import hear_pitch
from instrument.notes.recorded_note import LONGEST_SECONDS, RecordedNoteError, read_note
from tests.signals import harmonic_note, hz, sine

RATE, PITCHES, N_SAMPLES = 32000, range(24, 85), 128000


def read(path, **options):
    return read_note(path, RATE, PITCHES, N_SAMPLES, **options)


@pytest.fixture
def keep(tmp_path):
    def keep(wave, rate=44100, name="note.wav", **options):
        path = tmp_path / name
        soundfile.write(path, wave, rate, **options)
        return path

    return keep


@pytest.mark.parametrize(
    ("rate", "name"), [(44100, "a.wav"), (48000, "a.flac"), (16000, "a.ogg"), (96000, "a.aiff")]
)
def test_a_note_of_any_rate_and_kind_comes_at_the_models(keep, rate, name) -> None:
    note = read(keep(harmonic_note(60, 1.0, rate), rate, name))
    assert note.pitch == 60
    assert note.wave.dtype == np.float32
    assert np.abs(note.wave).max() == pytest.approx(1.0)
    assert len(note.wave) == pytest.approx(1.3 * RATE, abs=200)
    assert hear_pitch(note.wave, RATE) == pytest.approx(60, abs=0.03)


def test_both_channels_of_a_stereo_recording_count(keep) -> None:
    one = harmonic_note(60, 1.0, 44100)
    left_only = np.stack([one, np.zeros_like(one)], axis=1)
    np.testing.assert_allclose(read(keep(left_only)).wave, read(keep(one)).wave, atol=1e-3)


def test_channels_out_of_phase_do_not_cancel(keep) -> None:
    one = harmonic_note(60, 1.0, 44100)
    assert read(keep(np.stack([one, -one], axis=1))).pitch == 60


def test_silence_before_the_attack_is_cut(keep) -> None:
    one = harmonic_note(60, 1.0, 44100)
    late = np.concatenate([np.zeros(20000, np.float32), one])
    assert len(read(keep(late)).wave) == pytest.approx(len(read(keep(one)).wave), abs=200)


def test_a_note_out_of_tune_is_brought_into_tune(keep) -> None:
    note = read(keep(sine(hz(60.3), 1.0, 44100)))
    assert note.heard == pytest.approx(60.3, abs=0.03)
    assert note.pitch == 60
    assert hear_pitch(note.wave, RATE) == pytest.approx(60.0, abs=0.03)


@pytest.mark.parametrize(("sounds", "pitch"), [(96, 84), (22, 24)])
def test_a_note_beyond_the_models_range_is_brought_to_its_edge(keep, sounds, pitch) -> None:
    note = read(keep(harmonic_note(sounds, 1.5, 44100, rolloff=0.5)))
    assert note.pitch == pitch
    assert hear_pitch(note.wave, RATE) == pytest.approx(pitch, abs=0.1)


def test_what_comes_after_the_models_notes_is_cut(keep) -> None:
    note = read(keep(harmonic_note(60, 6.0, 44100, decay_seconds=9.0)))
    assert len(note.wave) == N_SAMPLES


def test_a_pitch_that_is_said_is_not_doubted(keep) -> None:
    noise = 0.3 * np.random.default_rng(1).standard_normal(44100)
    note = read(keep(noise), pitch=50)
    assert (note.pitch, note.heard) == (50, 50.0)


def test_each_fault_is_said_in_a_line_that_names_the_file(keep, tmp_path) -> None:
    noise = 0.3 * np.random.default_rng(1).standard_normal(44100)
    text = tmp_path / "text.wav"
    text.write_text("not a sound")
    empty = tmp_path / "empty.wav"
    empty.write_bytes(b"")
    wrong = np.full(44100, np.nan, np.float32)
    faults = [
        (tmp_path / "none.wav", "can't be read"),
        (tmp_path, "can't be read"),
        (text, "is no recording"),
        (empty, "is no recording"),
        (keep(np.zeros(0), name="nothing.wav"), "is too short"),
        (keep(np.zeros(44100), name="silent.wav"), "is silent"),
        (keep(np.full(44100, 0.3), name="constant.wav"), "is silent"),
        (keep(noise, name="noise.wav"), "has no clear pitch"),
        (keep(sine(440, 0.05, 44100), name="short.wav"), "is too short"),
        (keep(sine(440, LONGEST_SECONDS + 1, 8000), 8000, "long.wav"), "61 s long"),
        (keep(wrong, name="nan.wav", subtype="FLOAT"), "not numbers"),
    ]
    for path, words in faults:
        with pytest.raises(RecordedNoteError) as raised:
            read(path)
        line = str(raised.value)
        assert words in line
        assert str(path) in line
        assert "\n" not in line


@settings(max_examples=60, deadline=None)
@given(
    content=st.binary(max_size=400),
    header=st.sampled_from([b"", b"RIFF$\0\0\0WAVEfmt ", b"fLaC", b"OggS", b"FORM", b"ID3"]),
)
def test_no_file_whatever_makes_anything_but_a_line(tmp_path_factory, content, header) -> None:
    path = Path(tmp_path_factory.mktemp("fuzz")) / "any.wav"
    path.write_bytes(header + content)
    with pytest.raises(RecordedNoteError):
        read(path)
