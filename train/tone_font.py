"""A SoundFont of one looped tone, so that a player can be given known work.

Format: SoundFont Technical Specification 2.04, E-mu Systems.
"""

import struct
from pathlib import Path

import numpy as np

SAMPLE_RATE = 48000
_CYCLE = 100
_N_CYCLES = 200
_ROOT_NOTE, _CORRECTION_CENTS = 71, 49  # 480 Hz are half a semitone below B4: all keys interpolate
_PADDING = 46  # zeros behind a sample, which the format asks for

_VIBRATO_TO_PITCH, _FILTER_CUTOFF, _FILTER_Q, _INSTRUMENT = 6, 8, 9, 41
_SAMPLE_ID, _SAMPLE_MODES = 53, 54
_LOOPED = 1
_LOWEST_CUTOFF_HZ = 8.176  # 0 cents


def write_font(path: Path, *, cutoff_hz: float, resonance_db: float, vibrato_cents: float) -> None:
    """Write a font whose preset 0 holds a tone on every key, each of one voice.

    Args:
        path: The file.
        cutoff_hz: Of each voice's low-pass filter.
        resonance_db: Its peak.
        vibrato_cents: Depth of each voice's own vibrato.

    Raises:
        OSError: If it can't be written.
    """
    cycle = 2 * np.pi * np.arange(_CYCLE) / _CYCLE
    wave = np.tile(0.3 * np.sin(cycle) + 0.1 * np.sin(3 * cycle), _N_CYCLES)
    samples = np.append(np.rint(32767 * wave), np.zeros(_PADDING)).astype("<i2")
    generators = [
        (_VIBRATO_TO_PITCH, round(vibrato_cents)),
        (_FILTER_CUTOFF, round(1200 * np.log2(cutoff_hz / _LOWEST_CUTOFF_HZ))),
        (_FILTER_Q, round(10 * resonance_db)),
        (_SAMPLE_MODES, _LOOPED),
        (_SAMPLE_ID, 0),  # the format wants it last
    ]
    loop = (10 * _CYCLE, wave.size - 10 * _CYCLE)
    pdta = {
        "phdr": struct.pack("<20sHHHIII", b"Tone", 0, 0, 0, 0, 0, 0)
        + struct.pack("<20sHHHIII", b"EOP", 0, 0, 1, 0, 0, 0),
        "pbag": struct.pack("<4H", 0, 0, 1, 0),
        "pmod": bytes(10),
        "pgen": struct.pack("<4H", _INSTRUMENT, 0, 0, 0),
        "inst": struct.pack("<20sH", b"Tone", 0) + struct.pack("<20sH", b"EOI", 1),
        "ibag": struct.pack("<4H", 0, 0, len(generators), 0),
        "imod": bytes(10),
        "igen": b"".join(struct.pack("<Hh", *row) for row in generators) + bytes(4),
        "shdr": struct.pack(
            "<20s5IBbHH",
            b"Tone",
            0,
            wave.size,
            *loop,
            SAMPLE_RATE,
            _ROOT_NOTE,
            _CORRECTION_CENTS,
            0,
            1,
        )
        + struct.pack("<20s5IBbHH", b"EOS", 0, 0, 0, 0, 0, 0, 0, 0, 0),
    }
    info = {"ifil": struct.pack("<HH", 2, 1), "isng": b"EMU8000\0", "INAM": b"A tone\0\0"}
    parts = [("INFO", info), ("sdta", {"smpl": samples.tobytes()}), ("pdta", pdta)]
    path.write_bytes(_chunk("RIFF", b"sfbk" + b"".join(_list(*part) for part in parts)))


def _list(kind: str, chunks: dict[str, bytes]) -> bytes:
    return _chunk("LIST", kind.encode() + b"".join(_chunk(*item) for item in chunks.items()))


def _chunk(name: str, content: bytes) -> bytes:
    return name.encode() + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)
