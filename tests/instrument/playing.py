"""What the engine's tests play and measure with."""

import numpy as np

from instrument.engine.engine import Engine
from instrument.engine.pool import NoteInfo
from tests.signals import hz

RATE = 48000
SECONDS = 4  # that a slot of the tests' pool holds


def steady_note(note, seconds=SECONDS, *, phases=None, n_harmonics=12, level=0.4):
    """Make a note that neither falls nor moves: float32 [frame].

    Args:
        note: MIDI note, fractions are cents.
        seconds: How long.
        phases: Seed of the harmonics' phases; None starts all at 0.
        n_harmonics: Their number; harmonic n has the level 1/n.
        level: Peak.
    """
    time = np.arange(round(seconds * RATE)) / RATE
    random = np.random.default_rng(phases)
    wave = np.zeros_like(time)
    for n in range(1, n_harmonics + 1):
        phase = 0.0 if phases is None else random.uniform(0, 2 * np.pi)
        wave += np.sin(2 * np.pi * n * hz(note) * time + phase) / n
    return (level * wave / np.abs(wave).max()).astype(np.float32)


class Player:
    """An engine with a pool, and the shortest words for what the tests do with them."""

    def __init__(self, pool, **options):
        self.pool = pool
        self.engine = Engine(RATE, pool, **options)
        self._slot = 0

    def publish(self, pitch, wave, layer=0, **info):
        """Put a wave into the next slot and give it to a key of a layer."""
        self._slot = self._slot % (self.pool.n_slots - 1) + 1
        self.pool.write(self._slot, wave)
        self.engine.publish(pitch, self.note_of(self._slot, wave, **info), layer)
        return self._slot

    def note_of(self, slot, wave, **info):
        """Say how a wave is played that lies in a slot."""
        return NoteInfo(slot, len(wave), sample_rate=RATE, **info)

    def post(self, *events):
        for event in events:
            self.engine.post(event)

    def take(self, seconds):
        """Make so many seconds, to whole inner blocks: float32 [frame, 2]."""
        out = np.full((round(seconds * RATE / 64) * 64, 2), np.nan, np.float32)
        self.engine.process(out)
        return out

    @property
    def counters(self):
        return self.engine.counters()


def level_db(wave):
    """Give a wave's level, RMS in dB of full scale."""
    return 20 * np.log10(np.sqrt(np.mean(np.square(wave, dtype=np.float64))) + 1e-12)


def levels_db(wave, note, periods=8):
    """Give a wave's level in dB at every frame, over whole periods of a note."""
    n = round(periods * RATE / hz(note))
    power = np.convolve(np.square(wave, dtype=np.float64), np.ones(n) / n, "valid")
    return 10 * np.log10(power + 1e-12)


def roughness(wave):
    """Give the largest second difference: how sharp the sharpest corner is."""
    return np.abs(np.diff(wave.astype(np.float64), 2, axis=0)).max()


def pitches_of(wave):
    """Give a sine's pitch frame by frame, in MIDI notes and parts of them; both edges are rough."""
    spectrum = np.fft.fft(wave.astype(np.float64))
    spectrum[len(wave) // 2 :] = 0.0
    turns = np.diff(np.unwrap(np.angle(np.fft.ifft(2 * spectrum)))) / (2 * np.pi)
    return 69 + 12 * np.log2(np.maximum(turns * RATE, 1.0) / 440.0)


def pitch_of(wave):
    """Give a steady sine's pitch, in MIDI notes and parts of them, to a hundredth of a cent."""
    n = len(wave) // 8
    wave = wave.astype(np.float64) * np.hanning(len(wave))
    spectrum = np.fft.fft(wave)
    spectrum[len(wave) // 2 :] = 0.0
    phase = np.unwrap(np.angle(np.fft.ifft(spectrum)))[n:-n]
    turns = np.polyfit(np.arange(len(phase)), phase, 1)[0] / (2 * np.pi)
    return 69 + 12 * np.log2(turns * RATE / 440.0)


def brightness_of(wave):
    """Give a wave's spectral centroid, in Hz."""
    power = np.abs(np.fft.rfft(wave * np.hanning(len(wave)))) ** 2
    return (power * np.fft.rfftfreq(len(wave), 1 / RATE)).sum() / power.sum()
