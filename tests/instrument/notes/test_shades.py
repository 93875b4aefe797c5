"""Soft strikes, neighbours and slides of the bundled model, by what is heard of them."""

from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from instrument.engine.engine import Engine
from instrument.engine.pool import NoteInfo, NotePool
from instrument.notes.offline_notes import Cue
from instrument.notes.renderer import NoteRenderer, brighter_way
from instrument.notes.renderer_protocol import RenderNote, Shade
from instrument.presets.preset import Preset
from instrument.songs.arranging import arrange
from instrument.songs.offline import perform
from instrument.songs.offline_player import PresetPlayer
from instrument.values.events import AnyEvent, ControlChange, NoteOff, NoteOn, SetZones
from instrument.values.status import Corner, Timbre
from instrument.values.zones import Zones
from tests.instrument.pad_corners import x_of
from tests.instrument.playing import brightness_of, level_db

MODEL = Path(__file__).parents[3] / "presets" / "models" / "draft"
RATE, KEY = 48000, 60
BRIGHT = ("Detuned Saw", "Bandoneon")

Wave = NDArray[np.float32]
Events = list[AnyEvent]


class RenderedHere:
    """A note source that renders in this process."""

    def __init__(self, renderer: NoteRenderer) -> None:
        self.pool = NotePool(24, round(4.5 * RATE))
        self.rendered: list[tuple[int, Shade, float]] = []
        self._renderer = renderer
        self._cues: deque[Cue] = deque()
        self._notes: dict[tuple[str, int], NoteInfo] = {}

    def expect(self, cues: Sequence[Cue]) -> None:
        self._cues = deque(cues)

    def next_note(self, slots_in_use: set[int]) -> NoteInfo:
        cue = self._cues.popleft()
        if cue.key not in self._notes:
            target = cue.target
            self.rendered.append((cue.pitch, target.shade, x_of(target)))
            job = RenderNote(
                job=1,
                model=target.model,
                latents=target.latents,
                weights=target.weights,
                pitch=cue.pitch,
                slot=len(self._notes) + 1,
                sample_rate=RATE,
                shade=target.shade,
            )
            assert job.slot not in slots_in_use
            (self._notes[cue.key],) = self._renderer.render([job], self.pool.samples)
        return self._notes[cue.key]


@pytest.fixture(scope="module")
def renderer() -> NoteRenderer:
    return NoteRenderer.open(str(MODEL), "cpu")


@pytest.fixture
def notes(renderer: NoteRenderer) -> Iterator[RenderedHere]:
    notes = RenderedHere(renderer)
    yield notes
    notes.pool.close()


def timbre(renderer: NoteRenderer, name: str) -> Timbre:
    return next(t for t in renderer.timbres if t.name == name)


def wave_of(renderer: NoteRenderer, name: str, shade: Shade, pitch: int = KEY) -> Wave:
    """Render the beginning of a note, as loud as it is played."""
    job = RenderNote(
        job=1,
        model=renderer.info.hash,
        latents=np.array(timbre(renderer, name).z, "<f4").tobytes(),
        weights=(1.0,),
        pitch=pitch,
        slot=1,
        sample_rate=RATE,
        first_only=True,
        shade=shade,
    )
    waves, gains, _ = renderer.waves([job])
    return np.asarray(waves[0] * gains[0], np.float32)


def play(
    events: list[AnyEvent], notes: RenderedHere, renderer: NoteRenderer, **knobs: float
) -> Wave:
    """Play events as `timbrepad render` does, with one bright timbre left and another right."""
    left, right = (timbre(renderer, name).z for name in ("Detuned Saw", "Pan Flute"))
    corners = tuple(Corner(name="", z=z) for z in (left, right, left, right))
    parameters = {"velocity_level": 0.0, "spread": 0.0, "release": 0.02} | knobs
    preset = Preset(corners=corners, pad_x=0.25, parameters=parameters)
    player = PresetPlayer(preset, renderer.info, renderer.timbres)
    blocks: list[Wave] = []
    engine = Engine(RATE, notes.pool)
    moments = arrange(events, player, range(24, 85))
    perform(moments, notes, engine, RATE, lambda block: blocks.append(block.copy()))
    return np.concatenate(blocks)


def struck(*velocities: int) -> Events:
    events: Events = []
    for second, velocity in enumerate(velocities):
        events.append(NoteOn(note=KEY, velocity=velocity, time_seconds=float(second)))
        events.append(NoteOff(note=KEY, time_seconds=second + 0.5))
    return events


def strike(wave: Wave, number: int) -> Wave:
    return wave[round((number + 0.1) * RATE) : round((number + 0.45) * RATE)]


