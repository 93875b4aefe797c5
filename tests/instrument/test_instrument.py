"""The instrument in this process: its own engine and cache, a pretended renderer, no device."""

import json
import math
import os
import time

import msgspec
import numpy as np
import pytest
import soundfile

from instrument import instrument as instrument_module
from instrument.control.session import SESSION_SECONDS
from instrument.devices import output
from instrument.devices.audio import DeviceError
from instrument.devices.output import Output
from instrument.midi import midi
from instrument.notes.renderer_protocol import (
    DeviceLost,
    ModelLoaded,
)
from instrument.notes.supply import BAKE_REST_SECONDS
from instrument.presets.models import ModelLibrary, ModelLibraryError
from instrument.presets.preset import Preset, decode_preset, encode_preset
from instrument.storage import files
from instrument.storage.start_guard import GOOD_START_SECONDS
from instrument.values.events import (
    AllNotesOff,
    ControlChange,
    MidiClock,
    MovePad,
    MovePoint,
    NoteOff,
    NoteOn,
    Panic,
    PitchBend,
    ProgramChange,
    RecordPath,
    SetParameter,
    SetTuning,
    SetZones,
    TapTempo,
)
from instrument.values.status import AudioSettings, AudioStatus, Corner, Freshness
from instrument.values.tuning import Tuning
from instrument.values.zones import Zones
from tests.instrument.pad_corners import x_of, y_of
from tests.instrument.rig import (
    CONFIG,
    LATENT,
    RATE,
    TIMBRES,
    Rig,
    hear,
    loudest_hz,
    make_preset,
    notices,
)


@pytest.fixture(autouse=True)
def _nothing_but_what_a_test_makes(monkeypatch, tmp_path):
    """No bundled model or preset, no MIDI system, no waiting for the disk."""
    monkeypatch.setattr("importlib.resources.files", lambda _package: tmp_path / "bundled")
    monkeypatch.setattr(midi, "available_apis", lambda: ())
    monkeypatch.setattr(files.os, "fsync", lambda _descriptor: None)


@pytest.fixture
def rig(tmp_path):
    rig = Rig(tmp_path)
    yield rig
    for instrument in rig.made:
        instrument.close()


class TestPlaying:
    def test_a_key_sounds_at_its_pitch_and_falls_silent(self, rig):
        instrument = rig.start()
        rig.settle(instrument)
        instrument.post(NoteOn(note=57, velocity=100))
        assert loudest_hz(hear(instrument, 0.5)) == pytest.approx(220, abs=2)
        instrument.post(NoteOff(note=57))
        hear(instrument, 2.0)
        assert np.abs(hear(instrument)).max() < 1e-4

    def test_a_cold_key_sounds_as_soon_as_its_beginning_is_rendered(self, rig):
        rig.is_slow = True
        instrument = rig.start()
        instrument.post(NoteOn(note=72, velocity=100))
        assert np.abs(hear(instrument)).max() == 0
        instrument.tick()
        (job,) = [job for job in rig.renderer.submitted if job.pitch == 72 and job.first_only]
        rig.renderer.render(job)
        instrument.tick()
        assert np.abs(hear(instrument)).max() > 0.01

    def test_a_held_note_follows_the_finger(self, rig):
        instrument = rig.start()
        instrument.load_preset(make_preset(pad_x=0.0, pad_y=0.0))
        rig.settle(instrument)
        instrument.post(NoteOn(note=48, velocity=100))
        before = hear(instrument, 0.3)
        third = 3 * 440 * 2 ** ((48 - 69) / 12)

        def level(sound):
            t = np.arange(len(sound)) / RATE
            return abs(np.mean(sound[:, 0] * np.exp(-2j * np.pi * third * t)))

        instrument.post(MovePad(x=0.0, y=1.0))
        rig.settle(instrument)
        hear(instrument, 0.3)
        assert level(hear(instrument, 0.3)) > 10 * level(before)

    def test_the_whole_keyboard_gets_fresh(self, rig):
        instrument = rig.start()
        rig.settle(instrument)
        status = instrument.status()
        assert (status.n_fresh, status.n_notes) == (25, 25)
        assert set(status.freshness[48:73]) == {Freshness.FRESH}
        assert status.cache_bytes > 0

    def test_moving_the_pad_makes_the_keyboard_stale_and_then_fresh_again(self, rig):
        instrument = rig.start()
        rig.settle(instrument)
        rig.renderer.is_slow = True
        instrument.post(MovePad(x=0.9, y=0.2))
        instrument.tick()
        assert Freshness.STALE in instrument.status().freshness
        assert instrument.status().n_fresh == 0

    def test_status_says_what_hands_do(self, rig):
        instrument = rig.start()
        instrument.post(NoteOn(note=60, velocity=99))
        instrument.post(PitchBend(value=0.5))
        instrument.post(ControlChange(controller=1, value=127))
        instrument.post(MovePad(x=0.25, y=0.75))
        status = instrument.status()
        assert (status.gated[60], status.last_note) == (99, 60)
        assert (status.bend, status.mod, status.pad_x, status.pad_y) == (0.5, 1.0, 0.25, 0.75)

    def test_a_transposed_key_asks_for_the_note_that_it_plays(self, rig):
        rig.is_slow = True
        instrument = rig.start()
        instrument.post(SetParameter(name="transpose", value=5.0))
        instrument.post(NoteOn(note=65, velocity=99))
        instrument.tick()
        urgent = [job.pitch for job in rig.renderer.submitted if job.first_only]
        assert urgent == [70]
        instrument.post(NoteOff(note=65))
        instrument.tick()
        assert not instrument._supply._down

    def test_a_tuned_key_asks_for_the_nearest_note_and_a_silent_one_for_none(self, rig):
        rig.is_slow = True
        instrument = rig.start()
        pitches = [None, 61.6] + [float(key) for key in range(2, 128)]
        instrument.post(SetTuning(tuning=Tuning("test", tuple(pitches))))
        instrument.post(NoteOn(note=0, velocity=99))
        instrument.post(NoteOn(note=1, velocity=99))
        instrument.tick()
        assert [job.pitch for job in rig.renderer.submitted if job.first_only] == [62]

    def test_a_controller_that_speaks_mpe_bends_each_note_alone(self, rig):
        instrument = rig.start()
        rig.settle(instrument)
        for controller, value in ((101, 0), (100, 6), (6, 15)):
            instrument.post(ControlChange(controller=controller, value=value))
        instrument.post(PitchBend(value=12 / 48, channel=1))
        instrument.post(NoteOn(note=57, velocity=100, channel=1))
        hear(instrument, 0.3)
        assert loudest_hz(hear(instrument, 0.5)) == pytest.approx(440, abs=2)
        assert instrument.status().bend == 0.0
        instrument.post(ControlChange(controller=6, value=0))
        assert not any(instrument.status().gated)
        instrument.tick()
        assert not instrument._supply._down

    def test_a_controller_that_does_not_say_that_it_speaks_mpe_can_be_taken_for_one(self, rig):
        instrument = rig.start(mpe=True)
        rig.settle(instrument)
        assert instrument.status().zones == Zones(lower=15)
        instrument.post(PitchBend(value=12 / 48, channel=1))
        instrument.post(NoteOn(note=57, velocity=100, channel=1))
        hear(instrument, 0.3)
        assert loudest_hz(hear(instrument, 0.5)) == pytest.approx(440, abs=2)

    def test_the_tuning_of_the_options_is_for_presets_that_bring_none(self, rig):
        high = Tuning("high", tuple(key + 12.0 for key in range(128)))
        low = Tuning("low", tuple(max(key - 12.0, 0.0) for key in range(128)))
        instrument = rig.start(tuning=high)
        rig.settle(instrument)
        for preset, hz in ((make_preset(), 440.0), (make_preset(tuning=low), 110.0)):
            instrument.load_preset(preset)
            rig.settle(instrument)
            instrument.post(NoteOn(note=57, velocity=100))
            hear(instrument, 0.3)
            assert loudest_hz(hear(instrument, 0.5)) == pytest.approx(hz, abs=2)
            instrument.post(NoteOff(note=57))
            hear(instrument, 1.0)
        assert instrument.preset().tuning == low
        assert instrument.status().tuning == "low"

    def test_panic_lets_every_key_go(self, rig):
        instrument = rig.start()
        rig.settle(instrument)
        for note in (60, 64, 67):
            instrument.post(NoteOn(note=note, velocity=99))
        hear(instrument)
        instrument.post(Panic())
        hear(instrument, 0.05)
        assert np.abs(hear(instrument)).max() < 1e-4
        assert not any(instrument.status().gated)

    def test_all_notes_off_releases_them(self, rig):
        instrument = rig.start()
        rig.settle(instrument)
        instrument.post(NoteOn(note=60, velocity=99))
        hear(instrument)
        instrument.post(AllNotesOff())
        assert np.abs(hear(instrument, 0.02)).max() > 1e-3
        hear(instrument, 3.0)
        assert np.abs(hear(instrument)).max() < 1e-4

    @pytest.mark.parametrize("event", [NoteOn(note=200, velocity=1), NoteOn(note=60, velocity=0)])
    def test_a_note_that_is_none_is_refused(self, rig, event):
        instrument = rig.start()
        with pytest.raises(ValueError, match="must be"):
            instrument.post(event)
        assert instrument.status().last_note == -1

    def test_the_picture_of_the_last_note_is_counted(self, rig):
        instrument = rig.start()
        rig.settle(instrument)
        before = instrument.status().note_version
        instrument.post(NoteOn(note=60, velocity=99))
        instrument.tick()
        assert instrument.status().note_version == before + 1
        instrument.tick()
        assert instrument.status().note_version == before + 1
        instrument.post(MovePad(x=0.0, y=1.0))
        rig.settle(instrument)
        assert instrument.status().note_version > before + 1
        wave = instrument.note_wave(60)
        assert np.abs(np.frombuffer(wave.samples, "<f4")).max() == pytest.approx(0.3, abs=0.15)
        assert instrument.note_wave(3) is None


