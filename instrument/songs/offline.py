"""A performance through the engine into a wave file: no device, no clock, as fast as it goes."""

import contextlib
import math
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
import soundfile
from numpy.typing import NDArray

from instrument.engine.engine import Engine
from instrument.engine.envelope import BLOCK
from instrument.engine.pool import NoteInfo
from instrument.notes.offline_notes import Cue, NoteSource, OnwardSource
from instrument.notes.onward_notes import timbre_of
from instrument.values.events import AllNotesOff, ControlChange
from instrument.values.parameters import SUSTAIN_PEDAL

from .arranging import Moment
from .offline_following import LOOK_FRAMES, Following
from .performance import BeginPerformance

Block = NDArray[np.float32]
Encoding = Literal["PCM_16", "PCM_24", "FLOAT"]

CHUNK_FRAMES = 4096
TAIL_SECONDS = 30.0  # at most: a note whose release is longer is cut
TAIL_STEP_SECONDS = 0.1
SETTLING_SECONDS = 0.5  # parameters glide from the engine's defaults to the preset's
SILENCE = 1e-4  # -80 dB


class WaveError(Exception):
    """A wave file can't be written; the message says which and why."""


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
    if following is not None:
        following.close()


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
