"""Where pedals and levers stand on each channel, for who comes to know of them later."""

from instrument.values.events import ControlChange
from instrument.values.parameters import (
    BREATH,
    EXPRESSION,
    SOFT_PEDAL,
    SOSTENUTO_PEDAL,
    SUSTAIN_PEDAL,
)

PEDALS = frozenset((SUSTAIN_PEDAL, SOSTENUTO_PEDAL, SOFT_PEDAL))
LEVERS = frozenset((EXPRESSION, BREATH))  # that stay where they are put


class Levers:
    """Keeps the last value of each pedal and lever that has been touched."""

    def __init__(self) -> None:
        self._values: dict[tuple[int, int], int] = {}  # by channel and controller

    def put(self, event: ControlChange) -> None:
        """A pedal or lever has been moved."""
        self._values[event.channel, event.controller] = event.value

    def reset(self, channel: int) -> None:
        """Forget those of a channel."""
        self._values = {at: value for at, value in self._values.items() if at[0] != channel}

    def clear(self) -> None:
        """Forget all."""
        self._values.clear()

    def events(self, controllers: frozenset[int]) -> tuple[ControlChange, ...]:
        """Give the events that put some of the controllers where they stand."""
        return tuple(
            ControlChange(controller=controller, value=value, channel=channel)
            for (channel, controller), value in self._values.items()
            if controller in controllers
        )