class TestPresets:
    def test_a_preset_comes_back_the_same(self, rig):
        instrument = rig.start()
        info = instrument.models()[-1]
        preset = make_preset(
            pad_x=0.25,
            model_name=info.name,
            model_hash=info.hash,
            tags=("x",),
            controllers={20: "cutoff"},
        )
        instrument.load_preset(preset)
        rig.settle(instrument)
        assert instrument.preset() == preset
        assert (instrument.status().preset_name, instrument.status().preset_changed) == (
            "Glass",
            False,
        )

    def test_its_parameters_reach_the_engine(self, rig):
        instrument = rig.start()
        rig.settle(instrument)
        instrument.load_preset(make_preset(parameters={"volume": -60.0}))
        hear(instrument, 0.5)
        instrument.post(NoteOn(note=60, velocity=127))
        assert np.abs(hear(instrument)).max() < 1e-3

    @pytest.mark.parametrize(
        "change",
        [
            lambda i: i.post(SetParameter(name="cutoff", value=500.0)),
            lambda i: i.post(MovePad(x=0.9, y=0.9)),
            lambda i: i.set_corner(0, "five"),
            lambda i: i.lock_corner(1, True),
        ],
    )
    def test_any_change_is_seen_and_saving_ends_it(self, rig, change):
        instrument = rig.start()
        instrument.load_preset(make_preset())
        instrument.tick()
        change(instrument)
        assert instrument.status().preset_changed
        instrument.mark_saved("Mine")
        assert not instrument.status().preset_changed
        assert instrument.status().preset_name == "Mine"

    def test_a_program_change_opens_the_preset_of_that_place(self, rig):
        rig.library.save(make_preset("Zz last"))
        instrument = rig.start()
        place = [entry.name for entry in rig.library.list()].index("Zz last")
        instrument.post(ProgramChange(program=place))
        instrument.tick()
        assert instrument.status().preset_name == "Zz last"

    def test_a_program_that_is_not_there_is_a_notice(self, rig):
        instrument = rig.start()
        before = instrument.preset()
        instrument.post(ProgramChange(program=127))
        instrument.tick()
        assert "Program 127" in notices(instrument)[-1]
        assert instrument.preset() == before

    def test_a_preset_of_a_missing_model_plays_with_the_timbres_of_its_names(self, rig):
        instrument = rig.start()
        corners = tuple(
            Corner(name=n, z=(9.0, 9.0), timbre=n) for n in ("two", "four", "one", "unknown")
        )
        instrument.load_preset(
            Preset(name="Far", model_name="Omega", model_hash="?", corners=corners)
        )
        rig.settle(instrument)
        assert '"Omega"' in notices(instrument)[-1]
        status = instrument.status()
        assert [corner.timbre for corner in status.corners][:3] == ["two", "four", "one"]
        assert status.corners[3].timbre in {"three", "five"}
        assert status.n_fresh == 25

    def test_a_preset_brings_its_own_model(self, rig):
        rig.add_model("Beta")
        instrument = rig.start()
        beta = next(info for info in instrument.models() if info.name == "Beta")
        instrument.load_preset(make_preset(model_name="Beta", model_hash=beta.hash))
        rig.settle(instrument)
        assert instrument.status().model.name == "Beta"
        assert instrument.preset().model_hash == beta.hash
        assert instrument.status().n_fresh == 25

    def test_a_model_without_timbres_gets_corners_that_are_drawn(self, rig):
        rig.timbres = ()
        instrument = rig.start()
        rig.settle(instrument)
        corners = instrument.preset().corners
        assert [corner.z for corner in corners] == [(float(i),) * LATENT for i in (1, 2, 3, 4)]
        assert [corner.name for corner in corners] == ["Seed 1", "Seed 2", "Seed 3", "Seed 4"]
        assert instrument.status().n_fresh == 25
        instrument.post(NoteOn(note=57, velocity=100))
        assert np.abs(hear(instrument)).max() > 0.01

    def test_a_preset_of_another_model_plays_with_one_without_timbres(self, rig):
        rig.timbres = ()
        instrument = rig.start()
        foreign = make_preset(model_name="Elsewhere", model_hash="f" * 64)
        instrument.load_preset(foreign)
        rig.settle(instrument)
        assert all(len(corner.z) == LATENT for corner in instrument.preset().corners)
        assert not instrument.status().preset_changed
        assert instrument.status().n_fresh == 25

    def test_a_preset_of_a_model_without_timbres_comes_back_as_it_was(self, rig):
        rig.timbres = ()
        instrument = rig.start()
        rig.settle(instrument)
        instrument.reroll()
        rig.settle(instrument)
        assert instrument.status().preset_changed
        saved = instrument.preset()
        rig.library.save(msgspec.structs.replace(saved, name="Mine"))
        instrument.reroll(2)
        rig.settle(instrument)
        instrument.load_preset(rig.library.load("Mine"))
        rig.settle(instrument)
        assert instrument.preset().corners == saved.corners

    def test_a_corner_that_is_only_a_seed_is_drawn(self, rig):
        instrument = rig.start()
        corners = tuple(Corner(name=f"Seed {i}", seed=i) for i in range(4))
        instrument.load_preset(Preset(corners=corners))
        rig.settle(instrument)
        assert [corner.z[0] for corner in instrument.status().corners] == [0.0, 1.0, 2.0, 3.0]


