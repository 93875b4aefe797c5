"""What can be undone, and the trail of the last sounds; knows neither Qt nor files.

A sound is a `Preset`, taken whole. What differs between two of them is found field by field, so
that a preset may get new fields without this being told.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec

from instrument import BY_NAME, MidiMap, Preset

MERGE_SECONDS = 1.5  # moves of the same controls that follow sooner are one step
MOST_STEPS, MOST_CARDS = 200, 40
_NOT_SOUND = {"version", "unknown"}
_WORDS = {
    "pad_x": "pad",
    "pad_y": "pad",
    "corners": "timbres",
    "mod_depth": "mod wheel",
    "midi_map": "MIDI controllers",
    "model_name": "model",
    "model_hash": "model",
    "latent_space": "model",
}

Leaves = dict[str, tuple[object, object]]


class Moment(NamedTuple):
    """All that a step changes.

    Attributes:
        preset: The sound.
        midi_map: What MIDI controllers move.
        is_changed: Whether the sound is not as on disk.
    """

    preset: Preset
    midi_map: MidiMap = MidiMap()
    is_changed: bool = False


class Step(NamedTuple):
    """From one moment to the next.

    Attributes:
        what: Has been done, in a few words.
        before: The moment before it.
        after: The one after it.
        touched: The controls that changed.
        at: When it was last added to, in seconds.
        may_grow: Whether more of the same kind belongs to it.
    """

    what: str
    before: Moment
    after: Moment
    touched: frozenset[str]
    at: float
    may_grow: bool


class Deed(NamedTuple):
    """Something else that can be taken back, such as a preset that was deleted."""

    what: str
    undo: Callable[[], None]
    redo: Callable[[], None]


class Card(NamedTuple):
    """One sound of the trail: how it came about, and when."""

    number: int
    what: str
    moment: Moment
    at: float


class SoundHistory:
    """Steps back and forth, and the sounds that they went by; one thread may change it at a time.

    Attributes:
        now: Where we stand; None before the first sound.
        cards: The last sounds, the newest first.
    """

    def __init__(self) -> None:
        self.now: Moment | None = None
        self.cards: list[Card] = []
        self._done: list[Step | Deed] = []
        self._undone: list[Step | Deed] = []
        self._n_cards = 0

    @property
    def undo_words(self) -> str:
        """What the next `undo` takes back; "" for nothing."""
        return "".join(step.what for step in self._done[-1:])

    @property
    def redo_words(self) -> str:
        """What the next `redo` does again; "" for nothing."""
        return "".join(step.what for step in self._undone[-1:])

    def take(self, moment: Moment, at: float) -> bool:
        """Take the present sound; a step is made of what differs from the last.

        Args:
            moment: The present one.
            at: Seconds, on any clock that does not go back.

        Returns:
            Whether it is another than the last.
        """
        if self.now is None:
            self.now = moment
            self._add_card("start", moment, at)
            return True
        moment = moment._replace(preset=_shared(moment.preset, self.now.preset))
        leaves = differences(self.now, moment)
        if not leaves or _only_fills_in(leaves):
            self.now = moment
            return False
        if leaves.keys() - {"midi_map"} and "name" not in leaves:
            moment = moment._replace(is_changed=True)  # whatever a status said that lags behind
        step = Step(
            words_of(leaves, moment),
            self.now,
            moment,
            frozenset(_control_of(path) for path in leaves),
            at,
            _is_continuous(leaves),
        )
        self._add(step)
        self.now = moment
        return True

    def did(self, deed: Deed) -> None:
        """Take something else that can be undone."""
        self._done.append(deed)
        del self._done[:-MOST_STEPS]
        self._undone.clear()

    def undo(self) -> Moment | Callable[[], None] | None:
        """Go a step back.

        Returns:
            The sound to bring back, or what takes the deed back; None when there is nothing.
        """
        if not self._done:
            return None
        last = self._done.pop()
        self._undone.append(last)
        if isinstance(last, Deed):
            return last.undo
        self.now = last.before
        self._close_last()
        return last.before

    def redo(self) -> Moment | Callable[[], None] | None:
        """Go a step forth again; as `undo`."""
        if not self._undone:
            return None
        last = self._undone.pop()
        self._done.append(last)
        if isinstance(last, Deed):
            return last.redo
        self.now = last.after
        self._close_last()
        return last.after

    def settle(self, moment: Moment) -> None:
        """Take what became of the sound that was brought back, which makes no step."""
        self.now = moment

    def saved(self, name: str) -> None:
        """Note that the present sound is on disk under a name, and that those before it are not."""
        if self.now is None:
            return
        self._done = [_unsaved(entry, name) for entry in self._done]
        self._undone = [_unsaved(entry, name) for entry in self._undone]
        named = msgspec.structs.replace(self.now.preset, name=name)
        self.now = self.now._replace(preset=named, is_changed=False)
        last = self._close_last()
        if last is not None:
            self._done[-1] = last._replace(after=self.now)

    def card(self, number: int) -> Card | None:
        """Give a card by its number; None when it is no longer there."""
        return next((card for card in self.cards if card.number == number), None)

    def present(self) -> int:
        """Give the number of the card that sounds now; -1 for none."""
        for card in self.cards:
            if self.now is not None and not differences(card.moment, self.now):
                return card.number
        return -1

    def _close_last(self) -> Step | None:
        """Let what comes next be a step of its own; give the last one."""
        if not self._done or isinstance(self._done[-1], Deed):
            return None
        last = self._done[-1] = self._done[-1]._replace(may_grow=False)
        return last

    def _add(self, step: Step) -> None:
        self._undone.clear()
        last = self._done[-1] if self._done else None
        if isinstance(last, Step) and _is_more_of(last, step):
            grown = last._replace(after=step.after, at=step.at, touched=last.touched | step.touched)
            self._done[-1] = grown
            self.cards[0] = self.cards[0]._replace(moment=step.after, at=step.at)
        else:
            self._done.append(step)
            del self._done[:-MOST_STEPS]
            self._add_card(step.what, step.after, step.at)

    def _add_card(self, what: str, moment: Moment, at: float) -> None:
        self._n_cards += 1
        self.cards.insert(0, Card(self._n_cards, what, moment, at))
        del self.cards[MOST_CARDS:]


def differences(before: Moment, after: Moment) -> Leaves:
    """Find what differs: by path, as "parameters.cutoff" or "corners.2.z", the old and the new."""
    leaves = {
        path: pair
        for path, pair in _leaves("", before.preset, after.preset)
        if path.split(".")[-1] not in _NOT_SOUND
    }
    if before.midi_map.mappings != after.midi_map.mappings:
        leaves["midi_map"] = (before.midi_map, after.midi_map)
    return leaves


def words_of(leaves: Leaves, after: Moment) -> str:
    """Say in a few words what a step changes."""
    if "name" in leaves:
        return f"open {after.preset.name}"
    names = dict.fromkeys(_name_of(path) for path in leaves)
    return ", ".join(names) if len(names) <= 2 else f"{next(iter(names))} and more"


def _name_of(path: str) -> str:
    first, *rest = path.split(".")
    if first == "parameters" and rest and rest[0] in BY_NAME:
        return BY_NAME[rest[0]].label
    return _WORDS.get(first, first.replace("_", " "))


def _control_of(path: str) -> str:
    """Name the control that a path belongs to: both ways of the pad are one."""
    return "pad" if path in ("pad_x", "pad_y") else ".".join(path.split(".")[:2])


def _leaves(path: str, before: Any, after: Any) -> Iterator[tuple[str, tuple[object, object]]]:
    if before is after or before == after:
        return
    if isinstance(before, msgspec.Struct) and type(before) is type(after):
        pairs = {n: (getattr(before, n), getattr(after, n)) for n in before.__struct_fields__}
    elif isinstance(before, dict) and isinstance(after, dict):
        pairs = {n: (before.get(n), after.get(n)) for n in dict.fromkeys((*before, *after))}
    elif _are_alike(before, after):
        pairs = {str(i): pair for i, pair in enumerate(zip(before, after, strict=True))}
    else:
        yield path, (before, after)
        return
    for name, pair in pairs.items():
        yield from _leaves(f"{path}.{name}" if path else str(name), *pair)


def _are_alike(before: Any, after: Any) -> bool:
    """Whether two tuples hold as many structs, so that each can be compared with its own."""
    return (
        isinstance(before, tuple)
        and isinstance(after, tuple)
        and len(before) == len(after)
        and all(isinstance(value, msgspec.Struct) for value in (*before, *after))
    )


def _only_fills_in(leaves: Leaves) -> bool:
    """Whether a model has only said what a name or a seed means: no hand did that."""
    return all(path.endswith(".z") and before == () for path, (before, _) in leaves.items())


def _is_continuous(leaves: Leaves) -> bool:
    """Whether something was moved, and not chosen or drawn anew."""
    values = [value for pair in leaves.values() for value in pair]
    is_text = any(isinstance(value, str | bool) for value in values)
    moved = [path for path, pair in leaves.items() if all(isinstance(v, float) for v in pair)]
    return bool(moved) and not is_text


def _is_more_of(last: Step, step: Step) -> bool:
    return (
        last.may_grow
        and step.may_grow
        and step.touched <= last.touched
        and step.at - last.at <= MERGE_SECONDS
    )


def _unsaved(entry: Step | Deed, name: str) -> Step | Deed:
    if isinstance(entry, Deed):
        return entry
    before, after = (
        moment._replace(is_changed=True) if moment.preset.name == name else moment
        for moment in (entry.before, entry.after)
    )
    return entry._replace(before=before, after=after)


def _shared(preset: Preset, former: Preset) -> Preset:
    """Give a preset that shares with a former one what is the same, as latents mostly are."""
    same: dict[str, Any] = {}
    for name in preset.__struct_fields__:
        now, was = getattr(preset, name), getattr(former, name)
        if now == was:
            same[name] = was
        elif _are_alike(was, now):
            same[name] = tuple(
                old if old == new else new for old, new in zip(was, now, strict=True)
            )
    return msgspec.structs.replace(preset, **same)
