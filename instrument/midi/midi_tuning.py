"""The MIDI Tuning Standard: system exclusive messages that tune keys.

Source: MIDI 1.0 Detailed Specification 96.1, "MIDI Tuning"; CA-020 and CA-021, for banks and
octaves.
"""

from collections.abc import Callable, Sequence

from instrument.values.events import TuneKeys

NON_REAL_TIME, REAL_TIME, TUNING = 0x7E, 0x7F, 0x08
NAME_BYTES = 16
N_KEYS, N_STEPS = 128, 12
NO_CHANGE = (127, 127, 127)

Pitches = list[tuple[int, float]]


def tune_keys(data: Sequence[int], time_seconds: float = 0.0) -> TuneKeys | None:
    """Turn a system exclusive message into an event; None if it is not one that tunes, whole.

    The tuning's bank and program are passed over: there is one tuning, and every message is for
    it. So is the checksum of a dump, about whose extent programs do not agree.

    Args:
        data: What stands between F0 and F7.
        time_seconds: When it came.
    """
    if len(data) < 4 or data[0] not in (NON_REAL_TIME, REAL_TIME) or data[2] != TUNING:
        return None
    read = _FORMATS.get(data[3])
    pitches = read(data[4:]) if read is not None else None
    if not pitches:
        return None
    return TuneKeys(
        pitches=tuple(pitches), is_real_time=data[0] == REAL_TIME, time_seconds=time_seconds
    )


def _pitch(three: Sequence[int]) -> float:
    """Read a semitone and a 14-bit part of one, in MIDI notes."""
    return three[0] + (three[1] << 7 | three[2]) / 16384


def _dump(n_before: int) -> Callable[[Sequence[int]], Pitches | None]:
    """Read all keys, after so many bytes of bank and program, and a name."""

    def read(data: Sequence[int]) -> Pitches | None:
        first = n_before + NAME_BYTES
        if len(data) != first + 3 * N_KEYS + 1:
            return None
        return _changes([(k, *data[first + 3 * k : first + 3 * k + 3]) for k in range(N_KEYS)])

    return read


def _single(n_before: int) -> Callable[[Sequence[int]], Pitches | None]:
    """Read some keys, after so many bytes of bank and program."""

    def read(data: Sequence[int]) -> Pitches | None:
        if len(data) <= n_before or len(data) != n_before + 1 + 4 * data[n_before]:
            return None
        first = n_before + 1
        return _changes([tuple(data[i : i + 4]) for i in range(first, len(data), 4)])

    return read


def _changes(rows: Sequence[Sequence[int]]) -> Pitches:
    return [(row[0], _pitch(row[1:])) for row in rows if tuple(row[1:]) != NO_CHANGE]


def _octave(n_bytes: int, n_before: int, n_after: int) -> Callable[[Sequence[int]], Pitches | None]:
    """Read the twelve steps of an octave, each by its distance from the equal one.

    The message says for which of the 16 channels it is meant; here all have the same tuning.
    """

    def read(data: Sequence[int]) -> Pitches | None:
        if len(data) != n_before + N_STEPS * n_bytes + n_after:
            return None
        if n_bytes == 1:
            cents = [float(data[n_before + step] - 64) for step in range(N_STEPS)]
        else:
            pairs = [data[n_before + 2 * s : n_before + 2 * s + 2] for s in range(N_STEPS)]
            cents = [((high << 7 | low) - 8192) / 8192 * 100.0 for high, low in pairs]
        return [(key, key + cents[key % N_STEPS] / 100.0) for key in range(N_KEYS)]

    return read


# By the second sub-ID. In front of the tuning stand: a program; a bank and a program; channels.
_FORMATS: dict[int, Callable[[Sequence[int]], Pitches | None]] = {
    0x01: _dump(1),
    0x02: _single(1),
    0x04: _dump(2),
    0x05: _octave(1, 2 + NAME_BYTES, 1),
    0x06: _octave(2, 2 + NAME_BYTES, 1),
    0x07: _single(2),
    0x08: _octave(1, 3, 0),
    0x09: _octave(2, 3, 0),
}
