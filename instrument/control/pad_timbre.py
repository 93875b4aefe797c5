"""What the keys should sound like, from the pad's points, its place and the knobs."""

from collections.abc import Mapping, Sequence

from instrument.notes.own_notes import OwnTimbre
from instrument.notes.renderer_protocol import Shade
from instrument.notes.target import Target, make_target
from instrument.notes.voicing import Voicing, further_layers
from instrument.values.parameters import AXES, BY_NAME
from instrument.values.status import Corner

Values = Mapping[str, float]  # parameters by name, as they sound


class PadTimbre:
    """The timbres of one pad, as it is set now."""

    def __init__(self, model_hash: str, corners: Sequence[Corner], values: Values) -> None:
        """Take what is set.

        Args:
            model_hash: Of the model that plays.
            corners: The pad's points; their latents must be the model's.
            values: Of the parameters.
        """
        self._model_hash, self._corners, self._values = model_hash, corners, values

    def at(self, x: float, y: float, brighter: float = 0.0) -> Target:
        """Say what lies at a place of the pad, each 0..1; beyond the edge is on the edge.

        Args:
            x: Rightward.
            y: Upward.
            brighter: Standard deviations of the axis of brightness, beside its knob.
        """
        values = dict(self._values)
        if brighter:
            row = BY_NAME["axis_brightness"]
            values[row.name] = row.clip(values[row.name] + brighter)
        return make_target(
            self._model_hash,
            [corner.z for corner in self._corners],
            x,
            y,
            places=[corner.place for corner in self._corners],
            leaning=tuple((axis, values[name]) for name, axis in AXES.items() if values[name]),
        )

    def voicing(self, x: float, y: float, own: Mapping[int, OwnTimbre]) -> Voicing:
        """Say what all layers sound like around a place, and the notes that differ from it."""
        target = self.at(x, y)
        slid = {layer: (of.note, self._own(of)) for layer, of in own.items()}
        return Voicing(target, further_layers(target, self._values), slid)

    def _own(self, of: OwnTimbre) -> Target:
        return self.at(of.x, of.y, of.brightness).shaded(Shade(softness=of.softness))