class TestCorners:
    def test_a_named_timbre_goes_on_a_corner(self, rig):
        instrument = rig.start()
        assert [timbre.name for timbre in instrument.timbres()] == [t.name for t in TIMBRES]
        instrument.set_corner(2, "FIVE")
        assert instrument.status().corners[2].z == TIMBRES[4].z

    def test_an_unknown_timbre_or_corner_is_refused(self, rig):
        instrument = rig.start()
        with pytest.raises(ValueError, match='no timbre "tuba"'):
            instrument.set_corner(0, "tuba")
        with pytest.raises(ValueError, match="point must be"):
            instrument.set_corner(4, "one")
        with pytest.raises(ValueError, match="point must be"):
            instrument.reroll(-1)
        with pytest.raises(ValueError, match="point must be"):
            instrument.lock_corner(9, True)

    def test_locked_corners_stay_when_all_are_rolled(self, rig):
        instrument = rig.start()
        before = instrument.status().corners
        instrument.lock_corner(1, True)
        instrument.reroll()
        instrument.tick()
        after = instrument.status().corners
        assert after[1].z == before[1].z
        assert all(after[i].seed is not None and not after[i].timbre for i in (0, 2, 3))
        assert after[0].z == (float(after[0].seed),) * LATENT

    def test_a_corner_that_is_asked_for_is_rolled_though_it_is_locked(self, rig):
        instrument = rig.start()
        instrument.lock_corner(1, True)
        instrument.reroll(1)
        instrument.tick()
        corner = instrument.status().corners[1]
        assert corner.seed is not None
        assert corner.locked


