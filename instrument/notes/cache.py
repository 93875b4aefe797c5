"""The note cache: what is rendered next, what is in which slot of the pool, what is let go.

Policy only: it knows no torch, no process and no engine, and its clock is an argument. One thread
uses it: the host's policy thread, like this:

    cache.set_pitches(24, 84)               # as soon as the model's config.json is read
    cache.want(make_target(...))            # preset, corner or pad moved; and further layers
    cache.set_ready(answer.model.hash)      # the renderer has opened the model
    cache.key_down(60)                      # and key_up
    for job in cache.next_jobs(n_jobs, engine.slots_in_use(), engine.held_voices()):
        if not renderer.submit(job):
            cache.note_dropped(job.job)
    cache.note_rendered(answer.job, answer.note)      # or render_failed, note_dropped
    cache.publish_to(engine.publish)        # after each of the above
    cache.publish_onward_to(engine.publish_onward)
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType

import msgspec
import numpy as np

from instrument.engine.held_voices import HeldVoice
from instrument.engine.pool import NoteInfo
from instrument.values.status import Freshness

from .note_slots import HeldNote, NoteSlots
from .onward_notes import OnwardNotes, Place, Wish, timbre_of
from .renderer_protocol import Heard, RenderNote
from .target import Target

MIDDLE = 60
MAXIMUM_TRIES = 3
MAXIMUM_URGENT = 2
WAITING_SECONDS = 0.25
"""How long a key that came up again still waits for its first note (the engine does, too)."""


NO_LAYERS: Mapping[int, Target] = MappingProxyType({})
NO_SLIDES: Mapping[int, tuple[int, Target]] = MappingProxyType({})


@dataclass(frozen=True)
class _Job:
    """A note that is being made, or copied from a baked keyboard."""

    cell: str
    layer: int
    pitch: int
    slot: int
    first_only: bool
    order: int
    heard: Heard | None = None  # for a note that takes a held one's place

    @property
    def is_crop(self) -> bool:
        return self.heard is not None and not self.heard.is_whole


class NoteCache:
    """Decides which note is made next and which slot of the pool it goes into.

    Held notes have right of way: see `onward_notes.py`.
    """

    def __init__(
        self,
        n_slots: int,
        sample_rate: float,
        *,
        clock: Callable[[], float],
        rest_seconds: float = 0.15,
        recent_seconds: float = 10.0,
    ) -> None:
        """Start with an empty pool.

        Args:
            n_slots: Of the pool, slot 0 (silence) included: the byte budget.
            sample_rate: Of the pool's notes, in Hz.
            clock: Gives the time in seconds: `time.monotonic`, or a test's own.
            rest_seconds: How long the pad must rest before keys that nobody plays are made.
            recent_seconds: How long a key counts as just played after it came up.
        """
        self._sample_rate = sample_rate
        self._clock = clock
        self._rest_seconds = rest_seconds
        self._recent_seconds = recent_seconds
        self._pitches = range(0)
        self._ready = ""  # hash of the model that the renderer has open
        self._former, self._former_order = "", 0  # that, or the last; jobs before it was opened
        self._target: Target | None = None
        self._layers: dict[int, Target] = {}  # what each layer should sound like
        self._slid: dict[int, int] = {}  # layers of one pitch alone -> that pitch
        self._moved_at = -np.inf  # when the target changed last
        self._rests_at = -np.inf  # from when on keys that nobody plays are made

        self._slots = NoteSlots(n_slots, clock)
        self._onward = OnwardNotes(sample_rate, clock)
        self._goes_on = False  # whether the model can make notes that go on from held ones
        self._chosen: dict[Place, int] = {}  # slot that a key of a layer should play
        self._told: dict[Place, int] = {}  # slot that the engine has been told
        self._pinned: set[int] = set()
        self._reserved: dict[int, _Job] = {}  # by pitch
        self._jobs: dict[int, _Job] = {}  # by number
        self._tries: Counter[tuple[str, int]] = Counter()
        self._n_orders = 0
        self._starved = False

        self._down: dict[int, float] = {}  # MIDI note -> when its key went down
        self._played: dict[int, float] = {}  # pitch -> when it was last played
        self._struck: dict[int, tuple[int, ...]] = {}  # pitch -> layers that its strike reads

    # What the player and the renderer do.

    def set_pitches(self, lowest: int, highest: int) -> None:
        """Say which pitches the model can make, both included."""
        self._pitches = range(lowest, highest + 1)

    def set_ready(self, model: str | None, *, goes_on: bool = False) -> None:
        """Say which model the renderer has open.

        Args:
            model: Its hash; None: none, so no jobs are given.
            goes_on: Whether it can make notes that go on from held ones.
        """
        if model and model != self._former:
            self._former, self._former_order = model, self._n_orders
        self._ready = model or ""
        self._goes_on = goes_on and bool(model)

    def want(
        self,
        target: Target,
        layers: Mapping[int, Target] = NO_LAYERS,
        slid: Mapping[int, tuple[int, Target]] = NO_SLIDES,
    ) -> None:
        """Make `target` what every key should sound like.

        Notes of it that are still in the pool are chosen at once. When only the finger moved on
        the same pad, the keys that nobody plays wait until it rests.

        Args:
            target: Of layer 0, which stands in for all others.
            layers: The further layers of the whole keyboard, by number.
            slid: Layers of one MIDI note alone, by number: the note, and what it should sound like.
        """
        before, self._target = self._target, target
        wanted = {0: target, **layers, **{layer: of for layer, (_, of) in slid.items()}}
        pitches = {layer: self._pitch_of(note) for layer, (note, _) in slid.items()}
        cells = {layer: of.cell for layer, of in wanted.items()}
        former = {layer: of.cell for layer, of in self._layers.items()}
        was_slid, self._slid = self._slid, pitches
        self._layers = wanted
        if cells == former and pitches == was_slid:
            return
        if before is None or before.cell != target.cell:
            is_drag = before is not None and (before.model, before.latents) == (
                target.model,
                target.latents,
            )
            self._moved_at = self._clock()
            self._rests_at = self._moved_at + (self._rest_seconds if is_drag else 0.0)
            self._tries.clear()
        elif any(former.get(layer) != of.cell for layer, of in layers.items()) or any(
            former.get(layer, of.cell) != of.cell for layer, (_, of) in slid.items()
        ):  # a knob turns, or a finger slides on
            self._rests_at = max(self._rests_at, self._clock() + self._rest_seconds)
        for place in [place for place in self._chosen if not self._has(*place)]:
            del self._chosen[place]
        moved = [
            layer
            for layer, cell in cells.items()
            if former.get(layer) != cell or pitches.get(layer) != was_slid.get(layer)
        ]
        for pitch in self._by_importance(self._pitches):
            for layer in moved:
                slot = self._slots.whole(cells[layer], pitch) if self._has(layer, pitch) else None
                if slot is not None:
                    self._choose((layer, pitch), slot)
            if len(moved) > 1 and self._is_fresh(0, pitch):
                self._forget_stale(pitch)

    def key_down(self, note: int, layers: Sequence[int] = (0,)) -> None:
        """A key is played (MIDI note 0 to 127): its note is made first.

        Args:
            note: Of the key.
            layers: That its voices may read, the most wanted first.
        """
        pitch = self._pitch_of(note)
        self._down[note] = self._played[pitch] = self._clock()
        self._struck[pitch] = tuple(layers)

    def key_up(self, note: int) -> None:
        """A key is let go."""
        if self._down.pop(note, None) is not None:
            self._played[self._pitch_of(note)] = self._clock()

    def all_keys_up(self) -> None:
        """Every key is let go."""
        for note in list(self._down):
            self.key_up(note)

    # What is made next.

    def next_jobs(
        self, n_jobs: int, slots_in_use: Set[int], held: Sequence[HeldVoice] = ()
    ) -> list[RenderNote]:
        """Give the jobs to hand to the renderer now, the most wanted first.

        They count as in flight until they are answered. Keep `n_jobs` small, so that the order
        stays open to what the player does next.

        Args:
            n_jobs: How many whole notes may be in flight (`ModelLoaded.n_jobs`). The beginnings of
                notes for keys that wait in silence come on top, so that they never queue.
            slots_in_use: Slots that a voice still reads.
            held: What the voices play whose notes are held.
        """
        self._starved = False
        if self._target is None or self._ready != self._target.model:
            return []
        jobs = self._onward_jobs(n_jobs, slots_in_use, held) if self._goes_on else []
        n_urgent = sum(job.first_only for job in self._jobs.values())
        n_crops = sum(job.is_crop for job in self._jobs.values())
        n_other = len(self._jobs) - n_urgent - n_crops
        room = {True: MAXIMUM_URGENT - n_urgent, False: n_jobs - n_other}
        for layer, pitch, first_only, is_idle in self._wanted():
            if not any(n > 0 for n in room.values()):
                break
            if room[first_only] <= 0:
                continue
            slot = self._take_slot(slots_in_use)
            if slot is None and is_idle:
                break  # it has done without that note so far
            if slot is None:
                self._starved = True
                self._give_up_idle()
                break
            room[first_only] -= 1
            jobs.append(self._give(layer, pitch, slot, first_only))
        return jobs

    def _onward_jobs(
        self, n_jobs: int, slots_in_use: Set[int], held: Sequence[HeldVoice]
    ) -> list[RenderNote]:
        """Give the jobs for what held notes are to go on with."""
        in_flight = Counter(job.is_crop for job in self._jobs.values() if not job.first_only)
        room = {
            True: max(n_jobs, MAXIMUM_URGENT) - in_flight[True],
            False: n_jobs - in_flight[False],
        }
        jobs = []
        for wish in self._onward.wishes(held, self._layers, self._crest):
            is_crop, (_, pitch) = not wish.heard.is_whole, wish.place
            tried = self._tries[wish.target.cell, pitch] >= MAXIMUM_TRIES
            if room[is_crop] <= 0 or tried or wish.target.model != self._ready:
                continue
            slot = self._take_slot(slots_in_use)
            if slot is None:
                self._starved = True
                self._give_up_idle()
                break
            room[is_crop] -= 1
            jobs.append(self._give(*wish.place, slot, False, wish))
            self._onward.ask(jobs[-1].job, wish)
        return jobs

    def _crest(self, slot: int) -> float:
        held = self._slots.get(slot)
        return held.note.crest if held and held.order > self._former_order else 0.0

    @property
    def n_in_flight(self) -> int:
        """Jobs given out and not yet answered."""
        return len(self._jobs)

    def wait_seconds(self) -> float | None:
        """Say when `next_jobs` should be asked again though nothing happened; None: no need."""
        if self._starved:
            return 0.05
        rest = self._rests_at - self._clock()
        waits = [rest] if 0 < rest < np.inf else []
        if self._onward.wait_seconds is not None:
            waits.append(self._onward.wait_seconds)
        return min(waits, default=None)

    @property
    def rested_seconds(self) -> float:
        """How long the target has stayed the same."""
        return self._clock() - self._moved_at

    # How jobs end.

    def note_rendered(self, job: int, note: NoteInfo) -> None:
        """A job is done: its note lies in its slot."""
        done = self._jobs.pop(job, None)
        if done is None:
            return
        if done.heard is None:
            self._keep(done, note)
            return
        note = msgspec.structs.replace(note, timbre=timbre_of(done.cell))
        if self._onward.take(job, note, done.order):
            self._slots.put(done.slot, HeldNote(done.cell, done.pitch, note, False, done.order))
        else:
            self._slots.free(done.slot)

    def render_failed(self, job: int) -> None:
        """A job went wrong; it is tried again, at most `MAXIMUM_TRIES` times for one target."""
        failed = self._jobs.get(job)
        if failed is not None:
            self._tries[failed.cell, failed.pitch] += 1
        self.note_dropped(job)

    def note_dropped(self, job: int) -> None:
        """A job was not done, through no fault of its own."""
        dropped = self._jobs.pop(job, None)
        if dropped is not None:
            self._onward.end(job)
            self._slots.free(dropped.slot)

    def renderer_died(self) -> None:
        """No job in flight will be answered: all are wanted again once `set_ready` is called.

        Only once the process is gone, so that it can't write into a slot any more.
        """
        self._ready = ""
        for job in list(self._jobs):
            self.render_failed(job)

    # What the engine plays.

    def publish_to(self, publish: Callable[[int, NoteInfo | None, int], bool]) -> int:
        """Tell the engine which notes to play from now on; gives how many it took.

        Args:
            publish: `Engine.publish`; what it refuses is offered again at the next call.
        """
        places = [place for place, slot in self._chosen.items() if self._told.get(place) != slot]
        changed: dict[int, list[int]] = {}  # pitch -> layers
        for layer, pitch in (*places, *(self._told.keys() - self._chosen.keys())):
            changed.setdefault(pitch, []).append(layer)
        n = 0
        for pitch in self._by_importance(changed):
            for layer in sorted(changed[pitch]):
                slot = self._chosen.get((layer, pitch))
                note = None if slot is None else self._as_played(slot, (layer, pitch))
                if not publish(pitch, note, layer):
                    return n
                before = self._told.pop((layer, pitch), None)
                if before is not None:
                    self._slots.let_go(before)
                if slot is not None:
                    self._told[layer, pitch] = slot
                n += 1
        return n

    def _as_played(self, slot: int, place: Place) -> NoteInfo:
        """Give a slot's note, and say whether voices that sound go over to it.

        They do not where they get notes of their own to go on with, unless they play a beginning.
        """
        held, before = self._slots[slot], self._told.get(place)
        is_followed = not self._goes_on or before is None or not self._slots[before].is_whole
        return msgspec.structs.replace(
            held.note, timbre=timbre_of(held.cell), is_followed=is_followed
        )

    def publish_onward_to(self, publish: Callable[[int, NoteInfo | None, int], bool]) -> None:
        """Tell the engine what held notes go on with.

        Args:
            publish: `Engine.publish_onward`; what it refuses is offered again at the next call.
        """
        for slot in self._onward.publish_to(publish):
            self._slots.let_go(slot)

    @property
    def has_unpublished(self) -> bool:
        """Whether `publish_to` or `publish_onward_to` has something to tell."""
        return self._chosen != self._told or self._onward.has_unpublished

    def republish(self) -> None:
        """Offer every published note again: for a new engine on the same pool."""
        self._told.clear()
        self._onward.forget()

    # Notes from and to a baked keyboard.

    def reserve(
        self, pitches: Iterable[int], slots_in_use: Set[int], cell: str = ""
    ) -> dict[int, int]:
        """Set slots aside for notes that come from elsewhere (a baked keyboard).

        Args:
            pitches: Of the notes.
            slots_in_use: Slots that a voice still reads.
            cell: Of the notes; "" is the target's.

        Returns:
            pitch -> slot, the most important first, for those that are not there yet, as far as
            there is room.
        """
        if self._target is None:
            return {}
        cell, slots = cell or self._target.cell, {}
        for pitch in self._by_importance(pitches):
            if self._slots.whole(cell, pitch) is not None or pitch in self._reserved:
                continue
            slot = self._take_slot(slots_in_use)
            if slot is None:
                break
            self._reserved[pitch] = _Job(cell, 0, pitch, slot, False, self._next_order())
            slots[pitch] = slot
        return slots

    def adopt(self, notes: Mapping[int, NoteInfo]) -> None:
        """Take over notes (pitch -> note) in reserved slots; slots without a note are freed."""
        for pitch, job in self._reserved.items():
            if pitch in notes:
                self._keep(job, notes[pitch])
            else:
                self._slots.free(job.slot)
        self._reserved.clear()

    def pin_fresh(self) -> dict[int, NoteInfo]:
        """Give the target's whole notes, pitch -> note, and keep their slots until `unpin`.

        For a thread that copies them while the policy goes on.
        """
        notes = self.fresh_notes()
        self._pinned = {note.slot for note in notes.values()}
        return notes

    def unpin(self) -> None:
        """Let the notes of `pin_fresh` go again."""
        self._pinned = set()

    # How things stand.

    def freshness(self) -> bytes:
        """Give one `Freshness` value for each of the 128 MIDI notes."""
        cell = self._target.cell if self._target else ""
        values = bytearray([Freshness.ABSENT]) * 128
        for _, pitch in self._chosen:
            values[pitch] = Freshness.STALE
        for job in self._jobs.values():
            if job.cell == cell:
                values[job.pitch] = Freshness.RENDERING
        for pitch in self.fresh_notes():
            values[pitch] = Freshness.FRESH
        return bytes(values)

    def fresh_notes(self) -> dict[int, NoteInfo]:
        """Give the whole notes of the target that are there: pitch -> note."""
        if self._target is None:
            return {}
        slots = {p: self._slots.whole(self._target.cell, p) for p in self._pitches}
        return {p: self._slots[slot].note for p, slot in slots.items() if slot is not None}

    def published(self, pitch: int) -> NoteInfo | None:
        """Give the note that a key plays now."""
        slot = self._chosen.get((0, pitch))
        return None if slot is None else self._slots[slot].note

    @property
    def n_fresh(self) -> int:
        """Pitches whose note is the target's."""
        return len(self.fresh_notes())

    @property
    def n_notes(self) -> int:
        """Pitches that the model can make."""
        return len(self._pitches)

    @property
    def n_slots_held(self) -> int:
        """Slots that hold a note or wait for one."""
        return len(self._slots) + len(self._jobs) + len(self._reserved)

    # The order of things.

    def _wanted(self) -> Iterator[tuple[int, int, bool, bool]]:
        """Give every note that is wanted, the most wanted first.

        Yields:
            Its layer, its pitch, whether only its beginning, and whether nobody plays it and its
            key has another.
        """
        now = self._clock()
        jobs = [job for job in self._jobs.values() if job.heard is None]
        in_flight = {(job.cell, job.pitch, job.first_only) for job in jobs}
        in_flight |= {(j.cell, j.pitch, False) for j in self._reserved.values()}
        asked: set[tuple[str, int]] = set()  # layers may have notes in common
        missing = []
        for layer, pitch, is_idle in self._places(now):
            key = (self._layers[layer].cell, pitch)
            if (
                self._slots.whole(*key) is None
                and key not in asked
                and self._tries[key] < MAXIMUM_TRIES
            ):
                asked.add(key)
                missing.append((layer, pitch, is_idle))
        cold = {pitch for pitch in self._played if self._waits(pitch, now)}
        for layer, pitch, _ in missing if cold else ():
            if pitch in cold:
                cold.discard(pitch)
                if (self._layers[layer].cell, pitch, True) not in in_flight:
                    yield layer, pitch, True, False
        for layer, pitch, is_idle in missing:
            if (self._layers[layer].cell, pitch, False) not in in_flight:
                yield layer, pitch, False, is_idle

    def _places(self, now: float) -> Iterator[tuple[int, int, bool]]:
        """Give all that should be made, in order: layer, pitch, and whether it may be done without.

        First what the played keys' voices read, then layer 0 of those keys, of all keys, and then
        the further layers, as many as leave room for two keyboards.
        """
        pitches = self._by_importance(self._pitches)
        played = [p for p in pitches if p in self._played and self._is_played(p, now)]
        is_moving = now < self._rests_at
        down = self._down_pitches() if self._goes_on and is_moving else set()
        for pitch in played:
            for layer in self._own_layers(pitch):
                # crops are enough for a hand that moves, where there is a note to go on from
                if pitch not in down or (layer, pitch) not in self._chosen:
                    yield layer, pitch, False
        if is_moving:
            return
        for pitch in pitches:
            yield 0, pitch, False
        further = [layer for layer in self._layers if layer and layer not in self._slid]
        room = max(self._slots.n_slots - 1 - 2 * len(pitches), 0)
        yield from (
            (layer, pitch, True)
            for layer, pitch in islice(((n, p) for p in pitches for n in further), room)
        )

    def _own_layers(self, pitch: int) -> tuple[int, ...]:
        """Give the layers that a key's voices read, as far as there are such; at least layer 0."""
        slid = [layer for layer, of in self._slid.items() if of == pitch]
        struck = [layer for layer in self._struck.get(pitch, ()) if layer in self._layers]
        return (*slid, *struck) or (0,)

    def _has(self, layer: int, pitch: int) -> bool:
        """Whether a layer has a note of a pitch."""
        return layer == 0 or (layer in self._layers and self._slid.get(layer, pitch) == pitch)

    def _by_importance(self, pitches: Iterable[int]) -> list[int]:
        """Sort: sounding ones, that with the oldest note first; played ones; then from the middle.

        The oldest note first lets all keys of a chord follow a finger on the pad in turn.
        """
        now, down = self._clock(), self._down_pitches()

        def rank(pitch: int) -> tuple[float, ...]:
            if pitch in down:
                slot = self._chosen.get((self._own_layers(pitch)[0], pitch))
                return (0, -1 if slot is None else self._slots[slot].order, pitch)
            if self._is_played(pitch, now):
                return (1, -self._played[pitch], pitch)
            return (2, abs(pitch - MIDDLE), pitch)

        return sorted(pitches, key=rank)

    def _is_played(self, pitch: int, now: float) -> bool:
        recent = now - self._played.get(pitch, -np.inf) < self._recent_seconds
        return recent or pitch in self._down_pitches()

    def _waits(self, pitch: int, now: float) -> bool:
        """Whether a player waits for the first sound of a key that has no note at all."""
        just_played = now - self._played.get(pitch, -np.inf) < WAITING_SECONDS
        if not just_played and pitch not in self._down_pitches():
            return False
        return all((layer, pitch) not in self._chosen for layer in self._layers)

    def _down_pitches(self) -> set[int]:
        return {self._pitch_of(note) for note in self._down}

    def _pitch_of(self, note: int) -> int:
        """Give the model's pitch for a key: beyond the model's range, the outermost one."""
        if not self._pitches:
            return note
        return min(max(note, self._pitches[0]), self._pitches[-1])

    # Slots.

    def _give(
        self, layer: int, pitch: int, slot: int, first_only: bool, wish: Wish | None = None
    ) -> RenderNote:
        number, target = self._next_order(), self._layers[layer]
        heard = wish.heard if wish else None
        self._jobs[number] = _Job(target.cell, layer, pitch, slot, first_only, number, heard)
        return RenderNote(
            job=number,
            model=target.model,
            latents=target.latents,
            weights=target.weights,
            pitch=pitch,
            slot=slot,
            sample_rate=self._sample_rate,
            first_only=first_only,
            shade=target.shade,
            heard=heard,
            leaning=target.leaning,
        )

    def _keep(self, job: _Job, note: NoteInfo) -> None:
        """Hold a job's note, and choose it for keys to which it is nearer to what is wanted."""
        is_there = self._slots.whole(job.cell, job.pitch) is not None
        if (job.first_only and (job.layer, job.pitch) in self._chosen) or is_there:
            self._slots.free(job.slot)
            return
        held = HeldNote(job.cell, job.pitch, note, not job.first_only, job.order)
        self._slots.put(job.slot, held)
        layers = {layer for layer, of in self._layers.items() if of.cell == job.cell}
        for layer in sorted(layers | {job.layer}):
            if self._has(layer, job.pitch) and self._is_nearer(layer, held):
                self._choose((layer, job.pitch), job.slot)

    def _is_nearer(self, layer: int, held: HeldNote) -> bool:
        """Whether a new note is closer to a layer's target than the one that its key plays."""
        slot = self._chosen.get((layer, held.pitch))
        cell = self._layers[layer].cell if layer in self._layers else ""
        if layer and held.cell != cell and self._is_fresh(0, held.pitch):
            return False
        if slot is None:
            return True
        present = self._slots[slot]
        if (held.cell == cell) != (present.cell == cell):
            return held.cell == cell
        return (held.is_whole, held.order) > (present.is_whole, present.order)

    def _choose(self, place: Place, slot: int) -> None:
        before = self._chosen.get(place)
        self._chosen[place] = slot
        self._slots.use(slot)
        if before is not None and before != slot:
            self._slots.use(before)
        if place[0] == 0 and len(self._layers) > 1 and self._is_fresh(*place):
            self._forget_stale(place[1])

    def _is_fresh(self, layer: int, pitch: int) -> bool:
        """Whether a key plays the whole note that a layer should have."""
        slot = self._chosen.get((layer, pitch))
        if slot is None or layer not in self._layers:
            return False
        return self._slots[slot].is_whole and self._slots[slot].cell == self._layers[layer].cell

    def _forget_stale(self, pitch: int) -> None:
        """Let a key's layers go that are of another place than its fresh note of layer 0."""
        for layer, target in self._layers.items():
            slot = self._chosen.get((layer, pitch))
            if layer and slot is not None and self._slots[slot].cell != target.cell:
                del self._chosen[layer, pitch]

    def _give_up_idle(self) -> None:
        """Let one note of a further layer go that nobody plays: its slot is wanted more."""
        now = self._clock()
        places: dict[int, list[Place]] = {}
        for place, slot in self._chosen.items():
            places.setdefault(slot, []).append(place)
        for slot in self._slots.wholes_by_use:
            of = places.get(slot, ())
            if of and all(layer and not self._is_played(pitch, now) for layer, pitch in of):
                for place in of:
                    del self._chosen[place]
                return

    def _take_slot(self, slots_in_use: Set[int]) -> int | None:
        """Give a slot to write into, or None."""
        heard = {job.heard.slot for job in self._jobs.values() if job.heard is not None}
        kept = {*self._chosen.values(), *self._told.values(), *self._pinned, *self._onward.slots}
        return self._slots.take(
            kept | heard | slots_in_use, self._target.cell if self._target else ""
        )

    def _next_order(self) -> int:
        self._n_orders += 1
        return self._n_orders
