"""Scala's files: a scale (.scl), and a keyboard that it is laid on (.kbm), become a tuning.

Source: the formats as Manuel Op de Coul describes them, huygens-fokker.org/scala/scl_format.html
and .../help.htm#mappings.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from .tuning import HIGHEST_PITCH, LOWEST_PITCH, N_KEYS, Tuning, hz_to_pitch

MAXIMUM_BYTES = 1_000_000
MOST_DEGREES = 4096
MIDDLE_C = 60
MIDDLE_C_HZ = 440.0 * 2.0 ** (-9 / 12)
UNMAPPED = "x"

_CENTS = re.compile(r"[-+]?(\d+\.\d*|\.\d+)$")
_RATIO = re.compile(r"(\d+)\s*(?:/\s*(\d+))?$")


class TuningError(Exception):
    """A tuning can't be read; the message names the file, the line and what is wrong."""


@dataclass(frozen=True)
class Scale:
    """A scale, without its first degree, which is 0 cents.

    Attributes:
        name: As the file describes it, or the file's own name.
        cents: Of the degrees 1, 2, ...; the last is where the scale begins again.
    """

    name: str
    cents: tuple[float, ...]

    def at(self, degree: int) -> float:
        """Give a degree's cents above degree 0; beyond the scale it begins again."""
        if not self.cents:
            return 0.0
        turns, place = divmod(degree, len(self.cents))
        return turns * self.cents[-1] + (self.cents[place - 1] if place else 0.0)


TWELVE_EQUAL = Scale("12 equal steps", tuple(100.0 * step for step in range(1, 13)))


@dataclass(frozen=True)
class KeyboardMap:
    """Which key plays which degree of a scale, and how high it is.

    Attributes:
        first: The first key that is tuned.
        last: The last one; keys outside keep their usual pitch.
        middle: The key where the pattern begins, with degree 0 where the map is empty.
        reference: The key whose frequency is given.
        frequency_hz: That frequency.
        octave: The degree by which the pattern rises each time.
        degrees: The pattern, from `middle` upward; None is a silent key. Empty: key by key.
    """

    first: int = 0
    last: int = N_KEYS - 1
    middle: int = MIDDLE_C
    reference: int = MIDDLE_C
    frequency_hz: float = MIDDLE_C_HZ
    octave: int = 0
    degrees: tuple[int | None, ...] = ()

    def degree(self, key: int) -> int | None:
        """Give the degree that a key plays; None if it is silent."""
        if not self.degrees:
            return key - self.middle
        turns, place = divmod(key - self.middle, len(self.degrees))
        degree = self.degrees[place]
        return None if degree is None else degree + turns * self.octave


class _Lines:
    """The lines of a file that are no comments, and errors that name them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.number = 0
        self._lines = self._read()

    def _read(self) -> Iterator[str]:
        try:
            data = self.path.read_bytes()
        except FileNotFoundError as error:
            raise TuningError(f'There is no file "{self.path}". Check the path.') from error
        except OSError as error:
            raise TuningError(f'Could not read "{self.path}": {error.strerror}.') from error
        if len(data) > MAXIMUM_BYTES:
            raise TuningError(f'"{self.path}" is too large for a tuning ({len(data)} bytes).')
        for number, line in enumerate(data.decode("latin-1").splitlines(), 1):
            self.number = number
            if not line.startswith("!"):
                yield line.strip()
        self.number += 1

    def next(self, what: str) -> str:
        """Give the next line; `what` says in an error what should stand there."""
        line = next(self._lines, None)
        if line is None:
            self.fail(f"the file ends where {what} should stand")
        return line

    def left(self) -> Iterator[str]:
        """Give the lines that are left and not empty."""
        return (line for line in self._lines if line)

    def integer(self, what: str, low: int, high: int) -> int:
        """Give the next line's first word as a whole number."""
        word = (self.next(what).split() or [""])[0]
        try:
            value = int(word)
        except ValueError:
            self.fail(f'{what} must be a whole number, not "{word}"')
        if not low <= value <= high:
            self.fail(f"{what} must be {low}..{high}, not {value}")
        return value

    def fail(self, reason: str, line: int = 0) -> NoReturn:
        """Raise a TuningError that names the file and a line, the present one unless told."""
        raise TuningError(f'"{self.path}", line {line or self.number}: {reason}.')


def read_tuning(scale: Path | None, keyboard: Path | None = None) -> Tuning:
    """Read a tuning.

    Args:
        scale: A .scl file; None is twelve equal steps.
        keyboard: A .kbm file; None lays degree 0 on middle C (261.63 Hz) and the rest key by key.

    Raises:
        TuningError: If a file can't be read or is not what it should be.
    """
    read = TWELVE_EQUAL if scale is None else read_scale(scale)
    keys = KeyboardMap() if keyboard is None else read_keyboard_map(keyboard, read)
    try:
        return tuning_of(read, keys)
    except ValueError as error:
        raise TuningError(f'"{keyboard or scale}": {error}.') from error


