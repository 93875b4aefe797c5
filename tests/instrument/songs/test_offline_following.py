"""Offline, held notes follow the pad as they do live, and the same way each time."""

import math
from collections import deque
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
import torch

from instrument.engine.engine import Engine
from instrument.engine.envelope import BLOCK
from instrument.engine.pool import NoteInfo, NotePool
from instrument.notes.cache import NoteCache
from instrument.notes.note_finish import SLOT_SECONDS
from instrument.notes.offline_notes import Cue
from instrument.notes.renderer import NoteRenderer
from instrument.notes.renderer_protocol import Heard, RenderNote
from instrument.notes.target import Target
from instrument.presets.preset import Preset
from instrument.songs.arranging import arrange
from instrument.songs.offline import SETTLING_SECONDS, Block, perform
from instrument.songs.offline_following import CROP_SECONDS, LOOK_FRAMES, WHOLE_SECONDS
from instrument.songs.offline_player import PresetPlayer
from instrument.values.events import (
    AnyEvent,
    ControlChange,
    MovePad,
    NoteOff,
    NoteOn,
    SetZones,
)
from instrument.values.parameters import SLIDE_TARGETS
from instrument.values.status import Corner
from instrument.values.zones import Zones
from model.config import ModelConfig, NetworkConfig
from model.gansynth import GANSynth
from model.warped import WarpedConfig
from tests.instrument.playing import roughness

RATE = 48000
N_SLOTS = 40
LATENT_SIZE = 8
PITCHES = range(24, 85)
LOOK_SECONDS = LOOK_FRAMES / RATE
NOTES = (55, 60, 67)


@pytest.fixture(scope="module")
def renderer() -> NoteRenderer:
    """A small model with random weights, on one thread."""
    warped = WarpedConfig()
    network = NetworkConfig(
        latent_size=LATENT_SIZE,
        channels=(8, 8, 8, 4, 4, 4, 4),
        first_head=4,
        output="skip",
        harmonic_maps=True,
        level=True,
    )
    config = ModelConfig(
        name="small",
        sample_rate=warped.sample_rate,
        n_samples=warped.n_samples,
        representation="warped",
        network=network,
        warped=warped,
    )
    torch.set_num_threads(1)
    model = GANSynth.create(config, seed=3)
    model.hash = "small"
    return NoteRenderer(model, "")


class InProcess:
    """Notes of a model in this process; none is ever overwritten."""

    def __init__(self, renderer: NoteRenderer) -> None:
        self.pool = NotePool(N_SLOTS, round(SLOT_SECONDS * RATE))
        self.jobs: list[RenderNote] = []
        self.let_go_slots: list[int] = []
        self._renderer = renderer
        self._cues: deque[Cue] = deque()
        self._made: dict[int, NoteInfo] = {}
        self._held: dict[tuple[str, int], NoteInfo] = {}

    def made(self, job: RenderNote) -> NoteInfo:
        self.jobs.append(job)
        note = self._renderer.render([job], self.pool.samples)[0]
        self._made[job.slot] = note
        return note

    def expect(self, cues: Sequence[Cue]) -> None:
        self._cues = deque(cues)

    def next_note(self, _: set[int]) -> NoteInfo:
        cue = self._cues.popleft()
        if cue.key not in self._held:
            self._held[cue.key] = self.made(self._job(cue.target, cue.pitch, None))
        return self._held[cue.key]

    def begin_onward(self, target: Target, pitch: int, heard: Heard, _: set[int]) -> int | None:
        if len(self.jobs) + 1 == N_SLOTS:
            return None
        job = self._job(target, pitch, heard)
        self.made(job)
        return job.job

    def end_onward(self, job: int) -> NoteInfo:
        return self._made[job]

    def let_go(self, slot: int) -> None:
        self.let_go_slots.append(slot)

    def crest(self, slot: int) -> float:
        return self._made[slot].crest

    def _job(self, target: Target, pitch: int, heard: Heard | None) -> RenderNote:
        n = len(self.jobs) + 1
        of = (target.model, target.latents, target.weights)
        return RenderNote(n, *of, pitch, n, RATE, shade=target.shade, heard=heard)


def player(renderer: NoteRenderer, **parameters: float) -> PresetPlayer:
    """Corners that are timbres apart; X goes from one to the other."""
    drawn = [tuple(renderer.draw(seed).tolist()) for seed in (1, 2)]
    corners = tuple(Corner(name=str(i % 2), z=drawn[i % 2]) for i in range(4))
    values = {"spread": 0.0, "ending": 1.0, **parameters}
    return PresetPlayer(Preset(name="two", corners=corners, parameters=values), renderer.info, ())


@pytest.fixture
def notes(renderer: NoteRenderer) -> Iterator[InProcess]:
    notes = InProcess(renderer)
    yield notes
    notes.pool.close()


