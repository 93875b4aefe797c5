"""Which held notes need another note to go on with, where, and whether a crop or the whole.

Policy only, as `cache.py`. A held note whose timbre is no longer the wanted one gets a crop around
its place first, which takes a fraction of a whole note's time; once the hand rests, the whole note
from there on. Each belongs to a place, a layer and a pitch: voices of one pitch share it.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from instrument.engine.held_voices import HeldVoice
from instrument.engine.pool import NoteInfo

from . import loop
from .renderer_protocol import Heard
from .target import Target

Place = tuple[int, int]
"""A mailbox of the engine: layer and pitch."""

SETTLE_SECONDS = 0.1
"""How long a crop has been played before the whole note is made: a moving hand wants crops only."""

LEAD_SECONDS = 0.08  # from a job to its note being heard, before any has been timed
LEAST_LEAD_SECONDS, MOST_LEAD_SECONDS = 0.005, 1.0
LEAD_TAKEN = 0.5  # of that: a crop reaches far ahead, and must not come before its time
LEAD_SHARE = 0.5  # that the newest time has in the mean
EARLY_SECONDS = 0.1  # that a crop may come before its time; the engine waits for that
LEAST_LEFT_SECONDS = 0.05  # of a crop that waits to be taken up
ENTER_SECONDS = loop.LATEST_SECONDS - loop.ENTER_SECONDS
"""Moment from which on a held note wanders."""

TAKE_OVER_SECONDS = ENTER_SECONDS - 0.5
"""Moment of the note that takes a wandering one's place. Its whole note comes some tenths of a
second later, and there must be some of the steady part left then, before the first way back."""

WANDERED_SECONDS = 0.05  # that a held note is back of its time: else it has not wandered
LOOK_SECONDS = 0.02  # while held notes are on their way


@lru_cache(maxsize=4096)
def timbre_of(cell: str) -> int:
    """Give a cell's number in the engine: never 0."""
    return int.from_bytes(hashlib.sha256(cell.encode()).digest()[:7], "big") | 1


@dataclass(frozen=True)
class Wish:
    """A note that a held one is to go on with.

    Attributes:
        place: Layer and pitch.
        target: What it should sound like.
        heard: What sounds now.
    """

    place: Place
    target: Target
    heard: Heard


@dataclass(frozen=True)
class _Given:
    """What the held notes of a place were given last."""

    slot: int
    cell: str
    note: NoteInfo
    order: int
    seconds: float


