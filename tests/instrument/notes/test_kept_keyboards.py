"""Keyboards that are kept with presets: whole on disk, found again, and played without torch."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from instrument.notes.bake import BakeFolder
from instrument.notes.kept_keyboards import Bakes, KeptError, KeptKeyboards
from instrument.values.events import MovePad
from model.config import ModelConfig, NetworkConfig, TimbreConfig
from model.gansynth import GANSynth
from model.warped import WarpedConfig
from tests.instrument.sampled import SAMPLE_RATE, SteadyNotes, player_of, preset_of

ROOT = Path(__file__).parents[3]
PITCHES = range(58, 61)


class FailingNotes(SteadyNotes):
    """Gives a keyboard and a note more."""

    def next_note(self, slots_in_use):
        if self._n_given == 4:
            raise KeyboardInterrupt
        return super().next_note(slots_in_use)


def target_at(x: float, y: float):
    player = player_of(preset_of())
    player.play(MovePad(x=x, y=y))
    return player.target(0.0)


def keep(kept: KeptKeyboards, name: str, *places, notes=None) -> Path:
    notes = notes or SteadyNotes()
    targets = [target_at(*place) for place in places]
    try:
        return kept.keep(name, targets, PITCHES, SAMPLE_RATE, notes)
    finally:
        notes.pool.close()


@pytest.fixture
def kept(tmp_path: Path) -> KeptKeyboards:
    return KeptKeyboards(tmp_path / "kept")


def test_a_kept_keyboard_is_found_by_its_cell(kept: KeptKeyboards) -> None:
    keep(kept, "Mine", (0.5, 0.5))
    target = target_at(0.5, 0.5)
    keyboard = kept.load(target.model, target.cell, SAMPLE_RATE)
    assert keyboard is not None
    assert keyboard.pitches == tuple(PITCHES)
    out = np.zeros(3 * SAMPLE_RATE, np.float32)
    note = keyboard.copy_note(59, 1, out)
    assert note.loop_end > note.loop_start
    assert np.abs(out).max() > 0.1


def test_another_cell_rate_or_model_is_not_found(kept: KeptKeyboards) -> None:
    keep(kept, "Mine", (0.5, 0.5))
    target = target_at(0.5, 0.5)
    assert kept.load(target.model, target_at(0.0, 0.5).cell, SAMPLE_RATE) is None
    assert kept.load(target.model, target.cell, 44100) is None
    assert kept.load("other", target.cell, SAMPLE_RATE) is None


def test_of_a_kept_pad_the_nearest_place_is_found(kept: KeptKeyboards) -> None:
    corners = [(x, y) for x in (0.0, 1.0) for y in (0.0, 1.0)]
    keep(kept, "Pad", *corners)
    for x, y in corners:
        near = target_at(0.1 + 0.8 * x, 0.1 + 0.8 * y)
        keyboard = kept.nearest(near, SAMPLE_RATE)
        assert keyboard is not None
        assert keyboard.cell == target_at(x, y).cell


def test_nothing_is_nearest_where_nothing_is_kept(kept: KeptKeyboards) -> None:
    assert kept.nearest(target_at(0.5, 0.5), SAMPLE_RATE) is None
    keep(kept, "Mine", (0.5, 0.5))
    assert kept.nearest(target_at(0.5, 0.5), 44100) is None


def test_places_in_one_cell_are_kept_once(kept: KeptKeyboards) -> None:
    folder = keep(kept, "Mine", (0.5, 0.5), (0.501, 0.5))
    assert len(list(folder.glob("*.keyboard"))) == 1


def test_keeping_again_replaces_what_was_kept(kept: KeptKeyboards) -> None:
    keep(kept, "Mine", (0.5, 0.5), (0.0, 0.0))
    keep(kept, "Mine", (1.0, 1.0))
    (entry,) = kept.list()
    assert (entry.preset, len(entry.places)) == ("Mine", 1)
    assert entry.places[0].cell == target_at(1.0, 1.0).cell


def test_what_is_stopped_halfway_leaves_what_was_there(kept: KeptKeyboards, tmp_path) -> None:
    keep(kept, "Mine", (0.5, 0.5))
    with pytest.raises(KeyboardInterrupt):
        keep(kept, "Mine", (0.0, 0.0), (1.0, 0.0), notes=FailingNotes())
    target = target_at(0.5, 0.5)
    assert kept.load(target.model, target.cell, SAMPLE_RATE) is not None
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["Mine"]


def test_what_is_forgotten_is_gone_and_can_not_be_forgotten_twice(kept: KeptKeyboards) -> None:
    keep(kept, "Mine", (0.5, 0.5))
    kept.forget("Mine")
    assert kept.list() == ()
    with pytest.raises(KeptError, match='Nothing is kept of "Mine"'):
        kept.forget("Mine")


def test_a_damaged_index_or_keyboard_is_passed_over(kept: KeptKeyboards) -> None:
    folder = keep(kept, "Mine", (0.5, 0.5))
    target = target_at(0.5, 0.5)
    (keyboard,) = folder.glob("*.keyboard")
    keyboard.write_bytes(keyboard.read_bytes()[:-1])
    assert kept.load(target.model, target.cell, SAMPLE_RATE) is None
    (folder / "kept.json").write_text("{")
    assert kept.list() == ()


def test_a_disk_that_takes_nothing_is_told(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file in the way")
    with pytest.raises(KeptError, match="could not be kept"):
        keep(KeptKeyboards(tmp_path / "kept"), "Mine", (0.5, 0.5))


def test_what_is_kept_comes_before_what_lies_about(kept: KeptKeyboards, tmp_path: Path) -> None:
    bakes = Bakes(kept, BakeFolder(tmp_path / "baked"))
    target = target_at(0.5, 0.5)
    assert bakes.load(target.model, target.cell, SAMPLE_RATE) is None
    keep(kept, "Mine", (0.5, 0.5))
    assert bakes.load(target.model, target.cell, SAMPLE_RATE) is not None
    assert not (tmp_path / "baked").exists()


WITHOUT_TORCH = """
import pathlib, sys, time
sys.path.insert(0, sys.argv[3])  # a torch that can't be imported, in this process and its children

