"""How held notes follow the pad: levels, steps, pitch and clicks while they go over, by family."""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from instrument.engine.engine import Engine
from instrument.engine.pool import NoteInfo, NotePool
from instrument.notes.cache import NoteCache
from instrument.notes.note_finish import SLOT_SECONDS
from instrument.notes.periodicity import most_change
from instrument.notes.renderer import NoteRenderer, use_threads
from instrument.notes.renderer_protocol import RenderNote
from instrument.notes.target import Target, make_target
from instrument.values.events import NoteOn, Panic, SetParameter
from instrument.values.parameters import NOTE_ENDINGS

from .morph_delay import measure_delays
from .morph_measures import (
    LATER_SECONDS,
    NEAR_SECONDS,
    Course,
    course_of,
    dip_db,
    outside_cents,
    own_strays,
    wandering_strays,
)

Wave = NDArray[np.float32]

SAMPLE_RATE = 48000
TICK = 480  # frames after which the policy looks
CROP_SECONDS, WHOLE_SECONDS = 0.03, 0.12  # that the notes are said to take
MOVES_AT = (0.4, 1.2, 3.5)  # seconds after the strike; the last when the note wanders
AFTER_SECONDS = 0.7  # that are heard after the move
EDGE_SECONDS = 0.1  # and more, that windows at the end reach into
WANDERS_SECONDS = 2.4  # from then on a note wanders by chance, and any moment is like another
WANDERING_SECONDS = 6.0  # more, that are heard of it alone: how else it might have wandered
EQUAL_PLACE = 0.25  # between a timbre and itself: another cell, the same latent
QUIET_DB = -12.0  # full scale stays far from the limiter
LOWEST, N_PITCHES, PITCH_STEP = 36, 45, 17
N_SLOTS = 24
DIP_DB, CENTS = 0.5, 3.0
MEASURED = (
    "dip_db",
    "own_dip_db",
    "step_db",
    "own_step_db",
    "near_step_db",
    "change",
    "own_change",
    "cents",
    "own_cents",
)


@dataclass(frozen=True)
class Morph:
    """What one move of the pad under a held note did to it.

    Attributes:
        first: Timbre before.
        second: Timbre after.
        pitch: MIDI note.
        at_seconds: When the pad moved.
        dip_db: How far the level falls under both notes' own at the same moment.
        own_dip_db: How far theirs fall under what they have at other moments.
        step_db: The greatest step of level in 10 ms.
        own_step_db: The same in the two notes themselves, their beginnings included.
        near_step_db: The same in the two notes at the same moments.
        change: Spectral flux in 10 ms, the greatest.
        own_change: The same in the two notes themselves.
        cents: How far the pitch strays outside what the two notes do at the same moment.
        own_cents: How far theirs stray outside what they do at other moments.
    """

    first: str
    second: str
    pitch: int
    at_seconds: float
    dip_db: float
    own_dip_db: float
    step_db: float
    own_step_db: float
    near_step_db: float
    change: float
    own_change: float
    cents: float
    own_cents: float


