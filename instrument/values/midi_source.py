"""Controllers as they are named: which messages of MIDI they send, and how many bits."""

from typing import Literal

import msgspec

from .parameters import BREATH, EXPRESSION, MOD_WHEEL, SOFT_PEDAL, SOSTENUTO_PEDAL, SUSTAIN_PEDAL

Kind = Literal["cc", "cc14", "nrpn", "nrpn14", "bend"]

DATA_ENTRY, DATA_ENTRY_FINE, INCREMENT, DECREMENT = 6, 38, 96, 97
OTHER_FINE, OTHER, REGISTERED_FINE, REGISTERED = 98, 99, 100, 101
PARAMETER_CONTROLLERS = frozenset(
    (
        DATA_ENTRY,
        DATA_ENTRY_FINE,
        INCREMENT,
        DECREMENT,
        OTHER_FINE,
        OTHER,
        REGISTERED_FINE,
        REGISTERED,
    )
)
N_CHANNELS = 16
N_COARSE = 32  # controllers 0 to 31 may have a fine half, 32 higher
BANK, BANK_FINE = 0, 32
VELOCITY_FINE = 88
FIRST_MODE = 120
MOST_NUMBERS: dict[Kind, int] = {"cc": 127, "cc14": 31, "nrpn": 16382, "nrpn14": 16382, "bend": 0}
FINER: dict[Kind, Kind] = {"cc": "cc14", "nrpn": "nrpn14"}

LET_GO = frozenset((MOD_WHEEL, BREATH, EXPRESSION, SOSTENUTO_PEDAL, SOFT_PEDAL))
"""Controllers whose own meaning would stay where it is when something else takes them."""


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A controller of a keyboard, a fader or a button.

    Attributes:
        kind: "cc", a controller of seven bits; "cc14", of fourteen, fine half 32 higher; "nrpn"
            and "nrpn14", a non-registered parameter by its coarse data entry, or by both; "bend",
            the bend wheel's message, which faders send as well.
        number: Of the controller or the parameter; 0 for "bend".
        channel: 0 to 15; None is any.
    """

    kind: Kind
    number: int = 0
    channel: int | None = None

    @property
    def finer(self) -> "Source | None":
        """The same with fourteen bits, where it may have a fine half."""
        if self.kind not in FINER or (self.kind == "cc" and self.number >= N_COARSE):
            return None
        return msgspec.structs.replace(self, kind=FINER[self.kind])

    @property
    def controllers(self) -> tuple[int, ...]:
        """The numbers of the controllers that belong to it alone."""
        if self.kind == "cc":
            return (self.number,)
        return (self.number, self.number + N_COARSE) if self.kind == "cc14" else ()

    def overlaps(self, other: "Source") -> bool:
        """Say whether some message would come from both."""
        if None not in (self.channel, other.channel) and self.channel != other.channel:
            return False
        if self.controllers:
            return not set(self.controllers).isdisjoint(other.controllers)
        return self.kind[:4] == other.kind[:4] and self.number == other.number

    def problem(self) -> str:
        """Say why it can't be mapped, or ""."""
        most = MOST_NUMBERS[self.kind]
        if not 0 <= self.number <= most:
            return f"the number of {self.kind} must be 0..{most}, not {self.number}"
        if self.channel is not None and not 0 <= self.channel < N_CHANNELS:
            return f"the channel must be 0..{N_CHANNELS - 1}, not {self.channel}"
        if self.kind == "bend" and self.channel is None:
            return "a bend needs a channel: on the others the wheels go on bending"
        reasons = (_meaning(number) for number in self.controllers)
        return next((reason for reason in reasons if reason), "")

    def __str__(self) -> str:
        """Give it as a musician reads it; channels count from 1."""
        channel = "any channel" if self.channel is None else f"channel {self.channel + 1}"
        names = {
            "cc": f"CC {self.number}",
            "cc14": f"CC {self.number} + {self.number + N_COARSE}",
            "nrpn": f"NRPN {self.number}",
            "nrpn14": f"NRPN {self.number}, 14 bits",
            "bend": "bend",
        }
        return f"{names[self.kind]}, {channel}"


def _meaning(controller: int) -> str:
    """Say what a controller is that can't be taken from its work; "" for one that can."""
    if controller in (BANK, BANK_FINE):
        return f"CC {controller} chooses the bank of presets and stays that"
    if controller == SUSTAIN_PEDAL:
        return "CC 64 is the sustain pedal and stays that: held notes would never end"
    if controller == VELOCITY_FINE:
        return "CC 88 goes before notes and says how hard they are struck"
    if controller in PARAMETER_CONTROLLERS:
        return f"CC {controller} carries registered and non-registered parameters"
    if controller >= FIRST_MODE:
        return f"CC {controller} is a channel mode: it lets notes go"
    return ""
