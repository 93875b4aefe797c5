"""Going on from a published model: its weights, its critic, and latents for new timbres."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from model.checkpoint import read_config
from model.config import ModelConfig
from model.gansynth import GANSynth
from model.latent import draw_gaussian, on_sphere
from model.warped import warped_frequencies
from train.datasets.dataset import TrainingSet

from .adversarial import critic_config
from .adversarial_config import AdversarialConfig
from .config import LEARNABLE, WIDTHS, TimbrepadConfig
from .critic import Critic
from .discriminator_file import read_discriminator
from .errors import TrainingError
from .loss import audibility, downscale
from .trainer import Trainer

_PITCHES = (36, 48, 60, 72)
_COARSER = 4  # timbre shows at 32x256, without the chance of single pixels
_N_NEAREST = 3
_N_DRAWN = 64
_BATCH = 16


def fine_tuning(folder: Path, **settings: Any) -> TimbrepadConfig:
    """Give settings that go on from a model: its network's, and a short run's.

    Args:
        folder: The model's.
        settings: Of `TimbrepadConfig`, instead of those.

    Raises:
        ModelError: If the folder is no model.
        TrainingError: If no run could have made such a model.
        ValueError: If a setting makes no sense.
    """
    model = read_config(folder)
    network = model.network
    width = next((name for name, n in WIDTHS.items() if n == network.channels), None)
    representation = next((name for name, c in LEARNABLE.items() if c == model.warped), None)
    if width is None or representation is None:
        raise TrainingError(
            f'"{model.name}" can\'t be trained further: its network or its representation is '
            "none of the trainer's. Choose another model for --from."
        )
    short: dict[str, Any] = {
        "examples": 12_000,
        "learning_rate": 1e-3,
        "stage_shares": (0.0, 0.0, 0.3, 0.7),
        "batch": (16, 16, 16, 8),
        "warm_share": 0.6,
        "adversarial": AdversarialConfig(
            stage_shares=(0.0, 0.0, 0.3, 0.7),
            batch=(16, 16, 16, 8),
            critic_first=400,
            rise=400,
            augment_examples=20_000,
            ema_examples=500,
        ),
    }
    fixed = {
        "width": width,
        "representation": representation,
        "latent_size": network.latent_size,
        "pitch_gain": network.pitch_gain,
        "noise": network.noise,
        "start": str(folder),
    }
    config = TimbrepadConfig(**short | settings | fixed)
    _check_network(model, config)
    return config


def begin(
    trainer: Trainer, config: TimbrepadConfig, data: TrainingSet, device: torch.device
) -> None:
    """Put a run's beginning where `config.start` left off; the same on every worker.

    Timbres that the model has by name keep their latents. A new one begins at those of the
    timbres that sound most like it.

    Args:
        trainer: At the beginning of its run.
        config: Names the model.
        data: What will be learned.
        device: Where to compare sounds.

    Raises:
        ModelError: If the model can't be read.
        DatasetError: If its discriminator can't be.
        TrainingError: If the model is not what the settings were made for.
    """
    folder = Path(config.start)
    model = GANSynth.load(folder)
    _check_network(model.config, config)
    state = dict(trainer.state())
    for name, tensor in model.generator.state_dict().items():
        state[f"decoder.generator.{name}"] = state[f"mean.generator.{name}"] = tensor
    latents = starting_latents(model, data, config.db_per_unit, device)
    state["decoder.latents"] = state["mean.latents"] = latents
    critic = Critic(critic_config(config), warped_frequencies(config.warped))
    if read_discriminator(folder, critic):
        state |= {f"critic.{name}": tensor for name, tensor in critic.state_dict().items()}
    trainer.load(state)


def starting_latents(
    model: GANSynth, data: TrainingSet, db_per_unit: float, device: torch.device
) -> Tensor:
    """Choose where the latents of a data set's timbres begin: float32 [timbre, latent].

    Args:
        model: Has latents of its own timbres; of others, some that are drawn.
        data: The timbres' notes; those held out are not looked at while there are others.
        db_per_unit: Decibels of one unit of magnitude.
        device: Where to compare.
    """
    known = {(t.name, t.family): z for t, z in zip(model.timbres, model.latents, strict=True)}
    candidates = model.latents
    if not len(candidates):
        candidates = draw_gaussian(_N_DRAWN, model.latent_size, 0)
    candidates = on_sphere(candidates)
    new = [n for n, t in enumerate(data.timbres) if (t.name, t.family) not in known]
    errors = _errors(model, candidates.to(device), data, new, db_per_unit)
    latents = []
    for number, timbre in enumerate(data.timbres):
        if number in errors:
            nearest = errors[number].argsort(stable=True)[:_N_NEAREST].cpu()
            latents.append(on_sphere(candidates[nearest].mean(0)))
        else:
            latents.append(on_sphere(known[timbre.name, timbre.family]))
    return torch.stack(latents)


def _errors(
    model: GANSynth, candidates: Tensor, data: TrainingSet, timbres: list[int], db_per_unit: float
) -> dict[int, Tensor]:
    """Say how far each candidate's notes are from each timbre's: float32 [candidate], by timbre."""
    of_pitch: dict[int, list[int]] = {}
    for timbre in timbres:
        for note in _notes_to_compare(data, timbre):
            of_pitch.setdefault(int(data.pitch[note]), []).append(note)
    errors = {timbre: torch.zeros(len(candidates)).to(candidates) for timbre in timbres}
    for pitch, notes in of_pitch.items():
        made = _magnitudes(model, candidates, pitch, db_per_unit)
        real = downscale(data.read(torch.tensor(notes)), _COARSER, db_per_unit)[:, :1]
        for note, magnitude in zip(notes, real.to(candidates), strict=True):
            # An error beside the real partials counts, too, or the brightest would win.
            weight = torch.maximum(
                audibility(magnitude, db_per_unit), audibility(made, db_per_unit)
            )
            error = (weight * (made - magnitude).abs()).sum((1, 2))
            errors[int(data.timbre[note])] += error / weight.sum((1, 2)).clamp_min(1e-6)
    return errors


def _notes_to_compare(data: TrainingSet, timbre: int) -> set[int]:
    """Choose notes of a timbre, near pitches that most timbres have."""
    notes = torch.nonzero((data.timbre == timbre) & ~data.held_out)[:, 0]
    if not len(notes):
        notes = torch.nonzero(data.timbre == timbre)[:, 0]
    pitches = data.pitch[notes]
    return {int(notes[(pitches - pitch).abs().argmin()]) for pitch in _PITCHES}


@torch.no_grad()
def _magnitudes(model: GANSynth, candidates: Tensor, pitch: int, db_per_unit: float) -> Tensor:
    """Make all candidates' notes of a pitch, seen from afar: float32 [candidate, time, freq]."""
    generator = model.generator.to(candidates.device)
    parts = []
    for z in torch.split(candidates, _BATCH):
        made = generator(z, torch.full((len(z),), pitch, device=z.device)).float()
        parts.append(downscale(made, _COARSER, db_per_unit)[:, 0])
    return torch.cat(parts)


def _check_network(model: ModelConfig, config: TimbrepadConfig) -> None:
    if model.network != config.network or model.warped != config.warped:
        raise TrainingError(
            f'"{model.name}" is of another network than this run\'s. Leave out --width, '
            "--latent-size and --representation with --from."
        )
