"""The presets of several SoundFonts: where each is, and which of them do not stay."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from .fluidsynth import FontPreset, SoundFont
from .general_midi import reason_to_leave_out
from .preset_check import PresetCheck, reason_heard


@dataclass(frozen=True)
class Place:
    """Where a preset is: the font's number among those given, then MIDI bank and program."""

    font: int
    bank: int
    program: int

    def key(self) -> str:
        """Name the place in a file."""
        return f"{self.font}-{self.bank}-{self.program}"


@dataclass(frozen=True)
class Preset:
    """A preset of one of the fonts.

    Attributes:
        font: The font's number among those given.
        in_font: The preset as its font knows it.
    """

    font: int
    in_font: FontPreset

    @property
    def bank(self) -> int:
        """MIDI bank."""
        return self.in_font.bank

    @property
    def program(self) -> int:
        """0 to 127."""
        return self.in_font.program

    @property
    def name(self) -> str:
        """What the font calls it."""
        return self.in_font.name

    @property
    def place(self) -> Place:
        """Where it is."""
        return Place(self.font, self.bank, self.program)


@dataclass(frozen=True)
class DroppedPreset:
    """A preset that is not in the data set, and why."""

    font: int
    bank: int
    program: int
    name: str
    reason: str

    @property
    def place(self) -> Place:
        """Where it is."""
        return Place(self.font, self.bank, self.program)


class FontShelf:
    """Fonts of which one is open at a time, because some fill half a gigabyte."""

    def __init__(self, fonts: Sequence[Path]) -> None:
        self._fonts = fonts
        self._number: int | None = None
        self._opened: SoundFont | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._opened:
            self._opened.close()
        self._number = self._opened = None

    def open(self, number: int) -> SoundFont:
        """Give a font by its number, instead of the one given before.

        Raises:
            DatasetError: If it cannot be opened.
        """
        if self._opened is None or self._number != number:
            self.__exit__()
            self._opened, self._number = SoundFont(self._fonts[number]), number
        return self._opened


def drop_presets(
    presets: Sequence[Preset], checks: Mapping[Place, PresetCheck], font_names: Sequence[str]
) -> list[DroppedPreset]:
    """Say which presets do not stay, and why.

    Args:
        presets: In the order of their fonts, banks and programs.
        checks: What was heard of those that their names do not rule out.
        font_names: Of every font, to say where a twin is.
    """
    dropped = []
    first_with: dict[str, Preset] = {}
    for preset in presets:
        reason = reason_to_leave_out(preset.bank, preset.program, preset.name)
        if reason is None:
            check = checks[preset.place]
            twin = first_with.setdefault(check.digest, preset)
            reason = reason_heard(
                check, None if twin == preset else _tell(twin, preset, font_names)
            )
        if reason is not None:
            dropped.append(
                DroppedPreset(preset.font, preset.bank, preset.program, preset.name, reason)
            )
    return dropped


def _tell(twin: Preset, preset: Preset, font_names: Sequence[str]) -> str:
    where = f"{twin.name} ({twin.bank}:{twin.program})"
    return where if twin.font == preset.font else f"{where} of {font_names[twin.font]}"
