"""Fixed notes of a run: heard, seen, written whole, shown by TensorBoard."""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from tests.train.tiny import tiny_config
from train.datasets.dataset import read_training_set
from train.datasets.notes import DatasetError
from train.pictures.rainbowgram import encode_png, rainbowgram
from train.recipes.config import GANSynthConfig, WarmStartConfig
from train.recipes.recipes import make_trainer
from train.running.board import Board
from train.running.previews import Preview, Previews, write_previews
from train.running.progress import Progress
from train.running.run import Run
from train.running.watch import Watch

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def previews(notes_folder: Path):
    config = WarmStartConfig(latent_size=8, compiled=False)
    data = read_training_set([notes_folder], config.transform, notes_folder / "cache")
    trainer = make_trainer(config, data, 0, CPU)
    return Previews(config, data, CPU, notes_folder).render(trainer, 0)


def test_there_is_a_note_near_middle_c_of_each_of_the_few_timbres(previews) -> None:
    assert [(p.note.name, p.note.pitch) for p in previews] == [
        ("Pure", 60),
        ("Bright", 60),
        ("Plucked", 60),
    ]
    for preview in previews:
        assert preview.wave.shape == (128000,)
        assert 0 < np.abs(preview.wave).max() <= 0.8001
        assert preview.picture.shape == (256, 512, 3)


def test_previews_are_written_with_an_index_of_them(previews, tmp_path: Path) -> None:
    write_previews(tmp_path / "previews", previews, 1234, 5)
    index = json.loads((tmp_path / "previews" / "previews.json").read_text())
    assert (index["examples_seen"], index["stage"]) == (1234, 5)
    for note in index["notes"]:
        wave, rate = soundfile.read(tmp_path / "previews" / note["wave"])
        assert (len(wave), rate) == (128000, 32000)
        assert (tmp_path / "previews" / note["picture"]).read_bytes().startswith(b"\x89PNG")
    assert len(list((tmp_path / "previews").iterdir())) == 7


def test_a_full_disk_leaves_the_former_previews(previews, tmp_path: Path, monkeypatch) -> None:
    write_previews(tmp_path, previews, 1, 5)
    former = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(DatasetError, match="the disk is full"):
        write_previews(tmp_path, previews, 2, 5)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == former


def test_a_recipe_without_timbres_has_notes_of_drawn_latents(notes_folder: Path) -> None:
    config = GANSynthConfig(width="quarter", latent_size=8, batch=(2,), compiled=False)
    data = read_training_set([notes_folder], config.transform, notes_folder / "cache")
    trainer = make_trainer(config, data, 0, CPU)
    previews = Previews(config, data, CPU, notes_folder).render(trainer, 0)
    assert [preview.wave.shape for preview in previews] == [(64000,)] * 3


def sound(name: str = "Dark bells", seed: int = 0, size: int = 8, **pad) -> dict:
    latents = np.random.default_rng(seed).standard_normal((4, size))
    return {"name": name, "latents": latents.tolist(), "weights": [0.25] * 4} | pad


@pytest.fixture(scope="module")
def rendering(notes_folder: Path, tiny_width: None):
    """Previews of a run with random weights, by the sounds that its folder holds."""
    config = tiny_config("warm-start")
    data = read_training_set([notes_folder], config.transform, notes_folder / "cache")
    trainer = make_trainer(config, data, 0, CPU)
    random = torch.Generator().manual_seed(0)
    for parameter in trainer.decoder().parameters():
        torch.nn.init.normal_(parameter, 0.0, 0.5, random)

    def render(folder: Path, sounds: object, lines: list[str] | None = None) -> list[Preview]:
        (folder / "sounds.json").write_text(json.dumps(sounds))
        say = [].append if lines is None else lines.append
        previews = Previews(config, data, CPU, folder, say)
        return [previews.render(trainer, 0) for _ in range(2)][-1]

    return render


def test_the_players_sounds_are_rendered_beside_the_fixed_notes(rendering, tmp_path) -> None:
    previews = rendering(tmp_path, [sound(), sound("Glass", 1)])
    own = [preview.note for preview in previews if preview.note.is_own]
    assert [(note.name, note.pitch) for note in own] == [("Dark bells", 60), ("Glass", 60)]
    assert [preview.note.name for preview in previews[:3]] == ["Pure", "Bright", "Plucked"]
    waves = [preview.wave for preview in previews]
    assert not np.array_equal(waves[3], waves[4])


def test_a_sound_is_where_its_finger_is_on_the_pad(rendering, tmp_path) -> None:
    there = sound(weights=[0.0, 1.0, 0.0, 0.0])
    alone = sound("Alone") | {"latents": [there["latents"][1]] * 4}
    *_, first, second = rendering(tmp_path, [there, alone])
    assert np.allclose(first.wave, second.wave, atol=1e-4)


