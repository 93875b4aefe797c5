"""How the notes that a performance holds follow the pad offline: as they do live, at fixed times.

Live, a crop or a whole note is heard when it has been made. Here each is heard a stated time after
it was asked for, whatever the machine needs: the same performance gives the same samples.
"""

from dataclasses import dataclass

import msgspec

from instrument.engine.engine import Engine
from instrument.engine.envelope import BLOCK
from instrument.engine.pool import NoteInfo
from instrument.notes.offline_notes import OnwardSource
from instrument.notes.onward_notes import OnwardNotes, timbre_of
from instrument.notes.target import Target
from instrument.notes.voicing import Voicing

CROP_SECONDS = 0.03
"""From a movement to its crop being offered: what one takes on two cores that do little else."""

WHOLE_SECONDS = 0.12  # likewise, for the whole note after it
LOOK_FRAMES = 8 * BLOCK  # between two looks at what sounds, while held notes follow


@dataclass(frozen=True)
class _Coming:
    """A note that is being made: when it is offered, and of which timbre it is."""

    seconds: float
    job: int
    cell: str


class Following:
    """Lets held notes follow, for one performance."""

    def __init__(self, notes: OnwardSource, engine: Engine, sample_rate: float) -> None:
        """Begin with nothing held.

        Args:
            notes: Makes what held notes go on with.
            engine: That plays them.
            sample_rate: The engine's, in Hz.
        """
        self._notes = notes
        self._engine = engine
        self._now = 0.0
        self._onward = OnwardNotes(sample_rate, lambda: self._now)
        self._layers: dict[int, Target] = {}
        self._coming: list[_Coming] = []
        self._slots: set[int] = set()  # that are there for held notes
        self._is_moving = False

    @property
    def is_active(self) -> bool:
        """Whether `look` has something to do before the next `want`."""
        return self._is_moving or bool(self._coming or self._onward.slots)

    def want(self, voicing: Voicing) -> None:
        """Say what each layer's held notes should sound like from now on."""
        slid = {layer: target for layer, (_, target) in voicing.slid.items()}
        self._layers = {0: voicing.target, **voicing.layers, **slid}
        self._is_moving = True

    def look(self, seconds: float) -> None:
        """Offer what is due, and ask for what is needed.

        Args:
            seconds: Of the performance; they may not go back.

        Raises:
            RendererError: If a note can't be made.
        """
        self._now = seconds
        for one in [one for one in self._coming if one.seconds <= seconds]:
            note = self._end(one)
            note = msgspec.structs.replace(note, timbre=timbre_of(one.cell))
            self._onward.take(one.job, note, one.job)
        held = self._engine.held_voices()
        for wish in self._onward.wishes(held, self._layers, self._notes.crest):
            kept = self._engine.slots_in_use() | self._onward.slots
            job = self._notes.begin_onward(wish.target, wish.place[1], wish.heard, kept)
            if job is None:
                break
            self._onward.ask(job, wish)
            takes = WHOLE_SECONDS if wish.heard.is_whole else CROP_SECONDS
            self._coming.append(_Coming(seconds + takes, job, wish.target.cell))
        self._onward.publish_to(self._engine.publish_onward)
        self._let_go(self._slots - self._onward.slots)
        self._is_moving = self._onward.wait_seconds is not None

    def close(self) -> None:
        """Give all notes back: the performance is over, and another engine may be next."""
        for one in list(self._coming):
            self._end(one)
        self._let_go(set(self._slots))

    def _end(self, one: _Coming) -> NoteInfo:
        self._coming.remove(one)
        note = self._notes.end_onward(one.job)
        self._slots.add(note.slot)
        return note

    def _let_go(self, slots: set[int]) -> None:
        for slot in sorted(slots):
            self._notes.let_go(slot)
        self._slots -= slots
