"""A MIDI file as a list of events with their times."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import mido

from instrument.midi.midi_messages import event_of
from instrument.values.events import FollowTempo, ProgramChange

from .performance import BeginPerformance, PerformedEvent, marked_event

USUAL_TEMPO = 120.0  # of a file that says none
MAXIMUM_SECONDS = 6 * 3600.0


class SongError(Exception):
    """A MIDI file can't be played; the message says which and why."""


def read_song(path: Path) -> list[PerformedEvent]:
    """Read a MIDI file: all tracks and channels as one list.

    Args:
        path: A Standard MIDI File of type 0 or 1.

    Returns:
        The events in order, with the tempo's; `time_seconds` counts from the song's beginning. That
        of a performance starts with a `BeginPerformance`; it brings its presets itself, so its
        program changes, which are for other synths, are left out.

    Raises:
        SongError: If it can't be read, is no MIDI file, has no notes or lasts too long.
    """
    with song_errors(path):
        events: list[PerformedEvent] = []
        tempos = [FollowTempo(tempo=USUAL_TEMPO)]
        now = 0.0
        for message in mido.MidiFile(path):  # mido merges the tracks and turns ticks into seconds
            now += message.time
            if message.type == "set_tempo":
                tempos.append(FollowTempo(tempo=mido.tempo2bpm(message.tempo), time_seconds=now))
                continue
            event = marked_event(message, now) or event_of(message, now)
            if event is not None:
                events.append(event)
    if not events:
        raise SongError(f'"{path}" holds nothing to play.')
    if events[-1].time_seconds > MAXIMUM_SECONDS:
        raise SongError(f'"{path}" lasts more than {MAXIMUM_SECONDS / 3600:.0f} hours.')
    if isinstance(events[0], BeginPerformance):
        return [event for event in events if not isinstance(event, ProgramChange)]
    # where both are at one time, the tempo goes first
    return sorted([*tempos, *events], key=lambda event: event.time_seconds)


@contextlib.contextmanager
def song_errors(path: Path) -> Iterator[None]:
    """Turn what goes wrong while a MIDI file is read into a line for the player.

    Raises:
        SongError: Whatever it is.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise SongError(f'There is no file "{path}". Check the path.') from error
    except OSError as error:
        # mido raises an OSError without a number for a file that is no MIDI file
        reason = error.strerror or "it is not a MIDI file"
        raise SongError(f'Could not read "{path}": {reason}.') from error
    except (EOFError, ValueError, KeyError, IndexError, TypeError) as error:
        raise SongError(
            f'"{path}" is not a whole MIDI file: {error or "it ends early"}.'
        ) from error
