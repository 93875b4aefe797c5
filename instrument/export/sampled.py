"""A sound as samplers know it: samples, which keys play them, and what becomes of them.

Knows neither files nor formats: each format's writer says what it can hold of this.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Wave = NDArray[np.float32]

HIGHEST = 127  # of keys, velocities, controllers


class ExportError(Exception):
    """A sound can't be exported; the message says why and what to do."""


@dataclass(frozen=True)
class Sample:
    """A recorded note.

    Attributes:
        name: Unique within the sound, and safe as a part of a path: "x0-y2/061-Cs4".
        pitch: MIDI note that it sounds at.
        n_frames: Its length.
        loop: First frame of the part that repeats, and the frame after its last; None when it
            is played once.
        gain_db: What is to be added: not 0 only where its samples would have passed full scale.
    """

    name: str
    pitch: int
    n_frames: int
    loop: tuple[int, int] | None = None
    gain_db: float = 0.0


@dataclass(frozen=True)
class Region:
    """What one key plays, as far as one sample goes.

    Attributes:
        key: MIDI key.
        sample: What it plays.
        cents: From the sample's own pitch to the one that sounds.
        pan: -1 (left) to 1.
        cutoff_hz: Of the low-pass filter for the hardest stroke; None when it is open.
        velocities: The least and the greatest that play it.
        column: Its place on the pad, from the left.
        row: Its place on the pad, from below.
    """

    key: int
    sample: Sample
    cents: float = 0.0
    pan: float = 0.0
    cutoff_hz: float | None = None
    velocities: tuple[int, int] = (1, HIGHEST)
    column: int = 0
    row: int = 0


@dataclass(frozen=True)
class Envelope:
    """As the engine's: see `instrument.engine.envelope`. Seconds, and the sustain's level 0..1."""

    attack_seconds: float = 0.002
    decay_seconds: float = 1.0
    sustain: float = 1.0
    release_seconds: float = 0.35


@dataclass(frozen=True)
class Wheel:
    """What the modulation wheel moves all the way up: only one of these is not 0."""

    vibrato_cents: float = 0.0
    cutoff_cents: float = 0.0


@dataclass(frozen=True)
class SampledSound:
    """All that the formats are made of.

    Attributes:
        name: Of the sound.
        regions: Of all keys and places.
        sample_rate: Of all samples, in Hz.
        grid: Places along each side of the pad; 1 when it does not move.
        pad_x: Where the pad stands at first, 0..1.
        pad_y: As `pad_x`.
        envelope: Of each note.
        volume_db: Of all.
        levels: Of a note, 0..1, by velocity 0 to 127.
        velocity_power: They are (velocity / 127) to this power, times the highest.
        velocity_octaves: How far the softest stroke closes the filter.
        resonance_db: The filter's peak above its Butterworth form.
        vibrato_cents: Its depth.
        vibrato_hz: Its rate.
        bend_cents: That the pitch wheel bends.
        wheel: What the modulation wheel does.
        author: Who made it, or "".
        license: What others may do with it, or "".
        comment: What it was made with.
    """

    name: str
    regions: tuple[Region, ...]
    sample_rate: int
    grid: int = 1
    pad_x: float = 0.5
    pad_y: float = 0.5
    envelope: Envelope = Envelope()
    volume_db: float = 0.0
    levels: tuple[float, ...] = tuple(i / HIGHEST for i in range(HIGHEST + 1))
    velocity_power: float = 1.0
    velocity_octaves: float = 0.0
    resonance_db: float = 0.0
    vibrato_cents: float = 0.0
    vibrato_hz: float = 5.5
    bend_cents: int = 200
    wheel: Wheel = Wheel()
    author: str = ""
    license: str = ""
    comment: str = ""

    @property
    def samples(self) -> tuple[Sample, ...]:
        """Its samples, each once, in the order of the regions."""
        return tuple(dict.fromkeys(region.sample for region in self.regions))

    def at(self, column: int, row: int) -> Sequence[Region]:
        """Give the regions of one place on the pad."""
        return [r for r in self.regions if (r.column, r.row) == (column, row)]

    @property
    def is_filtered(self) -> bool:
        """Whether any key has a filter that does something."""
        return any(region.cutoff_hz is not None for region in self.regions)


def controller_steps(grid: int) -> list[int]:
    """Give the value of a pad's controller at each place along a side, 0 to 127."""
    if grid == 1:
        return [0]
    return [round(HIGHEST * place / (grid - 1)) for place in range(grid)]
