"""How held notes follow the pad: levels, steps, pitch and clicks while they go over, by family."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .cache import NoteCache
from .engine import Engine
from .events import NoteOn, Panic, SetParameter
from .morph_measures import Course, course_of, outside_cents
from .note_finish import SLOT_SECONDS
from .parameters import NOTE_ENDINGS
from .periodicity import most_change
from .pool import NotePool
from .renderer import NoteRenderer
from .renderer_protocol import RenderNote
from .target import Target, make_target

Wave = NDArray[np.float32]

SAMPLE_RATE = 48000
TICK = 480  # frames after which the policy looks
CROP_SECONDS, WHOLE_SECONDS = 0.03, 0.12  # that the notes are said to take
MOVES_AT = (0.4, 1.2, 3.5)  # seconds after the strike; the last when the note wanders
AFTER_SECONDS = 0.7  # that are heard after the move
NEAR_SECONDS = 0.05  # in which a note's own movement counts as being at the same moment
WANDERS_SECONDS = 2.4  # from then on a note wanders by chance, and any moment is like another
EQUAL_PLACE = 0.25  # between a timbre and itself: another cell, the same latent
SILENT_DB = -80.0
QUIET_DB = -12.0  # full scale stays far from the limiter
LOWEST, N_PITCHES, PITCH_STEP = 36, 45, 17
N_SLOTS = 24
DIP_DB, CENTS = 0.5, 3.0


@dataclass(frozen=True)
class Morph:
    """What one move of the pad under a held note did to it.

    Attributes:
        first: Timbre before.
        second: Timbre after.
        pitch: MIDI note.
        at_seconds: When the pad moved.
        dip_db: How far the level falls under both notes' own at the same moment.
        step_db: The greatest step of level in 10 ms.
        own_step_db: The same in the two notes themselves, their beginnings included.
        near_step_db: The same in the two notes at the same moments.
        change: Spectral flux in 10 ms, the greatest.
        own_change: The same in the two notes themselves.
        cents: How far the pitch strays outside what the two notes do at the same moment.
    """

    first: str
    second: str
    pitch: int
    at_seconds: float
    dip_db: float
    step_db: float
    own_step_db: float
    near_step_db: float
    change: float
    own_change: float
    cents: float


def bench_morph(
    model_path: str,
    n_pairs: int = 4,
    *,
    device: str = "auto",
    on_note: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Move the pad under held notes of every family and measure what is heard.

    Args:
        model_path: A model's folder.
        n_pairs: Of timbres, of each family: half of them within it, half with another one; and as
            many of its timbres with themselves.
        device: That renders; see `NoteRenderer.open`.
        on_note: Called with (done, total).

    Returns:
        `model`; `equal` and `different`, by family: `n`, the worst `dip_db`, `step_db`,
        `own_step_db`, `change`, `own_change`, `cents`, and how many are `within` the bounds;
        `worst`, the five whose pitch strays most.

    Raises:
        ModelError: If the model can't be opened.
    """
    renderer = NoteRenderer.open(model_path, device)
    stage = Stage(renderer)
    try:
        plans = list(_plans(renderer, n_pairs))
        found: dict[str, dict[str, list[Morph]]] = {"equal": {}, "different": {}}
        for number, (family, first, second, pitch, at) in enumerate(plans):
            if on_note:
                on_note(number, len(plans))
            kind = "equal" if first == second else "different"
            morph = stage.morph(first, second, pitch, at)
            found[kind].setdefault(family, []).append(morph)
    finally:
        stage.close()
    everything = [one for families in found.values() for some in families.values() for one in some]
    worst = sorted(everything, key=lambda one: one.cents, reverse=True)[:5]
    return {
        "model": renderer.info.name,
        "goes_on": renderer.goes_on,
        "equal": {family: _summary(some) for family, some in found["equal"].items()},
        "different": {family: _summary(some) for family, some in found["different"].items()},
        "all_equal": _summary([one for some in found["equal"].values() for one in some]),
        "all_different": _summary([one for some in found["different"].values() for one in some]),
        "worst": [asdict(one) for one in worst],
    }


