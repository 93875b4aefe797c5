"""Which layers a sound has by its knobs, which of them a strike reads, whose slide moves what."""

import pytest

from instrument.control.controls import Controls
from instrument.engine.layers import N_LAYERS, OWN_LAYER, layer_of
from instrument.notes.renderer_protocol import Shade
from instrument.notes.target import make_target
from instrument.notes.voicing import KNOBS, WIDEST, Voicing, further_layers, struck_layers
from instrument.presets.preset import Preset
from instrument.values.events import ControlChange, NoteOff, NoteOn, Panic, SetParameter, SetZones
from instrument.values.parameters import defaults
from instrument.values.status import Corner
from instrument.values.zones import Zones
from tests.instrument.pad_corners import x_of, y_of

MODEL = "a model's hash"
LATENTS = [[float(n), 1.0] for n in range(4)]
TARGET = make_target(MODEL, LATENTS, 0.5, 0.5)
SLIDE = 74


def values(**changes: float) -> dict[str, float]:
    return defaults() | changes


def shades(**changes: float) -> dict[int, Shade]:
    return {n: of.shade for n, of in further_layers(TARGET, values(**changes)).items()}


def controls(**parameters: float) -> Controls:
    made = Controls()
    corners = tuple(Corner(name=str(n), z=tuple(z)) for n, z in enumerate(LATENTS))
    made.load(Preset(corners=corners, parameters=parameters))
    made.play(SetZones(zones=Zones(lower=15)))
    return made


def voicing(of: Controls) -> Voicing:
    found = of.voicing(MODEL, 2)
    assert found is not None
    return found


def strike(of: Controls, note: int, channel: int, velocity: int = 100) -> None:
    event = NoteOn(note=note, velocity=velocity, channel=channel)
    of.play(event)
    of.as_sounding(event)


def slide(of: Controls, value: int, channel: int) -> None:
    of.play(ControlChange(controller=SLIDE, value=value, channel=channel))


def test_a_sound_has_one_layer_unless_it_asks_for_more() -> None:
    assert shades() == {}
    assert struck_layers(100, values()) == (0,)
    assert defaults().keys() >= KNOBS


def test_velocity_has_layers_as_soft_as_its_amount() -> None:
    assert shades(velocity_timbre=0.8, velocity_layers=3) == {
        layer_of(1, 0): Shade(softness=0.4),
        layer_of(2, 0): Shade(softness=0.8),
    }


@pytest.mark.parametrize(("velocity", "softness"), [(127, 0), (64, 1), (1, 2)])
def test_a_strike_reads_the_layer_of_its_velocity(velocity: int, softness: int) -> None:
    sound = values(velocity_timbre=0.8, velocity_layers=3)
    assert struck_layers(velocity, sound) == (layer_of(softness, 0),)


def test_both_sides_of_an_ensemble_lie_on_either_side_of_the_pads_place() -> None:
    left, right = shades(ensemble=0.5).values()
    assert (left.sway, right.sway) == (-0.5 * WIDEST, 0.5 * WIDEST)
    assert left.seed == right.seed
    assert struck_layers(100, values(ensemble=0.5)) == (layer_of(0, 1), layer_of(0, 2))


@pytest.mark.parametrize(("unison", "has_middle"), [(1, False), (2, False), (3, True), (5, True)])
def test_only_the_middle_voice_of_an_ensemble_reads_the_pads_own_place(
    unison: int, has_middle: bool
) -> None:
    assert (0 in struck_layers(127, values(ensemble=0.5, unison=unison))) == has_middle


def test_strikes_that_take_turns_read_neighbours_and_the_place_itself() -> None:
    assert len(shades(round_robin=4)) == 3
    assert struck_layers(100, values(round_robin=4)) == tuple(layer_of(0, n) for n in range(4))