import numpy as np
from instrument.instrument import Instrument
from instrument.values.events import MovePad, NoteOn
from instrument.options import InstrumentOptions

def main():
    options = InstrumentOptions(
        preset="First light", model=sys.argv[1], data_folder=sys.argv[2],
        audio=None, midi_port="", remember=False,
    )
    instrument = Instrument(options)
    def wait(is_so):
        until = time.monotonic() + 60
        while not (so := is_so(instrument.status())) and time.monotonic() < until:
            time.sleep(0.02)
        return so
    try:
        print("ready", wait(lambda status: 0 < status.n_notes == status.n_fresh))
        said = lambda status: any("can't be made here" in n.text for n in status.notices)
        print("said", wait(said))
        instrument.post(NoteOn(note=61, velocity=100))
        out = np.zeros((24000, 2), np.float32)
        instrument._engine.process(out)
        print("sounds", bool(np.abs(out).max() > 0.01))
        here = instrument._supply.published(61)
        instrument.post(MovePad(x=0.9, y=0.1))
        moved = lambda status: (
            instrument._supply.published(61) != here and 0 < status.n_notes == status.n_fresh
        )
        print("moves", wait(moved))
        print("torch", "torch" in sys.modules)
    finally:
        instrument.close()

if __name__ == "__main__":
    main()
"""


def test_a_preset_with_a_kept_pad_plays_without_torch(tmp_path: Path) -> None:
    warped = WarpedConfig()
    network = NetworkConfig(
        latent_size=8,
        lowest_pitch=60,
        n_pitches=3,
        channels=(8, 8, 8, 8, 4, 4, 4),
        first_head=4,
        output="skip",
    )
    config = ModelConfig(
        name="small",
        info="random weights",
        sample_rate=warped.sample_rate,
        n_samples=warped.n_samples,
        representation="warped",
        network=network,
        prior="timbres",
        timbres=tuple(TimbreConfig(name=f"timbre {i}", family="string") for i in range(4)),
        warped=warped,
    )
    folder, data = tmp_path / "small", tmp_path / "data"
    GANSynth.create(config, seed=1).save(folder)
    environment = {**os.environ, "TIMBREPAD_DATA_DIR": str(data), "PYTHONPATH": str(ROOT)}
    environment |= {"JACK_NO_START_SERVER": "1"}

    def run(*words: object) -> str:
        done = subprocess.run(
            [sys.executable, *map(str, words)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    told = run("-m", "timbrepad", "presets", "keep", "First light", "--model", folder, "--grid", 2)
    assert "is kept at 48000 Hz" in told
    (tmp_path / "none" / "torch").mkdir(parents=True)
    refusal = "raise ModuleNotFoundError(\"No module named 'torch'\")"
    (tmp_path / "none" / "torch" / "__init__.py").write_text(refusal)
    script = tmp_path / "play.py"
    script.write_text(WITHOUT_TORCH)
    lines = run(script, folder, data, tmp_path / "none").splitlines()
    assert lines == ["ready True", "said True", "sounds True", "moves True", "torch False"]
