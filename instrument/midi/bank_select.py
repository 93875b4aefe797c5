"""Bank select: which hundred and twenty-eight presets a program change chooses from."""

import msgspec

from instrument.values.events import ControlChange, ProgramChange
from instrument.values.midi_source import BANK, BANK_FINE

CONTROLLERS = frozenset((BANK, BANK_FINE))


class BankSelect:
    """Remembers the bank of each channel; the next program change of the channel uses it."""

    def __init__(self) -> None:
        self._banks: dict[int, int] = {}

    def take(self, event: ControlChange) -> None:
        """Take controller 0 (upper seven bits) or 32 (lower)."""
        bank = self._banks.get(event.channel, 0)
        is_coarse = event.controller == BANK
        self._banks[event.channel] = (
            event.value << 7 | bank & 127 if is_coarse else bank & ~127 | event.value
        )

    def chosen(self, event: ProgramChange) -> ProgramChange:
        """Give a program change with the bank of its channel; one that names a bank keeps it."""
        bank = event.bank or self._banks.get(event.channel, 0)
        return msgspec.structs.replace(event, bank=bank)