def test_everything_at_once_has_no_more_layers_than_there_are_numbers() -> None:
    sound = {"velocity_timbre": 1.0, "velocity_layers": 4.0, "ensemble": 1.0, "round_robin": 4.0}
    layers = shades(**sound)
    assert sorted(layers) == list(range(1, OWN_LAYER))
    assert len(set(layers.values())) == len(layers)
    read = {layer for v in range(1, 128) for layer in struck_layers(v, values(**sound))}
    assert read < set(layers)


@pytest.mark.parametrize(("slide_to", "x", "y"), [(1.0, 0.75, 0.5), (2.0, 0.5, 0.75)])
def test_slide_moves_its_own_notes_place_on_the_pad(slide_to: float, x: float, y: float) -> None:
    sound = controls(slide_to=slide_to, slide_timbre=0.25)
    strike(sound, 60, 3)
    strike(sound, 64, 4)
    slide(sound, 127, 3)
    ((layer, (note, target)),) = voicing(sound).slid.items()
    assert (layer, note) == (OWN_LAYER + 3, 60)
    assert (x_of(target), y_of(target)) == (x, y)
    assert layer < N_LAYERS


def test_slide_to_the_filter_moves_no_timbre() -> None:
    sound = controls()
    strike(sound, 60, 3)
    slide(sound, 127, 3)
    assert voicing(sound).slid == {}


def test_a_note_that_slides_is_as_soft_as_it_was_struck() -> None:
    sound = controls(slide_to=1.0, velocity_timbre=0.6, velocity_layers=2.0)
    strike(sound, 60, 3, velocity=20)
    slide(sound, 0, 3)
    ((_, target),) = voicing(sound).slid.values()
    assert target.shade == Shade(softness=0.6)
    assert x_of(target) == 0.0


def test_a_slide_back_in_its_middle_has_the_pads_own_note() -> None:
    sound = controls(slide_to=1.0)
    strike(sound, 60, 3)
    for value in (90, 64):
        slide(sound, value, 3)
    ((_, target),) = voicing(sound).slid.values()
    assert target == voicing(sound).target


def test_a_released_note_keeps_its_slide_and_the_next_one_takes_it_over() -> None:
    sound = controls(slide_to=1.0)
    strike(sound, 60, 3)
    slide(sound, 100, 3)
    sound.play(NoteOff(note=60, channel=3))
    assert [note for note, _ in voicing(sound).slid.values()] == [60]
    strike(sound, 67, 3)
    assert [note for note, _ in voicing(sound).slid.values()] == [67]


@pytest.mark.parametrize(
    "event",
    [Panic(), SetZones(zones=Zones(upper=4)), ControlChange(controller=121, value=0, channel=3)],
)
def test_a_panic_a_reset_and_new_zones_forget_slides(
    event: Panic | SetZones | ControlChange,
) -> None:
    sound = controls(slide_to=1.0)
    strike(sound, 60, 3)
    slide(sound, 100, 3)
    sound.play(event)
    assert voicing(sound).slid == {}


def test_slides_do_not_change_what_a_preset_holds_and_yet_are_told() -> None:
    sound = controls(slide_to=1.0)
    revision, told = sound.revision, sound.own_notes.revision
    strike(sound, 60, 3)
    slide(sound, 100, 3)
    assert sound.revision == revision
    assert sound.own_notes.revision > told


def test_the_mod_wheel_moves_these_knobs_as_all_others() -> None:
    sound = controls()
    sound.load(Preset(corners=sound.corners, controllers={1: "ensemble"}, mod_depth=0.5))
    told = sound.heard_revision
    sound.play(ControlChange(controller=1, value=127))
    assert sound.heard_revision > told
    assert {of.shade.sway for of in voicing(sound).layers.values()} == {-0.5 * WIDEST, 0.5 * WIDEST}
    assert len(sound.layers_of(NoteOn(note=60, velocity=100))) == 2


def test_only_a_note_that_begins_reads_layers() -> None:
    assert controls().layers_of(NoteOff(note=60)) == ()
    assert controls().layers_of(SetParameter(name="pan", value=0.0)) == ()
