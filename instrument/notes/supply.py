"""The supply of notes: pool, cache, renderer and baked keyboards, kept going for one engine."""

import contextlib
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from instrument.engine.engine import Engine
from instrument.engine.pool import NoteInfo, NotePool, PoolError
from instrument.engine.ring import N_NOTES
from instrument.values.events import AllNotesOff, AnyEvent, NoteOff, NoteOn, Panic
from instrument.values.status import ModelInfo, NoteWave

from . import carried_notes
from .bake import BakedKeyboard
from .cache import NoteCache
from .carried_notes import CarriedNotes
from .kept_keyboards import Bakes
from .note_finish import SLOT_SECONDS
from .renderer_client import RendererProcess
from .renderer_protocol import (
    Answer,
    DeviceLost,
    ModelLoaded,
    NoRenderer,
    NoteDropped,
    NoteRendered,
    RenderFailed,
)
from .target import Target
from .voicing import Voicing

FEWEST_SLOTS = 96  # a keyboard, and what voices still read of the one before
BAKE_REST_SECONDS = 3.0  # a pad that rests so long is worth keeping its keyboard
CLIP_SLOTS = 2  # at the pool's end, in turn: one is written while the other may still sound
LOAD_REST_SECONDS = 0.05  # a finger that passes by does not ask the disk


class Stock(msgspec.Struct, frozen=True):
    """What there is: for `Status`."""

    freshness: bytes
    n_fresh: int
    n_notes: int
    n_bytes: int


