"""A writer of SoundFonts: presets and instruments of zones, samples of 16 or 24 bits.

Knows the format and none of our sounds. A generator's or modulator's amount is written as it is
given; the numbers that name them are those of the specification.

Format: SoundFont Technical Specification 2.04, E-mu Systems.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

MAXIMUM_BYTES = 2**32 - 1  # the lengths of chunks have 32 bits
MAXIMUM_NAME = 19
PADDING = 46  # zeros behind a sample, which the format asks for
FULL_SCALE_16, FULL_SCALE_24 = 2**15 - 1, 2**23 - 1

VIBRATO_TO_PITCH, FILTER_CUTOFF, FILTER_Q, PAN, VIBRATO_RATE = 6, 8, 9, 17, 24
ATTACK, HOLD, DECAY, SUSTAIN, RELEASE = 34, 35, 36, 37, 38
INSTRUMENT, KEY_RANGE, VELOCITY_RANGE, FIXED_VELOCITY, ATTENUATION = 41, 43, 44, 47, 48
COARSE_TUNE, FINE_TUNE, SAMPLE_ID, SAMPLE_MODES, ROOT_KEY = 51, 52, 53, 54, 58
LOOPED = 1

VELOCITY_CONCAVE, VELOCITY_LINEAR, MODULATION_WHEEL = 0x0502, 0x0102, 0x0081
"""Sources of modulators: velocity falling from 1 to 0, by a concave curve and evenly; CC 1."""

_MONO = 1
_LOWEST_HZ = 8.1757989156  # 0 cents
_LEAST_SECONDS = 2**-10


@dataclass(frozen=True)
class FontSample:
    """A sample.

    Attributes:
        name: At most 19 letters count.
        wave: float [frame], within ±1.
        sample_rate: In Hz.
        pitch: MIDI note that it sounds at.
        correction_cents: Added when it is played.
        loop: First frame that repeats, and the frame after the last; None for the whole.
    """

    name: str
    wave: NDArray[np.floating]
    sample_rate: int
    pitch: int
    correction_cents: int = 0
    loop: tuple[int, int] | None = None


@dataclass(frozen=True)
class Modulator:
    """A source that moves a generator by an amount."""

    source: int
    generator: int
    amount: int


@dataclass(frozen=True)
class Zone:
    """Generators by number, and modulators. The one that names a sample is written last."""

    generators: Mapping[int, int]
    modulators: Sequence[Modulator] = ()


@dataclass(frozen=True)
class FontPreset:
    """A preset with an instrument of its own: the first of its zones may name no sample."""

    name: str
    zones: Sequence[Zone]
    bank: int = 0
    program: int = 0


@dataclass(frozen=True)
class Font:
    """A SoundFont: `info` holds further chunks of words, such as IENG (author), ICOP, ICMT."""

    name: str
    presets: Sequence[FontPreset]
    samples: Sequence[FontSample]
    info: Mapping[str, str] = field(default_factory=dict)
    bits: int = 16


def cents_of_hz(hertz: float) -> int:
    """Give a frequency in the format's cents, which count from 8.176 Hz."""
    return round(1200 * np.log2(hertz / _LOWEST_HZ))


def timecents(seconds: float) -> int:
    """Give a time in the format's unit: 1200 is twice as long; 1/1024 s is the shortest."""
    return round(1200 * np.log2(max(seconds, _LEAST_SECONDS)))


def key_range(lowest: int, highest: int) -> int:
    """Give the amount of a range of keys or velocities."""
    return highest << 8 | lowest


def write_font(path: Path, font: Font) -> None:
    """Write a SoundFont.

    Raises:
        OSError: If it can't be written.
        ValueError: If it were longer than the format allows.
    """
    words = {**font.info, "isng": "EMU8000", "INAM": font.name}
    version = struct.pack("<HH", 2, 4 if font.bits == 24 else 1)
    info = {"ifil": version} | {name: _words(text) for name, text in words.items() if text}
    parts = (
        _list("INFO", info),
        _list("sdta", _sample_chunks(font)),
        _list("pdta", _tables(font)),
    )
    n_bytes = sum(map(len, parts))
    if n_bytes > MAXIMUM_BYTES - 12:
        raise ValueError(f"a SoundFont holds 4 GB, not {n_bytes} bytes")
    with path.open("wb") as file:
        file.write(b"RIFF" + struct.pack("<I", n_bytes + 4) + b"sfbk")
        file.writelines(parts)