def read_scale(path: Path) -> Scale:
    """Read a .scl file.

    Raises:
        TuningError: If it can't be read or is no scale.
    """
    lines = _Lines(path)
    name = lines.next("the description")
    n = lines.integer("the number of degrees", 0, MOST_DEGREES)
    cents = tuple(
        _cents(lines.next(f"degree {degree} of {n}"), lines) for degree in range(1, n + 1)
    )
    if any(lines.left()):
        lines.fail(f"there are more than the {n} degrees that line 2 of the scale promises")
    return Scale(name or path.stem, cents)


def _cents(line: str, lines: _Lines) -> float:
    """Read a pitch: cents with a point, else a ratio; what stands behind it is a remark."""
    text = line.split("!", maxsplit=1)[0].strip()
    word = (text.split() or [""])[0]
    if _CENTS.match(word):
        return float(word)
    # a ratio may have blanks around its stroke
    found = re.match(r"\d+(\s*/\s*\d+)?(?=\s|$)", text)
    ratio = _RATIO.match(found.group()) if found else None
    if ratio is None:
        lines.fail(f'"{line}" is no pitch: write cents with a point (701.955) or a ratio (3/2)')
    above, below = int(ratio[1]), int(ratio[2] or 1)
    if above == 0 or below == 0:
        lines.fail(f'"{word}" is no pitch: a ratio has no zero in it')
    return 1200.0 * (math.log2(above) - math.log2(below))


def read_keyboard_map(path: Path, scale: Scale) -> KeyboardMap:
    """Read a .kbm file for a scale.

    Raises:
        TuningError: If it can't be read or is no keyboard map, or the key whose frequency it
            gives is silent.
    """
    lines = _Lines(path)
    size = lines.integer("the size of the map", 0, MOST_DEGREES)
    first = lines.integer("the first key", 0, N_KEYS - 1)
    last = lines.integer("the last key", 0, N_KEYS - 1)
    if last < first:
        lines.fail(f"the last key, {last}, lies below the first, {first}")
    middle = lines.integer("the middle key", 0, N_KEYS - 1)
    reference = lines.integer("the key whose frequency is given", 0, N_KEYS - 1)
    reference_line = lines.number
    frequency_hz = _frequency(lines)
    octave = lines.integer("the degree of the octave", -MOST_DEGREES, MOST_DEGREES)
    degrees: list[int | None] = []
    for line in lines.left():
        if len(degrees) == size:
            lines.fail(f"there are more keys than the {size} that the map promises")
        degrees.append(_degree(line, lines))
    degrees += [None] * (size - len(degrees))  # silent keys at the end may be left out
    # degree 0 as the octave is how some files say that the scale's own is meant
    octave = octave or len(scale.cents)
    keys = KeyboardMap(first, last, middle, reference, frequency_hz, octave, tuple(degrees))
    if keys.degree(reference) is None:
        lines.fail(f"key {reference} has a frequency, but the map leaves it silent", reference_line)
    return keys


def _frequency(lines: _Lines) -> float:
    word = (lines.next("the frequency").split() or [""])[0]
    try:
        frequency_hz = float(word)
    except ValueError:
        frequency_hz = math.nan
    if not (math.isfinite(frequency_hz) and frequency_hz > 0.0):
        lines.fail(f'the frequency must be a number of Hz, not "{word}"')
    return frequency_hz


def _degree(line: str, lines: _Lines) -> int | None:
    word = line.split(maxsplit=1)[0]
    if word.casefold() == UNMAPPED:
        return None
    try:
        degree = int(word)
    except ValueError:
        lines.fail(f'"{word}" is no degree of the scale: write a whole number, or x')
    if not -MOST_DEGREES <= degree <= MOST_DEGREES:
        lines.fail(f"degree {degree} is too far away")
    return degree


def tuning_of(scale: Scale, keys: KeyboardMap) -> Tuning:
    """Lay a scale on the keyboard.

    Raises:
        ValueError: If the key whose frequency is given is silent.
    """
    origin = keys.degree(keys.reference)
    if origin is None:
        raise ValueError(f"key {keys.reference} has a frequency, but is silent")
    base = hz_to_pitch(keys.frequency_hz) - scale.at(origin) / 100.0

    def pitch(key: int) -> float | None:
        if not keys.first <= key <= keys.last:
            return float(key)
        degree = keys.degree(key)
        if degree is None:
            return None
        return min(max(base + scale.at(degree) / 100.0, LOWEST_PITCH), HIGHEST_PITCH)

    return Tuning(scale.name, tuple(pitch(key) for key in range(N_KEYS)))
