"""Parts of NSynth for tests, as they are downloaded, with a few notes each."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from train.datasets.notes import FAMILIES

# What is in which part: (instrument, pitch, velocity).
TRAIN = [
    ("flute_acoustic_002", 60, 100),
    ("flute_acoustic_002", 61, 100),
    ("flute_acoustic_002", 23, 100),
    ("guitar_electronic_001", 60, 100),
]
TEST = [
    ("brass_acoustic_003", 84, 25),
    ("brass_acoustic_003", 85, 25),
    ("bass_synthetic_000", 40, 50),
]


def row(number: int, instrument: str, pitch: int, velocity: int) -> dict[str, Any]:
    """A row as in NSynth's own lists."""
    family, source, _ = instrument.split("_")
    return {
        "note": number,
        "sample_rate": 16000,
        "instrument_family": FAMILIES.index(family),
        "pitch": pitch,
        "instrument_source": ("acoustic", "electronic", "synthetic").index(source),
        "instrument_family_str": family,
        "instrument_str": instrument,
        "note_str": f"{instrument}-{pitch:03d}-{velocity:03d}",
        "qualities_str": [],
        "instrument_source_str": source,
        "velocity": velocity,
        "instrument": 7,
        "qualities": [0] * 10,
    }


def write_part(folder: Path, contents: list[tuple[str, int, int]]) -> Path:
    """Write an unpacked part; gives its folder."""
    (folder / "audio").mkdir(parents=True)
    rows = {r["note_str"]: r for r in (row(i, *each) for i, each in enumerate(contents))}
    (folder / "examples.json").write_text(json.dumps(rows, indent=4))
    for name, each in rows.items():
        wave = 0.5 * np.sin(2 * np.pi * (100 + each["pitch"]) * np.arange(64000) / 16000)
        soundfile.write(folder / "audio" / f"{name}.wav", wave, 16000, subtype="PCM_16")
    return folder
