"""MIDI's registered parameters: several controllers that together say one thing."""

from dataclasses import dataclass, field
from enum import IntEnum

from instrument.values.events import ControlChange
from instrument.values.midi_source import (
    DATA_ENTRY,
    DATA_ENTRY_FINE,
    INCREMENT,
    OTHER,
    OTHER_FINE,
    REGISTERED,
    REGISTERED_FINE,
)

NONE_CHOSEN = (127, 127)
MOST = (1 << 14) - 1


class Registered(IntEnum):
    """The registered parameters that the instrument knows."""

    BEND_RANGE = 0
    FINE_TUNE = 1
    COARSE_TUNE = 2
    MPE_CONFIGURATION = 6


@dataclass(frozen=True)
class Setting:
    """A registered parameter gets a value.

    Attributes:
        parameter: Which.
        channel: 0 to 15.
        coarse: The upper seven bits.
        fine: The lower seven bits.
    """

    parameter: Registered
    channel: int
    coarse: int
    fine: int

    @property
    def value(self) -> int:
        """All fourteen bits."""
        return self.coarse << 7 | self.fine


@dataclass
class _Channel:
    chosen: tuple[int, int] = NONE_CHOSEN
    values: dict[int, int] = field(default_factory=dict)  # by parameter; 14 bits


# What increments start from when no value has come yet, as MIDI has it at power-up.
_AT_FIRST = {
    Registered.BEND_RANGE: 2 << 7,
    Registered.FINE_TUNE: 64 << 7,
    Registered.COARSE_TUNE: 64 << 7,
    Registered.MPE_CONFIGURATION: 0,
}


class RegisteredParameters:
    """Listens to the controllers of all channels; says when a parameter gets a value."""

    def __init__(self) -> None:
        self._channels: dict[int, _Channel] = {}

    def take(self, event: ControlChange) -> Setting | None:
        """Take one of `PARAMETER_CONTROLLERS`; give the setting that it completes, if it does."""
        channel = self._channels.setdefault(event.channel, _Channel())
        controller, value = event.controller, event.value
        if controller in (OTHER, OTHER_FINE):  # parameters of other makers: none of ours
            channel.chosen = NONE_CHOSEN
            return None
        if controller == REGISTERED:
            channel.chosen = (value, channel.chosen[1])
            return None
        if controller == REGISTERED_FINE:
            channel.chosen = (channel.chosen[0], value)
            return None
        coarse, number = channel.chosen
        if coarse != 0 or number not in _AT_FIRST:
            return None
        parameter = Registered(number)
        before = channel.values.get(number, _AT_FIRST[parameter])
        after = _changed(controller, value, before)
        channel.values[number] = after
        return Setting(parameter, event.channel, after >> 7, after & 127)


def _changed(controller: int, value: int, before: int) -> int:
    """Give a value, 14 bits, after a data entry or a step."""
    if controller == DATA_ENTRY:
        return value << 7
    if controller == DATA_ENTRY_FINE:
        return before & ~127 | value
    return min(before + 128, MOST) if controller == INCREMENT else max(before - 128, 0)
