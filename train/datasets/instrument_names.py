"""Which instrument a recording is of, and of which family that is."""

import re
from pathlib import Path
from typing import Literal

from .note_names import NameLabels

NamedBy = Literal["auto", "folder", "file"]

FALLBACK_FAMILY = "synth_lead"

# The first row with a word that begins a word of the name decides: "bass clarinet" is a reed
# and "electric bass guitar" a bass, so the rows are in this order.
_WORDS = (
    ("reed", "clarinet oboe bassoon sax duduk harmonica accordion bandoneon cor_anglais "
     "english_horn shawm shenai bagpipe melodica concertina fagott klarinette"),
    ("brass", "trumpet trombone horn tuba cornet flugel euphonium bugle brass posaune trompete"),
    ("flute", "flute piccolo recorder whistle ocarina shakuhachi panpipe quena flöte bottle"),
    ("organ", "organ hammond harmonium orgel"),
    ("mallet", "vibraphone vibes marimba xylophone glockenspiel celesta kalimba bell chime "
     "handpan hang steel_drum tubular dulcimer santur balafon gamelan crotale music_box"),
    ("keyboard", "piano rhodes wurlitzer clavinet harpsichord keyboard clavichord epiano cembalo "
     "klavier keys upright grand"),
    ("bass", "bass contrabass_guitar upright_bass bassline"),
    ("string", "violin viola cello string harp fiddle contrabass double_bass erhu geige "
     "bratsche zither psaltery kantele nyckelharpa"),
    ("guitar", "guitar banjo ukulele mandolin sitar lute oud bouzouki shamisen koto balalaika "
     "charango gitarre gtr strat tele"),
    ("vocal", "voice vocal choir sing soprano alto tenor baritone aah ooh vox"),
    ("synth_lead", "synth lead saw square pad moog juno"),
)  # fmt: skip


def family_of(name: str) -> str | None:
    """Guess the NSynth family of an instrument from its name; None if no word is known."""
    words = "_" + re.sub(r"[^a-zäöü]+", "_", name.lower())
    if re.search(r"_(double|upright|string)_bass|_contrabass(?!_guitar|oon)", words):
        return "string" if "guitar" not in words else "bass"
    for family, known in _WORDS:
        if any(f"_{word}" in words for word in known.split()):
            return family
    return None


def instrument_name(path: Path, source: Path, labels: NameLabels, named_by: NamedBy) -> str:
    """Name the instrument of a recording.

    Args:
        path: The recording.
        source: The folder with all of them.
        labels: What the file's name says.
        named_by: "folder" is the folder it lies in, "file" what its name says besides pitch
            and velocity; "auto" is the folder, and the file's name where there is none.
    """
    folder = " ".join(path.relative_to(source).parts[:-1])
    if named_by == "file" or (named_by == "auto" and not folder):
        return labels.words or folder or source.resolve().name
    return folder or source.resolve().name
