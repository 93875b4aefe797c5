"""What the monitors' measures mean: when to warn, when to stop."""

from collections.abc import Mapping
from dataclasses import dataclass, field

ALARM_DIVERSITY, STOP_DIVERSITY, STOP_READINGS = 0.5, 0.3, 3
ALARM_SIGN = 0.6
ALARM_MEMORY = 0.5
_EXPECTED_AFTER = 0.25


@dataclass
class Alarms:
    """Listens to the measures of a run and says each trouble once, until it is over.

    Attributes:
        n_examples: Of the whole run.
        was_diverse: Whether the notes of one pitch ever differed enough. They need not before
            that, because everything begins the same, unless a discriminator had a quarter of the
            run to ask for more.
        n_collapsed: Readings in a row that were collapsed.
    """

    n_examples: int
    was_diverse: bool = False
    n_collapsed: int = 0
    _said: set[str] = field(default_factory=set)

    def hear(self, measures: Mapping[str, float], examples_seen: int) -> list[str]:
        """Take a reading's measures (see `monitor.Reading`); give the lines to say."""
        diversity = measures.get("diversity", 1.0)
        self.was_diverse |= diversity >= ALARM_DIVERSITY
        late = "real_sign" in measures and examples_seen > _EXPECTED_AFTER * self.n_examples
        expected = self.was_diverse or late
        collapsed = expected and diversity < STOP_DIVERSITY
        self.n_collapsed = self.n_collapsed + 1 if collapsed else 0
        lines = [
            self._once("collapse", expected and diversity < ALARM_DIVERSITY, _collapse(diversity)),
            self._once("sign", measures.get("real_sign", 0.0) > ALARM_SIGN, _sign(measures)),
            self._once("memory", _remembered(measures) > ALARM_MEMORY, _memory(measures)),
        ]
        return [line for line in lines if line]

    @property
    def collapsed(self) -> bool:
        """Whether going on is a waste: three readings in a row were far too alike."""
        return self.n_collapsed >= STOP_READINGS

    def _once(self, kind: str, now: bool, line: str) -> str:
        """Give the line of a trouble when it begins."""
        begins = now and kind not in self._said
        (self._said.add if now else self._said.discard)(kind)
        return line if begins else ""


def _collapse(diversity: float) -> str:
    return (
        f"Collapse: notes of one pitch differ {diversity:.2f} times as much as real ones (alarm "
        f"below {ALARM_DIVERSITY}). Halve the generator's weight of the pitch loss, then double "
        "the penalty; see docs/training.md."
    )


def _sign(measures: Mapping[str, float]) -> str:
    return (
        f"Overfitting: the mean sign of the discriminator's scores of real notes is "
        f"{measures.get('real_sign', 0.0):.2f} (alarm above {ALARM_SIGN}). Train on more notes or "
        "with more augmentation."
    )


def _memory(measures: Mapping[str, float]) -> str:
    return (
        f"Memorising: the discriminator's cross-entropy on pitches is {_remembered(measures):.2f} "
        f"higher for held-out notes than for trained ones (alarm above {ALARM_MEMORY}). Train on "
        "more notes or with more augmentation."
    )


def _remembered(measures: Mapping[str, float]) -> float:
    return measures.get("held_out_entropy", 0.0) - measures.get("trained_entropy", 0.0)
