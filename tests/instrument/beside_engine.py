"""What another player makes of an export, beside what the engine plays: pitch, and bands in dB."""

import numpy as np

from instrument.engine.engine import Engine
from instrument.presets.preset import Preset
from instrument.songs.offline import arrange, perform
from instrument.values.events import NoteOff, NoteOn
from tests.instrument.sampled import SAMPLE_RATE, SteadyNotes, player_of
from train.datasets.fluidsynth import HELD_SAMPLES, NOTE_SAMPLES

PITCHES = range(58, 64)
WHOLE_BAND_DB = 40.0  # softer bands hold nothing but what leaks into them


def by_engine(preset: Preset, key: int, velocity: int, **source: float):
    """Play the same by the engine."""
    notes = SteadyNotes(**source)
    blocks: list[np.ndarray] = []
    events = [
        NoteOn(note=key, velocity=velocity),
        NoteOff(note=key, time_seconds=HELD_SAMPLES / SAMPLE_RATE),
    ]
    moments = arrange(events, player_of(preset), PITCHES)
    engine = Engine(SAMPLE_RATE, notes.pool)
    perform(moments, notes, engine, SAMPLE_RATE, lambda block: blocks.append(block.copy()))
    del engine
    notes.pool.close()
    wave = np.concatenate(blocks).mean(axis=1)
    return np.pad(wave, (0, NOTE_SAMPLES))[:NOTE_SAMPLES]


def bands_db(wave: np.ndarray) -> np.ndarray:
    """Give the level of each third of an octave from 20 Hz."""
    power = np.abs(np.fft.rfft(wave * np.hanning(len(wave)))) ** 2
    hertz = np.fft.rfftfreq(len(wave), 1 / SAMPLE_RATE)
    edges = 20 * 2 ** (np.arange(31) / 3)
    of_band = np.searchsorted(edges, hertz)
    return 10 * np.log10(np.bincount(of_band, power, 32)[1:31] + 1e-12)


def cents_apart(one: np.ndarray, other: np.ndarray, hertz: float) -> float:
    """Give how far two notes lie apart, by the phase of the fundamental at two times."""
    n = SAMPLE_RATE // 2
    turn = np.exp(-2j * np.pi * hertz * np.arange(n) / SAMPLE_RATE) * np.hanning(n)

    def drift(wave: np.ndarray) -> complex:
        early, late = wave[n : 2 * n], wave[3 * n : 4 * n]
        return np.sum(late * turn) * np.conj(np.sum(early * turn))

    radians = np.angle(drift(other) * np.conj(drift(one)))
    seconds = 2 * n / SAMPLE_RATE
    return 1200 * np.log2(1 + radians / (2 * np.pi * seconds * hertz))


PLAYED = {
    "as it is": {},
    "soft touch": {"velocity_curve": 1.0, "velocity_level": 1.0},
    "fixed touch": {"velocity_curve": 3.0},
    "slow attack": {"attack": 0.3},
    "decay": {"decay": 2.0, "sustain": 0.3},
    "filter": {"cutoff": 900.0, "resonance": 0.3, "key_tracking": 1.0},
    "velocity filter": {"cutoff": 3000.0, "velocity_cutoff": 0.5},
    "tuned": {"tune": 40.0, "transpose": 1.0},
    "quiet": {"volume": -20.0, "pan": 0.3},
}
