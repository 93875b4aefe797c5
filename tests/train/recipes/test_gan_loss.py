"""GANSynth's losses: against the original's two steps of training, and numbers worked out by hand.

In double precision ours lies as near to the original's single precision as its own rounding
lets it; in single precision the narrow pixel norm of these small networks adds some of ours.
"""

import math
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from model import discriminator as discriminator_module
from model.config import NetworkConfig
from model.discriminator import Discriminator, pixels_each
from model.generator import Generator
from model.normalizer import PRESPECIFIED
from model.specgram import SpecgramConfig, waves_to_stfts
from tests.original import (
    channels_first,
    discriminator_name,
    fill,
    generator_name,
    load,
    original_order,
    real_images,
)
from train.recipes.gan_loss import (
    GANLossWeights,
    consistency_loss,
    discriminator_losses,
    generator_losses,
    slopes,
)

# Of the norm of each parameter's gradient: relative, as measured against the original. That of
# the generator's last stage is the original's own rounding, blown up by pixel norm of 4 channels.
GENERATOR_BOUND = {5: 4e-6, 12: 2.7e-3}
# Stage 12's real images are rounded for storage; with the whole ones it is 8.0e-5 there too.
DISCRIMINATOR_BOUND = {5: 8e-5, 12: 1.5e-4}
CHANNELS = (16, 16, 16, 16, 16, 8, 4)


@dataclass
class Step:
    """A step of training of the original, redone with our networks."""

    stage: int
    golden: dict[str, np.ndarray]
    generator: Generator
    discriminator: Discriminator
    fake: Tensor
    real: Tensor
    mix: Tensor
    pitch_class: dict[str, Tensor]
    progress: float

    @classmethod
    def redo(cls, stage: int, dtype: torch.dtype) -> "Step":
        golden = load(f"train_step_stage{stage:02}")
        n_blocks = int(golden["num_blocks"])
        config = NetworkConfig(latent_size=16, channels=CHANNELS[:n_blocks], n_resolutions=7)
        generator, discriminator = Generator(config), Discriminator(config)
        for network in (generator, discriminator):
            fill(network)
            network.to(dtype)
        z = torch.from_numpy(golden["z"]).to(dtype)
        labels = {
            kind: torch.from_numpy(golden[f"{kind}_pitch_labels"]) for kind in ("gen", "real")
        }
        progress = float(golden["progress"])
        made = generator(z, labels["gen"], stage=n_blocks, progress=progress)
        return cls(
            stage,
            golden,
            generator,
            discriminator,
            PRESPECIFIED.denormalize(made),
            real_images(golden).to(dtype),
            torch.from_numpy(golden["alpha"]).flatten().to(dtype),
            {kind: pitch - config.lowest_pitch for kind, pitch in labels.items()},
            progress,
        )

    @property
    def n_pixels_each(self) -> int:
        return pixels_each(self.discriminator.config, self.real)

    def generator_losses(self) -> dict[str, Tensor]:
        return generator_losses(
            self.discriminator, self.fake, self.pitch_class["gen"], progress=self.progress
        )

    def discriminator_losses(self) -> dict[str, Tensor]:
        return discriminator_losses(
            self.discriminator,
            self.real,
            self.fake,
            self.pitch_class["real"],
            self.mix,
            progress=self.progress,
            n_pixels_each=self.n_pixels_each,
        )

    def gradients(self, losses: dict[str, Tensor], network: nn.Module) -> dict[str, Tensor]:
        """Give the sum's gradient for each parameter, by the original's name."""
        name_of = generator_name if network is self.generator else discriminator_name
        parameters = dict(network.named_parameters())
        total = torch.stack(list(losses.values())).sum()
        gradients = torch.autograd.grad(
            total,
            list(parameters.values()),
            allow_unused=True,
            retain_graph=True,
            materialize_grads=True,
        )
        return {name_of(n): g for n, g in zip(parameters, gradients, strict=True)}

    def worst(self, kind: str, gradients: dict[str, Tensor]) -> float:
        """Say by how much the norm of a parameter's gradient differs at most, relatively."""
        names = [name.split(":")[0] for name in self.golden[f"{kind}_grad_names"]]
        assert sorted(names) == sorted(gradients)
        worst = 0.0
        for name, expected in zip(names, self.golden[f"{kind}_grad_norms"], strict=True):
            norm = float(gradients[name].norm())
            if expected == 0:
                assert norm == 0, name
            else:
                worst = max(worst, abs(norm - float(expected)) / float(expected))
        return worst