def rendered(
    events: list[AnyEvent], renderer: NoteRenderer, *, goes_on: bool = True, **parameters: float
) -> tuple[Block, InProcess]:
    """Play events as `timbrepad render` does; the pool is closed."""
    notes = InProcess(renderer)
    blocks: list[Block] = []
    engine = Engine(RATE, notes.pool)
    moments = arrange(events, player(renderer, **parameters), PITCHES, goes_on=goes_on)
    onward = notes if goes_on else None
    perform(moments, notes, engine, RATE, lambda b: blocks.append(b.copy()), onward=onward)
    assert sorted(notes.let_go_slots) == [job.slot for job in notes.jobs if job.heard]
    del engine
    notes.pool.close()
    return np.concatenate(blocks), notes


def live(events: list[AnyEvent], notes: InProcess, renderer: NoteRenderer) -> Block:
    """Play events with the live policy, on a clock of its own and with a renderer of even speed.

    The first event says where the pad stands.
    """
    engine, playing = Engine(RATE, notes.pool), player(renderer)
    now = [0.0]
    cache = NoteCache(N_SLOTS, RATE, clock=lambda: now[0])
    cache.set_pitches(PITCHES[0], PITCHES[-1])
    cache.set_ready(renderer.info.hash, goes_on=True)
    waiting = deque(events)
    posted = [*playing.start(), *playing.play(waiting.popleft())]
    for event in posted:
        engine.post(event)
    engine.process(np.zeros((math.ceil(SETTLING_SECONDS * RATE / BLOCK) * BLOCK, 2), np.float32))
    struck = {event.note for event in events if isinstance(event, NoteOn)}
    cache.want(playing.voicing(0.0).target)
    for pitch in sorted(struck):  # what is struck is there before
        cache.key_down(pitch)
    while len(cache.fresh_notes()) < len(struck):
        for job in cache.next_jobs(1, set()):
            cache.note_rendered(job.job, notes.made(job))
    cache.publish_to(engine.publish)
    coming: list[tuple[float, RenderNote]] = []
    out = np.zeros((math.ceil(events[-1].time_seconds * RATE / LOOK_FRAMES) * LOOK_FRAMES, 2))
    out = out.astype(np.float32)
    for start in range(0, len(out), LOOK_FRAMES):
        now[0] = start / RATE
        for due, job in [one for one in coming if one[0] <= now[0]]:
            coming.remove((due, job))
            cache.note_rendered(job.job, notes.made(job))
        while waiting and waiting[0].time_seconds <= now[0]:
            event = waiting.popleft()
            for posted in playing.play(event):
                engine.post(posted)
            cache.want(playing.voicing(now[0]).target)
        cache.publish_to(engine.publish)
        held = engine.held_voices()
        for job in cache.next_jobs(8, engine.slots_in_use(), held):
            if job.heard is None:
                cache.note_dropped(job.job)  # for strikes, of which there are none
            else:
                takes = CROP_SECONDS if job.is_crop else WHOLE_SECONDS
                coming.append((now[0] + takes, job))
        cache.publish_onward_to(engine.publish_onward)
        engine.process(out[start : start + LOOK_FRAMES])
    return out


def at(look: int) -> float:
    """Give the time of a look at what sounds, so that live and offline look at once."""
    return look * LOOK_SECONDS


def drag(keys: Sequence[int] = (60,), *, first: int = 40, n: int = 8, every: int = 6) -> list:
    """Hold keys, and go across the pad."""
    moves = [MovePad(x=i / n, y=0.0, time_seconds=at(first + every * i)) for i in range(1, n + 1)]
    end = at(first + every * n + 60)
    return [
        MovePad(x=0.0, y=0.0),
        *(NoteOn(note=key, velocity=100, time_seconds=at(4)) for key in keys),
        *moves,
        *(NoteOff(note=key, time_seconds=end) for key in keys),
    ]


@pytest.mark.parametrize("keys", [(60,), NOTES])
def test_a_drag_over_held_notes_sounds_sample_by_sample_as_it_does_live(renderer, notes, keys):
    wave, made = rendered(drag(keys, n=4), renderer)
    heard = live(drag(keys, n=4), notes, renderer)
    assert sum(job.is_crop for job in made.jobs) >= 4 * len(keys)
    np.testing.assert_allclose(wave[: len(heard)], heard, atol=1e-6)


def test_held_notes_get_crops_and_in_the_end_the_whole_note(renderer):
    _, notes = rendered(drag(NOTES, n=2), renderer)
    for note in NOTES:
        kinds = [(job.heard is not None, job.is_crop) for job in notes.jobs if job.pitch == note]
        assert kinds[0] == (False, False)
        assert kinds[-1] == (True, False)
        assert (True, True) in kinds


