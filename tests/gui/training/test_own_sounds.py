"""The player's presets as a run is given them, against the trainer's own reading."""

import os

import msgspec
import pretend
import pytest

from gui.training.own_sounds import OwnSound, own_sounds
from gui.training.training_files import TrainingFolder
from instrument import Corner, Preset, PresetLibrary
from train.running.player_sounds import read_sounds

SPACE = "5" * 64
CORNERS = tuple(Corner(f"Corner {i}", pretend.latent(i)) for i in range(4))


@pytest.fixture
def library(tmp_path):
    return PresetLibrary(tmp_path / "presets", tmp_path / "none")


def save(library, name, **changes):
    preset = Preset(name=name, corners=CORNERS, model_hash=SPACE, pad_x=0.25)
    return library.save(msgspec.structs.replace(preset, **changes))


def test_a_preset_of_the_model_or_of_its_latent_space_is_a_sound(library):
    save(library, "Of the model")
    save(library, "Of the run", model_hash="6" * 64, latent_space=SPACE)
    save(library, "Of another", model_hash="7" * 64)
    save(library, "Of another space", latent_space="8" * 64)
    save(library, "Of no model", model_hash="")
    save(library, "Unresolved", corners=tuple(Corner(c.name) for c in CORNERS))
    names = {sound.name for sound in own_sounds(library, SPACE)}
    assert names == {"Of the model", "Of the run"}


def test_those_that_were_changed_last_are_chosen(library):
    for age in range(6):
        path = save(library, f"Sound {age}").path
        os.utime(path, (1000 - age, 1000 - age))
    names = [sound.name for sound in own_sounds(library, SPACE)]
    assert names == ["Sound 0", "Sound 1", "Sound 2", "Sound 3"]


def test_the_factorys_presets_are_not_the_players(library, tmp_path):
    save(library, "Mine")
    factory = PresetLibrary(tmp_path / "other", library.user_folder)
    assert own_sounds(factory, SPACE) == ()


WEIGHTS = (0.375, 0.125, 0.375, 0.125)  # of the corners, at (0.25, 0.5)


def test_the_trainer_reads_what_it_is_handed(library, tmp_path):
    save(library, "Dark bells")
    training = TrainingFolder(tmp_path / "training")
    training.write_sounds(own_sounds(library, SPACE))
    (sound,) = read_sounds(training.run, pretend.LATENT)
    latents = tuple(corner.z for corner in CORNERS)
    assert OwnSound(**msgspec.structs.asdict(sound)) == OwnSound("Dark bells", latents, WEIGHTS)


def test_sounds_are_written_when_they_are_others_and_go_when_there_are_none(library, tmp_path):
    save(library, "Dark bells")
    training = TrainingFolder(tmp_path / "training")
    file = training.run / "sounds.json"
    training.write_sounds(own_sounds(library, SPACE))
    os.utime(file, (1, 1))
    training.write_sounds(own_sounds(library, SPACE))
    assert file.stat().st_mtime == 1
    save(library, "Glass")
    training.write_sounds(own_sounds(library, SPACE))
    assert file.stat().st_mtime != 1
    training.write_sounds(())
    assert not file.exists()