@pytest.fixture(scope="module", params=[5, 12])
def step(request) -> Step:
    return Step.redo(request.param, torch.float64)


@pytest.fixture(scope="module", params=[5, 12])
def single(request) -> Step:
    return Step.redo(request.param, torch.float32)


def relative_error(ours: Tensor, theirs: np.ndarray) -> float:
    off = np.linalg.norm(original_order(ours) - theirs)
    return float(off / np.linalg.norm(theirs))


def test_images_of_a_half_grown_generator_are_the_original_s() -> None:
    step = Step.redo(5, torch.float64)
    expected = channels_first(step.golden["fake_0"])
    assert float((step.fake[0] - expected).detach().abs().max()) <= 3e-5


def test_scores_are_the_original_s(step: Step) -> None:
    for images, name in ((step.real, "d_real"), (step.fake, "d_fake")):
        score, _ = step.discriminator(images, step.progress)
        np.testing.assert_allclose(score.detach(), step.golden[name][:, 0], rtol=2e-6)


def test_the_generator_s_losses_are_the_original_s(step: Step) -> None:
    losses = step.generator_losses()
    assert float(losses["fake_pitch"].detach()) / 10 == pytest.approx(
        step.golden["fake_ac_loss"], rel=1e-6
    )
    assert float(sum(losses.values()).detach()) == pytest.approx(
        step.golden["generator_loss"], rel=1e-6
    )


def test_the_discriminator_s_losses_are_the_original_s(step: Step) -> None:
    losses = {name: float(loss.detach()) for name, loss in step.discriminator_losses().items()}
    golden = step.golden
    assert losses["real_pitch"] / 10 == pytest.approx(golden["real_ac_loss"], rel=1e-6)
    assert losses["gradient_penalty"] == pytest.approx(
        golden["gradient_penalty_weighted"], rel=1e-6
    )
    apart = float(golden["d_fake"].mean() - golden["d_real"].mean())
    assert losses["adversarial"] == pytest.approx(apart, rel=1e-5)
    assert losses["real_score"] == pytest.approx(1e-3 * (golden["d_real"] ** 2).mean(), rel=1e-5)
    assert sum(losses.values()) == pytest.approx(golden["discriminator_loss"], rel=1e-6)


def test_slopes_are_the_original_s(step: Step) -> None:
    ours = slopes(
        step.discriminator,
        step.real,
        step.fake.detach(),
        step.mix,
        step.progress,
        step.n_pixels_each,
    )
    np.testing.assert_allclose(ours.detach(), step.golden["slopes"], rtol=2e-5)


def test_the_generator_s_gradients_are_the_original_s(step: Step) -> None:
    gradients = step.gradients(step.generator_losses(), step.generator)
    bound = GENERATOR_BOUND[step.stage]
    assert step.worst("g", gradients) <= bound
    first = gradients[generator_name("first.conv1.weight")]
    assert relative_error(first, step.golden["g_first"]) <= 2 * bound


def test_the_discriminator_s_gradients_are_the_original_s(step: Step) -> None:
    gradients = step.gradients(step.discriminator_losses(), step.discriminator)
    assert step.worst("d", gradients) <= DISCRIMINATOR_BOUND[step.stage]
    first = gradients[discriminator_name("last.conv0.weight")]
    assert relative_error(first, step.golden["d_first"]) <= 2e-6
    pitch = gradients[discriminator_name("heads.pitch.weight")]
    assert relative_error(pitch, step.golden["d_cls"]) <= 2e-6


