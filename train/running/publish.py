"""Turn a training run into a model that the instrument opens."""

from collections.abc import Mapping
from pathlib import Path

import msgspec
import numpy as np
import torch
from torch import Tensor

from model.config import ModelConfig, TimbreConfig
from model.gansynth import GANSynth
from model.latent import on_sphere
from model.representation import GANSynthRepresentation
from train.datasets.dataset import TrainingSet
from train.datasets.features import FEATURE_PITCH, rank_features, timbre_features
from train.datasets.notes import DatasetError, read_wave
from train.recipes.adversarial import critic_config
from train.recipes.config import TimbrepadConfig, TrainConfig, WarmStartConfig
from train.recipes.decoder import Decoder
from train.recipes.discriminator_file import write_discriminator

from .history import N_KEPT
from .run import Run

MODEL_FOLDER = "model"


def publish(
    run: Run,
    data: TrainingSet,
    *,
    info: str = "",
    figures: Mapping[str, float] | None = None,
    n_history: int = N_KEPT,
) -> Path:
    """Write the running mean of a run's weights as a model, its timbres named and measured.

    It says how many notes the run had seen, and what was measured there. A critic of the
    recommended recipe goes beside it, for whoever trains the model further, and a copy into the
    run's history, for whoever compares.

    Args:
        run: A run with a checkpoint.
        data: What it was trained on: the timbres' names, families and sounds.
        info: What people should know of the model: its data, its licence, its state.
        figures: Further measured figures, kept in the model for people.
        n_history: How many models the history keeps.

    Returns:
        The model's folder, inside the run's.

    Raises:
        DatasetError: If the run has no checkpoint, or was trained on other timbres, or the
            history can't be written.
        ModelError: If the model can't be written.
    """
    config = run.config()
    checkpoint = run.checkpoints.read_newest()
    if checkpoint is None:
        raise DatasetError(f"{run.folder} holds no checkpoint yet.")
    named = isinstance(config, WarmStartConfig)
    decoder = Decoder(config, len(data.timbres) if named else 0)
    try:
        decoder.load_state_dict(_below(checkpoint.state, "mean."))
    except RuntimeError as error:
        raise DatasetError(
            f"{checkpoint.path} was trained on other timbres than the {len(data.timbres)} of this "
            "data. Name the data it was trained on."
        ) from error
    timbres = _measure_timbres(data) if named else ()
    seen = checkpoint.examples_seen
    measured = {"examples_seen": float(seen), **run.measures_at(seen), **(figures or {})}
    model_config = msgspec.structs.replace(
        _model_config(config, timbres, info, measured), latent_space=run.latent_space
    )
    folder = run.folder / MODEL_FOLDER
    GANSynth(model_config, decoder.generator, on_sphere(decoder.latents.detach())).save(
        folder, half=True
    )
    if isinstance(config, TimbrepadConfig):
        critic = _below(checkpoint.state, "critic.")
        write_discriminator(folder, critic, critic_config(config))
    run.history.keep(folder, seen, n_history)
    return folder


def _model_config(
    config: TrainConfig, timbres: tuple[TimbreConfig, ...], info: str, figures: dict[str, float]
) -> ModelConfig:
    """Say what a run's model is."""
    transform = config.transform
    if isinstance(transform, GANSynthRepresentation):
        return ModelConfig(
            name=config.name,
            info=info,
            sample_rate=transform.sample_rate,
            n_samples=transform.n_samples,
            representation="gansynth",
            network=config.network,
            gansynth=transform.config,
            data_type=transform.data_type,
            figures=figures,
        )
    return ModelConfig(
        name=config.name,
        info=info,
        sample_rate=transform.sample_rate,
        n_samples=transform.n_samples,
        representation="warped",
        network=config.network,
        prior="timbres" if timbres else "gaussian",
        timbres=timbres,
        warped=config.warped,
        figures=figures,
    )


def _below(state: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {n.removeprefix(prefix): t for n, t in state.items() if n.startswith(prefix)}


def _measure_timbres(data: TrainingSet) -> tuple[TimbreConfig, ...]:
    """Name the timbres and rank their sound, each by its note nearest to middle C."""
    waves = []
    for number in range(len(data.timbres)):
        notes = torch.nonzero(data.timbre == number)[:, 0]
        nearest = notes[(data.pitch[notes] - FEATURE_PITCH).abs().argmin()]
        waves.append(np.asarray(read_wave(data.examples[int(nearest)])))
    ranks = rank_features(timbre_features(waves, data.examples[0].sample_rate))
    return tuple(
        TimbreConfig(
            name=timbre.name,
            family=timbre.family,
            brightness=round(rank.brightness, 3),
            attack=round(rank.attack, 3),
            decay=round(rank.decay, 3),
            noisiness=round(rank.noisiness, 3),
        )
        for timbre, rank in zip(data.timbres, ranks, strict=True)
    )