def bench_morph(
    model_path: str,
    n_pairs: int = 4,
    *,
    device: str = "auto",
    threads: int | None = None,
    n_moves: int = 40,
    onward: bool = True,
    on_note: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Move the pad under held notes of every family and measure what is heard.

    Args:
        model_path: A model's folder.
        n_pairs: Of timbres, of each family: half of them within it, half with another one; and as
            many of its timbres with themselves.
        device: That renders; see `NoteRenderer.open`.
        threads: Notes made side by side on a CPU, in what is timed; None: one a core.
        n_moves: Of the pad, timed.
        onward: Whether held notes get notes of their own to go on with, or go over to those that
            new strikes play, as with models that can make no others.
        on_note: Called with (done, total).

    Returns:
        `model`; `goes_on`; `change_ms`, of `morph_delay.measure_delays`, for one, three and six
        keys; `cost_ms` of a crop and of a whole note, in the time of one core; `equal` and
        `different`, by family and together (`all`): how many morphs (`n`), how many of them
        keep the bounds (`within`), and how many do where a note may fall and stray as far as one
        of the two by itself (`within_own`); the worst and the median of the figures of `Morph`;
        `worst`, the five whose pitch strays most.

    Raises:
        ModelError: If the model can't be opened.
        RendererError: If its process does not open it.
    """
    renderer = NoteRenderer.open(model_path, device)
    use_threads(1)
    stage = Stage(renderer, onward=onward)
    found: dict[str, dict[str, list[Morph]]] = {"equal": {}, "different": {}}
    try:
        plans = list(_plans(renderer, n_pairs))
        for number, (family, first, second, pitch, at) in enumerate(plans):
            if on_note:
                on_note(number, len(plans))
            kind = found["equal" if first == second else "different"]
            kind.setdefault(family, []).append(stage.morph(first, second, pitch, at))
        cost_ms = stage.cost_ms()
    finally:
        stage.close()
    everything = [one for kind in found.values() for some in kind.values() for one in some]
    worst = sorted(everything, key=lambda one: one.cents, reverse=True)[:5]
    info = renderer.info
    return {
        "model": info.name,
        "goes_on": stage.goes_on,
        "change_ms": {
            n: measure_delays(info, threads, n_moves, n_keys=n, device=device) for n in (1, 3, 6)
        },
        "cost_ms": cost_ms,
        **{kind: _by_family(families, kind == "equal") for kind, families in found.items()},
        "worst": [asdict(one) for one in worst],
    }


class Stage:
    """An engine, the policy and a model, on a clock of their own."""

    def __init__(self, renderer: NoteRenderer, *, onward: bool = True) -> None:
        """Make them.

        Args:
            renderer: The model.
            onward: Whether held notes get notes of their own to go on with, if it can make them.
        """
        self._renderer = renderer
        self.goes_on = renderer.goes_on and onward
        self._pool = NotePool(N_SLOTS, round(SLOT_SECONDS * SAMPLE_RATE))
        self._engine = Engine(SAMPLE_RATE, self._pool, n_voices=4)
        self._last: dict[str, RenderNote] = {}
        self._known: dict[tuple[int, int, float], tuple[Wave, Course]] = {}
        for name, value in {
            "ending": NOTE_ENDINGS.index("endless"),
            "spread": 0.0,
            "volume": QUIET_DB,
        }.items():
            self._engine.post(SetParameter(name=name, value=value))

    def close(self) -> None:
        """Give the memory back."""
        self._pool.close()

    def target(self, first: int, second: int, x: float) -> Target:
        """Give a place between two timbres."""
        z = [self._renderer.timbres[i].z for i in (first, second)]
        return make_target(self._renderer.info.hash, [*z, *z], x, 0.0)

    def play(self, pitch: int, seconds: float, places: list[tuple[float, Target]]) -> Wave:
        """Hold a key while the pad goes from place to place.

        Args:
            pitch: MIDI note.
            seconds: How long.
            places: (seconds, target); the first counts before the strike.

        Returns:
            float32 [frame], one side.
        """
        engine, info = self._engine, self._renderer.info
        now = [0.0]
        cache = NoteCache(N_SLOTS, SAMPLE_RATE, clock=lambda: now[0], rest_seconds=0.15)
        cache.set_pitches(pitch, pitch)
        cache.set_ready(info.hash, goes_on=self.goes_on)
        cache.want(places[0][1])
        for job in cache.next_jobs(1, set()):
            cache.note_rendered(job.job, self._made(job))
        cache.publish_to(engine.publish)
        engine.process(np.zeros((SAMPLE_RATE // 2, 2), np.float32))
        cache.key_down(pitch)
        engine.take_over(0, 0.0)  # what is left to chance goes the same way each time
        engine.post(NoteOn(note=pitch, velocity=127))
        out = np.zeros((round(seconds * SAMPLE_RATE) // TICK * TICK, 2), np.float32)
        waiting = list(places[1:])
        under_way: list[tuple[float, RenderNote]] = []
        for start in range(0, len(out), TICK):
            now[0] = start / SAMPLE_RATE
            while waiting and waiting[0][0] <= now[0]:
                cache.want(waiting.pop(0)[1])
            for due, job in [one for one in under_way if one[0] <= now[0]]:
                under_way.remove((due, job))
                cache.note_rendered(job.job, self._made(job))
            cache.publish_to(engine.publish)
            cache.publish_onward_to(engine.publish_onward)
            jobs = cache.next_jobs(2, engine.slots_in_use(), engine.held_voices())
            under_way += [
                (now[0] + (CROP_SECONDS if job.is_crop else WHOLE_SECONDS), job) for job in jobs
            ]
            engine.process(out[start : start + TICK])
        engine.post(Panic())
        engine.process(np.zeros((SAMPLE_RATE // 10, 2), np.float32))
        engine.publish(pitch, None)
        engine.publish_onward(pitch, None)
        engine.process(np.zeros((SAMPLE_RATE // 10, 2), np.float32))
        return out[:, 0].copy()

    def cost_ms(self, n: int = 20) -> dict[str, float]:
        """Time the last crop and the last whole note again, in this thread's own time.

        Args:
            n: How often; the median counts.
        """
        costs = {}
        for name, job in self._last.items():
            seconds = []
            for _ in range(n):
                start = time.thread_time()
                self._made(job)
                seconds.append(time.thread_time() - start)
            costs[name] = round(1000 * float(np.median(seconds)), 1)
        return costs

    def _made(self, job: RenderNote) -> NoteInfo:
        self._last["crop" if job.is_crop else "whole"] = job
        return self._renderer.render([job], self._pool.samples)[0]

    def own(self, timbre: int, pitch: int, seconds: float) -> tuple[Wave, Course]:
        """Play a timbre's note alone; gives it and its course."""
        key = (timbre, pitch, seconds)
        if key not in self._known:
            wave = self.play(pitch, seconds, [(0.0, self.target(timbre, timbre, 0.0))])
            while len(self._known) > 2:  # a minute of them would not fit
                self._known.pop(next(iter(self._known)))
            self._known[key] = (wave, course_of(wave, SAMPLE_RATE, pitch))
        return self._known[key]

    def morph(self, first: int, second: int, pitch: int, at_seconds: float) -> Morph:
        """Move the pad from one timbre to another under a held note, and measure."""
        seconds = at_seconds + AFTER_SECONDS + EDGE_SECONDS
        there = 1.0 if first != second else EQUAL_PLACE
        places = [
            (0.0, self.target(first, second, 0.0)),
            (at_seconds, self.target(first, second, there)),
        ]
        wave = self.play(pitch, seconds, places)
        longer = seconds + (WANDERING_SECONDS if _wanders(at_seconds) else 2 * max(LATER_SECONDS))
        owns = [self.own(timbre, pitch, longer) for timbre in (first, second)]
        return measure(
            wave,
            owns,
            pitch,
            at_seconds,
            (self._renderer.timbres[first].name, self._renderer.timbres[second].name),
        )


def measure(
    wave: Wave,
    owns: list[tuple[Wave, Course]],
    pitch: int,
    at_seconds: float,
    names: tuple[str, str],
) -> Morph:
    """Compare a held note that went over from one note to another with the two.

    Args:
        wave: float32 [frame], `EDGE_SECONDS` longer than is compared.
        owns: Each of the two alone, for longer, and its course.
        pitch: MIDI note.
        at_seconds: When the pad moved.
        names: Of the two.
    """
    end = at_seconds + AFTER_SECONDS
    after = course_of(wave, SAMPLE_RATE, pitch).after(at_seconds).before(end)
    heard = [own.before(own.seconds[-1] - EDGE_SECONDS) for _, own in owns]
    courses = [own.before(end) for own in heard]
    near = [own.after(at_seconds) for own in courses]
    if _wanders(at_seconds):
        bounds = [own.after(WANDERS_SECONDS).bounds() for own in courses]
        strays = [wandering_strays(own, WANDERS_SECONDS, end) for own in heard]
    else:
        bounds = [one.bounds(NEAR_SECONDS) for one in near]
        strays = [own_strays(own, at_seconds, AFTER_SECONDS) for own in heard]
    tail = wave[round((at_seconds - 0.05) * SAMPLE_RATE) :]
    alone = [own[: len(wave)] for own, _ in owns]
    return Morph(
        first=names[0],
        second=names[1],
        pitch=pitch,
        at_seconds=at_seconds,
        dip_db=round(dip_db(after, *bounds), 2),
        own_dip_db=round(max(dip for dip, _ in strays), 2),
        step_db=round(after.most_step_db, 2),
        own_step_db=round(max(own.most_step_db for own in courses), 2),
        near_step_db=round(max(one.most_step_db for one in near), 2),
        change=round(most_change(tail, SAMPLE_RATE), 3),
        own_change=round(max(most_change(own, SAMPLE_RATE) for own in alone), 3),
        cents=round(outside_cents(after, *bounds), 2),
        own_cents=round(max(cents for _, cents in strays), 2),
    )


def _wanders(at_seconds: float) -> bool:
    return at_seconds > WANDERS_SECONDS


def _plans(renderer: NoteRenderer, n_pairs: int) -> Iterator[tuple[str, int, int, int, float]]:
    """Choose families, timbres, pitches and moments."""
    families: dict[str, list[int]] = {}
    for i, timbre in enumerate(renderer.timbres):
        families.setdefault(timbre.family, []).append(i)
    number = 0
    for family, members in families.items():
        others = [i for i in range(len(renderer.timbres)) if i not in members] or members
        for n in range(n_pairs):
            first = members[n * 5 % len(members)]
            second = (
                members[(n * 5 + 1) % len(members)] if n % 2 else others[29 * number % len(others)]
            )
            for chosen in (first, second):
                pitch = LOWEST + number * PITCH_STEP % N_PITCHES
                pitch = min(max(pitch, renderer.info.lowest_pitch), renderer.info.highest_pitch)
                yield family, first, chosen, pitch, MOVES_AT[number % len(MOVES_AT)]
            number += 1


def _by_family(families: dict[str, list[Morph]], are_equal: bool) -> dict[str, Any]:
    everything = [one for some in families.values() for one in some]
    return {
        family: _summary(some, are_equal)
        for family, some in {**families, "all": everything}.items()
    }


def _keeps_bounds(one: Morph, are_equal: bool, *, own: bool = False) -> bool:
    most_dip_db = max(DIP_DB, one.own_dip_db) if own else DIP_DB
    most_cents = max(CENTS, one.own_cents) if own else CENTS
    return (
        (one.dip_db <= most_dip_db or not are_equal)
        and one.step_db <= one.own_step_db
        and one.change <= one.own_change
        and one.cents <= most_cents
    )


def _summary(morphs: list[Morph], are_equal: bool) -> dict[str, Any]:
    figures: dict[str, Any] = {
        "n": len(morphs),
        "within": sum(_keeps_bounds(one, are_equal) for one in morphs),
        "within_own": sum(_keeps_bounds(one, are_equal, own=True) for one in morphs),
    }
    for name in MEASURED:
        values = [getattr(one, name) for one in morphs]
        figures[name] = {"worst": max(values), "median": round(float(np.median(values)), 2)}
    return figures