@pytest.mark.parametrize("name", BRIGHT)
def test_softer_notes_are_darker_and_as_loud(renderer: NoteRenderer, name: str) -> None:
    waves = [wave_of(renderer, name, Shade(softness=s)) for s in (0.0, 0.5, 1.0)]
    plain, soft, softest = (brightness_of(wave) for wave in waves)
    assert plain > 1.04 * soft
    assert soft > 1.01 * softest
    levels = [level_db(wave) for wave in waves]
    assert max(levels) - min(levels) < 1.0


def test_both_sides_of_a_neighbourhood_differ_and_are_as_loud(renderer: NoteRenderer) -> None:
    shades = (Shade(), Shade(sway=-0.2, seed=1), Shade(sway=0.2, seed=1))
    plain, left, right = (wave_of(renderer, "Bandoneon", shade) for shade in shades)
    assert abs(level_db(left) - level_db(right)) < 1.0
    assert abs(level_db(left) - level_db(plain)) < 1.0
    assert np.corrcoef(left, right)[0, 1] < 0.95


def test_what_has_no_shade_is_the_pads_own_note(renderer: NoteRenderer) -> None:
    plain = wave_of(renderer, "Bandoneon", Shade())
    np.testing.assert_array_equal(wave_of(renderer, "Bandoneon", Shade(seed=5)), plain)


def test_a_harder_strike_is_brighter(renderer: NoteRenderer, notes: RenderedHere) -> None:
    wave = play(struck(20, 60, 120), notes, renderer, velocity_timbre=1.0)[:, 0]
    soft, middle, hard = (brightness_of(strike(wave, n)) for n in range(3))
    assert hard > 1.05 * middle > 1.05 * 1.01 * soft
    assert [shade.softness for _, shade, _ in notes.rendered] == [1.0, 0.5, 0.0]


def test_without_the_knob_every_strike_sounds_alike_and_is_rendered_once(
    renderer: NoteRenderer, notes: RenderedHere
) -> None:
    wave = play(struck(20, 120), notes, renderer)[:, 0]
    assert brightness_of(strike(wave, 0)) == pytest.approx(brightness_of(strike(wave, 1)), rel=0.01)
    assert len(notes.rendered) == 1


def test_an_ensemble_is_wide_and_falls_to_neither_side(
    renderer: NoteRenderer, notes: RenderedHere
) -> None:
    narrow = strike(play(struck(100), notes, renderer), 0)
    wide = strike(play(struck(100), notes, renderer, ensemble=0.6, unison_spread=1.0), 0)
    np.testing.assert_array_equal(narrow[:, 0], narrow[:, 1])
    assert np.corrcoef(wide.T)[0, 1] < 0.95
    assert abs(level_db(wide[:, 0]) - level_db(wide[:, 1])) < 3.0


def test_strikes_take_turns_and_a_performance_is_the_same_each_time(
    renderer: NoteRenderer, notes: RenderedHere
) -> None:
    first = play(struck(100, 100, 100), notes, renderer, round_robin=2.0)[:, 0]
    a, b, c = (strike(first, n) for n in range(3))
    assert np.corrcoef(a, c)[0, 1] > 0.999
    assert np.corrcoef(a, b)[0, 1] < 0.99
    again = play(struck(100, 100, 100), notes, renderer, round_robin=2.0)[:, 0]
    np.testing.assert_array_equal(again, first)


def test_a_slide_moves_its_own_note_along_the_pad(
    renderer: NoteRenderer, notes: RenderedHere
) -> None:
    slid = ControlChange(controller=74, value=127, channel=1, time_seconds=0.6)
    events: Events = [
        SetZones(zones=Zones(lower=15)),
        NoteOn(note=KEY, velocity=100, channel=1, time_seconds=0.1),
        slid,
        NoteOff(note=KEY, channel=1, time_seconds=1.5),
    ]
    wave = play(events, notes, renderer, slide_to=1.0, slide_timbre=0.75)[:, 0]
    assert [x for _, _, x in notes.rendered] == [0.25, 1.0]
    before, after = wave[RATE // 4 : RATE // 2], wave[RATE : 5 * RATE // 4]
    assert brightness_of(before) > 1.3 * brightness_of(after)


def test_the_axis_that_was_measured_says_what_is_brighter_else_the_named_timbres_do() -> None:
    def model(*names: str) -> Any:
        axes = torch.eye(8)[: len(names)]
        timbres = [SimpleNamespace(brightness=float(n)) for n in range(8)]
        config = SimpleNamespace(axes=[SimpleNamespace(name=name) for name in names])
        return SimpleNamespace(
            config=config, axes=axes, timbres=timbres, latents=torch.eye(8).flip(0)
        )

    measured = brighter_way(model("attack", "brightness"))
    assert measured is not None
    assert torch.equal(measured, torch.eye(8)[1])
    told = brighter_way(model("attack"))
    assert told is not None
    assert told.argmax() == 0