class Stage:
    """An engine, the policy and a model, on a clock of their own."""

    def __init__(self, renderer: NoteRenderer, *, goes_on: bool | None = None) -> None:
        """Make them.

        Args:
            renderer: The model.
            goes_on: Whether held notes get notes of their own to go on with; None: if it can.
        """
        self._renderer = renderer
        self._goes_on = renderer.goes_on if goes_on is None else goes_on
        self._pool = NotePool(N_SLOTS, round(SLOT_SECONDS * SAMPLE_RATE))
        self._engine = Engine(SAMPLE_RATE, self._pool, n_voices=4)
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

    def play(
        self, pitch: int, seconds: float, places: list[tuple[float, Target]]
    ) -> tuple[Wave, float | None]:
        """Hold a key while the pad goes from place to place.

        Args:
            pitch: MIDI note.
            seconds: How long.
            places: (seconds, target); the first counts before the strike.

        Returns:
            float32 [frame], one side; and when the first other note was published, in seconds.
        """
        engine, info = self._engine, self._renderer.info
        now = [0.0]
        cache = NoteCache(N_SLOTS, SAMPLE_RATE, clock=lambda: now[0], rest_seconds=0.15)
        cache.set_pitches(pitch, pitch)
        cache.set_ready(info.hash, goes_on=self._goes_on)
        cache.want(places[0][1])
        for job in cache.next_jobs(1, set()):
            cache.note_rendered(job.job, self._made(job))
        cache.publish_to(engine.publish)
        engine.process(np.zeros((SAMPLE_RATE // 2, 2), np.float32))
        cache.key_down(pitch)
        engine.take_over(0, 0.0)  # what is left to chance goes the same way each time
        engine.post(NoteOn(note=pitch, velocity=127))
        out = np.zeros((round(seconds * SAMPLE_RATE) // TICK * TICK, 2), np.float32)
        waiting, following = list(places[1:]), None
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
            for job in cache.next_jobs(2, engine.slots_in_use(), engine.held_voices()):
                under_way.append((now[0] + (CROP_SECONDS if job.is_crop else WHOLE_SECONDS), job))
            engine.process(out[start : start + TICK])
            if following is None and any(voice.is_fading for voice in engine.held_voices()):
                following = now[0]
        engine.post(Panic())
        engine.process(np.zeros((SAMPLE_RATE // 10, 2), np.float32))
        engine.publish(pitch, None)
        engine.publish_onward(pitch, None)
        engine.process(np.zeros((SAMPLE_RATE // 10, 2), np.float32))
        return out[:, 0].copy(), following

    def _made(self, job: RenderNote) -> Any:
        return self._renderer.render([job], self._pool.samples)[0]

    def own(self, timbre: int, pitch: int, seconds: float) -> tuple[Wave, Course]:
        """Play a timbre's note alone; gives it and its course."""
        key = (timbre, pitch, seconds)
        if key not in self._known:
            wave, _ = self.play(pitch, seconds, [(0.0, self.target(timbre, timbre, 0.0))])
            self._known = {**dict(list(self._known.items())[-3:])}
            self._known[key] = (wave, course_of(wave, SAMPLE_RATE, pitch))
        return self._known[key]

    def morph(self, first: int, second: int, pitch: int, at_seconds: float) -> Morph:
        """Move the pad from one timbre to another under a held note, and measure."""
        seconds = at_seconds + AFTER_SECONDS
        there = 1.0 if first != second else EQUAL_PLACE
        places = [
            (0.0, self.target(first, second, 0.0)),
            (at_seconds, self.target(first, second, there)),
        ]
        wave, _ = self.play(pitch, seconds, places)
        owns = [self.own(timbre, pitch, seconds) for timbre in (first, second)]
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
        wave: float32 [frame].
        owns: Each of the two alone, and its course.
        pitch: MIDI note.
        at_seconds: When the pad moved.
        names: Of the two.
    """
    course = course_of(wave, SAMPLE_RATE, pitch)
    after = course.after(at_seconds)
    near = [own.after(at_seconds) for _, own in owns]
    if at_seconds > WANDERS_SECONDS:
        bounds = [own.after(WANDERS_SECONDS).bounds() for _, own in owns]
    else:
        bounds = [one.bounds(NEAR_SECONDS) for one in near]
    lowest = np.minimum(bounds[0].lowest_db, bounds[1].lowest_db)
    dips = (lowest - after.level_db)[after.level_db > SILENT_DB]
    tail = wave[round((at_seconds - 0.05) * SAMPLE_RATE) :]
    return Morph(
        first=names[0],
        second=names[1],
        pitch=pitch,
        at_seconds=at_seconds,
        dip_db=round(float(dips.max(initial=0.0)), 2),
        step_db=round(after.most_step_db, 2),
        own_step_db=round(max(own.most_step_db for _, own in owns), 2),
        near_step_db=round(max(one.most_step_db for one in near), 2),
        change=round(most_change(tail, SAMPLE_RATE), 3),
        own_change=round(max(most_change(own, SAMPLE_RATE) for own, _ in owns), 3),
        cents=round(outside_cents(after, *bounds), 2),
    )


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


def _summary(morphs: list[Morph]) -> dict[str, Any]:
    within = [
        one
        for one in morphs
        if one.dip_db <= DIP_DB
        and one.step_db <= max(one.own_step_db, DIP_DB)
        and one.change <= max(one.own_change, 0.1)
        and one.cents <= CENTS
    ]
    worst = {
        f"worst_{name}": max(getattr(one, name) for one in morphs)
        for name in ("dip_db", "step_db", "change", "cents")
    }
    medians = {
        f"median_{name}": round(float(np.median([getattr(one, name) for one in morphs])), 2)
        for name in (
            "dip_db",
            "step_db",
            "own_step_db",
            "near_step_db",
            "change",
            "own_change",
            "cents",
        )
    }
    return {"n": len(morphs), "within": len(within), **worst, **medians}
