"""Notes on disk in NSynth's layout: `examples.json`, and a WAV a note in `audio/`."""

import errno
import io
import math
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import soundfile
from numpy.typing import NDArray

Wave = NDArray[np.float32]

EXAMPLES_FILE = "examples.json"
AUDIO_FOLDER = "audio"

# A family's number is its place in this list, as in NSynth.
FAMILIES = (
    "bass",
    "brass",
    "flute",
    "guitar",
    "keyboard",
    "mallet",
    "organ",
    "reed",
    "string",
    "synth_lead",
    "vocal",
)
N_QUALITIES = 10


class DatasetError(Exception):
    """A data set, or what it should be made from, cannot be used; says what to do."""


@dataclass(frozen=True)
class Note:
    """One row of `examples.json`: NSynth's fields, and three of ours at the end.

    Attributes:
        note: Number of the note in its data set.
        note_str: Name of the note, and of its WAV.
        instrument: Number of the instrument in its data set.
        instrument_str: Family, source and number, as in "flute_acoustic_002".
        pitch: MIDI number, 0 to 127.
        velocity: 1 to 127.
        sample_rate: Hz.
        instrument_family: Place of the family in `FAMILIES`.
        instrument_family_str: The family.
        instrument_source: 0 acoustic, 1 electronic, 2 synthetic.
        instrument_source_str: The source in a word.
        qualities: One 0 or 1 for each of NSynth's ten qualities.
        qualities_str: The names of those that are 1.
        preset_name: What the SoundFont calls the instrument; None in NSynth.
        level_db: Peak before normalisation, dB of full scale; None in NSynth.
        recording: The file that it was cut from, if it was.
    """

    note: int
    note_str: str
    instrument: int
    instrument_str: str
    pitch: int
    velocity: int
    sample_rate: int
    instrument_family: int
    instrument_family_str: str
    instrument_source: int
    instrument_source_str: str
    qualities: tuple[int, ...]
    qualities_str: tuple[str, ...]
    preset_name: str | None = None
    level_db: float | None = None
    recording: str | None = None


@dataclass(frozen=True)
class Example(Note):
    """A note and the WAV that holds it."""

    path: Path = Path()


def note_name(instrument_str: str, pitch: int, velocity: int) -> str:
    """Return NSynth's name of a note, as in "flute_acoustic_002-060-100"."""
    return f"{instrument_str}-{pitch:03d}-{velocity:03d}"


def load_examples(destination: Path) -> list[Example]:
    """Read the list of notes of a data set, in the order of their names.

    Args:
        destination: Folder with `examples.json` and `audio/`.

    Returns:
        One example a note. Every WAV named is there; `read_wave` checks what is in it.

    Raises:
        DatasetError: If the folder is no data set, a row is wrong or a WAV is missing.
    """
    examples, missing = list_examples(destination)
    if missing:
        raise DatasetError(f"{missing[0].path} is missing. Make the data set again.")
    return examples


def list_examples(destination: Path) -> tuple[list[Example], list[Example]]:
    """Read the list of notes of a data set that may not be whole.

    Returns:
        The notes whose WAV is there, and those whose WAV is missing; each in the order of
        their names.

    Raises:
        DatasetError: If the folder is no data set or a row is wrong.
    """
    path = destination / EXAMPLES_FILE
    notes = _decode_notes(path)
    audio = destination / AUDIO_FOLDER
    present = {entry.name for entry in os.scandir(audio)} if audio.is_dir() else set()
    examples: list[Example] = []
    missing: list[Example] = []
    for key in sorted(notes):
        note = notes.pop(key)  # so that the list never is in memory twice
        _check_note(path, key, note)
        example = Example(**vars(note), path=audio / f"{key}.wav")
        (examples if example.path.name in present else missing).append(example)
    return examples, missing


