"""Small models to test with."""

import pytest

from model.config import ModelConfig, NetworkConfig, TimbreConfig
from model.gansynth import GANSynth
from model.warped import WarpedConfig


@pytest.fixture
def small_config() -> ModelConfig:
    warped = WarpedConfig()
    return ModelConfig(
        name="small",
        info="random weights",
        sample_rate=warped.sample_rate,
        n_samples=warped.n_samples,
        representation="warped",
        network=NetworkConfig(
            latent_size=8,
            channels=(8, 8, 8, 8, 4, 4, 4),
            first_head=4,
            output="skip",
            harmonic_maps=True,
            level=True,
        ),
        prior="timbres",
        timbres=tuple(TimbreConfig(name=f"timbre {i}", family="string") for i in range(4)),
        warped=warped,
    )


@pytest.fixture
def small_model(small_config: ModelConfig) -> GANSynth:
    return GANSynth.create(small_config, seed=1)
