"""Made-up notes, for measuring: a data set on disk like any other, but nothing worth learning."""

from pathlib import Path

import numpy as np

from .notes import (
    AUDIO_FOLDER,
    FAMILIES,
    N_QUALITIES,
    Note,
    Wave,
    note_name,
    write_examples,
    write_wave,
)

_SECONDS = 4
_VELOCITY = 100


def write_synthetic_notes(folder: Path, sample_rate: int, n_timbres: int, pitches: range) -> int:
    """Write harmonic notes, each timbre with other partials; gives how many.

    Raises:
        DatasetError: If the disk is full.
    """
    (folder / AUDIO_FOLDER).mkdir(parents=True)
    notes: list[Note] = []
    for timbre in range(n_timbres):
        family = timbre % len(FAMILIES)
        instrument = f"{FAMILIES[family]}_synthetic_{timbre:03d}"
        for pitch in pitches:
            name = note_name(instrument, pitch, _VELOCITY)
            wave = _tone(pitch, timbre + 2, sample_rate)
            write_wave(folder / AUDIO_FOLDER / f"{name}.wav", wave, sample_rate)
            notes.append(
                Note(
                    note=len(notes),
                    note_str=name,
                    instrument=timbre,
                    instrument_str=instrument,
                    pitch=pitch,
                    velocity=_VELOCITY,
                    sample_rate=sample_rate,
                    instrument_family=family,
                    instrument_family_str=FAMILIES[family],
                    instrument_source=2,
                    instrument_source_str="synthetic",
                    qualities=(0,) * N_QUALITIES,
                    qualities_str=(),
                )
            )
    write_examples(folder, notes)
    return len(notes)


def _tone(pitch: int, n_partials: int, sample_rate: int) -> Wave:
    seconds = np.arange(_SECONDS * sample_rate) / sample_rate
    f0_hz = 440.0 * 2.0 ** ((pitch - 69) / 12)
    numbers = [n for n in range(1, n_partials + 1) if n * f0_hz < sample_rate / 2]
    wave = sum((np.sin(2 * np.pi * f0_hz * n * seconds) / n for n in numbers), np.zeros(()))
    fade = np.minimum(1, (_SECONDS - seconds) / 0.02) * np.exp(-seconds)
    return (0.8 * fade * wave / np.abs(wave).max()).astype(np.float32)
