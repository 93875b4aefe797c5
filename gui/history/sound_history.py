"""What can be undone, and the trail of the last sounds; knows neither Qt nor what a sound is."""

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from .sound_differences import (
    Moment,
    control_of,
    differences,
    is_continuous,
    only_fills_in,
    shared,
    words_of,
)

MERGE_SECONDS = 1.5  # moves of the same controls that follow sooner are one step
MOST_STEPS, MOST_CARDS = 200, 40


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
        moment = moment._replace(preset=shared(moment.preset, self.now.preset))
        leaves = differences(self.now, moment)
        if not leaves or only_fills_in(leaves):
            self.now = moment
            return False
        if leaves.keys() - {"midi_map"} and "name" not in leaves:
            moment = moment._replace(is_changed=True)  # whatever a status said that lags behind
        step = Step(
            words_of(leaves, moment),
            self.now,
            moment,
            frozenset(control_of(path) for path in leaves),
            at,
            is_continuous(leaves),
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