class TestPoints:
    def test_a_new_point_is_what_sounds_there_and_all_are_free(self, rig):
        instrument = rig.start()
        instrument.add_point(0.5, 0.5)
        points = instrument.status().corners
        assert [point.place for point in points[:4]] == [(0, 0), (1, 0), (0, 1), (1, 1)]
        assert points[4].place == (0.5, 0.5)
        assert len(points[4].z) == LATENT
        assert instrument.status().preset_changed

    def test_a_timbre_can_be_a_new_point(self, rig):
        instrument = rig.start()
        instrument.add_point(0.25, 0.5, "FIVE")
        point = instrument.status().corners[-1]
        assert (point.z, point.place, point.locked) == (TIMBRES[4].z, (0.25, 0.5), False)
        with pytest.raises(ValueError, match='no timbre "tuba"'):
            instrument.add_point(0.2, 0.2, "tuba")

    def test_at_a_point_every_key_sounds_like_it(self, rig):
        instrument = rig.start()
        instrument.add_point(0.25, 0.5, "five")
        instrument.post(MovePad(x=0.25, y=0.5))
        rig.settle(instrument)
        assert instrument.status().n_fresh == 25
        assert {job.weights for job in rig.renderer.submitted[-25:]} == {(0.0, 0.0, 0.0, 0.0, 1.0)}

    def test_a_dragged_point_changes_what_sounds(self, rig):
        instrument = rig.start()
        instrument.post(MovePad(x=0.25, y=0.5))
        rig.settle(instrument)
        instrument.post(MovePoint(index=3, x=0.25, y=0.5))
        rig.settle(instrument)
        assert instrument.status().corners[3].place == (0.25, 0.5)
        assert rig.renderer.submitted[-1].weights == (0.0, 0.0, 0.0, 1.0)

    def test_a_point_that_is_not_there_can_not_be_moved(self, rig):
        instrument = rig.start()
        with pytest.raises(ValueError, match="point must be"):
            instrument.post(MovePoint(index=4, x=0.5, y=0.5))
        with pytest.raises(ValueError, match="not nan"):
            instrument.post(MovePoint(index=0, x=math.nan, y=0.5))

    def test_a_draw_goes_to_its_point_though_one_before_it_is_removed(self, rig):
        instrument = rig.start()
        kept = instrument.status().corners[1].z
        instrument.reroll(3)
        instrument.remove_point(0)
        instrument.tick()
        points = instrument.status().corners
        assert [point.seed is None for point in points] == [True, True, False]
        assert points[0].z == kept
        assert points[2].place == (1.0, 1.0)

    def test_a_draw_for_a_removed_point_is_forgotten(self, rig):
        instrument = rig.start()
        instrument.reroll(3)
        instrument.remove_point(3)
        instrument.tick()
        assert all(point.seed is None for point in instrument.status().corners)

    def test_four_points_go_back_into_the_corners(self, rig):
        instrument = rig.start()
        before = instrument.status().corners
        instrument.use_corners(False)
        assert all(point.place is not None for point in instrument.status().corners)
        instrument.use_corners(True)
        assert instrument.status().corners == before
        instrument.remove_point(0)
        with pytest.raises(ValueError, match="4 points can stand in the corners"):
            instrument.use_corners(True)

    def test_a_name_is_one_line(self, rig):
        instrument = rig.start()
        instrument.rename_point(1, "  My   own ")
        assert instrument.status().corners[1].name == "My own"
        for name in ("", " ", "x" * 81, "a\0b"):
            with pytest.raises(ValueError, match="1 to 80 letters"):
                instrument.rename_point(1, name)

    def test_a_preset_brings_its_points_and_axes(self, rig):
        instrument = rig.start()
        instrument.add_point(0.3, 0.6, "two")
        instrument.post(SetParameter(name="axis_brightness", value=1.5))
        kept = instrument.preset()
        instrument.remove_point(0)
        instrument.post(SetParameter(name="axis_brightness", value=0.0))
        instrument.load_preset(decode_preset(encode_preset(kept), "it"))
        rig.settle(instrument)
        assert instrument.status().corners == kept.corners
        assert rig.renderer.submitted[-1].leaning == (("brightness", 1.5),)

    def test_an_axis_moves_the_whole_pad(self, rig):
        instrument = rig.start()
        rig.settle(instrument)
        instrument.post(SetParameter(name="axis_decay", value=-1.0))
        rig.settle(instrument)
        assert instrument.status().n_fresh == 25
        assert {job.leaning for job in rig.renderer.submitted[-25:]} == {(("decay", -1.0),)}

    def test_a_place_where_nobody_plays_is_measured_and_forgotten_with_its_points(self, rig):
        instrument = rig.start()
        rig.settle(instrument)
        assert self.wait_for_marks(rig, instrument) == ((0.5, 0.5, 1.0),)
        instrument.post(MovePoint(index=0, x=0.1, y=0.1))
        rig.settle(instrument, 12)
        assert all(mark[2] == 1.0 for mark in instrument.status().playability)
        instrument.post(MovePad(x=0.2, y=0.7))
        rig.settle(instrument)
        assert (0.2, 0.7, 1.0) in self.wait_for_marks(rig, instrument)

    def wait_for_marks(self, rig, instrument):
        for _ in range(500):  # the measuring thread takes its time
            rig.now += 0.2
            instrument.tick()
            place = (instrument.status().pad_x, instrument.status().pad_y)
            if place in {mark[:2] for mark in instrument.status().playability}:
                break
            time.sleep(0.01)
        return instrument.status().playability

    def test_a_wheel_on_an_axis_moves_the_pad_at_once(self, rig):
        instrument = rig.start()
        instrument.load_preset(make_preset(controllers={1: "axis_attack"}, mod_depth=0.5))
        rig.settle(instrument)
        instrument.post(ControlChange(controller=1, value=127))
        rig.settle(instrument)
        assert rig.renderer.submitted[-1].leaning == (("attack", 3.0),)


class TestModels:
    def test_another_model_takes_over_the_names_of_the_corners(self, rig):
        rig.add_model("Beta")
        instrument = rig.start()
        names = [corner.timbre for corner in instrument.status().corners]
        instrument.load_model("beta")
        rig.settle(instrument)
        assert instrument.status().model.name == "Beta"
        assert [corner.timbre for corner in instrument.status().corners] == names

    def test_an_unknown_model_is_an_error_and_all_stays(self, rig):
        instrument = rig.start()
        with pytest.raises(ModelLibraryError, match='no model "Gamma"'):
            instrument.load_model("Gamma")
        assert instrument.status().model.name == "Alpha"

    def test_a_model_that_cannot_be_opened_is_a_notice_and_the_former_plays_on(self, rig):
        rig.add_model("Broken")
        instrument = rig.start()
        broken = next(info for info in instrument.models() if info.name == "Broken")
        del rig.renderer.models[broken.path]
        instrument.load_model("Broken")
        rig.settle(instrument)
        assert "is damaged" in notices(instrument)[-1]
        assert instrument.status().model.name == "Alpha"
        instrument.post(MovePad(x=0.1, y=0.9))
        rig.settle(instrument)
        assert instrument.status().n_fresh == 25

    def test_an_unknown_model_at_the_start_is_a_notice_and_another_plays(self, rig):
        instrument = rig.start(model="Gamma")
        assert 'no model "Gamma"' in notices(instrument)[0]
        assert instrument.status().model is not None