def test_single_precision_does_nearly_as_well(single: Step) -> None:
    losses = single.generator_losses()
    total = float(sum(losses.values()).detach())
    assert total == pytest.approx(single.golden["generator_loss"], rel=1e-6)
    gradients = single.gradients(losses, single.generator)
    assert single.worst("g", gradients) <= 1.5 * GENERATOR_BOUND[single.stage]
    losses = single.discriminator_losses()
    total = float(sum(losses.values()).detach())
    assert total == pytest.approx(single.golden["discriminator_loss"], rel=1e-6)
    gradients = single.gradients(losses, single.discriminator)
    assert single.worst("d", gradients) <= 2 * DISCRIMINATOR_BOUND[single.stage]


def test_the_mean_of_the_deviation_must_get_no_gradient(step: Step, monkeypatch) -> None:
    """The usual form has the same losses, but other gradients of the gradient penalty."""

    def usual(x: Tensor) -> Tensor:
        deviation = (x.var(0, correction=0) + 1e-6).sqrt().mean()
        return torch.cat([x, deviation.expand_as(x[:, :1])], 1)

    monkeypatch.setattr(discriminator_module, "append_deviation", usual)
    losses = step.discriminator_losses()
    total = float(sum(losses.values()).detach())
    assert total == pytest.approx(step.golden["discriminator_loss"], rel=1e-6)
    assert step.worst("d", step.gradients(losses, step.discriminator)) > 0.01


def test_small_images_count_as_the_whole_they_stand_for() -> None:
    """Repeated pixels, as the original has them, give the losses that a lower resolution gives."""
    step = Step.redo(5, torch.float64)
    whole = Step.redo(5, torch.float64)
    for name in ("real", "fake"):
        image = getattr(step, name)
        setattr(whole, name, image.repeat_interleave(8, 2).repeat_interleave(8, 3))
    assert whole.n_pixels_each == 1
    assert step.n_pixels_each == 64
    losses, large = step.discriminator_losses(), whole.discriminator_losses()
    for name, loss in losses.items():
        torch.testing.assert_close(loss, large[name])
    gradients = step.gradients(losses, step.discriminator)
    for name, gradient in whole.gradients(large, whole.discriminator).items():
        torch.testing.assert_close(gradients[name], gradient)


# By hand


class Plane(nn.Module):
    """A critic whose score is a sum of pixels times `slope`, and which knows no pitch."""

    def __init__(self, slope: float) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(slope, dtype=torch.float64))

    def forward(self, images: Tensor, progress: float | None = None) -> tuple[Tensor, Tensor]:
        return self.slope * images.sum((1, 2, 3)), torch.zeros(len(images), 4).double()


def flat(*values: float) -> Tensor:
    """Images of 2 x 1 x 2 pixels, each of one value."""
    return torch.tensor(values, dtype=torch.float64)[:, None, None, None].expand(-1, 2, 1, 2)


def test_the_losses_of_a_plane() -> None:
    critic = Plane(3.0)
    weights = GANLossWeights(gradient_penalty=10.0, slope=2.0, real_score=0.5, real_pitch=7.0)
    pitch_class = torch.tensor([0, 3])
    losses = discriminator_losses(
        critic, flat(1.0, 2.0), flat(-1.0, 0.0), pitch_class, torch.rand(2).double(), weights
    )
    # Scores 12 and 24 of the real ones, -12 and 0 of the fakes; the slope is 3 times root 4.
    expected = {
        "adversarial": -6.0 - 18.0,
        "gradient_penalty": 10 * (6 / 2 - 1) ** 2,
        "real_score": 0.5 * (144 + 576) / 2,
        "real_pitch": 7 * math.log(4),
    }
    assert {name: float(loss.detach()) for name, loss in losses.items()} == pytest.approx(expected)
    weights = GANLossWeights(fake_pitch=2.0, consistency=3.0)
    losses = generator_losses(
        critic, flat(-1.0, 0.0), pitch_class, weights, inconsistency=torch.tensor(0.5)
    )
    expected = {"adversarial": 6.0, "fake_pitch": 2 * math.log(4), "consistency": 1.5}
    assert {name: float(loss.detach()) for name, loss in losses.items()} == pytest.approx(expected)


