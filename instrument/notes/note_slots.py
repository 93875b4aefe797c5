"""What lies in which slot of the note pool, and which slot is written next.

A slot is in one of three states: free; waiting for a job's note; holding a note. Of those that hold
one, some are the engine's (published, just replaced, or read by a voice) and are never written to.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass

from instrument.engine.pool import NoteInfo

LET_GO_SECONDS = 0.5
"""How long a replaced slot stays untouched: the engine may not have read of it yet."""


@dataclass
class HeldNote:
    """A slot with a note in it.

    Attributes:
        cell: What it sounds like.
        pitch: Of the note.
        note: Where it lies and how it is played.
        is_whole: Whether any strike can play it to its end.
        order: Counts up with the jobs: the later note is newer.
    """

    cell: str
    pitch: int
    note: NoteInfo
    is_whole: bool
    order: int


class NoteSlots:
    """The pool's slots but the first, which is silence."""

    def __init__(self, n_slots: int, clock: Callable[[], float]) -> None:
        """Begin with an empty pool.

        Args:
            n_slots: Of the pool, the silent one included.
            clock: Seconds.
        """
        self.n_slots = n_slots
        self._clock = clock
        self._free = list(range(n_slots - 1, 0, -1))
        self._held: dict[int, HeldNote] = {}  # by slot
        # The slots of passing notes and of whole ones, the least recently used first.
        self._by_use: dict[bool, OrderedDict[int, None]] = {
            False: OrderedDict(),
            True: OrderedDict(),
        }
        self._whole: dict[tuple[str, int], int] = {}  # (cell, pitch) -> slot
        self._let_go: dict[int, float] = {}  # slot -> when the engine was told another

    def __getitem__(self, slot: int) -> HeldNote:
        """Give what a slot holds."""
        return self._held[slot]

    def __len__(self) -> int:
        """Count the slots that hold a note."""
        return len(self._held)

    def get(self, slot: int) -> HeldNote | None:
        """Give what a slot holds, or None."""
        return self._held.get(slot)

    def whole(self, cell: str, pitch: int) -> int | None:
        """Give the slot of a whole note, or None."""
        return self._whole.get((cell, pitch))

    @property
    def wholes_by_use(self) -> Iterable[int]:
        """Slots of whole notes, the least recently used first."""
        return self._by_use[True]

    def put(self, slot: int, held: HeldNote) -> None:
        """Say what a slot holds now."""
        self._held[slot] = held
        self._by_use[held.is_whole][slot] = None
        if held.is_whole:
            self._whole[held.cell, held.pitch] = slot

    def free(self, slot: int) -> None:
        """Give back a slot that holds nothing."""
        self._free.append(slot)

    def use(self, slot: int) -> None:
        """Note that a slot's note is used now."""
        self._by_use[self._held[slot].is_whole].move_to_end(slot)

    def let_go(self, slot: int) -> None:
        """Note that the engine has just been told another slot in this one's place."""
        self._let_go[slot] = self._clock()

    def take(self, kept: Set[int], cell: str) -> int | None:
        """Give a slot to write into: a free one, else that of the least recently used note.

        Looks at no more notes than keys and voices have: what it passes over is theirs.

        Args:
            kept: Slots that must stay as they are.
            cell: Whose whole notes must stay, too.
        """
        if self._free:
            return self._free.pop()
        now = self._clock()
        self._let_go = {s: t for s, t in self._let_go.items() if now - t < LET_GO_SECONDS}
        for slots in (self._by_use[False], self._by_use[True]):
            for slot in slots:
                held = self._held[slot]
                is_target = held.is_whole and held.cell == cell
                if slot not in kept and slot not in self._let_go and not is_target:
                    self._drop(slot)
                    return slot
        return None

    def _drop(self, slot: int) -> None:
        held = self._held.pop(slot)
        del self._by_use[held.is_whole][slot]
        if held.is_whole:
            del self._whole[held.cell, held.pitch]
