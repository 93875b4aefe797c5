"""Training on real, tiny data, from the notes to a model: every stage, resuming, workers."""

import json
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import torch

from model.gansynth import GANSynth
from train.datasets.notes import DatasetError
from train.recipes.config import LEARNABLE, WarmStartConfig
from train.recipes.errors import TrainingError
from train.running.progress import Progress
from train.running.run import Run
from train.running.session import Stretch, train

ROOT = Path(__file__).parents[3]


def weights(folder: Path) -> dict[str, torch.Tensor]:
    checkpoint = Run(folder).checkpoints.read_newest()
    assert checkpoint is not None
    return checkpoint.state


def assert_equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> None:
    assert one.keys() == other.keys()
    for name, tensor in one.items():
        assert torch.equal(tensor, other[name]), name


def test_a_run_goes_through_every_stage_and_writes_a_model(
    notes_folder: Path, quick: WarmStartConfig, tmp_path
) -> None:
    seen: list[Progress] = []
    folder, complete = train([notes_folder], tmp_path, quick, on_progress=seen.append)
    assert complete
    assert seen[-1].examples_seen == 24
    assert [progress.stage for progress in seen] == [4, 5, 6, 7]
    model = GANSynth.load(folder)
    assert [t.name for t in model.timbres] == ["Pure", "Bright", "Plucked"]
    pure, bright, plucked = model.timbres
    assert pure.brightness < plucked.brightness < bright.brightness
    assert plucked.decay < min(pure.decay, bright.decay)
    wave = model.render(model.latents[:1], torch.tensor([60]))
    assert wave.shape == (1, 128000)
    assert bool(torch.isfinite(wave).all())
    last = json.loads((tmp_path / "stats.jsonl").read_text().splitlines()[-1])
    assert set(last["losses"]) == {"magnitude", "ifreq", "level"}
    assert set(last["measures"]) == {"trained_off_db", "held_out_off_db", "diversity"}
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {
        *(".lock", "config.json", "data.json", "latent_space.txt", "stats.jsonl"),
        *("checkpoints", "history", "model", "previews", "specgrams", "tensorboard"),
    }


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
    assert_equal(weights(tmp_path / "whole"), weights(tmp_path / "halved"))


def test_a_stretch_stops_in_time_and_leaves_a_checkpoint(
    notes_folder: Path, quick: WarmStartConfig, tmp_path
) -> None:
    _, complete = train([notes_folder], tmp_path, quick, stretch=Stretch(seconds=0.0))
    assert not complete
    assert len(Run(tmp_path).checkpoints.paths()) == 1


def test_two_workers_of_torchrun_equal_two_of_our_own(
    notes_folder: Path, quick: WarmStartConfig, tmp_path
) -> None:
    low = (1.0, 0.0, 0.0, 0.0)
    config = msgspec.structs.replace(quick, workers=2, examples=8, stage_shares=low)
    (tmp_path / "config.json").write_bytes(msgspec.json.encode(config))
    script = tmp_path / "script.py"
    script.write_text(
        "import sys; from pathlib import Path; from train.running.session import train\n"
        "from train.recipes.config import decode_train_config\n"
        "config = decode_train_config(Path(sys.argv[2]).read_bytes())\n"
        "train([Path(sys.argv[1])], Path(sys.argv[3]), config)\n"
    )
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    torchrun += ["--rdzv-backend", "c10d", "--rdzv-endpoint", "localhost:0"]
    words = [script, notes_folder, tmp_path / "config.json", tmp_path / "torchrun"]
    started = subprocess.Popen(  # works while our own do
        [*torchrun, *map(str, words)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    with started:
        folder, complete = train([notes_folder], tmp_path / "own", config)
        assert complete
        GANSynth.load(folder)
        _, errors = started.communicate(timeout=300)
    assert started.returncode == 0, errors
    assert_equal(weights(tmp_path / "own"), weights(tmp_path / "torchrun"))


def test_another_representation_makes_a_model_that_says_so(
    notes_folder: Path, quick: WarmStartConfig, tmp_path
) -> None:
    config = msgspec.structs.replace(quick, representation="F", examples=2)
    folder, complete = train([notes_folder], tmp_path, config)
    assert complete
    assert GANSynth.load(folder).config.warped == LEARNABLE["F"]


def test_data_that_changed_under_a_run_is_refused_until_it_is_accepted(
    notes_folder: Path, quick: WarmStartConfig, tmp_path
) -> None:
    short = msgspec.structs.replace(quick, examples=2)
    train([notes_folder], tmp_path, short)
    data = tmp_path / "data.json"
    data.write_text(data.read_text().replace('"labels":', '"labels":1'))
    with pytest.raises(DatasetError, match="bass_acoustic_000 has other labels, and 2 more"):
        train([notes_folder], tmp_path, short)
    accept = Stretch(accept_changed_data=True)
    assert train([notes_folder], tmp_path, short, stretch=accept)[1]


def test_memory_that_runs_out_says_what_to_make_smaller(
    notes_folder: Path, quick: WarmStartConfig, tmp_path, monkeypatch
) -> None:
    def step(*_: object) -> None:
        raise RuntimeError("[enforce fail at alloc_cpu.cpp] can't allocate memory: 99 bytes")

    monkeypatch.setattr("train.recipes.warm_start.WarmStart.step", step)
    with pytest.raises(TrainingError, match=r"Memory ran out after 0 notes.*Halve --batch"):
        train([notes_folder], tmp_path, quick)


def test_workers_that_the_batches_cannot_be_shared_by_are_refused(
    notes_folder: Path, quick: WarmStartConfig, tmp_path, monkeypatch
) -> None:
    variables = {"TORCHELASTIC_RUN_ID": "x", "RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "3"}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(TrainingError, match="3 workers do not suit this run"):
        train([notes_folder], tmp_path, quick)
