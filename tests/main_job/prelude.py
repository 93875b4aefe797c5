"""Bach's Prelude in C (BWV 846, 1722, public domain) as a list of notes and as a MIDI file.

Run as a program it writes the file: python -m tests.main_job.prelude prelude.mid
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import mido

TICKS_PER_BEAT = 480
SIXTEENTH = TICKS_PER_BEAT // 4
BEATS_PER_MINUTE = 104
VELOCITY = 96

# Bars 1 to 32, each as its five pitches from the bass upward; each is played twice as
# 1 2 3 4 5 3 4 5 in sixteenths, the first two held.
HARMONIES = """
C4 E4 G4 C5 E5  | C4 D4 A4 D5 F5  | B3 D4 G4 D5 F5  | C4 E4 G4 C5 E5
C4 E4 A4 E5 A5  | C4 D4 F#4 A4 D5 | B3 D4 G4 D5 G5  | B3 C4 E4 G4 C5
A3 C4 E4 G4 C5  | D3 A3 D4 F#4 C5 | G3 B3 D4 G4 B4  | G3 Bb3 E4 G4 C#5
F3 A3 D4 A4 D5  | F3 Ab3 D4 F4 B4 | E3 G3 C4 G4 C5  | E3 F3 A3 C4 F4
D3 F3 A3 C4 F4  | G2 D3 G3 B3 F4  | C3 E3 G3 C4 E4  | C3 G3 Bb3 C4 E4
F2 F3 A3 C4 E4  | F#2 C3 A3 C4 Eb4| Ab2 F3 B3 C4 D4 | G2 F3 G3 B3 D4
G2 E3 G3 C4 E4  | G2 D3 G3 C4 F4  | G2 D3 G3 B3 F4  | G2 Eb3 A3 C4 F#4
G2 E3 G3 C4 G4  | G2 D3 G3 C4 F4  | G2 D3 G3 B3 F4  | C2 C3 G3 Bb3 E4
"""
FIGURE = (0, 1, 2, 3, 4, 2, 3, 4)
# Bars 33 and 34 run through in sixteenths over two held notes; bar 35 is a chord.
CODA = (
    "C2 C3 F3 A3 C4 F4 C4 A3 C4 A3 F3 A3 F3 D3 F3 D3",
    "C2 B2 G4 B4 D5 F5 D5 B4 D5 B4 G4 B4 D4 F4 E4 D4",
)
LAST_CHORD = "C2 C3 E4 G4 C5"


@dataclass(frozen=True)
class PlayedNote:
    """One note of the piece: where it begins and how long the key is down, in seconds."""

    start_seconds: float
    length_seconds: float
    note: int
    velocity: int = VELOCITY


def note_number(name: str) -> int:
    """Turn a name like "F#4" or "Bb3" into its MIDI number; C4 is 60."""
    letter, accidental, octave = name[0], name[1:-1], int(name[-1])
    step = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}[letter]
    return 12 * (octave + 1) + step + accidental.count("#") - accidental.count("b")


def prelude() -> list[PlayedNote]:
    """Give the 35 bars in the order of their beginnings."""
    sixteenth_seconds = 60 / BEATS_PER_MINUTE / 4
    return [
        PlayedNote(start * sixteenth_seconds, length * sixteenth_seconds, note)
        for start, length, note in _sixteenths()
    ]


def _sixteenths() -> list[tuple[float, float, int]]:
    notes: list[tuple[float, float, int]] = []
    bars = [bar.split() for line in HARMONIES.strip().splitlines() for bar in line.split("|")]
    for bar, names in enumerate(bars):
        for half in (0, 8):
            for place, member in enumerate(FIGURE):
                # The bass and the tenor of each half bar are held to its end; the others are
                # let go just before the next note.
                length = 8 - place - 0.25 if place < 2 else 0.9
                notes.append((16 * bar + half + place, length, note_number(names[member])))
    for bar, line in enumerate(CODA, start=len(bars)):
        for place, name in enumerate(line.split()):
            length = 16 - place - 0.25 if place < 2 else 0.9
            notes.append((16 * bar + place, length, note_number(name)))
    end = 16 * (len(bars) + len(CODA))
    return notes + [(end, 15.0, note_number(name)) for name in LAST_CHORD.split()]


def write_prelude(path: Path) -> None:
    """Write the piece as a MIDI file of one track."""
    tempo = mido.bpm2tempo(BEATS_PER_MINUTE)
    events = []
    for start, length, note in _sixteenths():
        events.append((start, 1, mido.Message("note_on", note=note, velocity=VELOCITY)))
        events.append((start + length, 0, mido.Message("note_off", note=note)))
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=tempo)])
    now = 0
    # A note-off goes before a note-on of the same moment.
    for start, _, message in sorted(events, key=lambda event: event[:2]):
        tick = round(start * SIXTEENTH)
        track.append(message.copy(time=tick - now))
        now = tick
    song = mido.MidiFile(ticks_per_beat=TICKS_PER_BEAT, tracks=[track])
    song.save(path)


if __name__ == "__main__":
    write_prelude(Path(sys.argv[1]))
