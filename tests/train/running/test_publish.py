"""From a run of each recipe to a model that plays, and on from there."""

import dataclasses
import json
from pathlib import Path

import msgspec
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from model.checkpoint import latent_space_of, model_hash
from model.config import TimbreConfig
from model.gansynth import GANSynth, ModelError
from model.latent import on_sphere
from tests.train.tiny import tiny_config
from train.datasets.dataset import read_training_set
from train.datasets.identity import DataIdentity
from train.datasets.notes import DatasetError
from train.recipes.adversarial import critic_config
from train.recipes.config import TimbrepadConfig
from train.recipes.critic import Critic
from train.recipes.discriminator_file import DISCRIMINATOR_FILE, read_discriminator
from train.recipes.errors import TrainingError
from train.recipes.fine_tune import begin, fine_tuning, starting_latents
from train.recipes.recipes import make_trainer
from train.recipes.seeds import CPU
from train.running.run import Run
from train.running.session import train

pytestmark = pytest.mark.usefixtures("tiny_width")


@pytest.fixture(scope="module")
def models(notes_folder: Path, tiny_width: None, tmp_path_factory) -> dict[str, Path]:
    """One model of each recipe, made by a whole run."""
    folder = tmp_path_factory.mktemp("runs")
    examples = {"logistic": 48, "gansynth": 13, "gansynth-M20hn": 13}
    return {
        recipe: train(
            [notes_folder], folder / recipe, tiny_config(recipe, name=recipe, examples=n)
        )[0]
        for recipe, n in examples.items()
    }


@pytest.mark.parametrize(
    ("recipe", "rate", "prior", "n_timbres"),
    [
        ("logistic", 32000, "timbres", 3),
        ("gansynth", 16000, "gaussian", 0),
        ("gansynth-M20hn", 32000, "gaussian", 0),
    ],
)
def test_a_run_of_every_recipe_makes_a_model_that_plays(
    models, recipe: str, rate: int, prior: str, n_timbres: int
) -> None:
    model = GANSynth.load(models[recipe])
    assert model.sample_rate == rate
    assert model.config.prior == prior
    assert len(model.timbres) == n_timbres
    note = model.render(torch.from_numpy(model.draw(1))[None], torch.tensor([60]))
    assert note.shape == (1, 4 * rate)
    assert float(note.abs().max()) == pytest.approx(0.8, abs=1e-3)


def test_a_model_is_the_mean_of_the_weights(models) -> None:
    checkpoint = Run(models["gansynth"].parent).checkpoints.read_newest()
    assert checkpoint is not None
    published = load_file(models["gansynth"] / "weights.safetensors")
    for name, tensor in published.items():
        assert torch.equal(tensor, checkpoint.state[f"mean.{name}"].half()), name


def test_the_discriminator_lies_beside_its_model(models) -> None:
    assert (models["logistic"] / DISCRIMINATOR_FILE).exists()
    assert not (models["gansynth"] / DISCRIMINATOR_FILE).exists()
    with safe_open(models["logistic"] / DISCRIMINATOR_FILE, "pt") as file:
        assert json.loads(file.metadata()["config"])["group"] == 4
        assert file.get_tensor("score.weight").dtype == torch.float16


def test_a_model_says_how_far_its_run_was_and_what_was_measured_there(models) -> None:
    figures = GANSynth.load(models["logistic"]).config.figures
    assert figures["examples_seen"] == 48
    assert figures["held_out_off_db"] > 0
    (kept,) = Run(models["logistic"].parent).history.paths()
    assert kept.name == "notes-000000048"
    assert model_hash(kept) == model_hash(models["logistic"])


def test_a_run_has_a_latent_space_of_its_own_or_that_of_its_beginning(
    models, notes_folder: Path, tmp_path
) -> None:
    spaces = [latent_space_of(models[recipe]) for recipe in models]
    assert len(set(spaces)) == 3
    own = latent_space_of(models["logistic"])
    assert own != model_hash(models["logistic"])
    run = Run(tmp_path)
    run.start(going_on(models), DataIdentity(0, {}))
    assert run.latent_space == own


def test_a_model_that_says_no_latent_space_has_one_of_its_own(models, tmp_path) -> None:
    model = GANSynth.load(models["gansynth"])
    model.config = msgspec.structs.replace(model.config, latent_space="")
    model.save(tmp_path / "older", half=True)
    assert latent_space_of(tmp_path / "older") == model_hash(tmp_path / "older")


def test_a_run_begins_where_a_model_left_off(models, notes_folder: Path) -> None:
    config = going_on(models)
    data = read_training_set([notes_folder], config.transform, notes_folder / "cache")
    trainer = make_trainer(config, data, 0, CPU)
    begin(trainer, config, data, CPU)
    state = trainer.state()
    model = GANSynth.load(models["logistic"])
    for name, tensor in model.generator.state_dict().items():
        assert torch.equal(state[f"decoder.generator.{name}"], tensor), name
        assert torch.equal(state[f"mean.generator.{name}"], tensor), name
    assert torch.allclose(state["decoder.latents"], on_sphere(model.latents))
    weights = load_file(models["logistic"] / DISCRIMINATOR_FILE)
    for name, tensor in weights.items():
        assert torch.equal(state[f"critic.{name}"], tensor.float()), name


