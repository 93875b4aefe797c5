"""A performance through the engine into a wave file: no device, no clock, as fast as it goes."""

import contextlib
import itertools
import math
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, Protocol

import msgspec
import numpy as np
import soundfile
from numpy.typing import NDArray

from instrument.engine.engine import Engine
from instrument.engine.envelope import BLOCK
from instrument.engine.pool import NoteInfo
from instrument.control.pad_motion import STEP_SECONDS
from instrument.notes.offline_notes import Cue, NoteSource, OnwardSource
from instrument.notes.onward_notes import timbre_of
from instrument.notes.target import Target
from instrument.notes.voicing import Voicing
from instrument.values.events import AllNotesOff, AnyEvent, ControlChange, NoteOff, NoteOn
from instrument.values.parameters import SUSTAIN_PEDAL

from .offline_following import LOOK_FRAMES, Following
from .performance import BeginPerformance, PerformedEvent

Block = NDArray[np.float32]
Encoding = Literal["PCM_16", "PCM_24", "FLOAT"]

FOLLOW_SECONDS = 0.1  # how often held notes follow the pad, where they can't go on in their phases
CHUNK_FRAMES = 4096
TAIL_SECONDS = 30.0  # at most: a note whose release is longer is cut
TAIL_STEP_SECONDS = 0.1
SETTLING_SECONDS = 0.5  # parameters glide from the engine's defaults to the preset's
SILENCE = 1e-4  # -80 dB


class WaveError(Exception):
    """A wave file can't be written; the message says which and why."""


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

    def moved(voicing: Voicing) -> Moment:
        """Give what a movement of the pad asks for."""
        if not goes_on:
            return Moment(0.0, tuple(c for note in keys.sounding for c in score.changed(note, voicing)))
        begun = tuple(cue for note in keys.sounding for cue in score.begun(note, voicing))
        return Moment(0.0, begun, voicing=voicing if voicing != last else None)

    for event in events[len(standing) :]:
        seconds = event.time_seconds
        while follow_at is not None and follow_at <= seconds:
            voicing = player.voicing(follow_at)
            moment = moved(voicing)
            last = voicing
            if moment.cues or moment.voicing is not None:
                moments.append(replace(moment, seconds=follow_at))
            follow_at = next_look(follow_at, is_due=False)
        posted = player.play(event)
        passed = player.passing(event)
        sounding = player.as_sounding(event)
        if sounding is not None:
            keys.take(sounding)
        voicing = player.voicing(seconds)
        withdrawn: tuple[tuple[int, int], ...] = ()
        if isinstance(sounding, NoteOn):
            score.strike(sounding.note, player.layers_of(sounding))
            withdrawn = score.withdraw(keys.sounding)
        cues = tuple(cue for n in passed for cue in score.passed(n, voicing))
        if isinstance(sounding, NoteOn):
            cues = (*cues, *score.cues(sounding.note, voicing))
        elif goes_on:
            cues = (*cues, *moved(voicing).cues)
        news = voicing if goes_on and voicing != last else None
        moments.append(Moment(seconds, cues, posted, withdrawn, news))
        is_due = not goes_on and not isinstance(sounding, NoteOn) and voicing != last
        follow_at = follow_at or next_look(seconds, is_due=is_due)
        if goes_on or not isinstance(sounding, NoteOn):
            last = voicing
    if events and isinstance(events[0], BeginPerformance):
        moments.append(Moment(max(events[0].seconds, events[-1].time_seconds)))
    return moments


def _is_standing(event: PerformedEvent) -> bool:
    """Whether an event only says where something stands when the music begins."""
    return event.time_seconds == 0.0 and not isinstance(event, NoteOn | NoteOff)


