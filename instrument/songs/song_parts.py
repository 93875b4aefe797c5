"""A song in parts: what each channel plays, and with which preset."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from instrument.presets.preset import Preset
from instrument.values.events import AnyEvent, NoteOn

from .song import SongError


@dataclass(frozen=True)
class SongPart:
    """What one channel plays.

    Attributes:
        channel: 0 to 15.
        preset: That it begins with; program changes of its own channel go on from there.
        events: Its own, and those that are meant for all channels.
    """

    channel: int
    preset: Preset
    events: tuple[AnyEvent, ...]

    @property
    def name(self) -> str:
        """As players count: "01 Cold celesta"."""
        return f"{self.channel + 1:02d} {self.preset.name}"


def split_song(
    events: Sequence[AnyEvent], usual: Preset, of_channel: Mapping[int, Preset | None]
) -> list[SongPart]:
    """Split a song into the parts of its channels; a channel without notes has none.

    Args:
        events: Of the whole song, in order.
        usual: The preset of every channel that is not named.
        of_channel: Preset by channel, 0 to 15; None silences it.

    Raises:
        SongError: If a channel is named that plays nothing, or nothing is left.
    """
    playing = sorted({event.channel for event in events if isinstance(event, NoteOn)})
    for channel in sorted(of_channel):
        if channel not in playing:
            heard = ", ".join(str(number + 1) for number in playing) or "none"
            raise SongError(
                f"Channel {channel + 1} plays no notes in this song; those that do: {heard}."
            )
    parts = []
    for channel in playing:
        preset = of_channel.get(channel, usual)
        if preset is not None:
            own = tuple(e for e in events if getattr(e, "channel", channel) == channel)
            parts.append(SongPart(channel, preset, own))
    if not parts:
        raise SongError("No channel of this song is left to play.")
    return parts
