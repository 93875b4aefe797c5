"""Every recipe from its first step to a model that plays; going on from one."""

from pathlib import Path

import msgspec
import pytest
import torch

from tests.train.tiny import LOSSES, tiny_config
from train.datasets.dataset import TrainingSet, read_training_set
from train.recipes.config import (
    AnyConfig,
    WarmStartConfig,
    decode_train_config,
)
from train.recipes.recipes import make_trainer
from train.recipes.seeds import CPU
from train.recipes.trainer import Judge, Trainer

pytestmark = pytest.mark.usefixtures("tiny_width")

N_STEPS = {"warm-start": 2, **dict.fromkeys(LOSSES, 9), "gansynth": 7, "gansynth-M20hn": 7}


@pytest.fixture(scope="module")
def sets(notes_folder: Path, tiny_width: None) -> dict[str, TrainingSet]:
    def read(config: AnyConfig) -> TrainingSet:
        return read_training_set([notes_folder], config.transform, notes_folder / "cache")

    return {name: read(tiny_config(name)) for name in ("warm-start", "gansynth")}


def data_for(config: AnyConfig, sets: dict[str, TrainingSet]) -> TrainingSet:
    return sets["gansynth" if config.representation == "mel" else "warm-start"]


def run(trainer: Trainer, seen: int, n_steps: int) -> tuple[int, list[dict[str, torch.Tensor]]]:
    losses = []
    for _ in range(n_steps):
        n_notes, of_step = trainer.step(seen)
        seen += n_notes
        losses.append(of_step)
    return seen, losses


@pytest.mark.parametrize("name", N_STEPS)
def test_a_run_goes_on_as_if_it_had_never_stopped(name: str, sets) -> None:
    config = tiny_config(name)
    data = data_for(config, sets)
    n_steps = N_STEPS[name]
    whole, stopped = (make_trainer(config, data, 0, CPU) for _ in range(2))
    run(whole, 0, n_steps)
    seen, _ = run(stopped, 0, n_steps // 2)
    torch.manual_seed(99)  # nothing depends on the process's own source of random numbers
    resumed = make_trainer(config, data, 0, CPU)
    resumed.load({name: tensor.clone() for name, tensor in stopped.state().items()})
    run(resumed, seen, n_steps - n_steps // 2)
    ended, expected = resumed.state(), whole.state()
    assert ended.keys() == expected.keys()
    for tensor_name, tensor in expected.items():
        assert torch.equal(tensor, ended[tensor_name]), tensor_name


def test_the_recommended_recipe_warms_up_then_judges_then_deceives(sets) -> None:
    trainer = make_trainer(tiny_config("logistic"), sets["warm-start"], 0, CPU)
    before = trainer.decoder().generator.first.conv1.weight.clone()
    _, warm = run(trainer, 0, 3)
    assert all(set(losses) == {"magnitude", "ifreq", "level"} for losses in warm)
    mean = {n: t.clone() for n, t in trainer.decoder().state_dict().items()}
    assert not torch.equal(mean["generator.first.conv1.weight"], before)
    _, alone = run(trainer, 12, 2)
    assert all("critic" in losses and "generator" not in losses for losses in alone)
    assert all(torch.equal(t, mean[n]) for n, t in trainer.decoder().state_dict().items())
    _, both = run(trainer, 24, 3)
    assert all({"critic", "generator", "magnitude"} <= set(losses) for losses in both)
    assert ["critic_slope" in losses for losses in both] == [True, False, True]
    assert any(not torch.equal(t, mean[n]) for n, t in trainer.decoder().state_dict().items())


def test_adam_forgets_at_each_stage_of_growing(sets) -> None:
    config = tiny_config("gansynth")
    trainer = make_trainer(config, sets["gansynth"], 0, CPU)
    run(trainer, 0, 1)
    assert int(trainer.state()["critic_step.heads.pitch.weight"]) == 1
    run(trainer, 4, 1)
    assert int(trainer.state()["critic_step.heads.pitch.weight"]) == 1
    assert int(trainer.state()["stage"]) == 1


def test_growing_ends_at_the_full_resolution(sets) -> None:
    config = msgspec.structs.replace(tiny_config("gansynth"), examples=13)
    trainer = make_trainer(config, sets["gansynth"], 0, CPU)
    assert [trainer.stage(seen) for seen in range(14)] == [1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 7]


@pytest.mark.parametrize("name", ["logistic", "gansynth"])
def test_a_critic_can_be_asked_without_being_changed(name: str, sets) -> None:
    config = tiny_config(name)
    data = data_for(config, sets)
    trainer = make_trainer(config, data, 0, CPU)
    assert isinstance(trainer, Judge)
    before = {n: t.clone() for n, t in trainer.state().items()}
    seen = 24 if name == "logistic" else 20
    size = config.network.stage_size(trainer.stage(seen))
    images = torch.zeros(3, 2, *size)
    scores, logits = trainer.judge(images, torch.tensor([48, 60, 64]), seen)
    assert scores.shape == (3,)
    assert logits.shape == (3, 61)
    assert all(torch.equal(tensor, before[n]) for n, tensor in trainer.state().items())


def test_settings_come_back_as_they_were_written() -> None:
    for config in map(tiny_config, N_STEPS):
        assert decode_train_config(msgspec.json.encode(config)) == config


def test_settings_from_before_there_were_recipes_are_a_warm_start() -> None:
    text = b'{"name": "draft", "width": "quarter", "batch": [32, 16, 8, 8], "workers": 2}'
    assert decode_train_config(text) == WarmStartConfig(name="draft")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b'{"recipe": "pix2pix"}', "Invalid value 'pix2pix'"),
        (b'{"recipe": "gansynth", "mixup": 0.3}', "unknown field `mixup`"),
        (b'{"recipe": "timbrepad", "warm_share": 1}', "warm_share must be 0 to less than 1"),
        (b'{"recipe": "timbrepad", "adversarial": {"batch": [1, 1, 1, 1]}}', "at least 2 notes"),
        (b'{"recipe": "gansynth", "stage_share": 0.1}', "at most 1/13"),
        (b"[]", "Expected `object`, got `array`"),
    ],
)
def test_wrong_settings_are_refused(text: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        decode_train_config(text)


def test_notes_at_a_higher_rate_are_resampled(sets) -> None:
    """As if they had been made at the representation's rate."""
    data = sets["gansynth"]
    assert data.specgrams.shape == (15, 2, 128, 1024)
    note = next(n for n, e in enumerate(data.examples) if e.preset_name == "Pure" and e.pitch == 60)
    seconds = torch.arange(64000, dtype=torch.float64) / 16000
    f0 = 440 * 2 ** ((60 - 69) / 12)
    wave = 0.8 * torch.sin(2 * torch.pi * f0 * seconds) * ((4 - seconds) / 0.02).clamp_max(1)
    expected = tiny_config("gansynth").transform.encode(wave.float()[None], torch.tensor([60]))
    off = (data.read(torch.tensor([note])) - expected)[0, 0, 10:100]
    audible = expected[0, 0, 10:100] > 0
    assert float(off[audible].abs().max()) < 0.01