def _sample_chunks(font: Font) -> dict[str, bytes]:
    """Give the samples; with 24 bits the lower eight have a chunk of their own."""
    waves = [np.append(sample.wave, np.zeros(PADDING)) for sample in font.samples]
    wave = np.clip(np.concatenate(waves), -1.0, 1.0)
    if font.bits != 24:
        return {"smpl": np.rint(FULL_SCALE_16 * wave).astype("<i2").tobytes()}
    numbers = np.rint(FULL_SCALE_24 * wave).astype("<i4")
    upper = (numbers >> 8).astype("<i2")
    return {"smpl": upper.tobytes(), "sm24": (numbers & 0xFF).astype(np.uint8).tobytes()}


def _tables(font: Font) -> dict[str, bytes]:
    n = len(font.presets)
    zones = [zone for preset in font.presets for zone in preset.zones]
    first_zones = _starts(len(preset.zones) for preset in font.presets)
    generators = [sorted(zone.generators.items(), key=_place) for zone in zones]
    first_generators = _starts(map(len, generators))
    first_modulators = _starts(len(zone.modulators) for zone in zones)
    samples = zip(font.samples, _starts(len(s.wave) + PADDING for s in font.samples), strict=False)
    return {
        "phdr": b"".join(
            struct.pack("<20sHHHIII", _name(p.name), p.program, p.bank, i, 0, 0, 0)
            for i, p in enumerate(font.presets)
        )
        + struct.pack("<20sHHHIII", b"EOP", 0, 0, n, 0, 0, 0),
        "pbag": b"".join(struct.pack("<HH", i, 0) for i in range(n + 1)),
        "pmod": bytes(10),
        "pgen": b"".join(struct.pack("<HH", INSTRUMENT, i) for i in range(n)) + bytes(4),
        "inst": b"".join(
            struct.pack("<20sH", _name(preset.name), first)
            for preset, first in zip(font.presets, first_zones, strict=False)
        )
        + struct.pack("<20sH", b"EOI", len(zones)),
        "ibag": b"".join(
            struct.pack("<HH", *firsts)
            for firsts in zip(first_generators, first_modulators, strict=True)
        ),
        "imod": b"".join(
            struct.pack("<HHhHH", modulator.source, modulator.generator, modulator.amount, 0, 0)
            for zone in zones
            for modulator in zone.modulators
        )
        + bytes(10),
        "igen": b"".join(
            struct.pack("<HH", number, amount & 0xFFFF)
            for of in generators
            for number, amount in of
        )
        + bytes(4),
        "shdr": b"".join(_sample_header(sample, start) for sample, start in samples)
        + struct.pack("<20s5IBbHH", b"EOS", 0, 0, 0, 0, 0, 0, 0, 0, 0),
    }


def _place(generator: tuple[int, int]) -> int:
    """Order generators: ranges come first, in this order, and the sample last."""
    return {KEY_RANGE: -2, VELOCITY_RANGE: -1, SAMPLE_ID: 1}.get(generator[0], 0)


def _starts(sizes: Iterable[int]) -> list[int]:
    """Give where each of things of these sizes begins, and where the last one ends."""
    return list(accumulate(sizes, initial=0))


def _sample_header(sample: FontSample, start: int) -> bytes:
    end = start + len(sample.wave)
    loop_start, loop_end = sample.loop or (0, len(sample.wave))
    return struct.pack(
        "<20s5IBbHH",
        _name(sample.name),
        start,
        end,
        start + loop_start,
        start + loop_end,
        sample.sample_rate,
        sample.pitch,
        sample.correction_cents,
        0,
        _MONO,
    )


def _name(name: str) -> bytes:
    return name.encode("ascii", "replace")[:MAXIMUM_NAME]


def _words(text: str) -> bytes:
    """Give words as the format wants them: ASCII, ended by a zero, of even length."""
    encoded = text.encode("ascii", "replace")[:254] + b"\0"
    return encoded + bytes(len(encoded) % 2)


def _list(kind: str, chunks: Mapping[str, bytes]) -> bytes:
    return _chunk("LIST", kind.encode() + b"".join(_chunk(*item) for item in chunks.items()))


def _chunk(name: str, content: bytes) -> bytes:
    return name.encode() + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)
