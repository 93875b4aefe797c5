"""Notes are written and read back in NSynth's layout, and what is wrong is named."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from train.datasets.notes import (
    DatasetError,
    Note,
    load_examples,
    note_name,
    read_wave,
    write_examples,
    write_text,
    write_wave,
)

RATE = 16000
NAME = "flute_acoustic_002-060-100"

# As in the examples.json that comes with NSynth.
NSYNTH_ROW: dict[str, Any] = {
    "note": 201034,
    "sample_rate": RATE,
    "pitch": 60,
    "instrument_source": 0,
    "instrument_family_str": "flute",
    "instrument_str": "flute_acoustic_002",
    "note_str": NAME,
    "qualities_str": ["bright"],
    "instrument_source_str": "acoustic",
    "velocity": 100,
    "instrument_family": 2,
    "instrument": 417,
    "qualities": [1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
}


def tone() -> np.ndarray:
    return (0.8 * np.sin(np.arange(RATE) / 10)).astype(np.float32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "audio").mkdir()
    write_wave(tmp_path / "audio" / f"{NAME}.wav", tone(), RATE)
    write_rows(tmp_path, {NAME: NSYNTH_ROW})
    return tmp_path


def write_rows(folder: Path, rows: object) -> None:
    (folder / "examples.json").write_text(json.dumps(rows))


def test_wave_comes_back_to_half_a_step_of_16_bits(folder: Path) -> None:
    [example] = load_examples(folder)
    wave = read_wave(example)
    assert wave.dtype == np.float32
    # Written in steps of 1/32767, read in steps of 1/32768, as everyone does.
    assert np.abs(wave * (32768 / 32767) - tone()).max() <= 0.51 / 32767


def test_wave_is_16_bit_pcm(folder: Path) -> None:
    assert soundfile.info(folder / "audio" / f"{NAME}.wav").subtype == "PCM_16"


def test_row_of_nsynth_is_read(folder: Path) -> None:
    [example] = load_examples(folder)
    assert example.path == folder / "audio" / f"{NAME}.wav"
    assert (example.pitch, example.velocity, example.instrument) == (60, 100, 417)
    assert example.qualities_str == ("bright",)
    assert (example.preset_name, example.level_db) == (None, None)


def test_rows_come_back_as_written(folder: Path) -> None:
    row = NSYNTH_ROW | {"preset_name": "Flöte", "level_db": -21.5}
    note = Note(**row | {"qualities": (1,) + (0,) * 9, "qualities_str": ("bright",)})
    write_examples(folder, [note])
    [example] = load_examples(folder)
    assert Note(**{field: getattr(example, field) for field in vars(note)}) == note


def test_examples_come_in_the_order_of_their_names(folder: Path) -> None:
    names = [note_name("flute_acoustic_002", pitch, 100) for pitch in (61, 59, 60)]
    for name in names:
        write_wave(folder / "audio" / f"{name}.wav", tone(), RATE)
    write_rows(folder, {name: NSYNTH_ROW | {"note_str": name} for name in names})
    assert [example.note_str for example in load_examples(folder)] == sorted(names)


def test_name_of_a_note_has_three_digits_for_pitch_and_velocity() -> None:
    assert note_name("flute_acoustic_002", 60, 5) == "flute_acoustic_002-060-005"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("pitch", 128),
        ("pitch", -1),
        ("velocity", 0),
        ("sample_rate", 0),
        ("instrument_family", 3),
        ("instrument_family", 11),
        ("note_str", "another"),
    ],
)
def test_wrong_value_is_named(folder: Path, field: str, value: object) -> None:
    write_rows(folder, {NAME: NSYNTH_ROW | {field: value}})
    with pytest.raises(DatasetError, match=rf"examples\.json: note {NAME} has a wrong {field}"):
        load_examples(folder)


@pytest.mark.parametrize("value", ["60", 60.5, None])
def test_wrong_type_is_named(folder: Path, value: object) -> None:
    write_rows(folder, {NAME: NSYNTH_ROW | {"pitch": value}})
    with pytest.raises(DatasetError, match=r"examples\.json is damaged: .*pitch"):
        load_examples(folder)


def test_name_cannot_lead_out_of_the_folder(folder: Path) -> None:
    write_rows(folder, {"../secret": NSYNTH_ROW | {"note_str": "../secret"}})
    with pytest.raises(DatasetError, match="wrong note_str"):
        load_examples(folder)


def test_list_cut_short_is_damaged(folder: Path) -> None:
    path = folder / "examples.json"
    path.write_text(path.read_text()[:-20])
    with pytest.raises(DatasetError, match=r"examples\.json is damaged"):
        load_examples(folder)


def test_empty_list_is_an_error(folder: Path) -> None:
    write_rows(folder, {})
    with pytest.raises(DatasetError, match="lists no notes"):
        load_examples(folder)


def test_folder_without_a_list_is_no_data_set(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"holds no examples\.json"):
        load_examples(tmp_path)


def test_list_that_is_a_folder_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "examples.json").mkdir()
    with pytest.raises(DatasetError, match="Could not read"):
        load_examples(tmp_path)


def test_missing_wave_is_named(folder: Path) -> None:
    (folder / "audio" / f"{NAME}.wav").unlink()
    with pytest.raises(DatasetError, match=rf"{NAME}\.wav is missing"):
        load_examples(folder)


def test_missing_audio_folder_is_a_missing_wave(folder: Path) -> None:
    (folder / "audio" / f"{NAME}.wav").unlink()
    (folder / "audio").rmdir()
    with pytest.raises(DatasetError, match=rf"{NAME}\.wav is missing"):
        load_examples(folder)


def test_damaged_wave_is_named(folder: Path) -> None:
    [example] = load_examples(folder)
    example.path.write_bytes(b"RIFF, but no wave")
    with pytest.raises(DatasetError, match=rf"Could not read .*{NAME}\.wav"):
        read_wave(example)


@pytest.mark.parametrize("shape", [(RATE, 2), (0,)], ids=["stereo", "empty"])
def test_wave_that_is_stereo_or_empty_is_an_error(folder: Path, shape: tuple[int, ...]) -> None:
    [example] = load_examples(folder)
    soundfile.write(example.path, np.zeros(shape), RATE)
    with pytest.raises(DatasetError, match="must be mono and not empty"):
        read_wave(example)


def test_wave_of_another_rate_is_an_error(folder: Path) -> None:
    [example] = load_examples(folder)
    write_wave(example.path, tone(), 22050)
    with pytest.raises(DatasetError, match="is at 22050 Hz, not 16000"):
        read_wave(example)


def test_text_that_cannot_be_written_leaves_the_old_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_self: Path, _target: Path) -> Path:
        raise PermissionError(13, "Permission denied")

    before = (folder / "examples.json").read_text()
    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(DatasetError, match=r"Could not write .*Choose another folder"):
        write_text(folder / "examples.json", "new")
    assert (folder / "examples.json").read_text() == before
    assert {path.name for path in folder.iterdir()} == {"audio", "examples.json"}
