"""Where an export goes: whole or not at all, and over nothing that is not an export."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instrument.engine.pool import NoteInfo
from instrument.export.exporting import ExportOptions, estimate_bytes, export_sound
from instrument.export.left_out import left_out
from instrument.export.recording import make_plan
from instrument.export.sampled import ExportError
from instrument.notes.offline_notes import Cue
from instrument.notes.renderer_client import RendererError
from instrument.storage.folder import MARK, FolderError, check_room, whole_folder
from instrument.values.events import NoteOn
from instrument.values.tuning import Tuning
from tests.instrument.pad_corners import x_of, y_of
from tests.instrument.sampled import (
    SAMPLE_RATE,
    SteadyNotes,
    export_toy,
    player_of,
    preset_of,
)

FORMATS = st.sampled_from(["sfz", "decentsampler", "sf2"])
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


class FailingNotes(SteadyNotes):
    """Fails at its third note."""

    def next_note(self, slots_in_use: set[int]) -> NoteInfo:
        if self._n_given == 2:
            raise RendererError("The renderer keeps stopping.")
        return super().next_note(slots_in_use)


class BrokenNotes(SteadyNotes):
    """Gives notes that are not of numbers."""

    def next_note(self, slots_in_use: set[int]) -> NoteInfo:
        note = super().next_note(slots_in_use)
        self.pool.write(note.slot, np.full(note.n_frames, np.nan, np.float32))
        return note


def names_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@pytest.mark.parametrize("format_name", ["sfz", "decentsampler", "sf2"])
def test_an_export_that_fails_leaves_nothing(format_name: str, tmp_path: Path) -> None:
    options = ExportOptions(format=format_name)  # type: ignore[arg-type]
    with pytest.raises(RendererError):
        export_toy(tmp_path / "out", options, notes=FailingNotes())
    assert names_in(tmp_path) == set()


def test_a_former_export_stays_as_it_was_when_a_new_one_fails(tmp_path: Path) -> None:
    export_toy(tmp_path / "out", ExportOptions())
    before = names_in(tmp_path)
    with pytest.raises(RendererError):
        export_toy(tmp_path / "out", ExportOptions(replace=True), notes=FailingNotes())
    assert names_in(tmp_path) == before


def test_a_former_export_is_replaced_only_when_that_is_asked_for(tmp_path: Path) -> None:
    export_toy(tmp_path / "out", ExportOptions())
    with pytest.raises(FolderError, match=r"is there already.*--force"):
        export_toy(tmp_path / "out", ExportOptions(format="sf2"))
    done = export_toy(tmp_path / "out", ExportOptions(format="sf2", replace=True))
    assert names_in(tmp_path) == {
        "out",
        f"out/{MARK}",
        "out/README.txt",
        f"out/{done.file.name}",
    }


def test_a_folder_of_anything_else_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "songs").mkdir()
    (tmp_path / "songs" / "mine.wav").write_bytes(b"mine")
    with pytest.raises(FolderError, match="was not made by Timbrepad"):
        export_toy(tmp_path / "songs", ExportOptions(replace=True))
    assert (tmp_path / "songs" / "mine.wav").read_bytes() == b"mine"


def test_a_file_and_a_link_are_never_replaced(tmp_path: Path) -> None:
    export_toy(tmp_path / "out", ExportOptions())
    (tmp_path / "link").symlink_to(tmp_path / "out")
    (tmp_path / "file").write_text("mine")
    for name in ("link", "file"):
        with pytest.raises(FolderError, match="was not made by Timbrepad"):
            export_toy(tmp_path / name, ExportOptions(replace=True))
    assert (tmp_path / "link").is_symlink()


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    assert export_toy(tmp_path / "out", ExportOptions()).file.is_file()


def test_a_folder_without_a_parent_is_told(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="There is no folder"):
        export_toy(tmp_path / "none" / "out", ExportOptions())


def test_what_comes_there_in_the_meantime_stays(tmp_path: Path) -> None:
    folder = tmp_path / "out"

    def write_while_another_comes() -> None:
        with whole_folder(folder, replace=False) as part:
            (part / "a").write_text("new")
            folder.mkdir()
            (folder / "mine").write_text("mine")

    with pytest.raises(FolderError, match="is there already"):
        write_while_another_comes()
    assert names_in(tmp_path) == {"out", "out/mine"}


def test_a_disk_without_room_is_told_beforehand(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match=r"MB left.*--every"):
        check_room(tmp_path / "out", 1 << 60)


def test_the_estimate_is_near_what_is_written(tmp_path: Path) -> None:
    plan = make_plan(player_of(preset_of()), range(58, 64), SAMPLE_RATE, grid=2)
    usual, most = estimate_bytes(plan, ExportOptions())
    done = export_toy(tmp_path / "out", ExportOptions(), grid=2)
    assert done.n_bytes < most
    # the toy's notes last 1 s, a model's 3 s
    assert done.n_bytes == pytest.approx(usual / 3, rel=0.1)


def test_a_note_of_no_numbers_is_told(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="note 58 is broken"):
        export_toy(tmp_path / "out", ExportOptions(), notes=BrokenNotes())


def test_a_soundfont_of_a_pad_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="no cross-fades"):
        export_toy(tmp_path / "out", ExportOptions(format="sf2"), grid=2)


@given(name=st.text(min_size=1, max_size=90), author=st.text(max_size=20), format_name=FORMATS)
@settings(max_examples=60, deadline=None)
def test_names_in_files_are_safe_on_all_systems(
    tmp_path_factory: pytest.TempPathFactory, name: str, author: str, format_name: str
) -> None:
    folder = tmp_path_factory.mktemp("named") / "out"
    options = ExportOptions(format=format_name, author=author)  # type: ignore[arg-type]
    preset = preset_of(name)
    done = export_toy(folder, options, preset=preset, pitches=range(60, 61))
    for path in folder.rglob("*"):
        assert not set(path.name) & set('<>:"/\\|?*') | {c for c in path.name if ord(c) < 32}
        assert not path.name.endswith((" ", "."))
        assert not RESERVED.match(path.name)
        assert len(path.name.encode()) <= 255
    if format_name == "decentsampler":
        ET.parse(done.file)


def test_a_preset_that_sounds_only_outside_the_model_is_told() -> None:
    silent = player_of(preset_of()), Tuning("test", (None,) * 127 + (200.0,))
    silent[0]._controls.use_tuning(silent[1])
    silent[0]._controls.load(preset_of())
    with pytest.raises(ExportError, match="No key of this preset"):
        make_plan(silent[0], range(24, 85), SAMPLE_RATE)


def test_a_plan_plays_every_key_within_the_models_range() -> None:
    plan = make_plan(player_of(preset_of(transpose=12.0)), range(24, 85), SAMPLE_RATE)
    assert [key for key, _ in plan.keys] == list(range(12, 73))
    assert plan.pitches == tuple(range(24, 85))


def test_a_grid_has_the_pads_corners_in_its_corners() -> None:
    player = player_of(preset_of())
    plan = make_plan(player, range(60, 61), SAMPLE_RATE, grid=3)
    places = [(x_of(target), y_of(target)) for target in plan.targets]
    assert places == [(x / 2, y / 2) for y in range(3) for x in range(3)]


def test_fewer_notes_are_recorded_where_only_every_fourth_is_asked_for() -> None:
    plan = make_plan(player_of(preset_of()), range(24, 85), SAMPLE_RATE, every=4)
    assert plan.pitches == tuple(range(26, 85, 4))
    assert len(plan.keys) == 61


def test_a_preset_of_one_timbre_for_all_velocities_has_one_layer() -> None:
    plan = make_plan(player_of(preset_of()), range(58, 64), SAMPLE_RATE)
    assert plan.layers == ((1, 127),)
    assert len(plan.targets) == 1


@pytest.mark.parametrize("curve", [0.0, 1.0, 2.0])
@pytest.mark.parametrize("n", [2, 3, 4])
def test_each_velocity_plays_the_timbre_that_the_instrument_plays(n: int, curve: float) -> None:
    preset = preset_of(velocity_timbre=0.5, velocity_layers=float(n), velocity_curve=curve)
    player = player_of(preset)
    plan = make_plan(player, range(58, 64), SAMPLE_RATE)
    assert len(plan.layers) == len(plan.targets) == n
    voicing = player.voicing(0.0)
    for velocity in range(1, 128):
        (layer,) = player.layers_of(NoteOn(note=60, velocity=velocity))
        (recorded,) = [
            target
            for target, (low, high) in zip(plan.targets, plan.layers, strict=True)
            if low <= velocity <= high
        ]
        assert recorded == ({0: voicing.target} | dict(voicing.layers))[layer]


def test_a_fixed_touch_needs_the_one_layer_that_it_plays() -> None:
    preset = preset_of(velocity_timbre=0.5, velocity_layers=4.0, velocity_curve=3.0)
    plan = make_plan(player_of(preset), range(58, 64), SAMPLE_RATE)
    assert plan.layers == ((1, 127),)


def test_layers_are_recorded_at_each_place_of_the_pad(tmp_path: Path) -> None:
    preset = preset_of(velocity_timbre=1.0, velocity_layers=2.0)
    done = export_toy(tmp_path / "a", ExportOptions(), preset=preset, grid=2, every=3)
    assert done.n_samples == 2 * 2 * 2 * 2
    names = {path.name for path in (tmp_path / "a" / "samples" / "x1-y0").iterdir()}
    assert names == {f"{n}-v{v}.wav" for n in ("059-B3", "062-D4") for v in ("063", "127")}


@pytest.mark.parametrize("every", [1, 2, 12])
def test_a_model_of_a_single_pitch_has_a_plan(every: int) -> None:
    plan = make_plan(player_of(preset_of()), range(60, 61), SAMPLE_RATE, every=every)
    assert (plan.pitches, plan.keys) == ((60,), ((60, 60.0),))


def test_what_a_format_can_not_hold_is_said() -> None:
    shaded = preset_of(ensemble=0.5, round_robin=2.0)
    assert left_out(shaded, "sf2") == (
        "Without the ensemble's other timbres.",
        "Without strikes that take turns.",
    )
    preset = preset_of(portamento=1.0, key_tracking=0.5)
    assert left_out(preset, "sfz") == ("Without portamento.",)
    assert len(left_out(preset, "decentsampler")) == 2
    wheel = msgspec.structs.replace(preset_of(), controllers={1: "resonance"})
    assert left_out(wheel, "sfz") == ("The modulation wheel does nothing.",)
    touch = preset_of(velocity_curve=1.0, velocity_cutoff=0.5)
    assert left_out(touch, "sf2") == (
        "Velocity moves the filter evenly, not by the preset's touch.",
    )
    assert left_out(preset_of(), "sf2", 2.0) == (
        "All is 2.0 dB softer, to stay within full scale.",
    )


def test_the_same_note_is_not_recorded_twice_for_two_keys(tmp_path: Path) -> None:
    notes = SteadyNotes()
    asked: list[Cue] = []
    expect = notes.expect
    notes.expect = lambda cues: (asked.extend(cues), expect(cues))  # type: ignore[method-assign,assignment,func-returns-value]
    preset = preset_of()
    plan = make_plan(player_of(preset), range(58, 64), SAMPLE_RATE, every=3)
    export_sound(preset, plan, notes, tmp_path / "out", ExportOptions())
    notes.pool.close()
    assert [cue.pitch for cue in asked] == [59, 62]
