"""A SoundFont becomes a data set whose notes sound as they are labelled."""

import errno
import os
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.train.sf2 import ToyPreset, write_sf2
from train.datasets import fluidsynth, notes
from train.datasets.fluidsynth import FontPreset, SoundFont
from train.datasets.font_presets import FontShelf
from train.datasets.general_midi import family
from train.datasets.note_shape import shape_note
from train.datasets.notes import DatasetError, Example, load_examples, read_wave
from train.datasets.soundfont import RenderReport, render_soundfonts
from train.datasets.workers import Workers

RATE = 32000
FLUTE = ToyPreset(0, 73, "Flute")
VIOLIN = ToyPreset(0, 40, "Violin", harmonics=8)
PRESETS = (FLUTE, VIOLIN)


@pytest.fixture
def font(tmp_path: Path) -> Path:
    return write_sf2(tmp_path / "toy.sf2", PRESETS)


@pytest.fixture
def destination(tmp_path: Path) -> Path:
    return tmp_path / "notes"


def render(font: Path, destination: Path, **options: Any) -> RenderReport:
    return render_soundfonts(
        [font], destination, **({"pitches": range(60, 61), "workers": 1} | options)
    )


def render_presets(folder: Path, *presets: ToyPreset, **options: Any) -> RenderReport:
    return render(write_sf2(folder / "toy.sf2", presets), folder / "notes", **options)


def heard(folder: Path) -> list[tuple[Example, np.ndarray]]:
    return [(example, read_wave(example)) for example in load_examples(folder / "notes")]


def loudest_hz(wave: np.ndarray, sample_rate: int) -> float:
    """Return the frequency of the loudest partial, to a fraction of a bin."""
    log_spectrum = np.log(np.abs(np.fft.rfft(wave * np.hanning(wave.size))) + 1e-9)
    peak = int(log_spectrum.argmax())
    left, middle, right = log_spectrum[peak - 1 : peak + 2]
    offset = 0.5 * (left - right) / (left - 2 * middle + right)
    return float((peak + offset) * sample_rate / wave.size)


def rms(wave: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(wave, dtype=np.float64))))


