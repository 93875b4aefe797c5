"""Small SoundFonts, for tests that must know what they hear."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from instrument.export import soundfont as sf

SAMPLE_HZ = 44000  # so that A 440 is 100 samples long
ROOT_PITCH = 69
_N_CYCLES = 20


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
    samples = [_sample(preset) for preset in presets]
    instruments = [
        sf.FontPreset(p.name, [_zone(number, p)], p.bank, p.program)
        for number, p in enumerate(presets)
    ]
    sf.write_font(path, sf.Font("Toy", instruments, samples))
    return path


def _sample(preset: ToyPreset) -> sf.FontSample:
    cycle = 2 * np.pi * np.arange(100) / 100
    wave = sum(np.sin(k * cycle) / k for k in range(1, preset.harmonics + 1))
    wave = np.tile(preset.peak * wave / np.abs(wave).max(), _N_CYCLES)
    loop = (200, len(wave) - 200)
    return sf.FontSample(preset.name, wave, SAMPLE_HZ, ROOT_PITCH, loop=loop)


def _zone(number: int, preset: ToyPreset) -> sf.Zone:
    generators = {
        sf.KEY_RANGE: sf.key_range(0, preset.highest_pitch),
        sf.COARSE_TUNE: preset.tune_semitones,
        sf.SAMPLE_MODES: sf.LOOPED,
        sf.SAMPLE_ID: number,
    }
    return sf.Zone(generators | ({sf.FIXED_VELOCITY: preset.velocity} if preset.velocity else {}))