def test_a_whole_run_goes_on_from_a_model(models, notes_folder: Path, tmp_path) -> None:
    config = going_on(models, examples=24)
    folder, complete = train([notes_folder], tmp_path, config)
    assert complete
    assert Run(tmp_path).config() == config
    assert GANSynth.load(folder).timbres[0].name == "Pure"
    assert latent_space_of(folder) == latent_space_of(models["logistic"])


def test_a_new_timbre_begins_near_those_that_sound_like_it(models, notes_folder: Path) -> None:
    """The model's own notes under other names are the nearest there can be to their latents."""
    config = going_on(models)
    model = GANSynth.load(models["logistic"])
    latents = on_sphere(torch.randn(12, 8, generator=torch.Generator().manual_seed(3)))
    others = tuple(TimbreConfig(name=f"Old {n}", family="organ") for n in range(12))
    model.latents, model.config = latents, msgspec.structs.replace(model.config, timbres=others)
    data = read_training_set([notes_folder], config.transform, notes_folder / "cache")
    specgrams = data.specgrams.copy()
    for note, number in enumerate(data.timbre.tolist()):
        image = model.specgrams(latents[number][None], data.pitch[note][None])
        specgrams[note] = image[0].numpy()
    sung = dataclasses.replace(data, specgrams=specgrams)
    began = starting_latents(model, sung, config.db_per_unit, CPU)
    similarity = torch.cosine_similarity(began[:, None], latents[None], dim=-1)
    for number in range(3):
        assert number in similarity[number].topk(3).indices.tolist()


def going_on(models: dict[str, Path], **settings) -> TimbrepadConfig:
    tiny = tiny_config("logistic")
    assert isinstance(tiny, TimbrepadConfig)
    short = {"workers": 1, "compiled": False, "precision": "float32", "examples": 48}
    low = {"stage_shares": tiny.stage_shares, "batch": tiny.batch, "adversarial": tiny.adversarial}
    return fine_tuning(models["logistic"], **short | low | settings)


def test_settings_to_go_on_are_those_of_the_model(models) -> None:
    config = going_on(models)
    assert config.network == GANSynth.load(models["logistic"]).config.network
    assert config.width == "tiny"


def test_another_kind_of_model_cannot_be_gone_on_with(models) -> None:
    with pytest.raises(TrainingError, match='"gansynth" can\'t be trained further'):
        fine_tuning(models["gansynth"])
    with pytest.raises(TrainingError, match='"gansynth-M20hn" is of another network'):
        fine_tuning(models["gansynth-M20hn"])


def test_no_model_to_go_on_from_is_said(tmp_path) -> None:
    with pytest.raises(ModelError, match="is not a model"):
        fine_tuning(tmp_path)


@pytest.fixture
def critic(models) -> Critic:
    config = going_on(models)
    return Critic(critic_config(config), torch.linspace(15, 16000, 1024, dtype=torch.float64))


def test_a_model_without_a_discriminator_goes_on_with_a_new_one(critic: Critic, tmp_path) -> None:
    assert not read_discriminator(tmp_path, critic)


def test_a_discriminator_cut_short_is_refused(models, critic: Critic, tmp_path) -> None:
    whole = (models["logistic"] / DISCRIMINATOR_FILE).read_bytes()
    (tmp_path / DISCRIMINATOR_FILE).write_bytes(whole[:-100])
    with pytest.raises(DatasetError, match=r"discriminator.safetensors is damaged .* Delete it"):
        read_discriminator(tmp_path, critic)


@pytest.mark.parametrize(
    ("words", "value", "message"),
    [
        ({"version": "2"}, 0.0, "is of another version"),
        ({"config": "{}"}, 0.0, "is damaged"),
        ({}, float("nan"), "numbers that are not finite"),
    ],
)
def test_a_wrong_discriminator_is_refused(
    models, critic: Critic, tmp_path, words: dict[str, str], value: float, message: str
) -> None:
    path = models["logistic"] / DISCRIMINATOR_FILE
    with safe_open(path, "pt") as file:
        written = file.metadata() | words
    tensors = load_file(path)
    tensors["score.bias"] += value
    save_file(tensors, tmp_path / DISCRIMINATOR_FILE, written)
    with pytest.raises(DatasetError, match=message):
        read_discriminator(tmp_path, critic)


def test_a_discriminator_of_another_network_is_refused(models, tmp_path) -> None:
    config = msgspec.structs.replace(going_on(models), latent_size=4)
    other = Critic(critic_config(config), torch.linspace(15, 16000, 1024, dtype=torch.float64))
    with pytest.raises(DatasetError, match="judges notes of another network"):
        read_discriminator(models["logistic"], other)
