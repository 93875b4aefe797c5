"""The discriminator, of both architectures: what it looks at and what it does not care about."""

import pytest
import torch

from model.config import NetworkConfig
from model.discriminator import Discriminator, pixels_each
from model.factory import AnyDiscriminator, make_discriminator, make_generator
from model.growth import blend_resolutions
from model.layers import append_deviation, upscale
from model.normalizer import PRESPECIFIED, FrequencyNormalizer, IdentityNormalizer
from model.simple import SimpleDiscriminator

CHANNELS = (8, 8, 4, 4)
CONFIG = NetworkConfig(latent_size=4, channels=CHANNELS)
SIMPLE = NetworkConfig(latent_size=4, channels=CHANNELS, architecture="simple")
IN_TIME = NetworkConfig(latent_size=4, channels=CHANNELS, start=(2, 32), upscaling=(2, 1))
CONFIGS = {"progressive": CONFIG, "simple": SIMPLE, "in time alone": IN_TIME}


@pytest.fixture(params=CONFIGS.values(), ids=CONFIGS)
def discriminator(request) -> AnyDiscriminator:
    torch.manual_seed(1)
    return make_discriminator(request.param).double()


def images(config: NetworkConfig, n: int = 3, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(n, 2, *config.size, generator=generator, dtype=torch.float64)
    return PRESPECIFIED.denormalize(1.6 * x - 0.8)


def test_each_image_gets_a_score_and_a_logit_a_pitch(discriminator) -> None:
    score, pitch = discriminator(images(discriminator.config))
    assert score.shape == (3,)
    assert pitch.shape == (3, 61)


def test_the_factory_makes_the_architecture_that_is_asked_for() -> None:
    assert isinstance(make_discriminator(CONFIG), Discriminator)
    assert isinstance(make_discriminator(SIMPLE), SimpleDiscriminator)


def test_the_order_of_a_batch_does_not_matter(discriminator) -> None:
    x = images(discriminator.config)
    score, pitch = discriminator(x)
    other_score, other_pitch = discriminator(x.flip(0))
    torch.testing.assert_close(other_score, score.flip(0))
    torch.testing.assert_close(other_pitch, pitch.flip(0))


def test_how_much_a_batch_differs_is_seen(discriminator) -> None:
    x = images(discriminator.config)
    alone, _ = discriminator(x[:1])
    together, _ = discriminator(x)
    assert abs(float((alone[0] - together[0]).detach())) > 1e-6
    repeated, _ = discriminator(x[:1].repeat(4, 1, 1, 1))
    torch.testing.assert_close(repeated, alone.repeat(4))


def test_what_lies_outside_the_normaliser_is_not_seen(discriminator) -> None:
    x = images(discriminator.config)
    x[:, 0, :4] = 20.0
    louder = x.clone()
    louder[:, 0, :4] = 30.0
    assert torch.equal(discriminator(x)[0], discriminator(louder)[0])


@pytest.mark.parametrize("progress", [0.0, 0.4, 1.0, 2.5, 3.0])
def test_images_with_repeated_pixels_may_be_given_small(discriminator, progress) -> None:
    config = discriminator.config
    block = min(4, int(progress) + (progress % 1 > 0) + 1)
    factor = tuple(along ** (4 - block) for along in config.upscaling)
    small = torch.nn.functional.avg_pool2d(images(config), factor)
    whole = upscale(small, factor)
    for a, b in zip(discriminator(small, progress), discriminator(whole, progress), strict=True):
        torch.testing.assert_close(a, b)
    assert pixels_each(config, small) == factor[0] * factor[1]


@pytest.mark.parametrize("progress", [0.0, 0.4, 1.0, 2.5])
def test_finer_detail_than_has_grown_is_not_seen(discriminator, progress) -> None:
    config = discriminator.config
    x = images(config)
    n = int(progress) + (progress % 1 > 0) + 1
    factor = tuple(along ** (4 - n) for along in config.upscaling)
    coarse = upscale(torch.nn.functional.avg_pool2d(x, factor), factor)
    # The normaliser does not cut these, so it and averaging change places.
    torch.testing.assert_close(discriminator(coarse, progress)[0], discriminator(x, progress)[0])


def test_a_new_block_changes_nothing_at_first(discriminator) -> None:
    x = blend_resolutions(images(discriminator.config), 1.0, 4, discriminator.config.upscaling)
    before, _ = discriminator(x, 1.0)
    just_after, _ = discriminator(x, 1.0 + 1e-9)
    torch.testing.assert_close(just_after, before)
    later, _ = discriminator(x, 1.5)
    assert float((later - before).detach().abs().max()) > 1e-6


def test_blocks_that_are_not_there_yet_get_no_gradient(discriminator) -> None:
    discriminator(images(discriminator.config), 1.5)[0].sum().backward()
    with_gradient = {n for n, p in discriminator.named_parameters() if p.grad is not None}
    assert "from_rgb.2.weight" in with_gradient
    assert not any(name.startswith(("from_rgb.3", "blocks.2")) for name in with_gradient)


def test_the_gradient_s_gradient_exists(discriminator) -> None:
    x = images(discriminator.config).requires_grad_()
    (gradient,) = torch.autograd.grad(discriminator(x)[0].sum(), x, create_graph=True)
    gradient.square().sum().backward()
    assert all(
        p.grad is None or bool(torch.isfinite(p.grad).all()) for p in discriminator.parameters()
    )
    assert any(
        p.grad is not None and float(p.grad.abs().max()) > 0 for p in discriminator.parameters()
    )


@pytest.mark.parametrize("channels", [(1,), (3,), (5, 3), (300, 2, 1)])
@pytest.mark.parametrize("architecture", ["progressive", "simple"])
def test_any_width_and_depth_works(channels, architecture) -> None:
    config = NetworkConfig(
        latent_size=2, n_pitches=3, channels=channels, start=(1, 2), architecture=architecture
    )
    score, pitch = make_discriminator(config, n_last=7)(torch.zeros(1, 2, *config.size))
    assert score.shape == (1,)
    assert pitch.shape == (1, 3)
    assert bool(torch.isfinite(score).all())


@pytest.mark.parametrize("architecture", ["progressive", "simple"])
def test_it_judges_what_its_generator_makes_at_any_progress(architecture) -> None:
    config = NetworkConfig(
        latent_size=4, channels=(4, 4, 4), n_resolutions=5, architecture=architecture
    )
    generator, judge = make_generator(config), make_discriminator(config)
    z, pitch = torch.randn(2, 4), torch.tensor([24, 84])
    for progress in (0.0, 0.5, 1.25, 2.0):
        made = PRESPECIFIED.denormalize(generator(z, pitch, progress=progress))
        assert made.shape[2:] == config.size
        small = PRESPECIFIED.denormalize(generator(z, pitch, stage=3, progress=progress))
        for a, b in zip(judge(made, progress), judge(small, progress), strict=True):
            torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-4)


