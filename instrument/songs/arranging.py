"""Which notes a performance needs and which events are posted when: worked out beforehand."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from instrument.control.pad_motion import STEP_SECONDS
from instrument.notes.offline_notes import Cue
from instrument.notes.target import Target
from instrument.notes.voicing import Voicing
from instrument.values.events import AnyEvent, ControlChange, NoteOff, NoteOn
from instrument.values.parameters import SUSTAIN_PEDAL

from .performance import BeginPerformance, PerformedEvent

FOLLOW_SECONDS = 0.1  # how often held notes follow the pad, where they can't go on in their phases


class Player(Protocol):
    """Turns what the player does into what the engine and the renderer understand."""

    def start(self) -> tuple[AnyEvent, ...]:
        """Give the engine's events at the beginning."""
        ...

    def play(self, event: PerformedEvent) -> tuple[AnyEvent, ...]:
        """Take an event; give the engine's events that come of it."""
        ...

    def as_sounding(self, event: PerformedEvent) -> PerformedEvent | None:
        """Give a key's event with the note that sounds; None for a key that is silent."""
        ...

    def passing(self, event: PerformedEvent) -> tuple[int, ...]:
        """Give the notes that a bend or a glide comes by; asked before `as_sounding`."""
        ...

    @property
    def is_moving(self) -> bool:
        """Whether the timbre may change without an event."""
        ...

    def layers_of(self, event: AnyEvent) -> tuple[int, ...]:
        """Give the layers that the voices of a note that begins may read; of others none."""
        ...

    def voicing(self, seconds: float) -> Voicing:
        """Say what a note that begins now sounds like, in each layer; the times may not go back."""
        ...


@dataclass(frozen=True)
class Moment:
    """What happens at one time: first notes are published, then events posted.

    Attributes:
        seconds: From the beginning.
        cues: Notes to publish.
        events: To post.
        withdrawn: Layers and pitches whose notes no key needs any more; what sounds goes on.
        voicing: What held notes should sound like from then on; None: as before.
    """

    seconds: float
    cues: tuple[Cue, ...] = ()
    events: tuple[AnyEvent, ...] = ()
    withdrawn: tuple[tuple[int, int], ...] = ()
    voicing: Voicing | None = None


@dataclass
class _Keys:
    """Which notes sound, as far as keys and the pedal tell."""

    down: set[int] = field(default_factory=set)
    held: set[int] = field(default_factory=set)  # by the pedal
    pedal: bool = False

    def take(self, event: PerformedEvent) -> None:
        match event:
            case NoteOn(note=note):
                self.down.add(note)
            case NoteOff(note=note):
                self.down.discard(note)
                if self.pedal:
                    self.held.add(note)
            case ControlChange(controller=controller, value=value) if controller == SUSTAIN_PEDAL:
                self.pedal = value >= 64
                if not self.pedal:
                    self.held.clear()
            case _:
                pass

    @property
    def sounding(self) -> list[int]:
        return sorted(self.down | self.held)


class _Score:
    """Which notes are there to be played, by layer and pitch."""

    def __init__(self, pitches: range) -> None:
        self._pitches = pitches
        self._struck: dict[int, tuple[int, ...]] = {}  # note -> layers that its strike reads
        self._newest: tuple[int, ...] = (0,)  # layers of the newest strike
        self._cells: dict[tuple[int, int], str] = {}  # layer and pitch -> cued for last

    def strike(self, note: int, layers: tuple[int, ...]) -> None:
        self._struck[note] = self._newest = layers

    def cues(self, note: int, voicing: Voicing) -> list[Cue]:
        """Give the notes that a sounding key reads, and where it slides the note of that."""
        targets = self._targets(self._struck.get(note, (0,)), voicing)
        targets |= {layer: of for layer, (slid, of) in voicing.slid.items() if slid == note}
        return [self._cue(note, layer, target) for layer, target in targets.items()]

    def changed(self, note: int, voicing: Voicing) -> list[Cue]:
        """Give those of a sounding key's notes that are not there."""
        before = dict(self._cells)
        cues = self.cues(note, voicing)
        return [cue for cue in cues if before.get((cue.layer, cue.pitch)) != cue.target.cell]

    def begun(self, note: int, voicing: Voicing) -> list[Cue]:
        """Give the notes of layers that a sounding key had none of: it has begun to slide."""
        pitch = self._pitch_of(note)
        slid = ((layer, target) for layer, (of, target) in voicing.slid.items() if of == note)
        return [self._cue(note, n, target) for n, target in slid if (n, pitch) not in self._cells]

    def passed(self, note: int, voicing: Voicing) -> list[Cue]:
        """Give the notes that the newest key's voices come by, as far as they are not there."""
        return [
            self._cue(note, layer, target)
            for layer, target in self._targets(self._newest, voicing).items()
            if self._cells.get((layer, self._pitch_of(note))) != target.cell
        ]

    def withdraw(self, sounding: list[int]) -> tuple[tuple[int, int], ...]:
        """Forget the notes of further layers that no key needs: they would fill the pool."""
        needed = {self._pitch_of(note) for note in sounding}
        idle = tuple(place for place in self._cells if place[0] and place[1] not in needed)
        for place in idle:
            del self._cells[place]
        return idle

    def _targets(self, layers: tuple[int, ...], voicing: Voicing) -> dict[int, Target]:
        return {layer: voicing.layers.get(layer, voicing.target) for layer in layers}

    def _cue(self, note: int, layer: int, target: Target) -> Cue:
        pitch = self._pitch_of(note)
        self._cells[layer, pitch] = target.cell
        return Cue(pitch, target, layer)

    def _pitch_of(self, note: int) -> int:
        return min(max(note, self._pitches[0]), self._pitches[-1])


