"""The parameters: their own values, and what mod wheel and a tempo from outside make of them."""

import math
from collections.abc import Mapping

from instrument.presets.preset import Preset
from instrument.values.events import SetParameter
from instrument.values.parameters import BY_CONTROLLER, BY_NAME, MOD_WHEEL, PARAMETERS, defaults


class Knobs:
    """Where the knobs stand.

    Attributes:
        values: Every parameter's own value by name; the mod wheel's part is not in it.
        mod: The mod wheel, 0..1.
        outer_tempo: Of a clock or a song, in beats a minute; None: the parameter's counts.
    """

    def __init__(self) -> None:
        self.values = defaults()
        self.mod = 0.0
        self.outer_tempo: float | None = None
        self._controllers: Mapping[int, str] = Preset().controllers
        self._mod_depth = Preset().mod_depth

    def load(self, preset: Preset) -> None:
        """Take over a preset's values and mappings."""
        self.values = defaults() | {
            name: BY_NAME[name].clip(value) for name, value in preset.parameters.items()
        }
        self._controllers, self._mod_depth = preset.controllers, preset.mod_depth

    def turn(self, name: str, value: float) -> bool:
        """Set a parameter's own value, within its range; say whether that is another one.

        Raises:
            ValueError: If there is no such parameter, or the value is no number.
        """
        row = BY_NAME.get(name)
        if row is None:
            raise ValueError(f'there is no parameter "{name}": {", ".join(BY_NAME)}')
        value = row.clip(checked_number(row.name, value, row.minimum, row.maximum))
        if value == self.values[name]:
            return False
        self.values[name] = value
        return True

    def heard(self, name: str, at: float) -> SetParameter:
        """Give a parameter as it shall sound: its own value, moved on by the mod wheel."""
        row, value = BY_NAME[name], self.values[name]
        if name == "tempo" and self.outer_tempo is not None:
            value = self.outer_tempo
        elif self.mod and self.of_mod_wheel == name:
            value = row.from_position(row.to_position(value) + self.mod * self._mod_depth)
        return SetParameter(name=name, value=value, time_seconds=at)

    def all_heard(self) -> tuple[SetParameter, ...]:
        """Give all parameters as they shall sound."""
        return tuple(self.heard(row.name, 0.0) for row in PARAMETERS)

    def sounding_values(self) -> dict[str, float]:
        """Give the parameters as they sound; but for the tempo, which is the parameter's own."""
        name = self.of_mod_wheel
        return (
            self.values | {name: self.heard(name, 0.0).value} if self.mod and name else self.values
        )

    @property
    def of_mod_wheel(self) -> str:
        """The parameter that the mod wheel moves, or ""."""
        name = self._controllers.get(MOD_WHEEL, "")
        return name if name in BY_NAME else ""

    def of_controller(self, controller: int) -> str | None:
        """Give the parameter that a controller moves: the preset's choice, then the table's."""
        name = self._controllers.get(controller)
        if name is None and controller in BY_CONTROLLER:
            name = BY_CONTROLLER[controller].name
        return name if name in BY_NAME else None


def checked(what: str, value: int, minimum: int, maximum: int) -> None:
    """Raise ValueError if a whole number is not in its range."""
    if not minimum <= value <= maximum:
        raise ValueError(f"{what} must be {minimum}..{maximum}, not {value}")


def checked_number(what: str, value: float, minimum: float, maximum: float) -> float:
    """Bring a number into its range; ValueError for what is no number and has no place in it."""
    if not math.isfinite(value):
        raise ValueError(f"{what} must be {minimum:g}..{maximum:g}, not {value}")
    return min(max(value, minimum), maximum)