def test_the_same_performance_gives_the_same_samples(renderer):
    first, second = (rendered(drag(NOTES, n=3), renderer)[0] for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_a_pad_that_rests_changes_nothing(renderer):
    still = [event for event in drag() if not isinstance(event, MovePad)]
    follows, does_not = (rendered(still, renderer, goes_on=x) for x in (True, False))
    np.testing.assert_array_equal(follows[0], does_not[0])
    assert len(follows[1].jobs) == 1


def test_a_crop_is_heard_its_stated_time_after_the_movement(renderer):
    moved = at(40)
    one_move = drag(n=1, first=34)
    still = [event for event in one_move if event.time_seconds != moved]
    wave, same = (rendered(events, renderer)[0] for events in (one_move, still))
    first = int(np.flatnonzero(np.abs(wave[: len(same)] - same).max(axis=1) > 1e-6)[0])
    assert CROP_SECONDS <= first / RATE - moved <= CROP_SECONDS + 2 * LOOK_SECONDS


def test_a_key_that_comes_up_before_its_crop_is_there_leaves_nothing_behind(renderer):
    events = drag(n=1, first=34)
    up = NoteOff(note=60, time_seconds=at(40) + CROP_SECONDS / 2)
    _, notes = rendered([*events[:-1], up], renderer)
    assert sum(job.is_crop for job in notes.jobs) == 1


def test_notes_held_by_the_pedal_follow_too(renderer):
    events = drag(n=2)
    pedal = ControlChange(controller=64, value=127, time_seconds=at(5))
    up = NoteOff(note=60, time_seconds=at(6))
    _, notes = rendered([*events[:2], pedal, up, *events[2:]], renderer)
    assert any(job.is_crop for job in notes.jobs)


def test_what_nobody_holds_gets_nothing(renderer):
    events = drag(n=2)
    up = NoteOff(note=60, time_seconds=at(6))
    _, notes = rendered([*events[:2], up, *events[2:]], renderer)
    assert [job.heard for job in notes.jobs] == [None]


def test_a_key_struck_again_after_the_drag_plays_its_own_note(renderer):
    events = drag(n=2)
    end = events[-1].time_seconds
    again = [
        NoteOn(note=60, velocity=100, time_seconds=end + 0.5),
        NoteOff(note=60, time_seconds=end + 1.0),
    ]
    wave, notes = rendered([*events, *again], renderer)
    alone, _ = rendered([MovePad(x=1.0, y=0.0), *again], renderer)
    start = round((end + 0.5) * RATE)
    second, own = wave[start : start + 9600, 0], alone[start : start + 9600, 0]
    assert np.corrcoef(second, own)[0, 1] > 0.99
    assert sum(job.heard is None for job in notes.jobs) == 2


def test_each_layer_follows_with_its_own_shade(renderer):
    soft, hard = ([struck_so(event, velocity) for event in drag(n=1)] for velocity in (10, 127))
    knobs = {"velocity_timbre": 1.0, "velocity_layers": 3.0}
    shades = [
        {job.shade for job in rendered(events, renderer, **knobs)[1].jobs if job.heard}
        for events in (soft, hard)
    ]
    assert len(shades[0]) == len(shades[1]) == 1
    assert shades[0] != shades[1]


def test_a_slide_moves_its_own_held_note_and_no_other(renderer):
    first = 20
    slides = [
        ControlChange(controller=74, value=64 + 9 * i, channel=1, time_seconds=at(first + 12 * i))
        for i in range(1, 8)
    ]
    end = at(first + 150)
    events = [
        SetZones(zones=Zones(lower=3)),
        ControlChange(controller=74, value=64, channel=1),
        *(
            NoteOn(note=note, velocity=100, channel=channel, time_seconds=at(4))
            for channel, note in ((1, 60), (2, 67))
        ),
        *slides,
        *(
            NoteOff(note=note, channel=channel, time_seconds=end)
            for channel, note in ((1, 60), (2, 67))
        ),
    ]
    knobs = {"slide_to": float(SLIDE_TARGETS.index("pad X")), "slide_timbre": 1.0}
    wave, notes = rendered(events, renderer, **knobs)
    assert {job.pitch for job in notes.jobs if job.is_crop} == {60}
    assert sum(job.is_crop for job in notes.jobs) >= 4
    rough = [
        roughness(wave[round(at(a) * RATE) : round(at(b) * RATE)]) for a, b in ((8, 20), (20, 150))
    ]
    assert rough[1] < 1.5 * rough[0]


@pytest.mark.parametrize(
    "knobs", [{"velocity_timbre": 1.0, "velocity_layers": 3.0}, {"unison": 3.0}]
)
def test_each_layer_follows_without_a_click(renderer, knobs):
    still = [
        event for event in drag(NOTES, n=3) if not event.time_seconds or event.time_seconds == at(4)
    ]
    moved, rests = drag(NOTES, n=3), [*still, *drag(NOTES, n=3)[-3:]]
    waves = [rendered(events, renderer, **knobs)[0] for events in (moved, rests)]
    part = slice(round(at(40) * RATE), round(at(110) * RATE))
    assert roughness(waves[0][part]) < 1.5 * roughness(waves[1][part])


def struck_so(event: AnyEvent, velocity: int) -> AnyEvent:
    """Give an event with another velocity, if it has one."""
    if not isinstance(event, NoteOn):
        return event
    return NoteOn(note=event.note, velocity=velocity, time_seconds=event.time_seconds)