def all_bytes(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# Sound


@pytest.mark.parametrize("pitch", [33, 69, 84])
def test_note_sounds_its_pitch(tmp_path: Path, pitch: int) -> None:
    render_presets(tmp_path, FLUTE, pitches=range(pitch, pitch + 1))
    [(example, wave)] = heard(tmp_path)
    sounding_hz = loudest_hz(wave[RATE : 2 * RATE], RATE)
    cents = 1200 * np.log2(sounding_hz / (440 * 2 ** ((pitch - 69) / 12)))
    assert example.pitch == pitch
    assert abs(cents) < 2


@pytest.mark.parametrize("sample_rate", [16000, 22050, 32000, 48000])
def test_note_is_four_seconds_long_with_the_right_peak(tmp_path: Path, sample_rate: int) -> None:
    render_presets(tmp_path, FLUTE, sample_rate=sample_rate)
    [(example, wave)] = heard(tmp_path)
    assert example.sample_rate == sample_rate
    assert wave.shape == (4 * sample_rate,)
    assert np.abs(wave).max() == pytest.approx(0.8, abs=1e-4)


def test_note_is_let_go_after_three_seconds(tmp_path: Path) -> None:
    render_presets(tmp_path, FLUTE)
    [(_, wave)] = heard(tmp_path)
    assert rms(wave[int(2.5 * RATE) : int(2.99 * RATE)]) > 0.4
    assert rms(wave[int(3.2 * RATE) :]) < 1e-3


def test_level_is_kept_when_the_peak_is_normalised(tmp_path: Path) -> None:
    loud, soft = ToyPreset(0, 73, "Loud", peak=0.8), ToyPreset(0, 74, "Soft", peak=0.2)
    render_presets(tmp_path, loud, soft)
    levels = {example.preset_name: example.level_db for example, _ in heard(tmp_path)}
    peaks = [np.abs(wave).max() for _, wave in heard(tmp_path)]
    assert levels["Loud"] - levels["Soft"] == pytest.approx(20 * np.log10(4), abs=0.05)
    assert peaks[0] == pytest.approx(peaks[1], abs=1e-4)


def test_louder_velocity_has_a_higher_level(tmp_path: Path) -> None:
    render_presets(tmp_path, FLUTE, velocities=(40, 110))
    soft, loud = (example for example, _ in heard(tmp_path))
    assert (soft.velocity, loud.velocity) == (40, 110)
    assert loud.level_db > soft.level_db + 10


def shaped_tone(hz: float, offset: float = 0.0) -> np.ndarray:
    time = np.arange(4 * 48000) / 48000
    return shape_note(
        (0.5 * np.sin(2 * np.pi * hz * time) + offset).astype(np.float32), 48000, RATE
    )[0]


def level_beside_1_khz_db(hz: int, folded_hz: int) -> float:
    """Shape a tone together with one of 1 kHz; return what is heard near `folded_hz`."""
    time = np.arange(4 * 48000) / 48000
    tones = np.sin(2 * np.pi * 1000 * time) + np.sin(2 * np.pi * hz * time)
    wave, _ = shape_note((0.25 * tones).astype(np.float32), 48000, RATE)
    spectrum = np.abs(np.fft.rfft(wave[RATE : 2 * RATE] * np.hanning(RATE)))
    heard_there = spectrum[folded_hz - 3 : folded_hz + 4].max()
    return float(20 * np.log10(heard_there / spectrum[1000]))


def test_tone_above_half_the_rate_is_gone_and_does_not_fold_down() -> None:
    assert level_beside_1_khz_db(17000, 15000) < -100


def test_tone_below_half_the_rate_stays() -> None:
    assert level_beside_1_khz_db(14500, 14500) == pytest.approx(0.0, abs=0.1)


def test_high_pass_spares_the_lowest_note() -> None:
    assert level_beside_1_khz_db(33, 33) == pytest.approx(0.0, abs=1.5)


def test_dc_is_taken_away() -> None:
    held = shaped_tone(440.0, offset=0.2)[RATE : 3 * RATE]
    assert abs(held.mean()) < 1e-3 * rms(held)


def test_note_ends_in_silence_without_a_step() -> None:
    wave = shaped_tone(100.0)
    assert wave[-1] == 0.0
    assert np.abs(np.diff(wave[-RATE // 50 :])).max() < 0.03


def test_silence_stays_silence() -> None:
    wave, level_db = shape_note(np.zeros(4 * 48000, np.float32), 48000, RATE)
    assert not wave.any()
    assert level_db == -np.inf


def test_note_does_not_depend_on_the_note_before(font: Path) -> None:
    preset = FontPreset(0, 40, "Violin")
    with SoundFont(font) as opened:
        alone = opened.play_note(preset, 60, 100)
        opened.play_note(preset, 61, 100)
        after = opened.play_note(preset, 60, 100)
    assert np.array_equal(alone, after)


# Layout


def test_a_sample_of_the_notes_is_spread_over_pitches_and_velocities(
    font: Path, destination: Path
) -> None:
    settings = {"pitches": range(48, 84), "velocities": (40, 80, 120), "n_notes": 18}
    report = render(font, destination, **settings)
    examples = load_examples(destination)
    assert report.n_notes == len(examples) == 18
    kinds = {(e.instrument_family_str, e.pitch // 12, e.velocity) for e in examples}
    assert len(kinds) == 18


def test_sampled_notes_are_those_of_the_whole_render(font: Path, tmp_path: Path) -> None:
    settings = {"pitches": range(59, 62), "velocities": (50, 100)}
    render(font, tmp_path / "whole", **settings)
    render(font, tmp_path / "part", **settings, n_notes=5)
    whole, part = (all_bytes(tmp_path / name / "audio") for name in ("whole", "part"))
    assert len(whole) == 12
    assert len(part) == 5
    assert part.items() <= whole.items()


def test_sample_larger_than_the_font_is_all_of_it(font: Path, destination: Path) -> None:
    assert render(font, destination, n_notes=100).n_notes == 2


def test_layout_is_that_of_nsynth(font: Path, destination: Path) -> None:
    report = render(font, destination, pitches=range(60, 62))
    names = [example.note_str for example in load_examples(destination)]
    assert names == [
        "flute_acoustic_000-060-100",
        "flute_acoustic_000-061-100",
        "string_acoustic_000-060-100",
        "string_acoustic_000-061-100",
    ]
    assert {path.name for path in destination.glob("[!.]*")} == {
        "audio",
        "examples.json",
        "preparation.json",
    }
    assert {path.stem for path in (destination / "audio").iterdir()} == set(names)
    assert (report.n_presets, report.n_notes) == (2, 4)


def test_example_names_family_source_and_preset(font: Path, destination: Path) -> None:
    render(font, destination)
    example = load_examples(destination)[1]
    assert (example.instrument, example.instrument_str) == (0, "string_acoustic_000")
    assert (example.instrument_family, example.instrument_family_str) == (8, "string")
    assert (example.instrument_source, example.instrument_source_str) == (0, "acoustic")
    assert (example.qualities, example.qualities_str) == ((0,) * 10, ())
    assert example.preset_name == "Violin"


def test_instruments_of_a_family_are_numbered(tmp_path: Path) -> None:
    render_presets(tmp_path, FLUTE, ToyPreset(0, 75, "Pan Flute", harmonics=3))
    assert [example.instrument_str for example, _ in heard(tmp_path)] == [
        "flute_acoustic_000",
        "flute_acoustic_001",
    ]


@pytest.mark.parametrize(
    ("program", "name"),
    [(0, "keyboard"), (15, "mallet"), (23, "reed"), (46, "string"), (85, "vocal"), (110, "string")]
    + [(program, None) for program in (47, 55, 113, 115, 118, 119, 127)],
)
def test_program_has_its_nsynth_family(program: int, name: str | None) -> None:
    assert family(program) == name


def test_progress_counts_checked_and_then_rendered_presets(font: Path, destination: Path) -> None:
    calls: list[tuple[int, int, str]] = []
    render(font, destination, progress=lambda *call: calls.append(call))
    once = [(0, 2, ""), (1, 2, "Violin"), (2, 2, "Flute")]
    assert calls == once + once


# What is left out


@pytest.mark.parametrize(
    ("preset", "reason"),
    [
        (ToyPreset(128, 0, "Standard", harmonics=2), "drums or effects"),
        (ToyPreset(0, 3, "Brush Kit", harmonics=2), "drums or effects"),
        (ToyPreset(0, 47, "Timpani", harmonics=2), "unpitched program"),
        (ToyPreset(0, 122, "Seashore", harmonics=2), "unpitched program"),
        (ToyPreset(17, 40, "Violin Expr.", harmonics=2), "twin with expression control"),
        (ToyPreset(0, 1, "Nothing", peak=0.0), "silent"),
        (ToyPreset(20, 73, "Flute again"), "same sound as Flute (0:73)"),
    ],
    ids=lambda value: value.name if isinstance(value, ToyPreset) else "",
)
def test_preset_is_left_out_and_reported(tmp_path: Path, preset: ToyPreset, reason: str) -> None:
    report = render_presets(tmp_path, FLUTE, preset)
    [dropped] = report.dropped
    assert (dropped.bank, dropped.program, dropped.name) == (
        preset.bank,
        preset.program,
        preset.name,
    )
    assert dropped.reason == reason
    assert [example.preset_name for example, _ in heard(tmp_path)] == ["Flute"]


def test_steel_drums_have_a_pitch_and_stay(tmp_path: Path) -> None:
    assert render_presets(tmp_path, ToyPreset(0, 114, "Steel Drums")).n_presets == 1


def test_silent_notes_are_left_out(tmp_path: Path) -> None:
    low_only = ToyPreset(0, 43, "Contrabass", highest_pitch=60)
    report = render_presets(tmp_path, low_only, pitches=range(60, 63))
    assert [example.pitch for example, _ in heard(tmp_path)] == [60]
    assert report.n_silent == 2


def test_velocity_that_changes_nothing_is_left_out(tmp_path: Path) -> None:
    organ = ToyPreset(0, 19, "Organ", velocity=90)
    report = render_presets(tmp_path, organ, velocities=(50, 100))
    assert [example.velocity for example, _ in heard(tmp_path)] == [50]
    assert report.n_duplicates == 1


def test_preset_of_another_pitch_goes_only_when_asked(tmp_path: Path) -> None:
    font = write_sf2(
        tmp_path / "toy.sf2",
        [
            ToyPreset(0, 71, "Clarinet", harmonics=5),
            ToyPreset(0, 86, "Fifths", harmonics=5, tune_semitones=7),
            ToyPreset(0, 31, "Harmonics", harmonics=5, tune_semitones=24, highest_pitch=48),
        ],
    )
    all_of_them = render(font, tmp_path / "all", pitches=range(48, 61, 12))
    report = render(font, tmp_path / "in tune", pitches=range(48, 61, 12), in_tune_only=True)
    assert all_of_them.n_presets == 3
    assert {example.preset_name for example in load_examples(tmp_path / "in tune")} == {"Clarinet"}
    reasons = {dropped.name: dropped.reason for dropped in report.dropped}
    assert reasons["Fifths"].startswith(("out of tune: +69", "out of tune: +70"))
    assert reasons["Harmonics"].startswith("out of tune: +2")
    assert reasons["Harmonics"].endswith("no pitch at 60")


# Several fonts


@pytest.fixture
def two_fonts(tmp_path: Path) -> list[Path]:
    panpipe = ToyPreset(0, 75, "Pan Flute", harmonics=3)
    oboe = ToyPreset(0, 68, "Oboe", harmonics=9)
    return [
        write_sf2(tmp_path / "first.sf2", [FLUTE, panpipe]),
        write_sf2(tmp_path / "second.sf2", [FLUTE, oboe]),
    ]


def test_fonts_become_one_data_set(two_fonts: list[Path], destination: Path) -> None:
    report = render_soundfonts(two_fonts, destination, pitches=range(60, 61), workers=1)
    rows = [(e.instrument, e.instrument_str, e.preset_name) for e in load_examples(destination)]
    assert report.n_presets == 3
    assert sorted(rows) == [
        (0, "flute_acoustic_000", "Flute"),
        (1, "flute_acoustic_001", "Pan Flute"),
        (2, "reed_acoustic_000", "Oboe"),
    ]


def test_preset_that_an_earlier_font_has_is_left_out(
    two_fonts: list[Path], destination: Path
) -> None:
    report = render_soundfonts(two_fonts, destination, pitches=range(60, 61), workers=1)
    [dropped] = report.dropped
    assert (dropped.font, dropped.name) == (1, "Flute")
    assert dropped.reason == "same sound as Flute (0:73) of first.sf2"


def test_interrupted_render_of_two_fonts_continues_to_the_same_bytes(
    two_fonts: list[Path], tmp_path: Path
) -> None:
    with pytest.raises(StoppedError):
        render_soundfonts(
            two_fonts,
            tmp_path / "stopped",
            pitches=range(60, 61),
            workers=1,
            progress=stop_after(7),
        )
    for name in ("stopped", "whole"):
        render_soundfonts(two_fonts, tmp_path / name, pitches=range(60, 61), workers=1)
    assert all_bytes(tmp_path / "stopped") == all_bytes(tmp_path / "whole")


def test_no_font_is_refused(destination: Path) -> None:
    with pytest.raises(ValueError, match="fonts must name one or more"):
        render_soundfonts([], destination)


# Starting again


class StoppedError(Exception):
    """Raised by the tests in the middle of a render."""


def stop_after(n_calls: int) -> Any:
    calls = []

    def progress(*call: object) -> None:
        calls.append(call)
        if len(calls) == n_calls:
            raise StoppedError

    return progress


@pytest.mark.parametrize("n_calls", [2, 5], ids=["while checking", "while rendering"])
def test_interrupted_render_continues_to_the_same_bytes(
    font: Path, tmp_path: Path, n_calls: int
) -> None:
    with pytest.raises(StoppedError):
        render(font, tmp_path / "stopped", progress=stop_after(n_calls))
    assert not (tmp_path / "stopped" / "examples.json").exists()
    counts: list[tuple[int, int]] = []
    report = render(
        font, tmp_path / "stopped", progress=lambda done, total, _: counts.append((done, total))
    )
    assert report == render(font, tmp_path / "whole")
    assert all_bytes(tmp_path / "stopped") == all_bytes(tmp_path / "whole")
    assert len(counts) < 6  # what was done is not done again


def test_preset_whose_record_is_damaged_is_rendered_again(font: Path, tmp_path: Path) -> None:
    with pytest.raises(StoppedError):
        render(font, tmp_path / "stopped", progress=stop_after(5))
    for record in (tmp_path / "stopped" / "partial").iterdir():
        record.write_text("{")
    render(font, tmp_path / "stopped")
    render(font, tmp_path / "whole")
    assert all_bytes(tmp_path / "stopped") == all_bytes(tmp_path / "whole")


def test_two_processes_make_the_bytes_that_one_makes(font: Path, tmp_path: Path) -> None:
    assert render(font, tmp_path / "two", workers=2) == render(font, tmp_path / "one", workers=1)
    assert all_bytes(tmp_path / "two") == all_bytes(tmp_path / "one")


# The world's faults


def test_missing_font_is_named(tmp_path: Path, destination: Path) -> None:
    with pytest.raises(DatasetError, match=r"There is no file .*absent\.sf2"):
        render(tmp_path / "absent.sf2", destination)


def test_folder_as_font_is_an_error(tmp_path: Path, destination: Path) -> None:
    with pytest.raises(DatasetError, match="Could not read"):
        render(tmp_path, destination)


def test_other_file_is_no_soundfont(tmp_path: Path, destination: Path) -> None:
    (tmp_path / "text.sf2").write_text("once upon a time")
    with pytest.raises(DatasetError, match=r"text\.sf2 is not a SoundFont"):
        render(tmp_path / "text.sf2", destination)


def test_font_that_is_cut_short_is_an_error(font: Path, destination: Path) -> None:
    font.write_bytes(font.read_bytes()[:-1000])
    with pytest.raises(DatasetError, match=r"toy\.sf2 is cut short"):
        render(font, destination)


def test_font_damaged_inside_is_an_error(font: Path, destination: Path) -> None:
    font.write_bytes(font.read_bytes().replace(b"phdr", b"what"))
    with pytest.raises(DatasetError, match=r"toy\.sf2 is damaged"):
        render(font, destination)


def test_bad_font_leaves_no_folder(tmp_path: Path, destination: Path) -> None:
    with pytest.raises(DatasetError):
        render(tmp_path / "absent.sf2", destination)
    assert not destination.exists()


def test_font_of_drums_only_has_nothing_to_render(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="has no preset to render"):
        render_presets(tmp_path, ToyPreset(128, 0, "Standard"))


def test_missing_library_says_how_to_install_it(
    font: Path, destination: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fluidsynth.load_library.cache_clear()
    monkeypatch.setattr(fluidsynth, "_library_names", lambda: ["libnowhere.so"])
    with pytest.raises(DatasetError, match=r"apt-get install libfluidsynth3 .* brew install"):
        render(font, destination)


def test_folder_with_other_things_is_left_alone(font: Path, destination: Path) -> None:
    destination.mkdir()
    (destination / "diary.txt").write_text("dear")
    with pytest.raises(DatasetError, match="is not empty"):
        render(font, destination)
    assert [path.name for path in destination.iterdir()] == ["diary.txt"]


def test_finished_data_set_is_left_alone(font: Path, destination: Path) -> None:
    render(font, destination)
    before = all_bytes(destination)
    with pytest.raises(DatasetError, match="already holds a data set"):
        render(font, destination)
    assert all_bytes(destination) == before


@pytest.mark.parametrize("other", [{"velocities": (90,)}, {"sample_rate": 16000}])
def test_render_with_other_settings_does_not_continue(
    font: Path, destination: Path, other: dict[str, Any]
) -> None:
    with pytest.raises(StoppedError):
        render(font, destination, progress=stop_after(5))
    with pytest.raises(DatasetError, match="unfinished data set with other settings"):
        render(font, destination, **other)


def test_damaged_preparation_file_is_taken_for_other_settings(
    font: Path, destination: Path
) -> None:
    destination.mkdir()
    (destination / "preparation.json").write_text("{")
    with pytest.raises(DatasetError, match="unfinished data set with other settings"):
        render(font, destination)


def test_file_as_destination_is_an_error(font: Path, destination: Path) -> None:
    destination.write_text("a file")
    with pytest.raises(DatasetError, match=r"Could not write .*Choose another folder"):
        render(font, destination)


def test_full_disk_is_said_and_the_render_continues(
    font: Path, destination: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_path: Path, _content: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(notes.Path, "write_bytes", full)
        with pytest.raises(DatasetError, match="the disk is full"):
            render(font, destination)
    assert render(font, destination).n_notes == 2


def die(_fonts: FontShelf, _task: int) -> int:
    os._exit(1)


def test_killed_process_is_said(font: Path) -> None:
    with (
        Workers(2, partial(FontShelf, (font,))) as workers,
        pytest.raises(DatasetError, match="process of the preparation was killed"),
    ):
        list(workers.run(die, [("", 0)]))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"sample_rate": 96000}, "sample_rate must be 8000..48000, not 96000"),
        ({"pitches": range(120, 130)}, "pitches must be some of 0..127"),
        ({"pitches": range(0)}, "pitches must be some of 0..127"),
        ({"velocities": (0,)}, "velocities must be some of 1..127"),
        ({"velocities": ()}, "velocities must be some of 1..127"),
        ({"n_notes": 0}, "n_notes must be 1 or more, not 0"),
        ({"workers": 0}, "workers must be 1 or more, not 0"),
    ],
)
def test_number_out_of_range_is_refused(
    font: Path, destination: Path, wrong: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        render(font, destination, **wrong)
