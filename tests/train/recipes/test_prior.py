"""Latents drawn where timbres lie."""

import torch

from model.latent import on_sphere
from train.recipes.prior import draw_latents, draw_span

SIZE = 16
FITTED = on_sphere(torch.randn(5, SIZE, generator=torch.Generator().manual_seed(0)))


def draw(n: int = 400, seed: int = 0, **shares: float) -> torch.Tensor:
    settings = {"timbre_share": 0.0, "mix_share": 0.0, "noise": 0.0} | shares
    return draw_latents(FITTED, n, torch.Generator().manual_seed(seed), **settings)


def test_draws_lie_on_the_sphere() -> None:
    drawn = draw(timbre_share=0.4, mix_share=0.3, noise=0.25)
    assert torch.allclose(drawn.norm(dim=1), torch.tensor(SIZE**0.5), atol=1e-4)


def test_the_same_source_draws_the_same() -> None:
    assert torch.equal(draw(mix_share=0.5), draw(mix_share=0.5))
    assert not torch.equal(draw(mix_share=0.5), draw(mix_share=0.5, seed=1))


def test_known_timbres_are_drawn_as_they_are() -> None:
    drawn = draw(timbre_share=1.0)
    nearest = torch.cdist(drawn, FITTED).min(1)
    assert float(nearest.values.max()) < 1e-2
    assert len(set(nearest.indices.tolist())) == len(FITTED)


def test_mixes_lie_between_two_timbres() -> None:
    """Each is a sum of two of them with weights that are not negative."""
    weights = torch.linalg.lstsq(FITTED.T, draw(50, mix_share=1.0).T).solution.T
    assert float(weights.min()) > -1e-3
    assert int((weights > 1e-3).sum(1).max()) == 2


def test_the_rest_lies_in_the_span_with_the_timbres_covariance() -> None:
    drawn = draw_span(FITTED, 20_000, torch.Generator().manual_seed(0))
    outside = drawn - drawn @ torch.linalg.pinv(FITTED) @ FITTED
    assert float(outside.abs().max()) < 1e-3
    principal = torch.linalg.eigh(torch.cov(FITTED.T)).eigenvectors[:, -1]
    along = (drawn @ principal).var()
    least = torch.linalg.eigh(torch.cov(FITTED.T)).eigenvectors[:, -4]
    assert float(along) > float((drawn @ least).var())


def test_no_gradient_reaches_the_timbres() -> None:
    fitted = FITTED.clone().requires_grad_()
    drawn = draw_latents(fitted, 4, torch.Generator(), timbre_share=0.5, mix_share=0.2, noise=0.1)
    assert not drawn.requires_grad
