"""Training on real, tiny data: every stage, resuming, publishing."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import msgspec
import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from model.gansynth import GANSynth
from train.config import LEARNABLE, WarmStartConfig
from train.dataset import is_held_out, read_training_set
from train.loop import Decoder, Progress, TrainingError, _Notes, train_loop
from train.notes import DatasetError
from train.run import Run
from train.session import train


@pytest.fixture
def data(notes_folder: Path, quick: WarmStartConfig, tmp_path_factory):
    return read_training_set([notes_folder], quick.transform, notes_folder / "cache")


def weights(run: Path) -> dict[str, torch.Tensor]:
    return load_file(run / "checkpoint.safetensors")


def test_a_run_goes_through_every_stage_and_writes_a_model(
    notes_folder: Path, quick: WarmStartConfig, tmp_path
) -> None:
    seen: list[Progress] = []
    folder, complete = train([notes_folder], tmp_path / "run", quick, on_progress=seen.append)
    assert complete
    assert seen[-1].examples_seen == 24
    assert seen[-1].stage == 7
    model = GANSynth.load(folder)
    assert [t.name for t in model.timbres] == ["Pure", "Bright", "Plucked"]
    wave = model.render(model.latents[:1], torch.tensor([60]))
    assert wave.shape == (1, 128000)
    assert bool(torch.isfinite(wave).all())
    lines = (tmp_path / "run" / "stats.jsonl").read_text().splitlines()
    assert set(json.loads(lines[-1])["losses"]) == {"magnitude", "ifreq", "level"}


def test_timbres_are_ranked_by_their_sound(
    notes_folder: Path, quick: WarmStartConfig, tmp_path
) -> None:
    folder, _ = train([notes_folder], tmp_path / "run", quick)
    pure, bright, plucked = GANSynth.load(folder).timbres
    assert pure.brightness < plucked.brightness < bright.brightness
    assert plucked.decay < min(pure.decay, bright.decay)


def test_the_loss_falls_on_notes_seen_again(data, quick: WarmStartConfig, tmp_path) -> None:
    config = msgspec.structs.replace(
        quick, examples=480, stage_shares=(1, 0, 0, 0), batch=(8, 2, 2, 2)
    )
    losses: list[float] = []

    class Log(Run):
        def log(self, progress: msgspec.Struct) -> None:
            losses.append(progress.losses["magnitude"])  # type: ignore[attr-defined]

    run = Log(tmp_path)
    run.start(config)
    train_loop(msgspec.structs.replace(config, examples=8), data, run)
    (tmp_path / "checkpoint.safetensors").unlink()
    train_loop(config, data, run)
    assert losses[-1] < 0.7 * losses[0]


def test_a_run_that_was_stopped_ends_like_one_that_was_not(
    notes_folder: Path, quick: WarmStartConfig, tmp_path
) -> None:
    train([notes_folder], tmp_path / "whole", quick)
    steps = iter([False, False, False, True])
    _, complete = train(
        [notes_folder], tmp_path / "halved", quick, should_stop=lambda: next(steps, False)
    )
    assert not complete
    train([notes_folder], tmp_path / "halved", quick)
    whole, halved = weights(tmp_path / "whole"), weights(tmp_path / "halved")
    assert whole.keys() == halved.keys()
    for name, tensor in whole.items():
        assert torch.equal(tensor, halved[name]), name


def test_two_workers_make_one_model(notes_folder: Path, quick: WarmStartConfig, tmp_path) -> None:
    config = msgspec.structs.replace(quick, workers=2, examples=8)
    folder, complete = train([notes_folder], tmp_path / "run", config)
    assert complete
    GANSynth.load(folder)


def test_held_out_notes_are_never_drawn(data, quick: WarmStartConfig) -> None:
    held_out = data.held_out
    assert 0 < int(held_out.sum()) < len(held_out)
    notes = _Notes(data, quick)
    assert not bool(held_out[notes.trained].any())
    assert all(not bool(held_out[n].any()) for n in notes.of_pitch.values())


def test_holding_out_depends_on_instrument_and_pitch_alone(data) -> None:
    for example in data.examples:
        louder = type(example)(**{**vars(example), "velocity": 127, "note": 999})
        assert is_held_out(example) == is_held_out(louder)


def test_levels_are_kept_relative_to_the_loudest(data) -> None:
    assert data.level_db.max() == 0
    assert data.level_db.min() == -6


def test_specgrams_are_made_once(notes_folder: Path, quick: WarmStartConfig, tmp_path) -> None:
    calls: list[int] = []
    for _ in range(2):
        read_training_set(
            [notes_folder], quick.transform, tmp_path, lambda done, total, what: calls.append(done)
        )
    assert calls == [8, 15]


def test_equal_names_are_told_apart(notes_folder: Path, quick: WarmStartConfig, tmp_path) -> None:
    shutil.copytree(notes_folder, tmp_path / "again")
    data = read_training_set([notes_folder, tmp_path / "again"], quick.transform, tmp_path / "c")
    assert [t.name for t in data.timbres][2:4] == ["Plucked", "Pure 2"]


def test_a_loss_that_is_not_a_number_stops_the_run(data, quick: WarmStartConfig, tmp_path) -> None:
    run = Run(tmp_path)
    run.start(quick)
    data.level_db[:] = float("nan")
    with pytest.raises(TrainingError, match="The loss level is not a number"):
        train_loop(quick, data, run)
    assert not run.has_checkpoint


def test_a_damaged_checkpoint_is_refused_and_kept(
    notes_folder: Path, quick: WarmStartConfig, tmp_path
) -> None:
    train([notes_folder], tmp_path, msgspec.structs.replace(quick, examples=2))
    path = tmp_path / "checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(DatasetError, match="can't be resumed"):
        train([notes_folder], tmp_path, quick)
    assert path.exists()


def test_a_folder_with_another_network_is_refused(
    notes_folder: Path, quick: WarmStartConfig, tmp_path
) -> None:
    train([notes_folder], tmp_path, msgspec.structs.replace(quick, examples=2))
    with pytest.raises(DatasetError, match="another network"):
        train([notes_folder], tmp_path, msgspec.structs.replace(quick, latent_size=16))


def test_bad_notes_leave_no_run_behind(quick: WarmStartConfig, tmp_path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError):
        train([tmp_path / "empty"], tmp_path / "run", quick)
    assert not (tmp_path / "run" / "config.json").exists()


def test_notes_of_another_rate_are_refused(notes_folder: Path, quick, tmp_path) -> None:
    shutil.copytree(notes_folder, tmp_path / "n")
    path = tmp_path / "n" / "examples.json"
    path.write_text(path.read_text().replace('"sample_rate": 32000', '"sample_rate": 16000'))
    with pytest.raises(DatasetError, match="is at 16000 Hz; training needs 32000 Hz"):
        read_training_set([tmp_path / "n"], quick.transform, tmp_path / "c")


def test_a_checkpoint_that_cannot_be_written_leaves_the_old_one(
    data, quick: WarmStartConfig, tmp_path, monkeypatch
) -> None:
    run = Run(tmp_path)
    run.start(quick)
    decoder, mean = Decoder(quick, 3), Decoder(quick, 3)
    optimiser = torch.optim.Adam(decoder.parameters())
    run.save(decoder, mean, optimiser, 5)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(DatasetError, match="disk is full"):
        run.save(decoder, mean, optimiser, 9)
    assert run.resume(decoder, mean, optimiser) == 5
    assert sorted(p.name for p in tmp_path.iterdir()) == ["checkpoint.safetensors", "config.json"]


def test_held_out_shares_are_about_an_eighth() -> None:
    hits = np.mean([_held(i, p) for i in range(100) for p in range(24, 85)])
    assert 0.11 < hits < 0.14


def _held(instrument: int, pitch: int) -> bool:
    return is_held_out(SimpleNamespace(instrument_str=f"x_{instrument}", pitch=pitch))  # type: ignore[arg-type]


def test_another_representation_makes_a_model_that_says_so(
    notes_folder: Path, quick: WarmStartConfig, tmp_path
) -> None:
    config = msgspec.structs.replace(quick, representation="F")
    folder, complete = train([notes_folder], tmp_path / "run", config)
    model = GANSynth.load(folder)
    assert complete
    assert model.config.warped == LEARNABLE["F"]
    assert model.render(model.latents[:1], torch.tensor([60])).shape == (1, 128000)


def test_notes_at_another_rate_than_the_representations_are_refused(
    notes_folder: Path, quick: WarmStartConfig, tmp_path
) -> None:
    config = msgspec.structs.replace(quick, representation="M26hn-48k")
    with pytest.raises(DatasetError, match="training needs 48000 Hz"):
        train([notes_folder], tmp_path / "run", config)


def test_representation_without_harmonic_bands_is_refused() -> None:
    with pytest.raises(ValueError, match="must be one of M20hn, F, M28hn, M26hn-48k, not mel"):
        WarmStartConfig(representation="mel")