def perform(
    moments: Sequence[Moment],
    notes: NoteSource,
    engine: Engine,
    sample_rate: float,
    write: Callable[[Block], None],
    progress: Callable[[float], None] = lambda _: None,
    *,
    begin: BeginPerformance | None = None,
    onward: OnwardSource | None = None,
) -> None:
    """Play moments through the engine, each at its frame, and on until all is silent.

    Args:
        moments: From `arrange`; the first sets the parameters before the beginning.
        notes: Makes the notes in the pool that the engine reads.
        engine: A fresh one.
        sample_rate: The engine's, in Hz.
        write: Takes each block, float32 [frame, 2]; it may not keep it.
        progress: Told the seconds that are done.
        begin: Of a performance: it sounds as it did, frame by frame.
        onward: Makes what held notes go on with, for moments that were arranged so.
    """
    notes.expect([cue for moment in moments for cue in moment.cues])
    for event in moments[0].events:
        engine.post(event)
    n_settling = math.ceil(SETTLING_SECONDS * sample_rate / BLOCK) * BLOCK
    engine.process(np.zeros((n_settling, 2), np.float32))
    phase = begin.phase if begin is not None else 0
    origin, frame = engine.next_frame + phase, -phase

    def process(n_frames: int) -> Block:
        nonlocal frame
        block = np.zeros((n_frames, 2), np.float32)
        engine.process(block)
        if frame + n_frames > 0:
            write(block[max(-frame, 0) :])
        frame += n_frames
        progress(frame / sample_rate)
        return block

    if begin is not None:
        if phase > 0:  # the rest of an inner block that had been made before
            process(BLOCK)
        engine.take_over(begin.n_struck, begin.vibrato_phase)

    following = Following(onward, engine, sample_rate) if onward is not None else None
    offered: set[tuple[int, int]] = set()  # layers and pitches

    def play_until(stop: int) -> None:
        while frame < stop:
            n_frames = min(CHUNK_FRAMES, stop - frame)
            if following is None or not following.is_active:
                process(n_frames)
                continue
            process(min(n_frames, LOOK_FRAMES - (frame + phase) % LOOK_FRAMES))
            if (frame + phase) % LOOK_FRAMES == 0:
                following.look(frame / sample_rate)

    def as_played(note: NoteInfo, cue: Cue) -> NoteInfo:
        """Leave to new strikes what held notes have their own of."""
        if following is None:
            return note
        is_first = (cue.layer, cue.pitch) not in offered
        offered.add((cue.layer, cue.pitch))
        timbre = timbre_of(cue.target.cell)
        return msgspec.structs.replace(note, timbre=timbre, is_followed=is_first)

    def insist(accepted: Callable[[], int]) -> None:
        while not accepted():  # the ring is full: one inner block empties it
            process(BLOCK)

    if following is not None and moments[0].voicing is not None:
        following.want(moments[0].voicing)
    for moment in moments[1:]:
        due = round(moment.seconds * sample_rate)
        inner_block = (due + phase) // BLOCK * BLOCK - phase
        play_until(inner_block)
        for layer, pitch in moment.withdrawn:
            engine.publish(pitch, None, layer)
            offered.discard((layer, pitch))
        if following is not None and moment.voicing is not None:
            following.want(moment.voicing)
            following.look(moment.seconds)
        for cue in moment.cues:
            note = as_played(notes.next_note(engine.slots_in_use()), cue)
            insist(lambda: engine.publish(cue.pitch, note, cue.layer))  # noqa: B023  # called at once
        for event in moment.events:
            now = msgspec.structs.replace(event, time_seconds=0.0)
            insist(lambda: engine.post(now, origin + due))  # noqa: B023  # called at once
    end = origin + frame
    if moments[1:]:
        end = origin + round(moments[-1].seconds * sample_rate)
    engine.post(ControlChange(controller=SUSTAIN_PEDAL, value=0), end)
    engine.post(AllNotesOff(), end)
    step = round(TAIL_STEP_SECONDS * sample_rate)
    n_silent, n_enough = 0, 3 + math.ceil(engine.echo_seconds() / TAIL_STEP_SECONDS)
    for _ in range(round(TAIL_SECONDS / TAIL_STEP_SECONDS)):
        n_silent = n_silent + 1 if np.abs(process(step)).max() < SILENCE else 0
        if n_silent == n_enough:
            break


@contextlib.contextmanager
def wave_file(
    path: Path, sample_rate: int, *, n_channels: int = 2, encoding: Encoding = "PCM_24"
) -> Iterator[Callable[[Block], None]]:
    """Give a function that appends float32 [frame, channel] to a WAV; whole or not at all.

    A name that ends in .flac makes it a FLAC, which holds no floats.

    Raises:
        WaveError: If it can't be written; a former file of the name stays.
    """
    format_name = "FLAC" if path.suffix.lower() == ".flac" else "WAV"
    if format_name == "FLAC" and encoding == "FLOAT":
        raise WaveError(f'"{path}" can have 16 or 24 bits: a FLAC holds no floats.')
    try:
        handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
    except OSError as error:
        raise WaveError(f'Could not write "{path}": {error.strerror}.') from error
    part = Path(name)
    try:
        with (
            os.fdopen(handle, "w+b") as file,
            soundfile.SoundFile(
                file, "w", sample_rate, n_channels, encoding, format=format_name
            ) as wave,
        ):
            yield wave.write
        # mkstemp lets only the owner read; a new file shall be as any other
        part.chmod(0o666 & ~_umask())
        part.replace(path)
    except (OSError, soundfile.SoundFileError) as error:
        raise WaveError(f'Could not write "{path}": {error}. Is the disk full?') from error
    finally:
        part.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
