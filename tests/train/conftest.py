"""A tiny data set of synthetic notes, and the settings of a run that takes seconds."""

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.train.tiny import CHANNELS
from train.datasets.notes import AUDIO_FOLDER, FAMILIES, Note, note_name, write_examples, write_wave
from train.recipes.config import WIDTHS, WarmStartConfig

RATE, SECONDS = 32000, 4


def tone(pitch: int, n_partials: int, decay: float) -> np.ndarray:
    """A harmonic note, peak 0.8: float32 [sample]."""
    time = np.arange(RATE * SECONDS) / RATE
    f0 = 440 * 2 ** ((pitch - 69) / 12)
    wave = sum(np.sin(2 * math.pi * f0 * h * time) / h for h in range(1, n_partials + 1))
    wave = wave * np.exp(-decay * time) * np.minimum(1, (SECONDS - time) / 0.02)
    return (0.8 * wave / np.abs(wave).max()).astype(np.float32)


@pytest.fixture(scope="session")
def notes_folder(tmp_path_factory) -> Path:
    """Three timbres at five pitches."""
    folder = tmp_path_factory.mktemp("notes")
    (folder / AUDIO_FOLDER).mkdir()
    notes = []
    for instrument, (name, partials, decay) in enumerate(
        [("Pure", 1, 0.0), ("Bright", 12, 0.0), ("Plucked", 6, 3.0)]
    ):
        for pitch in (48, 52, 55, 60, 64):
            family = FAMILIES[instrument]
            instrument_str = f"{family}_acoustic_{instrument:03d}"
            note = note_name(instrument_str, pitch, 100)
            write_wave(folder / AUDIO_FOLDER / f"{note}.wav", tone(pitch, partials, decay), RATE)
            notes.append(
                Note(
                    note=len(notes),
                    note_str=note,
                    instrument=instrument,
                    instrument_str=instrument_str,
                    pitch=pitch,
                    velocity=100,
                    sample_rate=RATE,
                    instrument_family=instrument,
                    instrument_family_str=family,
                    instrument_source=0,
                    instrument_source_str="acoustic",
                    qualities=(0,) * 10,
                    qualities_str=(),
                    preset_name=name,
                    level_db=-20.0 - 3 * instrument,
                )
            )
    write_examples(folder, notes)
    return folder


@pytest.fixture
def quick() -> WarmStartConfig:
    """A run of 24 notes through all four resolutions."""
    return WarmStartConfig(
        name="quick",
        latent_size=8,
        examples=24,
        stage_shares=(0.5, 0.1, 0.1, 0.3),
        batch=(2, 2, 2, 2),
        workers=1,
        precision="float32",
        compiled=False,
    )


@pytest.fixture(scope="module")
def tiny_width() -> Iterator[None]:
    """Let configurations have the width "tiny"."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(WIDTHS, "tiny", CHANNELS)
        yield
