"""A writer of small SoundFonts, for tests that must know what they hear."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SAMPLE_HZ = 44000  # so that A 440 is 100 samples long
ROOT_PITCH = 69
_N_CYCLES = 20

_KEY_RANGE, _FIXED_VELOCITY, _COARSE_TUNE, _SAMPLE_ID, _SAMPLE_MODES = 43, 47, 51, 53, 54
_INSTRUMENT = 41
_LOOP = 1


@dataclass(frozen=True)
class ToyPreset:
    """A looped tone on every key.

    Attributes:
        bank: MIDI bank.
        program: 0 to 127.
        name: At most 19 letters.
        peak: Largest sample, 0..1.
        harmonics: The tone has this many, each as loud as its number is small.
        tune_semitones: How far it sounds from its key.
        highest_pitch: It is silent above.
        velocity: It sounds as if played at this velocity; 0 as it is played.
    """

    bank: int
    program: int
    name: str
    peak: float = 0.5
    harmonics: int = 1
    tune_semitones: int = 0
    highest_pitch: int = 127
    velocity: int = 0


def write_sf2(path: Path, presets: Sequence[ToyPreset]) -> Path:
    """Write a SoundFont with one instrument and one sample a preset."""
    samples = [np.append(_tone(preset), np.zeros(46, np.int16)) for preset in presets]
    starts = np.cumsum([0, *(sample.size for sample in samples)]).tolist()
    generators = [_generators(number, preset) for number, preset in enumerate(presets)]
    first = np.cumsum([0, *(len(each) for each in generators)]).tolist()
    n = len(presets)
    pdta = {
        "phdr": b"".join(
            struct.pack("<20sHHHIII", p.name.encode(), p.program, p.bank, i, 0, 0, 0)
            for i, p in enumerate(presets)
        )
        + struct.pack("<20sHHHIII", b"EOP", 0, 0, n, 0, 0, 0),
        "pbag": b"".join(struct.pack("<HH", i, 0) for i in range(n + 1)),
        "pmod": bytes(10),
        "pgen": b"".join(struct.pack("<HH", _INSTRUMENT, i) for i in range(n)) + bytes(4),
        "inst": b"".join(struct.pack("<20sH", p.name.encode(), i) for i, p in enumerate(presets))
        + struct.pack("<20sH", b"EOI", n),
        "ibag": b"".join(struct.pack("<HH", start, 0) for start in first),
        "imod": bytes(10),
        "igen": b"".join(struct.pack("<Hh", *row) for each in generators for row in each)
        + bytes(4),
        "shdr": b"".join(
            _sample_header(preset.name, start, sample.size - 46)
            for preset, start, sample in zip(presets, starts, samples, strict=False)
        )
        + struct.pack("<20s5IBbHH", b"EOS", 0, 0, 0, 0, 0, 0, 0, 0, 0),
    }
    info = {"ifil": struct.pack("<HH", 2, 1), "isng": b"EMU8000\0", "INAM": b"Toy\0"}
    content = (
        _list("INFO", info)
        + _list("sdta", {"smpl": np.concatenate(samples).tobytes()})
        + _list("pdta", pdta)
    )
    path.write_bytes(_chunk("RIFF", b"sfbk" + content))
    return path


def _tone(preset: ToyPreset) -> NDArray[np.int16]:
    cycle = 2 * np.pi * np.arange(100) / 100
    wave = sum(np.sin(k * cycle) / k for k in range(1, preset.harmonics + 1))
    wave = np.tile(preset.peak * wave / np.abs(wave).max(), _N_CYCLES)
    return np.rint(32767 * wave).astype(np.int16)


def _generators(number: int, preset: ToyPreset) -> list[tuple[int, int]]:
    rows = [(_KEY_RANGE, preset.highest_pitch << 8)]
    if preset.velocity:
        rows.append((_FIXED_VELOCITY, preset.velocity))
    rows.append((_COARSE_TUNE, preset.tune_semitones))
    rows.append((_SAMPLE_MODES, _LOOP))
    return [*rows, (_SAMPLE_ID, number)]  # the format wants it last


def _sample_header(name: str, start: int, size: int) -> bytes:
    end = start + size
    loop = (start + 200, end - 200)
    return struct.pack(
        "<20s5IBbHH", name.encode(), start, end, *loop, SAMPLE_HZ, ROOT_PITCH, 0, 0, 1
    )


def _list(kind: str, chunks: dict[str, bytes]) -> bytes:
    return _chunk("LIST", kind.encode() + b"".join(_chunk(*item) for item in chunks.items()))


def _chunk(name: str, content: bytes) -> bytes:
    return name.encode() + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)
