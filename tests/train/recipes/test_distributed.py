"""Two processes that train together are one with both batches."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional

from model.config import NetworkConfig
from model.generator import Generator
from tests.train.gloo import together
from tests.train.tiny import CHANNELS, tiny_config
from train.datasets.dataset import read_training_set
from train.recipes.adversarial_loss import Kind, critic_loss, deceiver_loss, squared_slopes
from train.recipes.config import WIDTHS, AnyConfig
from train.recipes.critic import Critic, CriticConfig, judged_planes
from train.recipes.distributed import average, average_gradients, n_workers
from train.recipes.drawing import Notes
from train.recipes.recipes import make_trainer
from train.recipes.seeds import CPU

NETWORK = NetworkConfig(
    latent_size=8,
    channels=(8, 8, 8, 8, 4),
    first_head=4,
    output="skip",
    harmonic_maps=True,
    level=True,
)
FREQS_HZ = torch.linspace(15, 4000, 256, dtype=torch.float64)
STAGE = 5
KINDS: tuple[Kind, ...] = ("logistic", "rpgan", "wgan-gp")
N_NOTES = 8
N_STEPS = 5


def recipes() -> dict[str, AnyConfig]:
    return {
        "timbrepad": tiny_config("logistic", examples=20, warm_share=0.2, workers=2),
        "gansynth": tiny_config("gansynth", workers=2),
    }


def gradients(kind: Kind, rows: slice) -> dict[str, Tensor]:
    """Take the gradients of both networks on some of the notes, averaged over the workers."""
    torch.manual_seed(0)
    generator = Generator(NETWORK, FREQS_HZ)
    for head in generator.to_rgb.values():
        torch.nn.init.normal_(head.get_parameter("weight"))
    critic = Critic(CriticConfig(network=NETWORK, db_per_unit=56.0, group=4), FREQS_HZ)
    z = torch.randn(N_NOTES, 8)[rows]
    pitch = torch.arange(40, 40 + N_NOTES)[rows]
    real = judged_planes(torch.randn(N_NOTES, 2, 32, 256)[rows].clamp(-0.8, 0.8), 56.0)
    fake = judged_planes(generator(z, pitch, STAGE), 56.0)
    of_real, logits = critic(real, pitch, STAGE)
    of_fake, _ = critic(fake, pitch, STAGE)
    total = critic_loss(kind, of_real, of_fake) + functional.cross_entropy(logits, pitch - 24)
    total = total + squared_slopes(lambda at: critic(at, pitch, STAGE)[0], real)
    total = total + deceiver_loss(kind, of_fake, of_real)
    parameters = {
        **{f"generator.{n}": p for n, p in generator.named_parameters()},
        **{f"critic.{n}": p for n, p in critic.named_parameters()},
    }
    total.backward()  # type: ignore[no-untyped-call]
    average_gradients(parameters.values())
    return {f"{kind}.{n}": p.grad for n, p in parameters.items() if p.grad is not None}


def work(rank: int, folder: Path, notes: str) -> None:
    """Be one of two workers: gradients of a half, then steps of real recipes; write all down."""
    half = slice(rank * N_NOTES // 2, (rank + 1) * N_NOTES // 2)
    WIDTHS["tiny"] = CHANNELS  # a process of its own, without fixtures
    found = {}
    for kind in KINDS:
        found |= gradients(kind, half)
    found["average"] = average(torch.tensor([float(rank)]))
    for name, config in recipes().items():
        data = read_training_set([Path(notes)], config.transform, Path(notes) / "cache")
        trainer, seen = make_trainer(config, data, rank, CPU), 0
        for _ in range(N_STEPS):
            seen += trainer.step(seen)[0]
        found |= {f"{name}.{n}": t.clone() for n, t in trainer.state().items()}
        found[f"{name}.seen"] = torch.tensor([seen])
        found[f"{name}.notes"] = Notes(data, config.seed, rank, CPU).trained.contiguous()
    save_file(found, folder / f"{rank}.safetensors")


@pytest.fixture(scope="module")
def found(
    notes_folder: Path, tiny_width: None, tmp_path_factory
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    folder = tmp_path_factory.mktemp("workers")
    for config in recipes().values():  # specgrams are made before, by one process
        read_training_set([notes_folder], config.transform, notes_folder / "cache")
    together(work, folder, str(notes_folder))
    return load_file(folder / "0.safetensors"), load_file(folder / "1.safetensors")


@pytest.mark.parametrize("kind", KINDS)
def test_two_workers_have_the_gradients_of_one_with_both_batches(kind: Kind, found) -> None:
    assert n_workers() == 1
    alone = gradients(kind, slice(0, N_NOTES))
    assert any("blocks" in name for name in alone)
    assert set(alone) == {name for name in found[0] if name.startswith(f"{kind}.")}
    for name, gradient in alone.items():
        scale = float(gradient.abs().max())
        assert torch.allclose(found[0][name], gradient, rtol=1e-3, atol=1e-4 * scale), name


@pytest.mark.parametrize("name", ["timbrepad", "gansynth"])
def test_workers_stay_equal(name: str, found) -> None:
    first, second = found
    names = [n for n in first if n.startswith(f"{name}.") and not n.endswith(".notes")]
    assert len(names) > 50
    for tensor in names:
        assert torch.equal(first[tensor], second[tensor]), tensor


@pytest.mark.parametrize("name", ["timbrepad", "gansynth"])
def test_examples_are_those_of_all_workers(name: str, found) -> None:
    assert int(found[0][f"{name}.seen"]) == 4 * N_STEPS


def test_each_worker_draws_from_notes_of_its_own(found) -> None:
    first, second = (set(part["timbrepad.notes"].tolist()) for part in found)
    assert first
    assert second
    assert not first & second
    assert abs(len(first) - len(second)) <= 1


def test_an_average_is_over_all_workers(found) -> None:
    assert float(found[0]["average"]) == float(found[1]["average"]) == 0.5