def test_the_discriminator_s_loss_leaves_the_generator_alone() -> None:
    fake = flat(1.0, 2.0).clone().requires_grad_()
    losses = discriminator_losses(
        Plane(1.0), flat(0.0, 1.0), fake, torch.tensor([0, 1]), torch.rand(2).double()
    )
    sum(losses.values()).backward()
    assert fake.grad is None


def test_the_slope_is_measured_between_the_images() -> None:
    seen = []

    class Spy(Plane):
        def forward(self, images: Tensor, progress: float | None = None) -> tuple[Tensor, Tensor]:
            seen.append(images.detach()[:, 0, 0, 0].tolist())
            return super().forward(images, progress)

    mix = torch.tensor([0.0, 0.25, 1.0], dtype=torch.float64)
    slopes(Spy(1.0), flat(0.0, 0.0, 0.0), flat(4.0, 4.0, 4.0), mix)
    assert seen == [[0.0, 1.0, 4.0]]


@given(st.floats(-5, 5).filter(lambda x: abs(x) > 1e-3), st.integers(1, 64))
def test_the_penalty_pulls_the_slope_to_its_target(slope, n_pixels_each) -> None:
    critic = Plane(slope)
    ours = slopes(critic, flat(0.0), flat(1.0), torch.zeros(1).double(), None, n_pixels_each)
    assert float(ours.detach()) == pytest.approx(2 * abs(slope) / n_pixels_each**0.5)
    (ours - 1).square().sum().backward()
    too_steep = float(ours.detach()) > 1
    assert critic.slope.grad is not None
    assert float(critic.slope.grad * critic.slope.detach()) * (1 if too_steep else -1) >= 0


SMALL = SpecgramConfig(n_samples=2000, sample_rate=4000, n_fft=64, n_times=128, n_freqs=32)


def test_spectra_of_a_wave_are_consistent() -> None:
    torch.manual_seed(0)
    wave = torch.randn(2, 2000).double()
    wave[:, -100:] = 0  # what fades out on the way back
    stfts = waves_to_stfts(wave, SMALL)
    stfts[..., 0] = 0
    # Without its lowest bins a wave's spectra are still near to a wave's.
    assert float(consistency_loss(stfts, SMALL)) < 1e-3
    torch.manual_seed(1)
    turned = stfts * torch.polar(torch.ones_like(stfts.real), 6.3 * torch.rand_like(stfts.real))
    assert float(consistency_loss(turned, SMALL)) > 10 * float(consistency_loss(stfts, SMALL))


@given(st.floats(1, 100))
@settings(max_examples=20, deadline=None)
def test_consistency_of_loud_spectra_is_relative(gain) -> None:
    torch.manual_seed(0)
    stfts = 4 * torch.randn(1, 128, 32, dtype=torch.complex128)
    assert float(stfts.abs().max()) > 1
    base = consistency_loss(stfts, SMALL)
    torch.testing.assert_close(consistency_loss(gain * stfts, SMALL), base)
    # Those below 1 are not: what is near silence may be what it likes.
    soft = 1e-3 * stfts
    torch.testing.assert_close(consistency_loss(soft / 2, SMALL), consistency_loss(soft, SMALL) / 4)


def test_consistency_has_a_gradient() -> None:
    torch.manual_seed(0)
    log_magnitude = torch.zeros(1, 128, 32).double().requires_grad_()
    phase = torch.rand(1, 128, 32).double() * 6.3
    consistency_loss(torch.polar(log_magnitude.exp(), phase), SMALL).backward()
    assert log_magnitude.grad is not None
    assert float(log_magnitude.grad.abs().max()) > 0


@pytest.mark.parametrize(
    ("weights", "message"),
    [({"slope": 0.0}, "slope must be above 0"), ({"real_pitch": -1.0}, "less than nothing")],
)
def test_weights_without_sense_are_refused(weights, message) -> None:
    with pytest.raises(ValueError, match=message):
        GANLossWeights(**weights)