def arrange(
    events: Sequence[PerformedEvent], player: Player, pitches: range, *, goes_on: bool = False
) -> list[Moment]:
    """Say beforehand what happens when: which notes are needed and which events are posted.

    A note has the timbre of its beginning; when the pad moves, by an event or by itself, the notes
    that sound then follow it. Notes that a long bend or a glide comes by are made, too.

    Args:
        events: In order; `time_seconds` counts from the beginning.
        player: Knows the preset, the pad and the controllers.
        pitches: That the model can make; notes outside are transposed by the engine.
        goes_on: Whether held notes get notes of their own to go on with, as the pad moves: then
            `perform` sees to them. Otherwise they go over, ten times a second, to those that new
            strikes would play.
    """
    keys, score = _Keys(), _Score(pitches)
    standing = list(itertools.takewhile(_is_standing, events))
    start = [*player.start(), *(posted for event in standing for posted in player.play(event))]
    last = player.voicing(0.0)
    moments = [Moment(0.0, (), tuple(start), voicing=last if goes_on else None)]
    follow_at: float | None = None
    step = STEP_SECONDS if goes_on else FOLLOW_SECONDS

    def next_look(seconds: float, *, is_due: bool) -> float | None:
        if not is_due and not (player.is_moving and keys.sounding):
            return None
        return (math.floor(seconds / step + 1e-6) + 1) * step

    def followed(voicing: Voicing) -> tuple[Cue, ...]:
        """Give the notes that keys which sound need beside those that they have."""
        wanted = score.begun if goes_on else score.changed
        return tuple(cue for note in keys.sounding for cue in wanted(note, voicing))

    def news(voicing: Voicing) -> Voicing | None:
        return voicing if goes_on and voicing != last else None

    for event in events[len(standing) :]:
        seconds = event.time_seconds
        while follow_at is not None and follow_at <= seconds:
            voicing = player.voicing(follow_at)
            moment = Moment(follow_at, followed(voicing), voicing=news(voicing))
            if moment.cues or moment.voicing is not None:
                moments.append(moment)
            last = voicing
            follow_at = next_look(follow_at, is_due=False)
        posted = player.play(event)
        passed = player.passing(event)
        sounding = player.as_sounding(event)
        if sounding is not None:
            keys.take(sounding)
        voicing = player.voicing(seconds)
        if isinstance(sounding, NoteOn):
            score.strike(sounding.note, player.layers_of(sounding))
            withdrawn = score.withdraw(keys.sounding)
            cues = [cue for n in passed for cue in score.passed(n, voicing)]
            cues += score.cues(sounding.note, voicing)
            moments.append(Moment(seconds, tuple(cues), posted, withdrawn, news(voicing)))
            follow_at = follow_at or next_look(seconds, is_due=False)
            last = voicing if goes_on else last
            continue
        cues = [cue for n in passed for cue in score.passed(n, voicing)]
        cues += followed(voicing) if goes_on else ()
        moments.append(Moment(seconds, tuple(cues), posted, voicing=news(voicing)))
        follow_at = follow_at or next_look(seconds, is_due=voicing != last and not goes_on)
        last = voicing
    if events and isinstance(events[0], BeginPerformance):
        moments.append(Moment(max(events[0].seconds, events[-1].time_seconds)))
    return moments


def _is_standing(event: PerformedEvent) -> bool:
    """Whether an event only says where something stands when the music begins."""
    return event.time_seconds == 0.0 and not isinstance(event, NoteOn | NoteOff)
