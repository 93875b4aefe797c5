"""Labels in the names of recordings: pitch, velocity, and what is left over as the instrument."""

import re
from dataclasses import dataclass

LOWEST_NAMED = 12
"""A name such as "take A-1" is no pitch: below this nothing is heard."""

_SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ACCIDENTALS = {"": 0, "#": 1, "♯": 1, "s": 1, "sharp": 1, "b": -1, "♭": -1, "flat": -1}
_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")

# A capital may follow small letters, as in "PianoC4"; a small one stands alone. An "s" is a
# sharp only of the notes that have one.
_NOTE = re.compile(
    r"(?:(?<![A-Za-z0-9#♯])(?P<small>[a-h])|(?<![A-Z0-9#♯])(?P<letter>[A-H]))"
    r"(?P<accidental>#|♯|♭|b|sharp|flat|(?<=[CDFGAcdfga])s)?(?P<octave>-[12]|10|[0-9])(?![0-9])"
    r"(?=$|[^A-Za-z]|[A-H](?:#|♯|♭|b|s)?[0-9]|[vV]|to)"
)
_TRIPLE = re.compile(r"(?:^|[-_])(?P<pitch>\d{3})-(?P<velocity>\d{3})$")
_MIDI = re.compile(r"(?<![A-Za-z0-9])(?:midi|note|key|pitch|[np])[ _-]?(\d{1,3})(?![0-9])", re.I)
_VELOCITY = re.compile(
    r"(?:(?<![A-Za-z])|(?<=[0-9]))(?:velocity|vel|v)[ _-]?(\d{1,3})(?![0-9])", re.I
)
_DYNAMICS = re.compile(r"(?<![A-Za-z0-9])(p{1,3}|mp|mf|f{1,3}|PPP?|MP|MF|FFF?)(?![A-Za-z0-9])")
_TAKE = re.compile(r"(?<![A-Za-z0-9])(?:rr|take|alt|round ?robin)[ _-]?\d+(?![0-9])|\(\d+\)", re.I)
_NUMBER = re.compile(r"(?<![A-Za-z0-9#♯.])(\d{2,3})(?![A-Za-z0-9])")
_COUNTED = re.compile(
    r"(?<![A-Za-z])(?:track|audio|rec|recording|part|file|no|nr|clip|sample|loop)$", re.I
)
_RUN_TOGETHER = re.compile(r"(?<=[A-H#♯♭bs][0-9])(?=[A-H][#♯♭bs]?[0-9])")
_BETWEEN_WORDS = re.compile(r"[\s_.,()\[\]{}-]+")

# As notation programs play them, from as soft as possible to as loud as possible.
_VELOCITY_OF = {"ppp": 16, "pp": 33, "p": 49, "mp": 64, "mf": 80, "f": 96, "ff": 112, "fff": 127}


@dataclass(frozen=True)
class Naming:
    """How somebody names recordings.

    Attributes:
        middle_c: The octave in the name of MIDI note 60: 4 in science, 3 with Yamaha and in
            many samplers, 5 in some programs.
        german: H is B natural, and B is B flat.
    """

    middle_c: int = 4
    german: bool = False


@dataclass(frozen=True)
class NameLabels:
    """What the name of a recording says.

    Attributes:
        pitches: MIDI numbers that it names, each once: none, one, or several that disagree or
            are the ends of a range.
        sure: The pitch is a name or is marked as one; a bare number may be a running number.
        velocity: 1 to 127, or None.
        words: What is left over: the instrument, if anything.
    """

    pitches: tuple[int, ...]
    sure: bool
    velocity: int | None
    words: str

    @property
    def pitch(self) -> int | None:
        """The one pitch that is named, if it is one."""
        return self.pitches[0] if len(self.pitches) == 1 else None


def parse_name(stem: str, naming: Naming = Naming()) -> NameLabels:
    """Read pitch and velocity from the name of a file.

    Args:
        stem: The name without its folder and extension, as in "cello_C#4_mf".
        naming: What a note's name means.
    """
    triple = _TRIPLE.search(stem)
    if triple and int(triple["pitch"]) <= 127 and 1 <= int(triple["velocity"]) <= 127:
        before = stem[: triple.start()]  # NSynth's instrument, with its number
        return NameLabels((int(triple["pitch"]),), True, int(triple["velocity"]), before)
    rest = stem
    pitches: list[int] = []
    velocity = None
    rest = _RUN_TOGETHER.sub(" ", _TAKE.sub(" ", rest))
    for match in _NOTE.finditer(rest):
        pitch = _pitch_named(match, naming)
        if pitch is not None:
            pitches.append(pitch)
            rest = _blank(rest, match)
    for match in _VELOCITY.finditer(rest):
        if velocity is None and 1 <= int(match[1]) <= 127:
            velocity = int(match[1])
            rest = _blank(rest, match)
    for match in _MIDI.finditer(rest):
        if int(match[1]) <= 127:
            pitches.append(int(match[1]))
            rest = _blank(rest, match)
    for match in _DYNAMICS.finditer(rest):
        velocity = velocity or _VELOCITY_OF[match[1].lower()]
        rest = _blank(rest, match)
    sure = bool(pitches)
    if not pitches:
        pitches = _bare_number(rest)
    words = [word for word in _BETWEEN_WORDS.split(rest) if word and not word.isdigit()]
    return NameLabels(tuple(dict.fromkeys(pitches)), sure, velocity, " ".join(words))


def _blank(text: str, match: re.Match[str]) -> str:
    """Take away what was understood; what is around it stays where it was."""
    return text[: match.start()] + " " * (match.end() - match.start()) + text[match.end() :]


def _pitch_named(match: re.Match[str], naming: Naming) -> int | None:
    letter = (match["letter"] or match["small"]).upper()
    accidental = _ACCIDENTALS[match["accidental"] or ""]
    if letter == "H":
        if not naming.german:
            return None
        letter = "B"
    elif letter == "B" and naming.german and not match["accidental"]:
        accidental = -1
    octave = int(match["octave"]) + 5 - naming.middle_c
    pitch = 12 * octave + _SEMITONES[letter] + accidental
    return pitch if LOWEST_NAMED <= pitch <= 127 else None


def _bare_number(text: str) -> list[int]:
    """Take a lone number of a key on a piano for a pitch, unless a word counts with it."""
    numbers = list(_NUMBER.finditer(text))
    if len(numbers) != 1 or _COUNTED.search(text[: numbers[0].start()].rstrip(" _-")):
        return []
    number = int(numbers[0][1])
    return [number] if 21 <= number <= 108 else []


def pitch_name(pitch: int, middle_c: int = 4) -> str:
    """Name a MIDI note, as in "C#4"."""
    return f"{_NAMES[pitch % 12]}{pitch // 12 - 5 + middle_c}"
