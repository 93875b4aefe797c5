"""MIDI's controllers become readings: how far each is turned, with seven bits or fourteen."""

from typing import NamedTuple

from instrument.values.events import ControlChange, PitchBend
from instrument.values.midi_source import (
    DATA_ENTRY,
    DATA_ENTRY_FINE,
    DECREMENT,
    FIRST_MODE,
    INCREMENT,
    N_COARSE,
    OTHER,
    OTHER_FINE,
    PARAMETER_CONTROLLERS,
    Source,
)

from .registered import MOST

NONE_CHOSEN = 0x3FFF
MOST_PAIRS = 1024  # more than any desk has; a flood of parameters shall not fill the memory
_STEPS = {INCREMENT: 1 / 128, DECREMENT: -1 / 128}


class Reading(NamedTuple):
    """A controller stands somewhere.

    Attributes:
        source: The controller, on its channel.
        position: 0..1; 0.5 is MIDI's middle, 64 or 8192.
        is_step: The position is a way to go on from wherever the target is, -1..1.
    """

    source: Source
    position: float
    is_step: bool = False


def position_of(value: int, most: int = 127) -> float:
    """Turn a controller's value, 0 to `most`, into 0..1; MIDI's middle is exactly 0.5."""
    middle = (most + 1) // 2
    return value / (most + 1) if value <= middle else 0.5 + (value - middle) / (most - 1)


class Pair:
    """Fourteen bits that come in two messages, the coarse half first; -1 before that.

    Between the two the value is the nearest that the coarse half allows, so that a movement never
    goes back or beyond its end.
    """

    def __init__(self) -> None:
        self.value = -1

    def take_coarse(self, coarse: int) -> int:
        """Take the upper seven bits; give the value."""
        low = coarse << 7
        if self.value < low:
            self.value = low
        elif self.value > low | 127:
            self.value = low | 127
        return self.value

    def take_fine(self, fine: int) -> int:
        """Take the lower seven bits, after the upper ones; give the value."""
        self.value = self.value & ~127 | fine
        return self.value


class MidiReader:
    """Keeps what it takes to read controllers: the halves that came, the parameters chosen."""

    def __init__(self) -> None:
        self._pairs: dict[Source, Pair] = {}
        self._chosen: dict[int, int] = {}  # the NRPN by channel

    def read(self, event: ControlChange | PitchBend) -> tuple[Reading, ...]:
        """Give the readings of a message: one for each kind of controller that may have sent it."""
        channel = event.channel
        if isinstance(event, PitchBend):
            return (Reading(Source("bend", 0, channel), (event.value + 1.0) / 2.0),)
        number = event.controller
        if number in PARAMETER_CONTROLLERS:
            return self._read_parameter(event)
        if number >= FIRST_MODE:
            return ()
        plain = Reading(Source("cc", number, channel), position_of(event.value))
        if number < N_COARSE:
            return (plain, *self._coarse(Source("cc14", number, channel), event.value))
        if number < 2 * N_COARSE:
            return (plain, *self._fine(Source("cc14", number - N_COARSE, channel), event.value))
        return (plain,)

    def _read_parameter(self, event: ControlChange) -> tuple[Reading, ...]:
        channel, value = event.channel, event.value
        chosen = self._chosen.get(channel, NONE_CHOSEN)
        controller = event.controller
        if controller == OTHER:
            self._chosen[channel] = value << 7 | chosen & 127
        elif controller == OTHER_FINE:
            self._chosen[channel] = chosen & ~127 | value
        elif controller not in _STEPS and controller not in (DATA_ENTRY, DATA_ENTRY_FINE):
            self._chosen[channel] = NONE_CHOSEN  # a registered parameter: none of ours
        elif chosen == NONE_CHOSEN:
            return ()
        elif controller == DATA_ENTRY:
            plain = Reading(Source("nrpn", chosen, channel), position_of(value))
            return (plain, *self._coarse(Source("nrpn14", chosen, channel), value))
        elif controller == DATA_ENTRY_FINE:
            return self._fine(Source("nrpn14", chosen, channel), value)
        else:
            kinds = (Source("nrpn", chosen, channel), Source("nrpn14", chosen, channel))
            return tuple(Reading(kind, _STEPS[controller], is_step=True) for kind in kinds)
        return ()

    def _coarse(self, source: Source, value: int) -> tuple[Reading, ...]:
        if source not in self._pairs and len(self._pairs) >= MOST_PAIRS:
            self._pairs.clear()
        pair = self._pairs.setdefault(source, Pair())
        return (Reading(source, position_of(pair.take_coarse(value), MOST)),)

    def _fine(self, source: Source, value: int) -> tuple[Reading, ...]:
        pair = self._pairs.get(source)
        return () if pair is None else (Reading(source, position_of(pair.take_fine(value), MOST)),)
