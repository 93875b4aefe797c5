"""Somebody's recordings become a data set, and every file that will not do is named."""

import errno
import os
import signal
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.train.takes import RATE, hush, off_cents, record, tone
from train.datasets import notes
from train.datasets.instrument_names import family_of
from train.datasets.notes import DatasetError, Example, load_examples, read_wave
from train.datasets.recording_file import survey, to_mono
from train.datasets.recordings import RecordingSettings, RecordingsReport, prepare_recordings


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    folder.mkdir()
    return folder


@pytest.fixture
def destination(tmp_path: Path) -> Path:
    return tmp_path / "notes"


def prepare(folder: Path, destination: Path, **settings: Any) -> RecordingsReport:
    return prepare_recordings(folder, destination, RecordingSettings(**settings), workers=1)


def only_note(source: Path, destination: Path, **settings: Any) -> tuple[Example, np.ndarray]:
    prepare(source, destination, **settings)
    [example] = load_examples(destination)
    return example, read_wave(example)


def all_bytes(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


# Any recording


@pytest.mark.parametrize("name", ["a_A4.wav", "a_A4.aiff", "a_A4.flac", "a_A4.ogg", "a_A4.mp3"])
def test_recording_of_any_format_sounds_as_before(
    source: Path, destination: Path, name: str
) -> None:
    record(source / name, tone(69, 2.0))
    example, wave = only_note(source, destination)
    assert example.pitch == 69
    assert abs(off_cents(wave, 32000, 69)) < 3
    assert example.level_db == pytest.approx(-6.0, abs=0.5)


@pytest.mark.parametrize("rate", [8000, 22050, 48000, 96000])
def test_recording_of_any_rate_is_resampled(source: Path, destination: Path, rate: int) -> None:
    record(source / "a_A3.wav", tone(57, 1.0, rate), rate)
    example, wave = only_note(source, destination, sample_rate=16000)
    assert (example.sample_rate, wave.size) == (16000, 64000)
    assert abs(off_cents(wave, 16000, 57)) < 3


@pytest.mark.parametrize("seconds", [0.3, 1.0, 4.0, 9.0])
def test_recording_of_any_length_becomes_four_seconds(
    source: Path, destination: Path, seconds: float
) -> None:
    record(source / "a_C4.wav", tone(60, seconds, decay=0.0))
    _, wave = only_note(source, destination)
    assert wave.size == 4 * 32000
    assert np.abs(wave).max() == pytest.approx(0.8, abs=1e-3)
    assert abs(wave[-1]) < 1e-3
    padding = wave[round((seconds + 0.2) * 32000) :]
    assert not padding.any()


def test_long_note_is_let_go_softly(source: Path, destination: Path) -> None:
    record(source / "a_C4.wav", tone(60, 9.0, decay=0.0))
    _, wave = only_note(source, destination)
    ends = [np.abs(wave[round(s * 32000) :][:640]).max() for s in (3.6, 3.85, 3.97)]
    assert ends[0] > 0.6
    assert 0.2 < ends[1] < 0.7
    assert ends[2] < 0.05


def test_silence_before_a_note_is_cut_off(source: Path, destination: Path) -> None:
    record(source / "a_C4.wav", np.concatenate([hush(2.0), tone(60), hush(1.0)]))
    _, wave = only_note(source, destination)
    assert np.argmax(np.abs(wave) > 0.1) < 0.04 * 32000


def test_dc_is_taken_away(source: Path, destination: Path) -> None:
    record(source / "a_C4.wav", tone(60, decay=0.0, peak=0.3) + 0.3)
    _, wave = only_note(source, destination)
    held = wave[6400:25600]
    assert abs(held.mean()) < 0.01 * np.sqrt(np.mean(held**2))


@pytest.mark.parametrize(
    "sides",
    [(1.0, 1.0), (1.0, -1.0), (1.0, 0.0), (0.2, 1.0)],
    ids=["alike", "out of phase", "one-sided", "panned"],
)
def test_stereo_becomes_mono_and_nothing_cancels(
    source: Path, destination: Path, sides: tuple[float, float]
) -> None:
    wave = tone(60, decay=0.0)
    record(source / "a_C4.wav", np.stack([side * wave for side in sides], axis=1))
    example, _ = only_note(source, destination)
    assert example.level_db is not None
    assert example.level_db > -6.0 - 4.6  # the mean of a panned tone, at the least


def test_channels_with_nothing_in_common_are_not_mixed() -> None:
    channels = np.random.default_rng(0).normal(size=(RATE, 2)).astype(np.float32)
    channels[:, 1] *= 1.1
    assert np.array_equal(to_mono(channels), channels[:, 1])


# What the names say


def test_name_gives_pitch_velocity_and_instrument(source: Path, destination: Path) -> None:
    record(source / "cello_C#3_mf.wav", tone(49))
    example, _ = only_note(source, destination)
    assert example.note_str == "string_acoustic_000-049-080"
    assert (example.preset_name, example.recording) == ("cello", "cello_C#3_mf.wav")


def test_folder_names_the_instrument(source: Path, destination: Path) -> None:
    record(source / "Old Piano" / "C4.wav", tone(60))
    assert only_note(source, destination)[0].preset_name == "Old Piano"


@pytest.mark.parametrize(("named_by", "name"), [("file", "loud"), ("folder", "Box")])
def test_wish_decides_what_names_the_instrument(
    source: Path, destination: Path, named_by: str, name: str
) -> None:
    record(source / "Box" / "loud_C4.wav", tone(60))
    assert only_note(source, destination, named_by=named_by)[0].preset_name == name


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("Cello", "string"),
        ("Bass Clarinet", "reed"),
        ("Grand Piano", "keyboard"),
        ("Electric Bass", "bass"),
        ("Contrabass", "string"),
        ("Double Bass pizz", "string"),
        ("French Horn", "brass"),
        ("kazoo", None),
    ],
)
def test_family_is_guessed_from_the_instrument(name: str, family: str | None) -> None:
    assert family_of(name) == family


