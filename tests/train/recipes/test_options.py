"""What is said on the command line becomes a recipe's settings."""

from pathlib import Path

import msgspec
import pytest

from model.config import ModelConfig, NetworkConfig, TimbreConfig
from model.gansynth import GANSynth
from model.warped import WarpedConfig
from train.recipes.config import WIDTHS, GANSynthConfig, TimbrepadConfig, WarmStartConfig
from train.recipes.options import config_from_options


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    """A model of a width that has a name, as the trainer writes them."""
    warped = WarpedConfig()
    network = NetworkConfig(
        latent_size=6,
        channels=WIDTHS["quarter"],
        first_head=4,
        output="skip",
        harmonic_maps=True,
        pitch_gain=8.0,
        level=True,
    )
    config = ModelConfig(
        name="Old",
        sample_rate=warped.sample_rate,
        n_samples=warped.n_samples,
        representation="warped",
        network=network,
        prior="timbres",
        timbres=(TimbreConfig(name="One", family="organ"),),
        warped=warped,
    )
    folder = tmp_path_factory.mktemp("models") / "old"
    GANSynth.create(config).save(folder)
    return folder


def test_without_a_word_it_is_a_warm_start() -> None:
    assert config_from_options() == WarmStartConfig()


@pytest.mark.parametrize(
    ("recipe", "expected"),
    [
        ("warm-start", WarmStartConfig(seed=3)),
        ("timbrepad", TimbrepadConfig(seed=3)),
        ("gansynth", GANSynthConfig(seed=3)),
    ],
)
def test_a_recipe_has_its_own_of_what_is_not_said(recipe: str, expected) -> None:
    assert config_from_options(recipe, seed=3, width=None, examples=None) == expected


def test_one_batch_is_that_of_every_resolution_and_part() -> None:
    config = config_from_options("timbrepad", batch=(16,))
    assert isinstance(config, TimbrepadConfig)
    assert config.batch == config.adversarial.batch == (16, 16, 16, 16)


def test_a_batch_for_each_resolution_stays_as_it_is() -> None:
    assert config_from_options("warm-start", batch=(8, 6, 4, 2)).batch == (8, 6, 4, 2)
    assert config_from_options("gansynth", batch=(16, 8)).batch == (16, 8)


def test_a_model_brings_its_network_and_a_short_run(model: Path) -> None:
    config = config_from_options(start=model, name="mine", examples=500)
    assert isinstance(config, TimbrepadConfig)
    assert (config.start, config.name, config.examples) == (str(model), "mine", 500)
    assert (config.width, config.latent_size, config.representation) == ("quarter", 6, "M20hn")


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"recipe": "pix2pix"}, "--recipe must be one of warm-start, timbrepad, gansynth"),
        ({"learning_rate": 0.0}, "learning_rate must be above 0"),
        ({"batch": (7,), "workers": 2}, "multiple of workers"),
        ({"batch": (8, 8)}, "need 4 numbers each"),
        ({"recipe": "gansynth", "start": "x"}, "--from goes with the recipe timbrepad alone"),
        ({"start": "x", "width": "half", "latent_size": 8}, "--width, --latent-size can't"),
        ({"representation": "mel"}, "must be one of M20hn, F, M28hn, M26hn-48k, not mel"),
        ({"recipe": "gansynth", "representation": "wave"}, "must be one of M20hn, .* phase"),
    ],
)
def test_what_makes_no_sense_is_refused(said: dict, message: str) -> None:
    if "start" in said:
        said = said | {"start": Path(said["start"])}
    with pytest.raises(ValueError, match=message):
        config_from_options(**said)


def test_settings_without_an_option_can_be_set_by_name() -> None:
    others = ["adversarial.loss=rpgan", "adversarial.penalty=4e-4", "noise=true", "warm_share=0.1"]
    config = config_from_options("timbrepad", others=[*others, "stage_shares=[0,0,0,1]"])
    assert isinstance(config, TimbrepadConfig)
    assert (config.adversarial.loss, config.adversarial.penalty) == ("rpgan", 4e-4)
    assert (config.noise, config.warm_share, config.stage_shares) == (True, 0.1, (0, 0, 0, 1))


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ("noise", "noise is no setting of the recipe timbrepad"),
        ("adversarial.nose=1", "adversarial.nose=1 is no setting"),
        ("nowhere.noise=1", "nowhere.noise=1 is no setting"),
        ("noise.loss=1", "noise.loss=1 is no setting"),
        ("adversarial.loss=hinge", "Invalid enum value 'hinge'"),
        ("warm_share=2", "warm_share must be 0 to less than 1"),
    ],
)
def test_settings_that_there_are_not_are_refused(other: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        config_from_options("timbrepad", others=[other])


def test_settings_of_a_run_that_goes_on_can_be_written_and_read(model: Path) -> None:
    config = config_from_options(start=model)
    assert msgspec.json.decode(msgspec.json.encode(config), type=TimbrepadConfig) == config
