"""The notes of a MIDI file, listed instrument by instrument as the original GANSynth lists them.

Source: the behaviour of pretty_midi (MIT), which note-seq and so GANSynth read MIDI files with:
one instrument for each program, channel and track; a note is listed when it ends; tempo changes
count on the first track only. Drums are notes like others; pedals and bends are not heeded.
"""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np

from .song import MAXIMUM_SECONDS, SongError, song_errors

DEFAULT_TEMPO = 500_000  # microseconds a beat
N_CHANNELS = 16


@dataclass(frozen=True)
class SongNote:
    """A note with its beginning and end.

    Attributes:
        pitch: MIDI number.
        velocity: 1 to 127.
        start_seconds: From the song's beginning.
        end_seconds: Likewise, after the start.
    """

    pitch: int
    velocity: int
    start_seconds: float
    end_seconds: float


def read_notes(path: Path) -> list[SongNote]:
    """Read a MIDI file's notes, in the order of instruments, and in each by their ends.

    Args:
        path: A Standard MIDI File.

    Raises:
        SongError: If it can't be read, is no MIDI file, has no notes or lasts too long.
    """
    with song_errors(path):
        song = mido.MidiFile(path)
        seconds_of = _Clock(song)
        instruments: dict[tuple[int, int, int], list[SongNote]] = {}
        for number, track in enumerate(song.tracks):
            _read_track(track, number, seconds_of, instruments)
    notes = [note for listed in instruments.values() for note in listed]
    if not notes:
        raise SongError(f'"{path}" holds no notes.')
    if max(note.end_seconds for note in notes) > MAXIMUM_SECONDS:
        raise SongError(f'"{path}" lasts more than {MAXIMUM_SECONDS / 3600:.0f} hours.')
    return notes


class _Clock:
    """Turns ticks into seconds."""

    def __init__(self, song: mido.MidiFile) -> None:
        self._ticks, self._seconds, self._rates = [0], [0.0], [self._rate(song, DEFAULT_TEMPO)]
        now = 0
        for message in song.tracks[0] if song.tracks else ():
            now += message.time
            if message.type == "set_tempo":
                self._seconds.append(self(now))
                self._ticks.append(now)
                self._rates.append(self._rate(song, message.tempo))

    @staticmethod
    def _rate(song: mido.MidiFile, tempo: int) -> float:
        if song.ticks_per_beat < 1:
            raise ValueError("its time is not in beats")
        return tempo / 1e6 / song.ticks_per_beat

    def __call__(self, tick: int) -> float:
        place = int(np.searchsorted(self._ticks, tick, side="right")) - 1
        return self._seconds[place] + (tick - self._ticks[place]) * self._rates[place]


def _read_track(
    track: mido.MidiTrack,
    number: int,
    seconds_of: _Clock,
    instruments: dict[tuple[int, int, int], list[SongNote]],
) -> None:
    """Add a track's notes to those of their instruments: program, channel, track."""
    programs = [0] * N_CHANNELS
    sounding: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    now = 0
    for message in track:
        now += message.time
        if message.type == "program_change":
            programs[message.channel] = message.program
        elif message.type == "note_on" and message.velocity > 0:
            sounding[message.channel, message.note].append((now, message.velocity))
        elif message.type in {"note_on", "note_off"}:
            key = (message.channel, message.note)
            begun = sounding.pop(key, [])
            ended = [(start, velocity) for start, velocity in begun if start != now]
            if ended and len(ended) < len(begun):
                # One note ends where the next of its pitch begins: that one goes on.
                sounding[key] = [(start, velocity) for start, velocity in begun if start == now]
            if ended:
                instrument = (programs[message.channel], message.channel, number)
                instruments.setdefault(instrument, []).extend(
                    SongNote(message.note, velocity, seconds_of(start), seconds_of(now))
                    for start, velocity in ended
                )
