"""The warm start as a trainer: a step, its state, what a wrong state says."""

from pathlib import Path

import msgspec
import pytest
import torch

from tests.train.tiny import tiny_config
from train.datasets.dataset import TrainingSet, read_training_set
from train.recipes.config import AnyConfig, WarmStartConfig
from train.recipes.recipes import make_trainer
from train.recipes.trainer import Trainer

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def data(notes_folder: Path) -> TrainingSet:
    config = WarmStartConfig()
    return read_training_set([notes_folder], config.transform, notes_folder / "cache")


def made(config: AnyConfig, data: TrainingSet) -> Trainer:
    return make_trainer(config, data, 0, CPU)


def test_a_step_says_how_much_it_saw_and_lost(quick: WarmStartConfig, data: TrainingSet) -> None:
    n_notes, losses = made(quick, data).step(0)
    assert n_notes == 2
    assert set(losses) == {"magnitude", "ifreq", "level"}
    assert not any(loss.requires_grad for loss in losses.values())


def test_resumed_steps_are_the_same_bit_for_bit(quick: WarmStartConfig, data: TrainingSet) -> None:
    whole, halved = made(quick, data), made(quick, data)
    for seen in (0, 2, 20):
        whole.step(seen)
    halved.step(0)
    resumed = made(quick, data)
    resumed.load({name: tensor.clone() for name, tensor in halved.state().items()})
    for seen in (2, 20):
        resumed.step(seen)
    assert whole.state().keys() == resumed.state().keys()
    for name, tensor in whole.state().items():
        assert torch.equal(tensor, resumed.state()[name]), name


def test_another_seed_draws_other_notes(quick: WarmStartConfig, data: TrainingSet) -> None:
    other = msgspec.structs.replace(quick, seed=1)
    first, second = made(quick, data), made(other, data)
    second.load(first.state())
    assert first.step(0)[1] != second.step(0)[1]


@pytest.mark.usefixtures("tiny_width")
def test_the_loss_falls_on_notes_seen_again(data: TrainingSet) -> None:
    config = tiny_config("warm-start", examples=480, batch=(8, 2, 2, 2))
    trainer = made(config, data)
    losses = [float(trainer.step(seen)[1]["magnitude"]) for seen in range(0, 480, 8)]
    assert losses[-1] < 0.7 * losses[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("mean.latents"), "mean.latents is missing"),
        (lambda s: s.update({"critic.weight": torch.zeros(1)}), "critic.weight is of another"),
        (lambda s: s.update({"mean.latents": torch.zeros(3, 9)}), r"mean.latents has .*\(3, 9\)"),
        (lambda s: s.pop("exp_avg.latents"), "exp_avg.latents is missing"),
    ],
)
def test_a_wrong_state_is_refused_by_the_tensor_s_name(
    quick: WarmStartConfig, data: TrainingSet, change, message
) -> None:
    trainer = made(quick, data)
    trainer.step(0)
    state = trainer.state()
    change(state)
    with pytest.raises(ValueError, match=message):
        trainer.load(state)
