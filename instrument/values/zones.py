"""MPE zones: which channels carry one note each, and which master channel moves them all."""

import msgspec

N_CHANNELS = 16
LOWER_MASTER, UPPER_MASTER = 0, 15
MOST_MEMBERS = 15
MOST_IN_BOTH = 14  # members of two zones: each has a master, too


def master_of(channel: int, lower: int, upper: int) -> int:
    """Give the master of a channel: itself outside the zones, and where it is the master.

    Args:
        channel: 0 to 15.
        lower: Members of the lower zone, on channels 1, 2, ...
        upper: Members of the upper zone, on channels 14, 13, ...
    """
    if 1 <= channel <= lower:
        return LOWER_MASTER
    if UPPER_MASTER - upper <= channel < UPPER_MASTER:
        return UPPER_MASTER
    return channel


def slide_place(value: int) -> float:
    """Turn a slide, 0..127, into -1..1; 64, the middle of MIDI, is exactly 0."""
    return (value - 64) / (64.0 if value < 64 else 63.0)


class Zones(msgspec.Struct, frozen=True):
    """Both zones by the number of their members; 0 is no zone.

    Source: MIDI Polyphonic Expression, MIDI Association M1-100-UM, 2018.
    """

    lower: int = 0
    upper: int = 0

    def configured(self, master: int, n_members: int) -> "Zones":
        """Give the zones after an MPE Configuration Message; the newer zone takes what it needs.

        Args:
            master: The channel of the message; no zone can have another master than 0 and 15.
            n_members: 0 to 15; more counts as 15.
        """
        n = min(n_members, MOST_MEMBERS)
        left = max(MOST_IN_BOTH - n, 0)
        if master == LOWER_MASTER:
            return Zones(n, min(self.upper, left))
        if master == UPPER_MASTER:
            return Zones(min(self.lower, left), n)
        return self

    def master(self, channel: int) -> int:
        """Give the master of a channel; outside the zones itself."""
        return master_of(channel, self.lower, self.upper)

    def is_member(self, channel: int) -> bool:
        """Say whether a channel carries one note of a zone."""
        return self.master(channel) != channel