class TestFollowing:
    def test_each_model_of_a_followed_run_is_opened_while_a_note_sounds(self, rig):
        instrument = rig.start()
        rig.settle(instrument)
        names = [corner.timbre for corner in instrument.status().corners]
        instrument.follow_run(str(rig.folder / "run"))
        instrument.post(NoteOn(note=60, velocity=100))
        assert np.abs(hear(instrument)).max() > 0.01
        for number in (1, 2):
            model = rig.publish(f"Step {number}")
            rig.now += 2.0
            rig.settle(instrument)
            assert instrument.status().model.hash == model.hash
            assert np.abs(hear(instrument)).max() > 0.01
        assert [corner.timbre for corner in instrument.status().corners] == names
        assert instrument.status().n_fresh == 25
        assert not notices(instrument)

    def test_the_players_own_sounds_stay_what_they_are_in_the_runs_latent_space(self, rig):
        instrument = rig.start()
        rig.settle(instrument)
        alpha = instrument.status().model
        mine = Corner("Mine", (1.0, 0.5, 0.0, 0.0))
        corners = (*instrument.status().corners[:2], mine, mine)
        instrument.load_preset(Preset(corners=corners, model_hash=alpha.hash))
        rig.settle(instrument)
        instrument.follow_run(str(rig.folder / "run"))
        for number in (1, 2):
            rig.publish(f"Step {number}", alpha.latent_space)
            rig.now += 2.0
            rig.settle(instrument)
            assert instrument.status().corners[2] == mine
        assert instrument.preset().latent_space == alpha.hash
        rig.publish("Elsewhere")
        rig.now += 2.0
        rig.settle(instrument)
        assert instrument.status().model.name == "Elsewhere"
        assert instrument.status().corners[2] != mine

    def test_a_preset_of_the_model_that_a_run_began_with_is_heard_through_the_runs(self, rig):
        instrument = rig.start()
        rig.settle(instrument)
        corners = tuple(Corner(f"Mine {i}", (1.0, i, 0.0, 0.0)) for i in range(4))
        mine = Preset(model_name="Alpha", model_hash=instrument.preset().model_hash)
        mine = msgspec.structs.replace(mine, name="Mine", corners=corners)
        step = rig.publish("Step 1", mine.model_hash)
        instrument.follow_run(str(rig.folder / "run"))
        rig.now += 2.0
        rig.settle(instrument)
        instrument.load_preset(mine)
        rig.settle(instrument)
        assert instrument.status().model.hash == step.hash
        assert instrument.status().corners == corners
        kept = instrument.preset()
        instrument.follow_run("")
        instrument.load_preset(mine)
        rig.settle(instrument)
        assert instrument.status().model.name == "Alpha"
        assert (kept.model_hash, kept.latent_space) == (step.hash, mine.model_hash)
        assert not notices(instrument)

    def test_a_preset_of_a_run_is_heard_through_the_model_that_was_kept_of_it(self, rig):
        rig.add_model("Mine")
        config = CONFIG.replace("{", '{"latent_space": "555",', 1) % "Mine"
        (rig.folder / "models" / "Mine" / "config.json").write_text(config)
        instrument = rig.start()
        corners = tuple(Corner(f"Mine {i}", (1.0, i, 0.0, 0.0)) for i in range(4))
        along = Preset(model_name="Mine", model_hash="c" * 64, latent_space="555", corners=corners)
        instrument.load_preset(along)
        rig.settle(instrument)
        assert instrument.status().model.name == "Mine"
        assert instrument.status().corners == corners
        assert not notices(instrument)
        other = msgspec.structs.replace(along, model_name="Gone")
        instrument.load_preset(other)
        rig.settle(instrument)
        assert instrument.status().model.name == "Mine"
        assert 'the model "Gone" (cccccccc), which is not here' in notices(instrument)[-1]

    def test_going_back_and_forth_between_two_models_of_a_run_changes_no_sound(self, rig):
        space = rig.start().status().model.latent_space
        step = rig.publish("Step 1", space)
        kept = rig.folder / "run" / "history" / "notes-000000100"
        kept.parent.mkdir()
        (rig.folder / "run" / "model").rename(kept)
        info = ModelLibrary(rig.folder / "none").find(str(kept))
        rig.models[info.path] = ModelLoaded(info, rig.timbres, 2, "CPU")
        newest = rig.publish("Step 2", space)
        instrument = rig.start()
        rig.settle(instrument)
        instrument.reroll(2)
        rig.settle(instrument)
        corners = instrument.status().corners
        instrument.post(NoteOn(note=60, velocity=100))
        for folder, model in 2 * ((kept, step), (rig.folder / "run", newest)):
            instrument.follow_run(str(folder))
            rig.settle(instrument)
            assert instrument.status().model.hash == model.hash
            assert instrument.status().corners == corners
            assert np.abs(hear(instrument)).max() > 0.01

    def test_a_run_is_followed_no_longer_than_wanted(self, rig):
        instrument = rig.start()
        instrument.follow_run(str(rig.folder / "run"))
        instrument.follow_run("")
        rig.publish("Step 1")
        rig.now += 2.0
        rig.settle(instrument)
        assert instrument.status().model.name == "Alpha"

    def test_a_run_can_be_followed_from_the_start(self, rig):
        rig.publish("Step 1")
        instrument = rig.start(follow=str(rig.folder / "run"))
        rig.settle(instrument)
        assert instrument.status().model.name == "Step 1"

    def test_a_published_model_that_cannot_be_read_is_a_notice_and_all_plays_on(self, rig):
        instrument = rig.start()
        rig.publish("Step 1")
        (rig.folder / "run" / "model" / "config.json").write_text("{")
        instrument.follow_run(str(rig.folder / "run"))
        rig.now += 2.0
        rig.settle(instrument)
        assert instrument.status().model.name == "Alpha"
        assert "config.json" in notices(instrument)[-1]