class OnwardNotes:
    """What the held notes of each place go on with."""

    def __init__(self, sample_rate: float, clock: Callable[[], float]) -> None:
        """Begin with none.

        Args:
            sample_rate: In Hz.
            clock: Seconds.
        """
        self._rate = sample_rate
        self._clock = clock
        self._given: dict[Place, _Given] = {}
        self._told: dict[Place, int] = {}  # slot that the engine has been told
        self._asked: dict[int, tuple[Place, str, bool, float]] = {}  # by job
        self._lead = LEAD_SECONDS
        self._is_moving = False

    def wishes(
        self,
        held: Sequence[HeldVoice],
        layers: Mapping[int, Target],
        crests: Callable[[int], float],
    ) -> list[Wish]:
        """Give what is needed and not being made: crops first, the longest unchanged first.

        What nobody holds any more is let go.

        Args:
            held: What sounds.
            layers: What each layer should sound like.
            crests: Gives `NoteInfo.crest` of the note in a slot.
        """
        places = {(voice.layer, voice.note) for voice in held}
        for place in [place for place in self._given if place not in places]:
            del self._given[place]
        asked = {(place, cell) for place, cell, _, _ in self._asked.values()}
        busy = {place for place, _, is_whole, _ in self._asked.values() if not is_whole}
        crops: dict[Place, Wish] = {}
        wholes: dict[Place, Wish] = {}
        self._is_moving = False
        for voice in held:
            place = (voice.layer, voice.note)
            target = layers.get(voice.layer)
            if target is None:
                continue
            is_there = voice.timbre == timbre_of(target.cell)
            if is_there and voice.first_frame == 0:
                continue
            self._is_moving = True
            if is_there:
                if self._is_settled(place, target.cell) and (place, target.cell) not in asked:
                    wholes.setdefault(place, self._wish(place, target, voice, crests, True))
            elif place not in busy and not self._waits(place, target.cell, voice):
                crops.setdefault(place, self._wish(place, target, voice, crests, False))
        return [*sorted(crops.values(), key=self._age), *sorted(wholes.values(), key=self._age)]

    def _age(self, wish: Wish) -> int:
        given = self._given.get(wish.place)
        return given.order if given else -1

    def _is_settled(self, place: Place, cell: str) -> bool:
        given = self._given.get(place)
        if given is None or given.cell != cell:
            return True
        return given.note.first_frame > 0 and self._clock() - given.seconds >= SETTLE_SECONDS

    def _waits(self, place: Place, cell: str, voice: HeldVoice) -> bool:
        """Whether a note lies ready that a voice will take up, perhaps after a cross-fade."""
        given = self._given.get(place)
        if given is None or given.cell != cell:
            return False
        note = given.note
        left = note.n_frames - voice.moment + note.later
        soonest = note.first_frame - EARLY_SECONDS * self._rate
        covers = soonest <= voice.moment - note.later
        return note.first_frame == 0 or (covers and left > LEAST_LEFT_SECONDS * self._rate)

    def _wish(
        self,
        place: Place,
        target: Target,
        voice: HeldVoice,
        crests: Callable[[int], float],
        is_whole: bool,
    ) -> Wish:
        is_texture = voice.shift > 0
        wanders = is_texture or voice.elapsed - voice.moment > WANDERED_SECONDS * self._rate
        heard = Heard(
            slot=voice.slot,
            moment=voice.moment + LEAD_TAKEN * self._lead * self._rate * voice.pace,
            at=TAKE_OVER_SECONDS * self._rate if wanders and not is_whole else None,
            shift=voice.shift,
            start=voice.n_frames if is_texture else voice.first_frame,
            stop=voice.shift + voice.steady_end if is_texture else voice.n_frames,
            crest=crests(voice.slot),
            is_whole=is_whole,
        )
        return Wish(place, target, heard)

    def ask(self, job: int, wish: Wish) -> None:
        """Note that a job has been given for a wish."""
        self._asked[job] = (wish.place, wish.target.cell, wish.heard.is_whole, self._clock())

    def end(self, job: int) -> None:
        """Note that a job is over."""
        self._asked.pop(job, None)

    def take(self, job: int, note: NoteInfo, order: int) -> bool:
        """Take a note that has been made; False if a newer one is there, and it is not needed."""
        place, cell, is_whole, since = self._asked.pop(job)
        now = self._clock()
        if not is_whole:
            lead = min(max(now - since, LEAST_LEAD_SECONDS), MOST_LEAD_SECONDS)
            self._lead += LEAD_SHARE * (lead - self._lead)
        present = self._given.get(place)
        if present is not None and present.order > order:
            return False
        self._given[place] = _Given(note.slot, cell, note, order, now)
        return True

    def publish_to(self, publish: Callable[[int, NoteInfo | None, int], bool]) -> list[int]:
        """Tell the engine what has changed; gives the slots that it is told no more.

        Args:
            publish: `Engine.publish_onward`; what it refuses is offered again.
        """
        gone = [place for place in self._told if place not in self._given]
        let_go = [self._told.pop(place) for place in gone if publish(place[1], None, place[0])]
        for place, given in self._given.items():
            if self._told.get(place) != given.slot and publish(place[1], given.note, place[0]):
                if place in self._told:
                    let_go.append(self._told[place])
                self._told[place] = given.slot
        return let_go

    @property
    def has_unpublished(self) -> bool:
        """Whether `publish_to` has something to tell."""
        return {place: given.slot for place, given in self._given.items()} != self._told

    @property
    def wait_seconds(self) -> float | None:
        """When to look again though nothing happened; None: no need."""
        return LOOK_SECONDS if self._is_moving else None

    @property
    def slots(self) -> set[int]:
        """Slots that must stay as they are."""
        return {given.slot for given in self._given.values()} | set(self._told.values())

    def forget(self) -> None:
        """Forget what the engine was told: it is a new one, in which nothing sounds."""
        self._given.clear()
        self._told.clear()
