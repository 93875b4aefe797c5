"""From a preset to a sampled sound: which notes it takes, how its keys play them, the recording."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from instrument.engine.filter import OPEN_HZ, RESONANCE_RANGE
from instrument.engine.layers import (
    FIXED,
    FIXED_VELOCITY,
    HARD_EXPONENT,
    HARD_TOUCH,
    LINEAR,
    SOFT_EXPONENT,
    SOFT_TOUCH,
    layer_of,
    softness_in,
)
from instrument.engine.voice_sound import (
    MIDDLE_C,
    SPREAD_SEMITONES,
    VELOCITY_EXPONENT,
    VELOCITY_OCTAVES,
)
from instrument.notes.offline_notes import Cue, NoteSource
from instrument.notes.target import Target
from instrument.presets.preset import Preset
from instrument.songs.offline_player import PresetPlayer
from instrument.values.events import MovePad, NoteOn
from instrument.values.parameters import BY_NAME, MOD_WHEEL, VELOCITY_CURVES

from .sampled import (
    HIGHEST,
    Envelope,
    ExportError,
    Region,
    Sample,
    SampledSound,
    Wave,
    Wheel,
)
from .unrolling import written_out

_TOUCH = {LINEAR: 1.0, SOFT_TOUCH: SOFT_EXPONENT, HARD_TOUCH: HARD_EXPONENT, FIXED: 0.0}
_NAMES = ("C", "Cs", "D", "Ds", "E", "F", "Fs", "G", "Gs", "A", "As", "B")
assert len(_TOUCH) == len(VELOCITY_CURVES)


@dataclass(frozen=True)
class Plan:
    """What is to be recorded, and which keys play it.

    Attributes:
        pitches: Of the model, at each place of the pad.
        keys: MIDI key and the pitch that it sounds at, in MIDI notes and parts of them.
        targets: A timbre for each place, and there for each layer of velocity: the first row from
            the left, then the one above.
        grid: Places along each side.
        sample_rate: In Hz.
        layers: The least and the greatest velocity of each layer, the softest first.
    """

    pitches: tuple[int, ...]
    keys: tuple[tuple[int, float], ...]
    targets: tuple[Target, ...]
    grid: int
    sample_rate: int
    layers: tuple[tuple[int, int], ...] = ((1, HIGHEST),)

    @property
    def n_samples(self) -> int:
        """How many notes are recorded."""
        return len(self.pitches) * len(self.targets)


def make_plan(
    player: PresetPlayer, pitches: range, sample_rate: int, *, grid: int = 1, every: int = 1
) -> Plan:
    """Say what is to be recorded.

    Args:
        player: That plays the preset; its pad is moved.
        pitches: That the model can make.
        sample_rate: In Hz.
        grid: Places along each side of the pad; 1 is where the preset's finger is.
        every: Semitones between the recorded notes.

    Raises:
        ExportError: If no key sounds within the model's range.
    """
    played = ((key, player.pitch_of(key)) for key in range(HIGHEST + 1))
    keys = tuple(
        (key, pitch)
        for key, pitch in played
        if pitch is not None and pitches[0] - 0.5 <= pitch < pitches[-1] + 0.5
    )
    if not keys:
        raise ExportError(
            f"No key of this preset sounds within the model's range, {pitches[0]} to "
            f"{pitches[-1]}. Change its transposition or its tuning."
        )
    recorded = pitches[min(every // 2, len(pitches) - 1) :: every]
    wanted = {_nearest(recorded, pitch) for _, pitch in keys}
    layers = _velocity_layers(player)
    targets = _targets(player, layers)
    if grid > 1:
        targets = [
            target
            for row in range(grid)
            for column in range(grid)
            for target in _targets_at(player, column / (grid - 1), row / (grid - 1), layers)
        ]
    velocities = tuple((low, high) for _, low, high in layers)
    return Plan(tuple(sorted(wanted)), keys, tuple(targets), grid, sample_rate, velocities)


def _velocity_layers(player: PresetPlayer) -> list[tuple[int, int, int]]:
    """Find which velocities play which timbre: number of the softness, from, to; softest first."""
    layers: list[tuple[int, int, int]] = []
    for velocity in range(1, HIGHEST + 1):
        struck = player.layers_of(NoteOn(note=MIDDLE_C, velocity=velocity))
        softness = softness_in(struck[0])
        if layers and layers[-1][0] == softness:
            layers[-1] = (softness, layers[-1][1], velocity)
        else:
            layers.append((softness, velocity, velocity))
    return layers


def _targets(player: PresetPlayer, layers: Sequence[tuple[int, int, int]]) -> list[Target]:
    """Give the pad's timbre for each layer of velocity."""
    voicing = player.voicing(0.0)
    by_layer = {0: voicing.target, **voicing.layers}
    return [by_layer[layer_of(softness, 0)] for softness, _, _ in layers]