class TestRenderer:
    def test_a_renderer_that_dies_is_started_again_and_the_sound_goes_on(self, rig):
        instrument = rig.start()
        rig.settle(instrument)
        instrument.post(NoteOn(note=60, velocity=100))
        hear(instrument)
        rig.renderer.alive = False
        instrument.tick()
        assert "started again" in notices(instrument)[-1]
        assert np.abs(hear(instrument)).max() > 0.01
        assert rig.renderer.n_starts == 2
        instrument.post(MovePad(x=0.0, y=0.0))
        rig.settle(instrument)
        assert instrument.status().renderer == "ready"
        assert instrument.status().n_fresh == 25

    def test_a_gpu_that_fails_is_said_and_fewer_notes_are_asked_for_at_once(self, rig):
        rig.is_slow = True
        instrument = rig.start(ticks=0)
        path = ModelLibrary(rig.folder / "models").list()[0].path
        rig.renderer.models[path] = msgspec.structs.replace(rig.renderer.models[path], n_jobs=16)
        rig.renderer.answers.clear()
        rig.renderer.load_model(path)
        rig.settle(instrument, n=3)
        assert len(rig.renderer.submitted) == 16
        rig.renderer.answers.append(DeviceLost("Big GPU has stopped working.", 2, "CPU"))
        for job in rig.renderer.submitted[:15]:
            rig.renderer.render(job)
        rig.settle(instrument, n=1)
        assert "Big GPU has stopped working." in notices(instrument)
        assert len(rig.renderer.submitted) == 17  # one for the one that is done, and one waits

    def test_a_renderer_that_keeps_dying_is_said_once_and_what_is_there_plays(self, rig):
        instrument = rig.start()
        rig.settle(instrument)
        rig.renderer.alive = rig.renderer.may_restart = False
        rig.settle(instrument)
        assert sum("keeps stopping" in text for text in notices(instrument)) == 1
        assert instrument.status().renderer == "failed"
        instrument.post(NoteOn(note=60, velocity=100))
        assert np.abs(hear(instrument)).max() > 0.01

    def test_nothing_can_be_rolled_while_it_is_not_there(self, rig):
        instrument = rig.start()
        rig.renderer.alive = rig.renderer.may_restart = False
        instrument.tick()
        instrument.reroll(0)
        assert "Roll again" in notices(instrument)[-1]


class TestSession:
    def test_the_sound_of_the_last_session_is_there_again(self, rig):
        instrument = rig.start()
        instrument.post(SetParameter(name="cutoff", value=777.0))
        instrument.post(MovePad(x=0.125, y=0.5))
        instrument.set_corner(3, "five")
        sound = instrument.preset()
        instrument.close()
        assert rig.start().preset() == sound

    def test_a_session_survives_a_crash_after_some_seconds(self, rig):
        instrument = rig.start()
        instrument.post(MovePad(x=0.125, y=0.5))
        instrument.tick()
        rig.now += SESSION_SECONDS + 1
        instrument.tick()
        rig.now += SESSION_SECONDS + 1
        instrument.tick()
        assert rig.start().status().pad_x == 0.125

    def test_a_sound_that_is_on_no_disk_is_marked_as_changed(self, rig):
        instrument = rig.start()
        instrument.load_preset(make_preset("Bred"))
        instrument.mark_changed()
        assert instrument.status().preset_changed

    def test_an_unchanged_preset_keeps_its_name(self, rig):
        info = rig.start().models()[-1]
        preset = make_preset(model_name=info.name, model_hash=info.hash)
        rig.library.save(preset)
        rig.start(preset="Glass").close()
        status = rig.start().status()
        assert (status.preset_name, status.preset_changed) == ("Glass", False)

    def test_a_changed_preset_keeps_its_name_and_is_marked(self, rig):
        rig.library.save(make_preset())
        instrument = rig.start(preset="Glass")
        instrument.post(MovePad(x=0.0, y=0.0))
        instrument.close()
        status = rig.start().status()
        assert (status.preset_name, status.preset_changed) == ("Glass", True)

    def test_a_damaged_session_is_said_and_something_sounds(self, rig):
        (rig.folder / "session.json").write_bytes(b"\x00")
        instrument = rig.start()
        assert "last session" in notices(instrument)[0]
        rig.settle(instrument)
        assert instrument.status().n_fresh == 25

    def test_a_session_that_the_last_start_ended_with_is_set_aside(self, rig):
        instrument = rig.start()
        instrument.post(MovePad(x=0.125, y=0.5))
        instrument.close()
        session = rig.folder / "session.json"
        marker = {"file": str(session), "process": 0}
        (rig.folder / "starting.json").write_text(json.dumps(marker))
        instrument = rig.start()
        assert "session.json" in notices(instrument)[0]
        assert instrument.status().pad_x == 0.5
        assert (rig.folder / "session.json.set-aside").exists()

    def test_a_preset_that_is_asked_for_is_what_a_bad_start_is_put_down_to(self, rig):
        entry = rig.library.save(make_preset())
        rig.start(preset="Glass")
        assert json.loads((rig.folder / "starting.json").read_text())["file"] == entry.path

    def test_a_start_is_marked_until_it_has_gone_well_for_a_while(self, rig):
        instrument = rig.start()
        assert (rig.folder / "starting.json").exists()
        rig.now += GOOD_START_SECONDS + 1
        instrument.tick()
        assert not (rig.folder / "starting.json").exists()

    def test_an_end_in_good_order_leaves_no_mark(self, rig):
        rig.start().close()
        assert not (rig.folder / "starting.json").exists()

    def test_an_unknown_preset_is_said_and_something_sounds(self, rig):
        instrument = rig.start(preset="Nonsense")
        assert 'no preset "Nonsense"' in notices(instrument)[0]
        rig.settle(instrument)
        assert instrument.status().n_fresh == 25

    def test_a_full_disk_at_the_end_is_no_crash(self, rig, monkeypatch):
        instrument = rig.start()
        instrument.post(MovePad(x=0.0, y=0.0))

        def full(_descriptor):
            raise OSError(28, os.strerror(28))

        monkeypatch.setattr(files.os, "fsync", full)
        instrument.close()
        assert "could not be kept" in notices(instrument)[-1]

    def test_nothing_is_remembered_when_nothing_shall_be(self, rig):
        rig.start(remember=False).close()
        assert not (rig.folder / "session.json").exists()


class TestBaked:
    def test_the_next_start_sounds_before_anything_is_rendered(self, rig):
        instrument = rig.start(bake=True)
        rig.settle(instrument)
        rig.now += BAKE_REST_SECONDS
        for _ in range(3):
            instrument.tick()
            instrument._supply._errands.submit(lambda: None).result()  # as long as the disk takes
        instrument.close()
        rig.is_slow = True
        again = rig.start(bake=True)
        deadline = 200
        while again.status().n_fresh < 25 and deadline:
            again._supply._errands.submit(lambda: None).result()  # as long as the disk takes
            again.tick()
            deadline -= 1
        assert again.status().n_fresh == 25
        again.post(NoteOn(note=57, velocity=100))
        assert loudest_hz(hear(again, 0.5)) == pytest.approx(220, abs=2)


