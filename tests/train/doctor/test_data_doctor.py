"""The doctor of data sets finds what is wrong with notes, and says what to do."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from matplotlib.image import imread

from tests.train.takes import tone
from train.datasets.notes import (
    AUDIO_FOLDER,
    FAMILIES,
    DatasetError,
    Note,
    list_examples,
    note_name,
    write_examples,
    write_wave,
)
from train.doctor.coverage_picture import draw_coverage
from train.doctor.data_doctor import examine_data
from train.doctor.data_findings import WIDEST_STEP, pitches_to_record
from train.doctor.data_report import DataReport, Finding, report_lines

RATE = 16000
GOOD = tuple(range(24, 85, 3))


def note(pitch: int, instrument: int = 0, velocity: int = 100, rate: int = RATE) -> Note:
    family = FAMILIES[instrument]
    name = f"{family}_acoustic_{instrument:03d}"
    return Note(
        note=0,
        note_str=note_name(name, pitch, velocity),
        instrument=instrument,
        instrument_str=name,
        pitch=pitch,
        velocity=velocity,
        sample_rate=rate,
        instrument_family=instrument,
        instrument_family_str=family,
        instrument_source=0,
        instrument_source_str="acoustic",
        qualities=(0,) * 10,
        qualities_str=(),
        preset_name=f"Number {instrument}",
        level_db=-12.0,
    )


def sound(pitch: int) -> np.ndarray:
    return np.pad(tone(pitch, 0.8, RATE, decay=2.0, peak=0.8), (0, RATE // 5)).astype(np.float32)


def write(folder: Path, notes: list[tuple[Note, np.ndarray | None]]) -> Path:
    (folder / AUDIO_FOLDER).mkdir(parents=True)
    write_examples(folder, [each for each, _ in notes])
    for each, wave in notes:
        if wave is not None:
            write_wave(folder / AUDIO_FOLDER / f"{each.note_str}.wav", wave, each.sample_rate)
    return folder


def good_notes() -> list[tuple[Note, np.ndarray | None]]:
    return [(note(pitch), sound(pitch)) for pitch in (*GOOD, 61, 62, 64, 65, 67)]


def examine(folder: Path, notes: list[tuple[Note, np.ndarray | None]]) -> DataReport:
    return examine_data(write(folder / "notes", notes), workers=1)


def finding(report: DataReport, subject: str) -> Finding:
    [found] = [each for each in report.findings if each.subject == subject]
    return found


def spoil(
    tmp_path: Path, change: Callable[[np.ndarray], np.ndarray], n_notes: int = 3
) -> DataReport:
    """Change the sound of some notes of a good data set."""
    notes = good_notes()
    for i in range(5, 5 + n_notes):
        each, wave = notes[i]
        assert wave is not None
        notes[i] = (each, change(wave).astype(np.float32))
    return examine(tmp_path, notes)


# What is there


def test_good_notes_are_ready(tmp_path: Path) -> None:
    report = examine(tmp_path, good_notes())
    assert report.verdict == "ready"
    assert {each.state for each in report.findings} == {"good"}


def test_notes_are_counted(tmp_path: Path) -> None:
    notes = [(note(p, i, v), sound(p)) for p in (48, 60) for i in (0, 1) for v in (50, 100)]
    report = examine(tmp_path, notes)
    assert (report.n_notes, report.n_measured) == (8, 8)
    assert report.pitches == {48: 4, 60: 4}
    assert report.families == {"bass": 4, "brass": 4}
    assert (report.sources, report.velocities) == ({"acoustic": 8}, {50: 4, 100: 4})
    assert [(each.name, each.pitches) for each in report.instruments] == [
        ("Number 0", {48: 2, 60: 2}),
        ("Number 1", {48: 2, 60: 2}),
    ]


def test_measures_are_those_of_the_sound(tmp_path: Path) -> None:
    measures = examine(tmp_path, good_notes()).measures
    assert measures["level_db"].middle == -12.0
    assert measures["peak_db"].middle == pytest.approx(20 * np.log10(0.8), abs=0.1)
    assert abs(measures["cents"].middle) < 3
    assert measures["dc"].high < 0.02
    assert measures["onset_seconds"].high < 0.02


def test_noise_is_measured_between_the_partials(tmp_path: Path) -> None:
    noise = 0.02 * np.random.default_rng(0).normal(size=RATE)

    def noisy(wave: np.ndarray) -> np.ndarray:
        return wave + noise

    report = spoil(tmp_path, noisy, n_notes=20)
    true_db = 20 * np.log10(0.02 / np.sqrt(np.mean(sound(48) ** 2)))
    assert report.measures["noise_db"].high == pytest.approx(true_db, abs=3)
    assert finding(report, "noise").state == "advice"


def test_many_notes_are_sampled_over_instruments_and_octaves(tmp_path: Path) -> None:
    notes = [(note(p, i), sound(p)) for i in range(3) for p in range(36, 60)]
    report = examine_data(write(tmp_path / "notes", notes), n_notes=6, workers=1)
    assert (report.n_notes, report.n_measured) == (72, 6)
    assert len(report.pitches) == 24


def test_two_processes_report_what_one_reports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path / "notes", good_notes())
    monkeypatch.setattr("train.doctor.data_doctor._CHUNK", 4)
    assert examine_data(folder, workers=2) == examine_data(folder, workers=1)


# Coverage


def test_pitches_to_record_leave_no_wide_step() -> None:
    there = [24, 40, 41, 60, 84]
    steps = np.diff(sorted([23, *there, *pitches_to_record(there), 85]))
    assert steps.max() <= WIDEST_STEP


def test_whole_range_wants_nothing() -> None:
    assert pitches_to_record(list(GOOD)) == []


def test_gap_is_advised_to_be_recorded(tmp_path: Path) -> None:
    notes = [(note(pitch), sound(pitch)) for pitch in range(48, 79)]
    report = examine(tmp_path, notes)
    assert report.verdict == "usable with gaps"
    text = finding(report, "pitches").text
    assert text.startswith("31 of 61 pitches. Record these: D1, F1, ")
    assert "A5" in text


@pytest.mark.parametrize("n_pitches", [1, 7])
def test_too_few_pitches_are_not_yet_a_data_set(tmp_path: Path, n_pitches: int) -> None:
    notes = [
        (note(60 + i % n_pitches, velocity=1 + i), sound(60 + i % n_pitches)) for i in range(28)
    ]
    report = examine(tmp_path, notes)
    assert report.verdict == "not yet"
    assert finding(report, "pitches").state == "stop"


def test_too_few_notes_are_not_yet_a_data_set(tmp_path: Path) -> None:
    report = examine(tmp_path, good_notes()[:10])
    assert report.verdict == "not yet"
    assert "Record at least 24" in finding(report, "notes").text


def test_notes_that_training_leaves_out_are_told(tmp_path: Path) -> None:
    report = examine(tmp_path, [*good_notes(), (note(90), sound(90))])
    assert finding(report, "range").text.startswith("1 notes lie outside C1 to C6")


def test_instrument_of_few_pitches_is_named(tmp_path: Path) -> None:
    report = examine(tmp_path, [*good_notes(), (note(60, instrument=1), 0.5 * sound(60))])
    assert finding(report, "instruments").names == ("Number 1",)


def test_two_rates_are_not_yet_a_data_set(tmp_path: Path) -> None:
    report = examine(tmp_path, [*good_notes(), (note(66, 0, rate=32000), sound(66))])
    assert report.verdict == "not yet"
    assert "make the data set again with --sample-rate" in finding(report, "sample rate").text


# Sound


def test_note_that_sounds_another_pitch_is_named_with_its_recording(tmp_path: Path) -> None:
    notes = good_notes()
    notes[8] = (replace(notes[8][0], recording="cello_C3.wav"), sound(50))
    found = finding(examine(tmp_path, notes), "pitch labels")
    assert found.names == ("bass_acoustic_000-048-100 (cello_C3.wav) says C3 and sounds D3",)
    assert found.state == "advice"


def test_octaves_are_told_apart_from_wrong_pitches(tmp_path: Path) -> None:
    notes = good_notes()
    notes[8] = (notes[8][0], 0.9 * sound(60))
    report = examine(tmp_path, notes)
    assert finding(report, "octaves").names == ("bass_acoustic_000-048-100 says C3 and sounds C4",)
    assert report.verdict == "ready"


@pytest.mark.parametrize(
    ("change", "subject"),
    [
        (lambda wave: np.clip(3 * wave, -0.8, 0.8), "clipping"),
        (lambda wave: 0.5 * wave + 0.1, "DC"),
        (lambda wave: np.roll(wave, RATE // 6), "onset"),
    ],
)
def test_fault_of_the_sound_is_found(tmp_path: Path, change: Any, subject: str) -> None:
    report = spoil(tmp_path, change)
    found = finding(report, subject)
    assert found.state == "advice"
    assert set(found.names) >= {f"bass_acoustic_000-{pitch:03d}-100" for pitch in (42, 45)}
    assert report.verdict == "usable with gaps"


def test_silent_note_is_named(tmp_path: Path) -> None:
    report = spoil(tmp_path, lambda wave: 0 * wave, n_notes=1)
    [name] = finding(report, "files").names
    assert name.endswith("bass_acoustic_000-039-100.wav is silent.")


def test_missing_and_damaged_waves_are_named_and_the_rest_is_measured(tmp_path: Path) -> None:
    notes = good_notes()
    notes[3] = (notes[3][0], None)
    folder = write(tmp_path / "notes", notes)
    (folder / AUDIO_FOLDER / f"{notes[6][0].note_str}.wav").write_bytes(b"RIFF, but no sound")
    report = examine_data(folder, workers=1)
    missing, damaged = finding(report, "files").names
    assert missing.endswith("-033-100.wav is missing.")
    assert damaged.startswith("Could not read ")
    assert report.verdict == "not yet"
    assert report.n_measured == len(notes) - 1
    assert len(list_examples(folder)[1]) == 1


def test_copy_of_a_note_is_named(tmp_path: Path) -> None:
    report = examine(tmp_path, [*good_notes(), (note(60, velocity=50), sound(60))])
    [name] = finding(report, "duplicates").names
    assert name == "bass_acoustic_000-060-100 is bass_acoustic_000-060-050"


def test_copy_under_another_pitch_is_advised_to_be_removed(tmp_path: Path) -> None:
    notes = good_notes()
    notes[8] = (notes[8][0], sound(51))
    found = finding(examine(tmp_path, notes), "duplicates")
    assert "samples of a note with another pitch" in found.text
    assert found.state == "advice"


def test_note_much_like_that_of_another_instrument_is_named(tmp_path: Path) -> None:
    twin = (note(60, instrument=1), 0.7 * sound(60))
    found = finding(examine(tmp_path, [*good_notes(), twin]), "near duplicates")
    assert found.names == ("brass_acoustic_001-060-100 is much like bass_acoustic_000-060-100",)


# The report


def test_report_comes_back_from_json(tmp_path: Path) -> None:
    report = examine(tmp_path, good_notes())
    assert msgspec.json.decode(msgspec.json.encode(report), type=DataReport) == report


def test_printed_report_ends_with_the_verdict_and_begins_with_the_worst(tmp_path: Path) -> None:
    report = examine(tmp_path, good_notes()[:10])
    lines = list(report_lines(report))
    assert lines[-1] == "Verdict: not yet."
    marks = [line.split()[0] for line in lines if line.startswith(("FAULT", "ADVICE", "ok"))]
    assert marks == sorted(marks, key=["FAULT", "ADVICE", "ok"].index)
    assert marks[0] == "FAULT"


@pytest.mark.parametrize("n_instruments", [1, 60])
def test_picture_shows_where_notes_are(tmp_path: Path, n_instruments: int) -> None:
    report = examine(tmp_path, good_notes())
    many = tuple(
        replace_name(report.instruments[0], f"Number {i}", FAMILIES[i % 11])
        for i in range(n_instruments)
    )
    path = tmp_path / "coverage.png"
    draw_coverage(msgspec.structs.replace(report, instruments=many), path)
    image = imread(path)
    dark = (image[..., :3].max(axis=2) < 0.4).mean()
    assert image.shape[1] == 1200
    assert image.shape[0] < 700
    assert 0.005 < dark < 0.5


def replace_name(instrument: Any, name: str, family: str) -> Any:
    return msgspec.structs.replace(instrument, name=name, family=family)


def test_picture_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    report = examine(tmp_path, good_notes())
    with pytest.raises(DatasetError, match="Could not write"):
        draw_coverage(report, tmp_path / "nowhere" / "coverage.png")


def test_folder_that_is_no_data_set_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"holds no examples\.json"):
        examine_data(tmp_path)


def test_measuring_no_notes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="n_notes must be 1 or more, not 0"):
        examine_data(tmp_path, n_notes=0)