def test_unknown_family_is_said_and_can_be_given(source: Path, tmp_path: Path) -> None:
    record(source / "kazoo_C4.wav", tone(60))
    report = prepare(source, tmp_path / "guessed")
    assert [fault.text for fault in report.faults] == [
        'The family of "kazoo" is not known from its name; it is in synth_lead. Another: --family.'
    ]
    given = prepare(source, tmp_path / "given", family="reed", source="synthetic")
    assert given.faults == ()
    [example] = load_examples(tmp_path / "given")
    assert example.instrument_str == "reed_synthetic_000"


def test_takes_of_one_note_are_numbered(source: Path, destination: Path) -> None:
    for take, decay in (("rr1", 1.0), ("rr2", 2.0)):
        record(source / f"cello_C3_{take}.wav", tone(48, decay=decay))
    prepare(source, destination)
    assert [example.note_str for example in load_examples(destination)] == [
        "string_acoustic_000-048-100",
        "string_acoustic_000-048-100-02",
    ]


def test_pitch_is_heard_where_no_name_says_it(source: Path, destination: Path) -> None:
    record(source / "cello take.wav", tone(55))
    assert only_note(source, destination)[0].pitch == 55


def test_long_take_is_cut_into_notes(source: Path, destination: Path) -> None:
    pitches = [48, 50, 52, 53, 55]
    take = [part for pitch in pitches for part in (tone(pitch, 0.8), hush(0.4))]
    record(source / "cello" / "scale.flac", np.concatenate(take))
    prepare(source, destination)
    examples = load_examples(destination)
    assert [example.pitch for example in examples] == pitches
    for example in examples:
        assert abs(off_cents(read_wave(example), 32000, example.pitch)) < 5
    assert examples[1].recording == "cello/scale.flac at 1.18 s"