class PretendedStream:
    def __init__(self, settings, engine):
        self.engine, self.alive = engine, True
        self.status = AudioStatus(running=True, device="card", sample_rate=engine.sample_rate)

    def close(self):
        return True


class TestOutput:
    @pytest.fixture
    def card(self, monkeypatch):
        """A card that runs at any rate, and can be unplugged."""

        class Card:
            is_there, streams = True, []

            def open(self, settings, engine_for):
                if not self.is_there:
                    raise DeviceError("There is no sound output.")
                stream = PretendedStream(settings, engine_for(float(settings.sample_rate)))
                self.streams.append(stream)
                return stream

        card = Card()
        monkeypatch.setattr(output, "rate_of", lambda settings: float(settings.sample_rate))
        monkeypatch.setattr(
            instrument_module, "Output", lambda say, clock: Output(say, clock, card.open)
        )
        return card

    def test_the_output_pulls_the_engine_that_is_played(self, rig, card):
        instrument = rig.start(audio=AudioSettings(sample_rate=48000))
        assert card.streams[0].engine is instrument.engine
        assert instrument.status().audio.running

    def test_another_rate_gets_its_own_notes_with_the_sound_as_it_is(self, rig, card):
        instrument = rig.start(audio=AudioSettings(sample_rate=48000))
        instrument.post(MovePad(x=0.25, y=0.0))
        rig.settle(instrument)
        instrument.open_audio(AudioSettings(sample_rate=44100))
        rig.settle(instrument)
        assert instrument.status().audio.sample_rate == 44100
        assert (instrument.status().n_fresh, instrument.status().pad_x) == (25, 0.25)
        instrument.post(NoteOn(note=57, velocity=100))
        assert loudest_hz(hear(instrument, 0.5)) * 44100 / RATE == pytest.approx(220, abs=2)

    def test_a_card_that_comes_back_plays_the_same_sound(self, rig, card):
        instrument = rig.start(audio=AudioSettings(sample_rate=48000))
        rig.settle(instrument)
        instrument.post(SetParameter(name="volume", value=-60.0))
        instrument.post(NoteOn(note=57, velocity=100))
        card.streams[0].alive = card.is_there = False
        rig.settle(instrument, 20)
        assert "has stopped" in notices(instrument)[-1]
        instrument.post(NoteOff(note=57))
        card.is_there = True
        rig.settle(instrument, 300)
        assert "is there" in notices(instrument)[-1]
        assert instrument.status().n_fresh == 25
        assert np.abs(hear(instrument, 0.5)).max() == 0  # no old note
        instrument.post(NoteOn(note=57, velocity=127))
        assert 0 <= np.abs(hear(instrument, 0.5)).max() < 1e-3  # the volume is as it was
        instrument.post(SetParameter(name="volume", value=0.0))
        assert loudest_hz(hear(instrument, 0.5)) == pytest.approx(220, abs=2)

    def test_keys_played_without_an_output_do_not_sound_later(self, rig, card):
        card.is_there = False
        instrument = rig.start(audio=AudioSettings(sample_rate=48000))
        assert notices(instrument) == ["There is no sound output."]
        for act in (instrument.test_sound, lambda: instrument.play_file("any.wav")):
            act()
            assert "Choose one" in notices(instrument)[-1]
        for _ in range(5000):  # more than the engine's ring takes
            instrument.post(NoteOn(note=57, velocity=100))
        assert instrument.status().dropped_events == 0
        card.is_there = True
        rig.settle(instrument, 300)
        assert np.abs(hear(instrument, 0.3)).max() == 0


class TestRecordings:
    @pytest.fixture
    def recording(self, rig):
        """Half a second of an A, at another rate."""
        wave = 0.1 * np.sin(2 * np.pi * 220 * np.arange(8000) / 16000)
        soundfile.write(rig.folder / "a.wav", wave, 16000)
        return str(rig.folder / "a.wav")

    def test_a_recording_is_heard_at_its_pitch_beside_what_sounds(self, rig, recording):
        instrument = rig.start()
        rig.settle(instrument)
        instrument.play_file(recording)
        assert loudest_hz(hear(instrument, 0.5)) == pytest.approx(220, abs=2)
        assert np.abs(hear(instrument, 0.5)[4800:]).max() < 1e-4
        instrument.play_file(recording)
        instrument.play_file(recording)
        assert instrument.status().n_fresh == 25  # no note had to give way

    def test_what_is_no_recording_is_an_error_that_names_it(self, rig):
        instrument = rig.start()
        (rig.folder / "b.wav").write_bytes(b"no wave")
        soundfile.write(rig.folder / "c.wav", np.zeros(0), 16000)
        for name, reason in (("b", "no recording"), ("c", "holds no sound"), ("d", "No such file")):
            with pytest.raises(ValueError, match=rf"{name}\.wav can't be played: .*{reason}"):
                instrument.play_file(str(rig.folder / f"{name}.wav"))

    def test_a_long_recording_is_heard_from_its_beginning(self, rig):
        soundfile.write(rig.folder / "long.wav", np.ones((20 * 8000, 2)), 8000)
        instrument = rig.start()
        instrument.play_file(str(rig.folder / "long.wav"))
        assert np.abs(hear(instrument, 1.0)).max() > 0.1
        hear(instrument, 5.5)
        assert np.abs(hear(instrument, 0.1)).max() < 1e-4


