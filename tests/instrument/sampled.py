"""Notes and sounds to export, made without a model."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from instrument.engine.pool import NoteInfo, NotePool
from instrument.export.exporting import Exported, ExportOptions, export_sound
from instrument.export.recording import make_plan
from instrument.export.sampled import Region, Sample, SampledSound
from instrument.notes.offline_notes import Cue
from instrument.presets.preset import Preset
from instrument.songs.offline_player import PresetPlayer
from instrument.values.status import Corner, ModelInfo
from tests.signals import hz

SAMPLE_RATE = 48000
NOTE_SECONDS = 2.0
MODEL = ModelInfo(name="pretend", hash="abc", path="", latent_size=2)
CORNERS = tuple(Corner(name=str(i), z=(float(i), 1.0)) for i in range(4))
LOOP_SECONDS = 0.5


@dataclass
class SteadyNotes:
    """A note source: three partials, looped at whole periods, with a gain at each repetition."""

    loop_gain: float = 1.0
    level: float = 0.5

    def __post_init__(self) -> None:
        self.model, self.timbres, self.onward = MODEL, (), None
        self.pool = NotePool(40, round(NOTE_SECONDS * SAMPLE_RATE))
        self._cues: deque[Cue] = deque()
        self._n_given = 0

    def expect(self, cues: Sequence[Cue]) -> None:
        self._cues = deque(cues)

    def next_note(self, slots_in_use: set[int]) -> NoteInfo:
        cue = self._cues.popleft()
        self._n_given += 1
        slot = 1 + self._n_given % 39
        wave, loop = steady_wave(cue.pitch, self.loop_gain, cue.target.shade.softness)
        self.pool.write(slot, wave)
        return NoteInfo(slot, len(wave), *loop, self.loop_gain, self.level, SAMPLE_RATE)


def steady_wave(
    pitch: int, loop_gain: float = 1.0, softness: float = 0.0
) -> tuple[np.ndarray, tuple[int, int]]:
    """Make a note that may decay, and a loop that goes on without a seam: float32 [frame].

    The softer it is struck, the weaker are its overtones.
    """
    frames = np.arange(round(1.5 * SAMPLE_RATE))
    turns = hz(pitch) * frames / SAMPLE_RATE
    wave = sum(np.sin(2 * np.pi * k * turns) / k ** (1 + 2 * softness) for k in (1, 2, 3))
    period = SAMPLE_RATE / hz(pitch)
    # of the lengths near half a second, the one nearest to whole periods
    counts = np.arange(int(LOOP_SECONDS * hz(pitch)) - 4, int(LOOP_SECONDS * hz(pitch)) + 5)
    lengths = counts * period
    length = round(float(lengths[np.argmin(np.abs(lengths - np.rint(lengths)))]))
    start = SAMPLE_RATE // 2
    wave = wave * loop_gain ** (frames / length) * np.minimum(frames / 96, 1) / 2
    return wave[: start + length + 64].astype(np.float32), (start, start + length)


def player_of(preset: Preset) -> PresetPlayer:
    return PresetPlayer(preset, MODEL, ())


def preset_of(name: str = "Toy", **parameters: float) -> Preset:
    return Preset(name=name, corners=CORNERS, parameters=parameters, author="An author")


def export_toy(
    folder: Path,
    options: ExportOptions,
    *,
    preset: Preset | None = None,
    notes: SteadyNotes | None = None,
    pitches: range = range(58, 64),
    grid: int = 1,
    every: int = 1,
) -> Exported:
    """Export a preset of few keys."""
    preset, notes = preset or preset_of(), notes or SteadyNotes()
    plan = make_plan(player_of(preset), pitches, SAMPLE_RATE, grid=grid, every=every)
    try:
        return export_sound(preset, plan, notes, folder, options, model_name="pretend")
    finally:
        notes.pool.close()


def sound_of(grid: int = 1, **fields: object) -> SampledSound:
    """Give a sound of one key at each place of the pad."""
    regions = tuple(
        Region(60, Sample(f"x{x}-y{y}/060-C4", 60, 1000, (100, 900)), column=x, row=y)
        for y in range(grid)
        for x in range(grid)
    )
    sound = {"name": "Toy", "regions": regions, "sample_rate": SAMPLE_RATE, "grid": grid}
    return SampledSound(**{**sound, **fields})  # type: ignore[arg-type]
