"""Turn a training run into a model that the instrument opens."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from model.config import ModelConfig, TimbreConfig
from model.gansynth import GANSynth
from model.generator import Generator
from model.latent import on_sphere
from model.warped import warped_frequencies

from .dataset import TrainingSet
from .features import FEATURE_PITCH, rank_features, timbre_features
from .notes import DatasetError, read_wave
from .run import Run

MODEL_FOLDER = "model"


def publish(
    run: Run, data: TrainingSet, *, info: str = "", figures: Mapping[str, float] | None = None
) -> Path:
    """Write the running mean of a run's weights as a model, its timbres named and measured.

    Args:
        run: A run with a checkpoint.
        data: What it was trained on: the timbres' names, families and sounds.
        info: What people should know of the model: its data, its licence, its state.
        figures: Measured figures, kept in the model for people.

    Returns:
        The model's folder, inside the run's.

    Raises:
        DatasetError: If the run has no checkpoint, or was trained on other timbres.
        ModelError: If the model can't be written.
    """
    config = run.config()
    weights = run.mean_weights()
    latents = on_sphere(weights.pop("latents"))
    if len(latents) != len(data.timbres):
        raise DatasetError(
            f"{run.folder} was trained on {len(latents)} timbres; this data has "
            f"{len(data.timbres)}. Name the data it was trained on."
        )
    generator = Generator(config.network, warped_frequencies(config.warped))
    generator.load_state_dict({n.removeprefix("generator."): w for n, w in weights.items()})
    model_config = ModelConfig(
        name=config.name,
        info=info,
        sample_rate=config.warped.sample_rate,
        n_samples=config.warped.n_samples,
        representation="warped",
        network=config.network,
        prior="timbres",
        timbres=_measure_timbres(data),
        warped=config.warped,
        figures=dict(figures or {}),
    )
    folder = run.folder / MODEL_FOLDER
    GANSynth(model_config, generator, latents).save(folder, half=True)
    return folder


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