class NoteSupply:
    """Gives the engine the notes that the player wants, the most wanted first.

    `work` does what there is to do, on the policy thread; the other methods may come from any
    thread but the MIDI one: they wait for `work`, which takes milliseconds.

    Attributes:
        pool: The engine reads it.
        sample_rate: Of its notes, in Hz.
        state: Of the renderer: "starting", "ready", "restarting" or "failed".
    """

    def __init__(
        self,
        sample_rate: float,
        *,
        megabytes: int,
        make_renderer: Callable[[str, tuple[int, int]], RendererProcess],
        bakes: Bakes | None,
        clock: Callable[[], float],
        say: Callable[[str], None],
    ) -> None:
        """Make the pool and start the renderer, which loads torch meanwhile.

        Args:
            sample_rate: Of the engine, in Hz.
            megabytes: Of the pool; less where there is less room.
            make_renderer: Gets the pool's name and shape.
            bakes: Where keyboards are kept, or None.
            clock: Seconds.
            say: Takes a line for the player.

        Raises:
            PoolError: If there is no room even for a small pool.
        """
        self._say = say
        self._bakes = bakes
        self._lock = threading.RLock()
        self.sample_rate = sample_rate
        self.pool = self._make_pool(megabytes << 20)
        self._cache = NoteCache(self.pool.n_slots - CLIP_SLOTS, sample_rate, clock=clock)
        self._n_clips = 0
        self._target: Target | None = None
        self._n_jobs = 1
        self._down: set[int] = set()
        self._has_failed = False  # a note of this model: it is said once
        self._model_hash = ""
        self._loaded_cell = ""  # for which the disk has been asked
        self._kept_cells: set[str] = set()  # which the disk has
        self._carried: CarriedNotes | None = None
        self._errands = ThreadPoolExecutor(1, thread_name_prefix="baked keyboards")
        self._errand: tuple[Future[Any], Callable[[Any], None]] | None = None
        self._renderer = make_renderer(self.pool.name, (self.pool.n_slots, self.pool.n_frames))
        self.state = "starting"
        self._renderer.start()

    def _make_pool(self, n_bytes: int) -> NotePool:
        """Make the pool, smaller where memory is short.

        Raises:
            PoolError: If there is no room even for a small one.
        """
        n_frames = round(SLOT_SECONDS * self.sample_rate)
        n_slots = max(n_bytes // (4 * n_frames), FEWEST_SLOTS)
        while True:
            try:
                return NotePool(n_slots, n_frames)
            except PoolError as error:
                if n_slots == FEWEST_SLOTS:
                    raise
                if n_slots > 2 * FEWEST_SLOTS:
                    self._say(f"The note cache is smaller than asked for: {error}")
                n_slots = max(n_slots // 2, FEWEST_SLOTS)

    def open_model(self, model: ModelInfo) -> None:
        """Ask the renderer for a model; `work` gives its answer."""
        with self._lock:
            self._model_hash = model.hash
            self._has_failed = False
            self._cache.set_pitches(model.lowest_pitch, model.highest_pitch)
            self._cache.set_ready(None)
            self._renderer.load_model(model.path)

    def want(self, voicing: Voicing) -> None:
        """Say what every key should sound like, in each layer."""
        with self._lock:
            self._target = voicing.target
            self._cache.want(voicing.target, voicing.layers, voicing.slid)

    def carry_over(self, former: "NoteSupply") -> None:
        """Sound with the notes of a supply at another rate until there are own ones."""
        with former._lock:
            notes = {
                pitch: (info, former.pool.samples[info.slot])
                for pitch in range(N_NOTES)
                if (info := former._cache.published(pitch)) is not None
            }
        with self._lock:
            self._carried = CarriedNotes(notes, self.sample_rate)

    def republish(self) -> None:
        """Tell a new engine on the same pool every note, at the next `work`."""
        with self._lock:
            self._cache.republish()

    def play(self, event: AnyEvent, layers: Sequence[int] = (0,)) -> None:
        """Note which keys are down.

        Args:
            event: Of the notes that are rendered for the keys.
            layers: That the voices of a note that begins may read.
        """
        with self._lock:
            match event:
                case NoteOn(note=note):
                    self._cache.key_down(note, layers)
                    self._down.add(note)
                case NoteOff(note=note):
                    self._cache.key_up(note)
                    self._down.discard(note)
                case AllNotesOff() | Panic():
                    self._cache.all_keys_up()
                    self._down.clear()
                case _:
                    return

    def draw(self, request: int, seed: int) -> bool:
        """Ask for a latent; `work` gives it; False when the renderer is not there."""
        with self._lock:
            return self.state == "ready" and self._renderer.draw(request, seed)

    def work(self, engine: Engine) -> list[Answer]:
        """Do what there is to do; give the answers that are not about notes."""
        with self._lock:
            answers = [answer for answer in self._renderer.poll() if not self._take(answer)]
            if not self._renderer.alive and self.state != "failed":
                self._revive()
            self._run_errands(engine)
            if self._cache.has_unpublished:
                self._cache.publish_to(engine.publish)
                self._cache.publish_onward_to(engine.publish_onward)
            if self.state == "ready":
                in_use, held = engine.slots_in_use(), engine.held_voices()
                for job in self._cache.next_jobs(self._n_jobs, in_use, held):
                    if not self._renderer.submit(job):
                        self._cache.note_dropped(job.job)
            return answers

    def wait_seconds(self) -> float | None:
        """Say when `work` should be called again though nothing happens; None: no need."""
        with self._lock:
            return self._cache.wait_seconds()

    def stock(self) -> Stock:
        """Say what there is."""
        with self._lock:
            cache = self._cache
            n_bytes = cache.n_slots_held * self.pool.n_frames * 4
            return Stock(cache.freshness(), cache.n_fresh, cache.n_notes, n_bytes)

    def published(self, pitch: int) -> NoteInfo | None:
        """Give the note that a key plays now, or None."""
        with self._lock:
            return self._cache.published(pitch)

    def fresh_waves(self, n: int, seconds: float) -> list[tuple[int, np.ndarray[Any, Any]]]:
        """Copy the beginnings of notes that are as the player wants them, for who measures them.

        Args:
            n: How many, spread over the keyboard; none where fewer are there.
            seconds: Of each.

        Returns:
            Pitch and float32 [frame] of each.
        """
        with self._lock:
            fresh = sorted(self._cache.fresh_notes().items())
            n_frames = round(seconds * self.sample_rate)
            chosen = [fresh[i * len(fresh) // n] for i in range(n)] if len(fresh) >= n else []
            return [
                (pitch, self.pool.samples[note.slot, : min(note.n_frames, n_frames)].copy())
                for pitch, note in chosen
            ]

    def note_wave(self, note: int) -> NoteWave | None:
        """Give the wave of the note that a key plays now, for a picture."""
        with self._lock:
            info = self._cache.published(note)
            if info is None:
                return None
            samples = self.pool.samples[info.slot, : info.n_frames].astype("<f4").tobytes()
        return NoteWave(note, samples, info.sample_rate, info.loop_start, info.loop_end)

    def play_clip(self, engine: Engine, path: Path) -> None:
        """Play a recording once beside the notes.

        Raises:
            ValueError: If it can't be read.
        """
        from instrument.engine.clip import read_clip  # noqa: PLC0415 - what reads files only when one is played

        wave = read_clip(path, self.sample_rate, self.pool.n_frames)
        with self._lock:
            slot = self.pool.n_slots - 1 - self._n_clips % CLIP_SLOTS
            self._n_clips += 1
            self.pool.write(slot, wave)
            engine.play_clip(slot, len(wave))

    def close(self) -> None:
        """Stop the renderer and give the memory back. The engine must be gone."""
        self._errands.shutdown(wait=True, cancel_futures=True)
        with self._lock:
            self._renderer.close()
            self.state = "failed"
            self.pool.close()

    def _take(self, answer: Answer) -> bool:
        """Take an answer about a note; False if it is about something else."""
        match answer:
            case NoteRendered(job=job, note=note):
                self._cache.note_rendered(job, note)
            case RenderFailed(job=job, text=text):
                self._cache.render_failed(job)
                if not self._has_failed:
                    self._has_failed = True
                    self._say(f"A note could not be rendered: {text}")
            case NoteDropped(job=job):
                self._cache.note_dropped(job)
            case NoRenderer(text=text):
                self._give_up(text)
            case DeviceLost(text=text, n_jobs=n_jobs):
                self._n_jobs = n_jobs
                self._say(text)
            case ModelLoaded(model=model, n_jobs=n_jobs, goes_on=goes_on):
                self.state = "ready"
                self._n_jobs = n_jobs
                if model.hash == self._model_hash:  # else another one has been asked for since
                    self._cache.set_pitches(model.lowest_pitch, model.highest_pitch)
                    self._cache.set_ready(model.hash, goes_on=goes_on)
                return False
            case _:
                return False
        return True

    def _revive(self) -> None:
        """Start a renderer that has died again; what it was making is made again."""
        self._renderer.stop()
        self._cache.renderer_died()
        if self._renderer.restart():
            self.state = "restarting"
            self._say("The renderer had stopped; it is being started again. The sound goes on.")
        else:
            self._give_up(
                "The renderer keeps stopping: no new notes are made, what is there plays on. "
                "Close other programs, in case memory ran out, and start Timbrepad anew."
            )

    def _give_up(self, text: str) -> None:
        """Go on without a renderer: with what is there, and with what is kept on disk."""
        self.state = "failed"
        self._loaded_cell = ""  # now the nearest keyboard will do
        self._say(text)

    # Baked keyboards: an errand runs on a thread of its own, its end on the policy thread.

    def _run_errands(self, engine: Engine) -> None:
        if self._errand is not None:
            future, then = self._errand
            if not future.done():
                return
            self._errand = None
            then(future.result())
        if self._errand is not None or self._target is None:
            return
        if self._carried is not None:
            carried, self._carried = self._carried, None
            in_use = engine.slots_in_use()
            slots = self._cache.reserve(carried.pitches, in_use, carried_notes.CELL)
            self._send(lambda: self._copy(carried, slots), self._cache.adopt)
            return
        if self._bakes is None:
            return
        target, cache = self._target, self._cache
        if target.cell != self._loaded_cell:
            if not self._loaded_cell or cache.rested_seconds >= LOAD_REST_SECONDS:
                self._loaded_cell = target.cell
                self._send(
                    lambda: self._load(target), lambda keyboard: self._reserve(keyboard, engine)
                )
        elif (
            target.cell not in self._kept_cells
            and not self._down
            and cache.rested_seconds >= BAKE_REST_SECONDS
            and cache.n_fresh == cache.n_notes > 0
        ):
            self._kept_cells.add(target.cell)
            notes = {
                pitch: (info, self.pool.samples[info.slot])
                for pitch, info in cache.pin_fresh().items()
            }
            self._send(lambda: self._save(target, notes), lambda _: cache.unpin())

    def _send(self, errand: Callable[[], Any], then: Callable[[Any], None]) -> None:
        with contextlib.suppress(RuntimeError):  # closing: there are no errands any more
            self._errand = (self._errands.submit(errand), then)

    def _load(self, target: Target) -> BakedKeyboard | None:
        assert self._bakes is not None
        keyboard = self._bakes.load(target.model, target.cell, self.sample_rate)
        if keyboard is None and self.state == "failed":
            keyboard = self._bakes.nearest(target, self.sample_rate)
        return keyboard

    def _save(
        self, target: Target, notes: dict[int, tuple[NoteInfo, np.ndarray[Any, Any]]]
    ) -> None:
        assert self._bakes is not None
        self._bakes.save(target.model, target.cell, self.sample_rate, notes)

    def _reserve(self, keyboard: BakedKeyboard | None, engine: Engine) -> None:
        """Copy a keyboard from disk into the pool, if the pad is still there."""
        if keyboard is None or self._target is None or self._target.cell != self._loaded_cell:
            return
        self._kept_cells.add(self._loaded_cell)
        slots = self._cache.reserve(keyboard.pitches, engine.slots_in_use())
        self._send(lambda: self._copy(keyboard, slots), self._cache.adopt)

    def _copy(
        self, keyboard: BakedKeyboard | CarriedNotes, slots: dict[int, int]
    ) -> dict[int, NoteInfo]:
        """Copy notes into their slots; those that do not fit are left out."""
        notes = {}
        for pitch, slot in slots.items():
            with contextlib.suppress(ValueError):
                notes[pitch] = keyboard.copy_note(pitch, slot, self.pool.samples[slot])
        return notes