def _targets_at(
    player: PresetPlayer, x: float, y: float, layers: Sequence[tuple[int, int, int]]
) -> list[Target]:
    player.play(MovePad(x=x, y=y))
    return _targets(player, layers)


def _nearest(recorded: Sequence[int], pitch: float) -> int:
    """Find the recorded note to play: of two equally near the higher, as the engine does."""
    return min(recorded, key=lambda note: (abs(note - pitch), -note))


def record(
    plan: Plan,
    notes: NoteSource,
    keep: Callable[[Sample, Wave], None],
    progress: Callable[[int, int], None] = lambda *_: None,
) -> list[Sample]:
    """Record all notes of a plan, one after the other.

    Args:
        plan: What is wanted.
        notes: Makes them.
        keep: Takes each sample with its wave, float32 [frame] within ±1.
        progress: Told how many of how many are done.

    Returns:
        The samples: all pitches of the first place's first layer, then those of the next.

    Raises:
        ExportError: If a note is not of numbers: the model is broken.
    """
    cues = [Cue(pitch, target) for target in plan.targets for pitch in plan.pitches]
    notes.expect(cues)
    samples = []
    for i, cue in enumerate(cues):
        note = notes.next_note(set())
        wave, loop = written_out(notes.pool.samples[note.slot], note)
        peak = float(np.abs(wave).max(initial=0.0))
        if not math.isfinite(peak):
            raise ExportError(f"The model's note {cue.pitch} is broken: it is not of numbers.")
        excess = max(peak, 1.0)
        place, layer = divmod(i // len(plan.pitches), len(plan.layers))
        sample = Sample(
            name=_sample_name(plan, cue.pitch, place, layer),
            pitch=cue.pitch,
            n_frames=len(wave),
            loop=loop,
            gain_db=20 * math.log10(excess),
        )
        keep(sample, wave / np.float32(excess))
        samples.append(sample)
        progress(i + 1, len(cues))
    return samples


def _sample_name(plan: Plan, pitch: int, place: int, layer: int) -> str:
    """Name a sample so that any system and any format takes the name, and it sorts by pitch."""
    note = f"{pitch:03d}-{_NAMES[pitch % 12]}{pitch // 12 - 1}"
    if len(plan.layers) > 1:
        note += f"-v{plan.layers[layer][1]:03d}"
    return note if plan.grid == 1 else f"x{place % plan.grid}-y{place // plan.grid}/{note}"


def describe(
    preset: Preset,
    plan: Plan,
    samples: Sequence[Sample],
    *,
    author: str = "",
    license: str = "",  # noqa: A002  # the word that the formats use
    comment: str = "",
) -> SampledSound:
    """Say how the samples are played: what the preset's parameters come to.

    Args:
        preset: Whose sound it is.
        plan: What was recorded.
        samples: From `record`.
        author: As in `SampledSound`.
        license: As in `SampledSound`.
        comment: As in `SampledSound`.
    """
    values = {name: row.default for name, row in BY_NAME.items()} | {
        name: BY_NAME[name].clip(value) for name, value in preset.parameters.items()
    }
    touch = int(values["velocity_curve"])
    power = VELOCITY_EXPONENT * values["velocity_level"]
    strengths = [
        FIXED_VELOCITY / HIGHEST if touch == FIXED else (velocity / HIGHEST) ** _TOUCH[touch]
        for velocity in range(HIGHEST + 1)
    ]
    closing = VELOCITY_OCTAVES * values["velocity_cutoff"]
    base_hz = values["cutoff"] * (2 ** (-closing * (1 - strengths[-1])))
    octaves = closing if touch != FIXED else 0.0
    n_voices = int(values["unison"])
    return SampledSound(
        name=preset.name,
        regions=tuple(_regions(values, plan, samples, base_hz, octaves)),
        sample_rate=plan.sample_rate,
        grid=plan.grid,
        pad_x=preset.pad_x,
        pad_y=preset.pad_y,
        envelope=Envelope(values["attack"], values["decay"], values["sustain"], values["release"]),
        volume_db=values["volume"] - 10 * math.log10(n_voices),
        levels=tuple(strength**power for strength in strengths),
        velocity_power=power * _TOUCH[touch],
        velocity_octaves=octaves,
        resonance_db=20 * math.log10(RESONANCE_RANGE) * values["resonance"],
        vibrato_cents=values["vibrato_depth"],
        vibrato_hz=values["vibrato_rate"],
        bend_cents=round(100 * values["bend_range"]),
        wheel=_wheel(preset),
        author=author,
        license=license,
        comment=comment,
    )


def _regions(
    values: dict[str, float],
    plan: Plan,
    samples: Sequence[Sample],
    base_hz: float,
    velocity_octaves: float,
) -> list[Region]:
    """Lay the samples under the keys: for each place, layer and key one for each unison voice."""
    n_pitches = len(plan.pitches)
    by_timbre = {
        (timbre, sample.pitch): sample
        for timbre in range(len(plan.targets))
        for sample in samples[timbre * n_pitches : (timbre + 1) * n_pitches]
    }
    resonance = values["resonance"]
    regions = []
    for timbre in range(len(plan.targets)):
        place, layer = divmod(timbre, len(plan.layers))
        for key, pitch in plan.keys:
            sample = by_timbre[timbre, _nearest(plan.pitches, pitch)]
            cutoff_hz = base_hz * 2 ** (values["key_tracking"] * (pitch - MIDDLE_C) / 12)
            is_open = cutoff_hz >= OPEN_HZ and resonance == 0.0 and velocity_octaves == 0.0
            side = values["pan"] + values["spread"] * (round(pitch) - MIDDLE_C) / SPREAD_SEMITONES
            for detune, offset in _unison(values):
                regions.append(
                    Region(
                        key=key,
                        sample=sample,
                        cents=100 * (pitch - sample.pitch) + values["tune"] + detune,
                        pan=min(max(side + offset, -1.0), 1.0),
                        cutoff_hz=None if is_open else min(cutoff_hz, OPEN_HZ),
                        velocities=plan.layers[layer],
                        column=place % plan.grid,
                        row=place // plan.grid,
                    )
                )
    return regions


def _unison(values: dict[str, float]) -> list[tuple[float, float]]:
    """Give detuning in cents and place of each voice of a unison, as `keys.prepare_voice` does."""
    n = int(values["unison"])
    if n == 1:
        return [(0.0, 0.0)]
    sides = [2 * place / (n - 1) - 1 for place in range(n)]
    hands = [-1.0 if place % 2 else 1.0 for place in range(n)]
    return [
        (side * values["unison_detune"], hand * abs(side) * values["unison_spread"])
        for side, hand in zip(sides, hands, strict=True)
    ]


def _wheel(preset: Preset) -> Wheel:
    """Say what the modulation wheel does, where a sampler can do it, too."""
    depth = preset.mod_depth
    match preset.controllers.get(MOD_WHEEL):
        case "vibrato_depth":
            return Wheel(vibrato_cents=depth * BY_NAME["vibrato_depth"].maximum)
        case "cutoff":
            row = BY_NAME["cutoff"]
            return Wheel(cutoff_cents=1200 * depth * math.log2(row.maximum / row.minimum))
        case _:
            return Wheel()
