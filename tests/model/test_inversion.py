"""The generator inverted: a model's own note leads back to its latent."""

import itertools
from pathlib import Path

import msgspec
import pytest
import torch

from model.gansynth import GANSynth
from model.inversion import search_latent
from model.latent import on_sphere

PITCH = 60
BUNDLED = Path(__file__).parents[2] / "presets" / "models"


@pytest.fixture(scope="module")
def bundled() -> GANSynth:
    return GANSynth.load(next(path.parent for path in BUNDLED.glob("*/config.json")))


@pytest.fixture
def own_note(small_model: GANSynth):
    """Give a note that the model makes of a latent between its timbres, and the latent."""
    z = on_sphere(small_model.latents[:1] + 0.7 * small_model.latents[1:2])
    return small_model.generate(z, torch.tensor([PITCH]), n_iterations=0)[0], z[0]


def test_the_note_of_a_named_timbre_is_found_to_be_that_timbres(small_model: GANSynth) -> None:
    z = on_sphere(small_model.latents)[2]
    wave = small_model.generate(z[None], torch.tensor([PITCH]), n_iterations=0)[0]
    first = next(search_latent(small_model, wave, PITCH))
    assert first.nearest_timbre == 2
    torch.testing.assert_close(first.z, z)


def test_the_descent_leads_back_to_what_a_trained_model_made(bundled: GANSynth) -> None:
    reed = max(i for i, timbre in enumerate(bundled.timbres) if timbre.family == "reed")
    wave = bundled.generate(bundled.latents[reed][None], torch.tensor([PITCH]), n_iterations=0)[0]
    config = msgspec.structs.replace(bundled.config, timbres=bundled.timbres[:4])  # basses
    without = GANSynth(config, bundled.generator, bundled.latents[:4])
    found = list(search_latent(without, wave, PITCH, n_steps=12))
    assert found[-1].off_db < 0.5 * found[0].off_db


def test_no_step_is_worse_than_the_one_before(small_model: GANSynth, own_note) -> None:
    found = list(search_latent(small_model, own_note[0], PITCH, n_steps=6))
    for former, later in itertools.pairwise(found):
        assert later.off_db <= former.off_db
        assert later.share > former.share or later.share == 1.0
    assert found[-1].share == 1.0


def test_what_is_found_lies_where_latents_lie(small_model: GANSynth, own_note) -> None:
    *_, last = search_latent(small_model, own_note[0], PITCH, n_steps=4)
    assert float(last.z.norm()) == pytest.approx(small_model.latent_size**0.5, rel=1e-4)
    assert not last.z.requires_grad


def test_how_loud_the_recording_is_makes_no_difference(small_model: GANSynth, own_note) -> None:
    ways = [
        next(search_latent(small_model, gain * own_note[0], PITCH)).off_db for gain in (1.0, 0.1)
    ]
    assert ways[0] == pytest.approx(ways[1], abs=0.3)


def test_a_short_recording_is_compared_as_far_as_it_goes(small_model: GANSynth, own_note) -> None:
    *_, last = search_latent(small_model, own_note[0][:8000], PITCH, n_steps=2)
    assert 0.0 <= last.off_db < 80.0


def test_a_longer_recording_is_cut(small_model: GANSynth, own_note) -> None:
    longer = torch.cat([own_note[0], torch.ones(9000)])
    ways = [next(search_latent(small_model, wave, PITCH)).off_db for wave in (own_note[0], longer)]
    assert ways[0] == ways[1]


def test_the_same_recording_gives_the_same_latent(small_model: GANSynth, own_note) -> None:
    last = [list(search_latent(small_model, own_note[0], PITCH, n_steps=3))[-1] for _ in range(2)]
    assert torch.equal(last[0].z, last[1].z)


def test_a_pitch_that_the_model_can_not_make_is_refused(small_model: GANSynth, own_note) -> None:
    with pytest.raises(ValueError, match=r"pitch must be 24\.\.84, not 90"):
        next(search_latent(small_model, own_note[0], 90))