def test_images_of_no_resolution_are_refused(discriminator) -> None:
    with pytest.raises(ValueError, match=r"images must be .*, not 5x7"):
        discriminator(torch.zeros(1, 2, 5, 7).double())


def test_images_that_are_too_small_are_refused(discriminator) -> None:
    size = discriminator.config.stage_size(2)
    with pytest.raises(ValueError, match="images must be"):
        discriminator(torch.zeros(1, 2, *size).double(), 1.5)


@pytest.mark.parametrize("progress", [-0.1, 3.1])
def test_progress_beyond_its_blocks_is_refused(discriminator, progress) -> None:
    with pytest.raises(ValueError, match=r"progress must be 0\.\.3, not"):
        discriminator(images(discriminator.config), progress)


def test_numbers_for_each_frequency_need_the_whole_image() -> None:
    ones = torch.ones(2, CONFIG.size[1])
    discriminator = Discriminator(CONFIG, FrequencyNormalizer(ones, 0 * ones))
    assert discriminator(torch.zeros(1, 2, *CONFIG.size), 1.0)[0].shape == (1,)
    with pytest.raises(ValueError, match="images must be 16x128, not 8x64"):
        discriminator(torch.zeros(1, 2, 8, 64), 1.0)


def test_its_own_normaliser_is_used() -> None:
    torch.manual_seed(0)
    judge = Discriminator(CONFIG, IdentityNormalizer())
    state = judge.state_dict()
    usual = Discriminator(CONFIG)
    usual.load_state_dict(state)
    x = images(CONFIG).float()
    torch.testing.assert_close(judge(PRESPECIFIED.normalize(x))[0], usual(x)[0])


def test_the_deviation_is_one_number_for_all() -> None:
    x = torch.zeros(2, 3, 4, 5)
    x[0, 0, 0, 0] = 2.0
    out = append_deviation(x)
    assert out.shape == (2, 4, 4, 5)
    expected = ((1 + 1e-6) ** 0.5 + 59 * 1e-3) / 60
    torch.testing.assert_close(out[:, 3], torch.full((2, 4, 5), expected))
