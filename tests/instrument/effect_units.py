"""One effect alone, as the tests measure it: a wave in, what the effect makes of it out."""

import numpy as np

from instrument.engine.chorus import chorus_block, chorus_dtype, chorus_rows
from instrument.engine.delay import (
    damping_share,
    delay_block,
    delay_dtype,
    delay_frames,
    delay_rows,
)
from instrument.engine.delay_line import wake
from instrument.engine.envelope import BLOCK
from instrument.engine.reverb import reverb_block, reverb_dtype, reverb_rows


class Unit:
    """An effect with memory of its own; its wet part only."""

    def __init__(self, dtype, rows, rate):
        self.rate = rate
        self.array = np.zeros(1, dtype)
        self.record = self.array[0]
        for name, value in rows(rate).items():
            self.record[name] = value
        self.memory = np.zeros(int(self.record["length"]), np.float32)

    def block(self, mix):
        raise NotImplementedError

    def run(self, wave):
        """Take a wave, float32 [frame, 2], whole blocks of it; give what comes out, as long."""
        out = []
        for first in range(0, len(wave) // BLOCK * BLOCK, BLOCK):
            mix = np.ascontiguousarray(wave[first : first + BLOCK].T, np.float32)
            assert wake(self.record, self.memory, True)
            self.block(mix)
            out.append(self.record["wet"].T.copy())
        return np.concatenate(out)


class Chorus(Unit):
    def __init__(self, rate=48000.0, rate_hz=0.6, depth=0.5, ensemble=0.0):
        super().__init__(chorus_dtype, chorus_rows, rate)
        self.settings = [rate_hz, depth, ensemble]

    def block(self, mix):
        chorus_block(self.record, self.memory, mix, *self.settings, self.rate)


class Delay(Unit):
    def __init__(
        self,
        rate=48000.0,
        seconds=0.25,
        feedback=0.5,
        cutoff_hz=20000.0,
        crossing=0.0,
        division=0,
        tempo=120.0,
    ):
        super().__init__(delay_dtype, delay_rows, rate)
        self.seconds, self.division, self.tempo = seconds, division, tempo
        self.feedback, self.cutoff_hz, self.crossing = feedback, cutoff_hz, crossing

    def block(self, mix):
        n_frames = delay_frames(self.seconds, self.division, self.tempo, self.rate)
        damping = damping_share(self.cutoff_hz, self.rate)
        delay_block(
            self.record,
            self.memory,
            mix,
            n_frames,
            float(self.feedback),
            damping,
            float(self.crossing),
            self.rate,
        )


class Reverb(Unit):
    def __init__(self, rate=48000.0, seconds=2.0, damping=0.0, before=0.0):
        super().__init__(reverb_dtype, reverb_rows, rate)
        self.seconds, self.damping, self.before = seconds, damping, before

    def block(self, mix):
        n_before = round(self.before * self.rate)
        seconds, damping = float(self.seconds), float(self.damping)
        reverb_block(self.record, self.memory, mix, seconds, damping, n_before, self.rate)


def impulse(seconds, rate=48000.0, sides=(1.0, 1.0)):
    """Make one frame and silence: float32 [frame, 2]."""
    wave = np.zeros((round(seconds * rate), 2), np.float32)
    wave[0] = sides
    return wave


def hiss(seconds, rate=48000.0, level=0.3, seed=0):
    """Make noise: float32 [frame, 2], each side its own."""
    random = np.random.default_rng(seed)
    return random.normal(0, level, (round(seconds * rate), 2)).astype(np.float32)