def test_sounds_beyond_the_fourth_are_left_out(rendering, tmp_path) -> None:
    previews = rendering(tmp_path, [sound(f"Sound {n}") for n in range(6)])
    assert [p.note.name for p in previews[3:]] == ["Sound 0", "Sound 1", "Sound 2", "Sound 3"]


@pytest.mark.parametrize(
    ("sounds", "what"),
    [
        ([sound(size=7)], '"Dark bells" has not 1 to 16 latents of 8'),
        ([sound() | {"latents": [[0.0] * 8] * 17}], "has not 1 to 16 latents"),
        ([sound() | {"latents": [[0.0] * 8] * 3}], "has not a weight of 0..1 for each latent"),
        ([sound("two\nlines")], "a name has 1 to 80 letters in one line"),
        ([sound(weights=[1.5, -0.5, 0.0, 0.0])], "has not a weight of 0..1 for each latent"),
        ([sound(weights=[0.5, 0.0, 0.0, 0.0])], 'the weights of "Dark bells" do not sum to 1'),
        ([sound() | {"latents": [[1e400] * 8] * 4}], "can't be used"),
        ({"name": "no list"}, "Expected `array`"),
        (["x" * 1_000_001], "longer than 1000000 bytes"),
    ],
)
def test_sounds_that_cannot_be_used_are_told_of_once_and_left_out(
    rendering, tmp_path, sounds, what
) -> None:
    lines: list[str] = []
    previews = rendering(tmp_path, sounds, lines)
    assert [preview.note.is_own for preview in previews] == [False] * 3
    (line,) = lines
    assert "sounds.json can't be used" in line
    assert what in line


def test_the_files_of_a_sound_that_was_put_away_go(rendering, tmp_path) -> None:
    for sounds, n_files in (([sound(), sound("Glass")], 4), ([sound()], 2), ([], 0)):
        write_previews(tmp_path / "previews", rendering(tmp_path, sounds), 1, 4)
        assert len(list((tmp_path / "previews").glob("own-*"))) == n_files


def test_a_rainbowgram_has_loudness_as_brightness_and_low_notes_below() -> None:
    specgram = np.full((2, 128, 1024), -0.8, np.float32)
    specgram[1] = 0.0
    specgram[0, 64:, 100] = 0.5
    picture = rainbowgram(specgram, db_per_unit=56.25)
    rows, columns = np.nonzero(picture.max(-1))
    assert rows.min() == rows.max() == 255 - 100 // 4
    assert columns.min() == 256


def test_hue_tells_which_way_the_phase_turns() -> None:
    specgram = np.zeros((2, 4, 4), np.float32)
    specgram[1, :, 0], specgram[1, :, 1] = 0.3, -0.3
    picture = rainbowgram(specgram, db_per_unit=50.0)
    assert not np.array_equal(picture[-1, 0], picture[-65, 0])
    assert encode_png(picture).startswith(b"\x89PNG")


def read_events(folder: Path) -> EventAccumulator:
    events = EventAccumulator(str(folder))
    events.Reload()
    return events


def test_tensorboard_gets_curves_sounds_and_pictures(previews, tmp_path: Path) -> None:
    board = Board(tmp_path, 0)
    board.show_numbers("losses", {"magnitude": 0.5}, 100)
    board.show_notes(previews, 100)
    board.close()
    events = read_events(tmp_path)
    assert [(e.step, e.value) for e in events.Scalars("losses/magnitude")] == [(100, 0.5)]
    assert len(events.Tags()["audio"]) == len(events.Tags()["images"]) == 3


def test_what_a_killed_process_showed_after_its_checkpoint_is_purged(tmp_path: Path) -> None:
    for begin, places in ((0, (100, 200, 300)), (200, (300,))):
        board = Board(tmp_path, begin)
        for seen in places:
            board.show_numbers("losses", {"error": float(begin)}, seen)
        board.close()
    values = read_events(tmp_path).Scalars("losses/error")
    assert [(event.step, event.value) for event in values] == [(100, 0), (200, 0), (300, 200)]


def test_without_tensorboard_a_run_goes_on_with_a_word(
    notes_folder: Path, tmp_path: Path, monkeypatch
) -> None:
    def missing(*_: object) -> None:
        raise ImportError("no tensorboard")

    monkeypatch.setattr("train.running.board.Board.__init__", missing)
    config = WarmStartConfig(latent_size=8)
    data = read_training_set([notes_folder], config.transform, notes_folder / "cache")
    lines: list[str] = []
    watch = Watch(Run(tmp_path), config, data, CPU, 0, lines.append)
    watch.tick(Progress(examples_seen=1, stage=4, examples_per_second=1.0, losses={}))
    watch.close()
    assert lines == [
        "TensorBoard is not installed, so there are no curves: pip install tensorboard"
    ]