def _decode_notes(path: Path) -> dict[str, Note]:
    try:
        notes = msgspec.json.decode(path.read_bytes(), type=dict[str, Note])
    except FileNotFoundError as error:
        raise DatasetError(
            f"{path.parent} holds no {EXAMPLES_FILE}. Make a data set with: timbrepad data"
        ) from error
    except OSError as error:
        raise DatasetError(f"Could not read {path}: {error.strerror}.") from error
    except msgspec.MsgspecError as error:
        raise DatasetError(f"{path} is damaged: {error}. Make the data set again.") from error
    if not notes:
        raise DatasetError(f"{path} lists no notes. Make the data set again.")
    return notes


def _check_note(path: Path, key: str, note: Note) -> None:
    family = note.instrument_family
    checks = {
        "note_str": note.note_str == key and "/" not in key and "\\" not in key,
        "pitch": 0 <= note.pitch <= 127,
        "velocity": 1 <= note.velocity <= 127,
        "sample_rate": note.sample_rate > 0,
        "instrument_family": 0 <= family < len(FAMILIES)
        and FAMILIES[family] == note.instrument_family_str,
        "level_db": note.level_db is None or math.isfinite(note.level_db),
    }
    for field, right in checks.items():
        if not right:
            raise DatasetError(
                f"{path}: note {key} has a wrong {field}: {getattr(note, field)!r}. "
                "Make the data set again."
            )


def read_wave(example: Example) -> Wave:
    """Read the wave of a note.

    Returns:
        float32 [sample], full scale ±1, at `example.sample_rate`.

    Raises:
        DatasetError: If the file is missing, damaged, not mono, empty or of another rate.
    """
    try:
        wave, rate = soundfile.read(example.path, dtype="float32")
    except soundfile.LibsndfileError as error:
        raise DatasetError(
            f"Could not read {example.path}: {error.error_string} Make the data set again."
        ) from error
    if wave.ndim != 1 or not wave.size:
        raise DatasetError(f"{example.path} must be mono and not empty. Make it again.")
    if rate != example.sample_rate:
        raise DatasetError(
            f"{example.path} is at {rate} Hz, not {example.sample_rate}. Make the data set again."
        )
    return wave


def write_wave(path: Path, wave: Wave, sample_rate: int) -> None:
    """Write a wave as 16-bit PCM WAV, whole or not at all.

    Args:
        path: The file; its folder exists.
        wave: float32 [sample], full scale ±1; what is beyond is clipped.
        sample_rate: Hz.

    Raises:
        DatasetError: If the disk is full or may not be written.
    """
    samples = np.rint(np.clip(wave, -1.0, 1.0) * 32767.0).astype(np.int16)
    # Encoded in memory, because libsndfile does not say that a disk is full.
    encoded = io.BytesIO()
    soundfile.write(encoded, samples, sample_rate, format="WAV", subtype="PCM_16")
    write_bytes(path, encoded.getbuffer())


def write_examples(destination: Path, notes: Iterable[Note]) -> None:
    """Write `examples.json`, whole or not at all, a note a line.

    Raises:
        DatasetError: If the disk is full or may not be written.
    """
    path = destination / EXAMPLES_FILE
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("wb") as file:
            before = b"{\n"
            for note in sorted(notes, key=lambda note: note.note_str):
                name, row = msgspec.json.encode(note.note_str), msgspec.json.encode(note)
                file.write(before + name + b": " + row)
                before = b",\n"
            file.write(b"\n}\n")
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise write_error(path, error) from error


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all.

    Raises:
        DatasetError: If the disk is full or may not be written.
    """
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes | memoryview) -> None:
    """Write a file, whole or not at all.

    Raises:
        DatasetError: If the disk is full or may not be written.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise write_error(path, error) from error


def write_error(path: Path, error: OSError) -> DatasetError:
    """Return the error to raise when a file could not be written."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DatasetError(f"Could not write {path}: the disk is full. Free space and try again.")
    return DatasetError(f"Could not write {path}: {error.strerror}. Choose another folder.")
