from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from model.latent import blend, draw_among, draw_gaussian, on_sphere, pad_weights, slerp

GOLDEN = Path(__file__).parents[1] / "data" / "golden" / "slerp.npz"
FITTED = torch.randn(12, 64, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("t", [0.0, 0.25, 0.5, 1.0])
def test_slerp_is_the_original_s(t):
    with np.load(GOLDEN, allow_pickle=False) as golden:
        start, end = torch.from_numpy(golden["z_instruments"])[:2]
        expected = golden[f"slerp_t{t:.2f}"]
    np.testing.assert_allclose(slerp(start, end, t), expected, atol=1e-12)


@given(t=st.floats(0, 1), lengths=st.tuples(*[st.floats(0.01, 100)] * 2), angle=st.floats(0, np.pi))
def test_slerp_is_finite_at_every_angle(t, lengths, angle):
    start = lengths[0] * torch.tensor([1.0, 0.0, 0.0])
    end = lengths[1] * torch.tensor([np.cos(angle), np.sin(angle), 0.0], dtype=torch.float32)
    assert torch.isfinite(slerp(start, end, t)).all()


def test_slerp_of_equal_latents_is_that_latent():
    torch.testing.assert_close(slerp(FITTED, FITTED, 0.3), FITTED)


def test_slerp_of_opposite_latents_ends_where_it_should():
    torch.testing.assert_close(slerp(FITTED, -FITTED, 0.0), FITTED)
    torch.testing.assert_close(slerp(FITTED, -FITTED, 1.0), -FITTED)


def test_slerp_on_the_sphere_stays_on_it():
    z = on_sphere(FITTED)
    norms = slerp(z[:6], z[6:], torch.linspace(0, 1, 6)[:, None]).norm(dim=-1)
    torch.testing.assert_close(norms, torch.full((6,), 8.0))


def test_sphere_has_the_radius_of_gaussian_latents():
    torch.testing.assert_close(on_sphere(FITTED).square().mean(-1), torch.ones(12))


def test_gaussian_draws_follow_the_seed():
    z = draw_gaussian(200, 64, seed=3)
    assert torch.equal(z, draw_gaussian(200, 64, seed=3))
    assert not torch.equal(z, draw_gaussian(200, 64, seed=4))
    assert abs(z.mean().item()) < 0.05
    assert z.std().item() == pytest.approx(1, abs=0.05)


def test_first_draws_are_the_same_however_many_are_drawn():
    assert torch.equal(draw_among(FITTED, 2, seed=5), draw_among(FITTED, 9, seed=5)[:2])


def test_draws_among_timbres_are_as_long_as_those_and_lie_in_their_span():
    z = draw_among(FITTED, 50, seed=0)
    lengths = FITTED.norm(dim=-1)
    assert (z.norm(dim=-1) >= lengths.min() - 1e-3).all()
    assert (z.norm(dim=-1) <= lengths.max() + 1e-3).all()
    inside = z @ torch.linalg.pinv(FITTED) @ FITTED
    torch.testing.assert_close(inside, z, atol=1e-3, rtol=1e-3)


def test_draws_among_timbres_differ():
    z = torch.nn.functional.normalize(draw_among(FITTED, 50, seed=0), dim=-1)
    cosine = z @ z.T - 2 * torch.eye(50)
    assert cosine.max() < 0.9999


@pytest.mark.parametrize("n_fitted", [1, 2])
def test_draw_among_fewer_timbres_than_parents_mixes_those(n_fitted):
    z = draw_among(FITTED[:n_fitted], 4, seed=0)
    assert z.shape == (4, 64)
    assert torch.isfinite(z).all()


@pytest.mark.parametrize(("x", "y", "corner"), [(0, 0, 0), (1, 0, 1), (0, 1, 2), (1, 1, 3)])
def test_corner_of_the_pad_is_its_timbre_alone(x, y, corner):
    weights = pad_weights(x, y)
    assert weights.tolist() == [float(i == corner) for i in range(4)]
    torch.testing.assert_close(blend(FITTED[:4], weights), FITTED[corner])


@given(x=st.floats(0, 1), y=st.floats(0, 1))
def test_pad_weights_are_shares(x, y):
    weights = pad_weights(x, y)
    assert (weights >= 0).all()
    assert weights.sum().item() == pytest.approx(1)


def test_blend_does_not_depend_on_the_order():
    weights = torch.tensor([0.1, 0.2, 0.3, 0.4])
    turned = blend(FITTED[:4].flip(0), weights.flip(0))
    torch.testing.assert_close(blend(FITTED[:4], weights), turned)


def test_blend_of_equal_latents_is_that_latent():
    torch.testing.assert_close(blend(FITTED[:1].expand(4, -1), pad_weights(0.3, 0.8)), FITTED[0])


def test_blend_has_the_weighted_mean_length():
    weights = torch.tensor([0.5, 0.5])
    latents = torch.tensor([[3.0, 0.0], [0.0, 5.0]])
    assert blend(latents, weights).norm().item() == pytest.approx(4)


def test_blend_of_latents_that_cancel_is_the_heavier_one():
    latents = torch.tensor([[1.0, 0.0], [-1.0, 0.0]])
    assert blend(latents, torch.tensor([0.5, 0.5])).abs().tolist() == [1, 0]


@given(x=st.floats(0.01, 0.99), y=st.floats(0.01, 0.99))
def test_small_step_of_the_pad_is_a_small_step_of_the_latent(x, y):
    here = blend(FITTED[:4], pad_weights(x, y))
    there = blend(FITTED[:4], pad_weights(x + 1e-3, y + 1e-3))
    assert (here - there).norm() < 0.1 * here.norm()