def test_scale_named_after_its_first_note_is_taken_as_it_sounds(
    source: Path, destination: Path
) -> None:
    take = [part for pitch in (48, 50, 52) for part in (tone(pitch, 0.8), hush(0.4))]
    record(source / "cello_C3.wav", np.concatenate(take))
    report = prepare(source, destination)
    assert [example.pitch for example in load_examples(destination)] == [48, 50, 52]
    [fault] = report.faults
    assert "as it sounds, D3 (1 more of its notes are like that)" in fault.text


def test_sound_of_minutes_is_read_a_minute_at_a_time(
    source: Path, destination: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("train.datasets.takes._LONGEST_READ_SECONDS", 2.0)
    pitches = [48, 50, 52, 53, 55, 57]
    record(source / "cello" / "a.wav", np.concatenate([tone(p, 0.9, decay=2.0) for p in pitches]))
    prepare(source, destination)
    assert [example.pitch for example in load_examples(destination)] == pitches


def test_drone_of_minutes_is_one_note(
    source: Path, destination: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("train.datasets.takes._LONGEST_READ_SECONDS", 2.0)
    record(source / "cello" / "drone.wav", tone(48, 7.0, decay=0.0))
    assert only_note(source, destination)[0].pitch == 48


def test_memory_does_not_grow_with_the_length_of_a_recording(source: Path) -> None:
    peaks = []
    for minutes in (1, 4):
        path = source / f"{minutes}.wav"
        with soundfile.SoundFile(path, "w", 8000, 2) as file:
            for _ in range(minutes):
                file.write(np.zeros((60 * 8000, 2), np.int16))
        tracemalloc.start()
        survey(path)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] - peaks[0] < 3 * 60 * 8000 * 2 * 4 / 20  # a twentieth of the samples


def test_octaves_that_are_all_off_give_advice(source: Path, destination: Path) -> None:
    for pitch, name in ((48, "C2"), (50, "D2"), (52, "E2"), (53, "F2"), (55, "G2")):
        record(source / f"cello_{name}.wav", tone(pitch))
    [advice] = prepare(source, destination).advice
    assert advice.startswith("5 of 5 notes sound 1 octave above their names.")
    assert advice.endswith("--middle-c C3")


# Files that will not do


def faults_beside_a_good_one(source: Path, destination: Path) -> list[tuple[str, bool]]:
    record(source / "cello_G3.wav", tone(55))
    report = prepare(source, destination)
    assert [e.recording for e in load_examples(destination)].count("cello_G3.wav") == 1
    return [(fault.text, fault.left_out) for fault in report.faults]


def test_unreadable_file_is_named_and_the_rest_goes_on(source: Path, destination: Path) -> None:
    (source / "bad_C4.wav").write_bytes(b"RIFF, but no sound")
    [(text, left_out)] = faults_beside_a_good_one(source, destination)
    assert text.startswith(f"Could not read {source / 'bad_C4.wav'}: ")
    assert text.endswith("Export it again as WAV.")
    assert left_out


@pytest.mark.parametrize("content", [b"", None], ids=["no bytes", "no samples"])
def test_empty_file_is_named(source: Path, destination: Path, content: bytes | None) -> None:
    path = source / "empty_C4.wav"
    if content is None:
        record(path, np.zeros(0))
    else:
        path.write_bytes(content)
    [(text, left_out)] = faults_beside_a_good_one(source, destination)
    assert text == f"{path} is empty. Remove it or record it again."
    assert left_out


def test_file_cut_short_is_named_or_used_as_far_as_it_goes(source: Path, destination: Path) -> None:
    path = record(source / "cut_C4.flac", tone(60, 2.0))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    faults_beside_a_good_one(source, destination)
    names = {example.recording for example in load_examples(destination)}
    assert names <= {"cello_G3.wav", "cut_C4.flac"}


def test_silent_file_is_named(source: Path, destination: Path) -> None:
    path = record(source / "silent_C4.wav", np.zeros(RATE))
    [(text, left_out)] = faults_beside_a_good_one(source, destination)
    assert text == f"{path} is silent. Record it again, or remove it."
    assert left_out


def test_clipped_file_is_named_and_used(source: Path, destination: Path) -> None:
    path = record(source / "cello_C4.wav", np.clip(4 * tone(60), -1, 1))
    [(text, left_out)] = faults_beside_a_good_one(source, destination)
    assert text.startswith(f"{path} is clipped (")
    assert not left_out
    assert len(load_examples(destination)) == 2


def test_numbers_that_are_no_sound_are_named(source: Path, destination: Path) -> None:
    path = source / "cello_C4.wav"
    soundfile.write(path, np.full(RATE, np.nan), RATE, subtype="FLOAT")
    [(text, left_out)] = faults_beside_a_good_one(source, destination)
    assert text == f"{path} holds numbers that are no sound. Export it again."
    assert left_out


def test_name_without_a_pitch_and_sound_without_one_is_named(
    source: Path, destination: Path
) -> None:
    path = record(source / "wind.wav", 0.2 * np.random.default_rng(0).normal(size=RATE))
    [(text, left_out)] = faults_beside_a_good_one(source, destination)
    assert text == (
        f"{path} has no pitch in its name and none is heard. Name it as in name_C4.wav."
    )
    assert left_out


def test_labels_that_disagree_are_named(source: Path, destination: Path) -> None:
    path = record(source / "cello_D3.wav", tone(51))
    [(text, left_out)] = faults_beside_a_good_one(source, destination)
    assert text.startswith(f"{path} says D3 and sounds D#3; the name counts.")
    assert not left_out


def test_format_that_cannot_be_read_is_named(source: Path, destination: Path) -> None:
    (source / "cello_C4.m4a").write_bytes(b"sound of another kind")
    [(text, left_out)] = faults_beside_a_good_one(source, destination)
    assert "cello_C4.m4a is of a format that cannot be read. Export it as WAV" in text
    assert left_out


def test_hidden_files_and_other_things_are_passed_over(source: Path, destination: Path) -> None:
    (source / "._cello_C4.wav").write_bytes(b"left by another system")
    (source / "notes.txt").write_text("dear diary")
    assert faults_beside_a_good_one(source, destination) == []


def test_folder_without_recordings_is_an_error(source: Path, destination: Path) -> None:
    (source / "notes.txt").write_text("dear diary")
    with pytest.raises(DatasetError, match=r"holds no recordings. Put .*\.wav.* files there"):
        prepare(source, destination)
    assert not destination.exists()


def test_folder_that_gives_no_notes_is_an_error_that_says_why(
    source: Path, destination: Path
) -> None:
    record(source / "silent.wav", np.zeros(RATE))
    with pytest.raises(DatasetError, match=r"gave no notes\. .*silent\.wav is silent"):
        prepare(source, destination)


def test_missing_folder_is_an_error(source: Path, destination: Path) -> None:
    with pytest.raises(DatasetError, match="There is no folder"):
        prepare(source / "nowhere", destination)


def test_destination_inside_the_source_is_refused(source: Path) -> None:
    record(source / "cello_C4.wav", tone(60))
    with pytest.raises(DatasetError, match="Choose a folder beside it"):
        prepare(source, source / "notes")


@pytest.mark.parametrize(
    "wrong",
    [
        {"sample_rate": 4000},
        {"velocity": 0},
        {"middle_c": 2},
        {"trust": "me"},
        {"family": "tuba"},
        {"source": "field"},
        {"named_by": "nobody"},
    ],
)
def test_setting_out_of_range_is_refused(wrong: dict[str, Any]) -> None:
    [(field, value)] = wrong.items()
    with pytest.raises(ValueError, match=rf"{field} must be .*not {value}"):
        RecordingSettings(**wrong)


# Starting again


class StoppedError(Exception):
    """Raised by the tests amid the work."""


def stop_after(n_calls: int) -> Any:
    calls: list[object] = []

    def progress(*call: object) -> None:
        calls.append(call)
        if len(calls) == n_calls:
            raise StoppedError

    return progress


@pytest.fixture
def three(source: Path) -> Path:
    for name, pitch in (("C3", 48), ("D3", 50), ("E3", 52)):
        record(source / f"cello_{name}.wav", tone(pitch, 0.4))
    return source


def test_interrupted_work_goes_on_to_the_same_notes(three: Path, tmp_path: Path) -> None:
    stopped = tmp_path / "stopped"
    with pytest.raises(StoppedError):
        prepare_recordings(three, stopped, workers=1, progress=stop_after(3))
    assert not (stopped / "examples.json").exists()
    counts: list[int] = []
    prepare_recordings(three, stopped, workers=1, progress=lambda n, _all, _name: counts.append(n))
    prepare(three, tmp_path / "whole")
    assert counts == [2, 3]  # two were done before
    assert all_bytes(stopped) == all_bytes(tmp_path / "whole")


_KILLED = """
import os, signal, sys
from pathlib import Path
from train.datasets.recordings import prepare_recordings

def progress(done, _total, _name):
    if done == 2:
        os.kill(os.getpid(), signal.SIGKILL)

prepare_recordings(Path(sys.argv[1]), Path(sys.argv[2]), workers=1, progress=progress)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL on Windows")
def test_killed_work_goes_on_to_the_same_notes(three: Path, tmp_path: Path) -> None:
    killed = tmp_path / "killed"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, str(three), str(killed)], env=environment, check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert not (killed / "examples.json").exists()
    prepare(three, killed)
    prepare(three, tmp_path / "whole")
    assert all_bytes(killed) == all_bytes(tmp_path / "whole")


def test_work_interrupted_while_notes_are_moved_goes_on(
    three: Path, destination: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved: list[Path] = []
    move = Path.replace

    def stop_in_audio(self: Path, target: Path) -> Path:
        if target.parent.name == "audio":
            moved.append(target)
            if len(moved) == 2:
                raise StoppedError
        return move(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", stop_in_audio)
        with pytest.raises(StoppedError):
            prepare(three, destination)
    prepare(three, destination)
    assert len(load_examples(destination)) == 3
    shown = {path.name for path in destination.glob("[!.]*")}
    assert shown == {"audio", "examples.json", "preparation.json"}


def test_other_recordings_do_not_continue(three: Path, destination: Path) -> None:
    with pytest.raises(StoppedError):
        prepare_recordings(three, destination, workers=1, progress=stop_after(2))
    record(three / "cello_F3.wav", tone(53))
    with pytest.raises(DatasetError, match="with other settings or from other files"):
        prepare(three, destination)


def test_two_processes_make_what_one_makes(
    three: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("train.datasets.recordings._FILES_A_PROCESS", 1)
    prepare_recordings(three, tmp_path / "two", workers=2)
    prepare_recordings(three, tmp_path / "one", workers=1)
    assert all_bytes(tmp_path / "two") == all_bytes(tmp_path / "one")


def test_full_disk_is_said_and_leaves_no_half_note(
    three: Path, destination: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.write_bytes
    written: list[Path] = []

    def fill(self: Path, content: bytes) -> int:
        if self.name.endswith(".wav.partial"):
            written.append(self)
            if len(written) == 2:
                write(self, bytes(content)[:100])
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(self, content)

    with monkeypatch.context() as patch:
        patch.setattr(notes.Path, "write_bytes", fill)
        with pytest.raises(DatasetError, match=r"the disk is full\. Free space and try again"):
            prepare(three, destination)
    assert [path.name for path in destination.rglob("*.wav*")] == ["000000-00000.wav"]
    assert prepare(three, destination).n_notes == 3