class TestMotion:
    def test_motion_moves_what_is_heard_and_not_the_finger(self, rig):
        instrument = rig.start()
        instrument.load_preset(make_preset(pad_x=0.5, pad_y=0.5))
        rig.settle(instrument)
        instrument.mark_saved("Glass")
        instrument.post(SetParameter(name="lfo_x_rate", value=1.0))
        instrument.post(SetParameter(name="lfo_x_depth", value=1.0))
        instrument.mark_saved("Glass")
        heard = []
        for _ in range(50):  # each two hundredths of a second
            rig.settle(instrument, 2)
            heard.append(instrument.status().heard_x)
        assert max(heard) == pytest.approx(1.0, abs=0.02)
        assert min(heard) == pytest.approx(0.0, abs=0.02)
        status = instrument.status()
        assert (status.pad_x, status.pad_y, status.heard_y) == (0.5, 0.5, 0.5)
        assert not status.preset_changed

    def test_a_held_note_follows_motion(self, rig):
        instrument = rig.start()
        instrument.load_preset(make_preset(pad_x=0.5, pad_y=0.5))
        rig.settle(instrument)
        instrument.post(NoteOn(note=57, velocity=100))
        before = len(rig.renderer.submitted)
        instrument.post(SetParameter(name="drift_depth", value=1.0))
        instrument.post(SetParameter(name="drift_rate", value=2.0))
        rig.settle(instrument, 60)
        places = {
            (x_of(job), y_of(job)) for job in rig.renderer.submitted[before:] if job.pitch == 57
        }
        assert len(places) > 2

    def test_a_path_is_recorded_from_any_hand_and_kept_in_the_preset(self, rig):
        instrument = rig.start()
        rig.settle(instrument)
        instrument.post(RecordPath(is_on=True))
        assert instrument.status().path_recording == "path"
        for value in range(0, 128, 4):
            instrument.post(ControlChange(controller=16, value=value))
            rig.settle(instrument, 4)
        instrument.post(RecordPath(is_on=False))
        path = instrument.preset().path
        assert path is not None
        assert path.place(1.0)[0] == pytest.approx(124 / 127, abs=0.01)
        status = instrument.status()
        assert (status.path, status.path_recording) == (path, "")

    def test_the_clocks_tempo_is_shown_while_it_comes(self, rig):
        instrument = rig.start()
        for _ in range(48):
            rig.now += 60 / (24 * 150)
            instrument.post(MidiClock(time_seconds=rig.now))
        status = instrument.status()
        assert status.is_clocked
        assert status.tempo == pytest.approx(150.0, abs=0.1)
        rig.now += 5.0
        instrument.tick()
        assert (instrument.status().tempo, instrument.status().is_clocked) == (120.0, False)

    def test_taps_set_the_tempo(self, rig):
        instrument = rig.start()
        for _ in range(3):
            instrument.post(TapTempo(time_seconds=rig.now))
            rig.now += 0.4
        assert instrument.status().parameters["tempo"] == 150.0

    def test_motion_alone_does_not_wear_the_disk(self, rig):
        instrument = rig.start()
        rig.settle(instrument)
        instrument.post(SetParameter(name="lfo_x_depth", value=1.0))
        for _ in range(3):
            rig.now += 2 * SESSION_SECONDS
            instrument.tick()
        kept = instrument._session.kept_revision
        assert kept == instrument.revision
        for _ in range(20):
            rig.now += SESSION_SECONDS
            instrument.tick()
        assert instrument._session.kept_revision == kept


def test_without_sound_or_model_everything_still_answers(rig):
    for path in (rig.folder / "models" / "Alpha").iterdir():
        path.unlink()
    instrument = rig.start(model="")
    assert "no model to play" in notices(instrument)[-1]
    instrument.post(NoteOn(note=60, velocity=100))
    instrument.tick()
    assert np.abs(hear(instrument)).max() == 0
    assert instrument.timbres() == ()
    assert instrument.status().model is None
    instrument.test_sound()
    assert np.abs(hear(instrument)).max() > 0.01
    with pytest.raises(ValueError, match="no timbre"):
        instrument.set_corner(0, "one")


class TestTimbreOfItsOwn:
    def third_db(self, instrument):
        """Give the level of a sounding A's third harmonic beside its first."""
        hear(instrument, 0.1)
        spectrum = np.abs(np.fft.rfft(hear(instrument, 0.5)[:, 0] * np.hanning(RATE // 2)))
        return 20 * np.log10(spectrum[330] / spectrum[110])

    def bright(self, rig, **parameters):
        corners = tuple(Corner(name="", z=(1.0, z, 0.0, 0.0)[:LATENT]) for z in (0.0, 1.0) * 2)
        instrument = rig.start()
        preset = make_preset(pad_x=0.5, parameters=parameters)
        instrument.load_preset(msgspec.structs.replace(preset, corners=corners))
        return instrument

    @pytest.mark.parametrize(("velocity", "is_bright"), [(120, True), (10, False)])
    def test_a_soft_strike_is_darker_than_a_hard_one(self, rig, velocity, is_bright):
        instrument = self.bright(rig, velocity_timbre=1.0)
        rig.settle(instrument)
        instrument.post(NoteOn(note=57, velocity=velocity))
        assert (self.third_db(instrument) > -20) == is_bright

    def test_a_strike_has_its_own_layer_rendered_before_all_others(self, rig):
        instrument = self.bright(rig, velocity_timbre=1.0)
        instrument.post(NoteOn(note=57, velocity=10))
        instrument.tick()
        jobs = rig.renderer.submitted
        first = next(job for job in jobs if job.pitch == 57)
        assert (first.shade.softness, first.first_only) == (1.0, True)

    def test_slide_takes_its_own_note_along_the_pad_and_no_other(self, rig):
        instrument = self.bright(rig, slide_to=1.0, slide_timbre=0.5)
        instrument.post(SetZones(zones=Zones(lower=15)))
        rig.settle(instrument)
        instrument.post(NoteOn(note=57, velocity=100, channel=2))
        middle = self.third_db(instrument)
        for value, expected in ((127, 20 * np.log10(2)), (0, -20)):
            instrument.post(ControlChange(controller=74, value=value, channel=2))
            rig.settle(instrument, 3)
            moved = self.third_db(instrument) - middle
            assert moved == pytest.approx(expected, abs=0.5) if expected > 0 else moved < expected
        assert instrument.status().pad_x == 0.5


def test_closing_twice_is_once(rig):
    instrument = rig.start()
    instrument.close()
    instrument.close()


def test_status_can_cross_a_pipe(rig):
    status = rig.start().status()
    data = msgspec.msgpack.encode(status)
    assert msgspec.msgpack.decode(data, type=type(status)) == status
