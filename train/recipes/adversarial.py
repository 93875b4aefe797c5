"""The recommended recipe: a warm start, then the generator against a critic."""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from model.generator import Generator
from model.latent import on_sphere
from model.warped import warped_frequencies
from train.datasets.dataset import TrainingSet

from .adversarial_loss import critic_loss, deceiver_loss, slopes_between, squared_slopes
from .augment import Augmenter, adapted_share
from .config import TimbrepadConfig
from .critic import Critic, CriticConfig, judged_planes
from .decoder import Decoder, move_mean
from .distributed import average, average_gradients, n_workers
from .drawing import Batch
from .gan_loss import GANLossWeights
from .prior import draw_latents
from .schedule import AdversarialPlace, adversarial_place
from .seeds import step_random
from .tensors import (
    adam_tensors,
    check_all_taken,
    network_tensors,
    parameters_of,
    take_adam,
    take_network,
)
from .warm_start import (
    PIXEL_NOISE,
    WarmStart,
    can_compile,
    mixed_precision,
    noisy_latents,
    reconstruction_losses,
    total_loss,
)

_BETAS = (0.0, 0.99)
_MAIN, _CRITIC_NOISE = 2, 3
_WASSERSTEIN = GANLossWeights()
_SHARE = "augment_share"


class Adversarial:
    """Trains a decoder and a critic; see `trainer.Trainer` and `trainer.Judge`.

    Every step the critic learns from a batch, then the generator from another opinion on the
    same pitches; the critic alone where a resolution is new. Batches are told apart by worker,
    and so are the groups whose deviation the critic sees.
    """

    def __init__(
        self, config: TimbrepadConfig, data: TrainingSet, rank: int, device: torch.device
    ) -> None:
        self._config = config
        self._rank = rank
        self._device = device
        self._warm = WarmStart(config.warm_start, data, rank, device)
        self._decoder = self._warm.learned
        freqs_hz = warped_frequencies(config.warped)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed + 1)
            self._critic = Critic(critic_config(config), freqs_hz).to(device)
        self._critic.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._fast_critic = self._critic
        if device.type == "cuda" and config.compiled and can_compile(device):
            self._fast_critic = torch.compile(self._critic)  # type: ignore[assignment]
        self._augment = Augmenter(freqs_hz.to(device), config.db_per_unit)
        self._share = torch.zeros((), device=device)
        part = config.adversarial
        self._for_critic = torch.optim.Adam(
            [{"params": list(self._critic.parameters()), "gain": part.critic_gain}], betas=_BETAS
        )
        self._for_decoder = torch.optim.Adam(
            [
                {"params": list(self._generator.parameters()), "gain": part.generator_gain},
                {"params": [self._decoder.latents], "gain": part.latent_gain},
            ],
            betas=_BETAS,
        )

    @property
    def _generator(self) -> Generator:
        return self._decoder.generator

    def step(self, examples_seen: int) -> tuple[int, dict[str, Tensor]]:
        """Take one step of the part that the run is in; see `Trainer`."""
        config = self._config
        if examples_seen < config.warm_examples:
            return self._warm.step(examples_seen)
        self._warm.drop_moments()
        place = adversarial_place(config, examples_seen)
        size = place.batch // n_workers()
        random = step_random(config.seed, self._rank, examples_seen, _MAIN)
        factor = 2 ** (len(config.network.channels) - place.stage)
        batch = self._warm.notes.batch(size, random, config.db_per_unit, factor=factor)
        losses = self._train_critic(batch, place, examples_seen, random)
        if place.generator_rise > 0:
            losses |= self._train_generator(batch, place, examples_seen, random)
            decay = 0.5 ** (place.batch / config.adversarial.ema_examples)
            move_mean(self._warm.mean, self._decoder, decay)
        return size * n_workers(), {name: loss.detach() for name, loss in losses.items()}

    def _train_critic(
        self, batch: Batch, place: AdversarialPlace, examples_seen: int, random: torch.Generator
    ) -> dict[str, Tensor]:
        config, part = self._config, self._config.adversarial
        with torch.no_grad():
            z = self._draw_latents(len(batch), random)
            fake = self._generate(z, batch.pitch, place, examples_seen, _CRITIC_NOISE)
        real_planes = self._seen(batch.specgram, random)
        fake_planes = self._seen(fake, random)
        with mixed_precision(config.precision, self._device):
            real, logits = self._fast_critic(real_planes, batch.pitch, place.stage)
            of_fake, _ = self._fast_critic(fake_planes, batch.pitch, place.stage)
        index = batch.pitch - config.network.lowest_pitch
        losses = {
            "critic": critic_loss(part.loss, real, of_fake),
            "critic_pitch": functional.cross_entropy(logits, index),
        }
        total = losses["critic"] + part.real_pitch * losses["critic_pitch"]
        weight, steepness = self._penalty(
            real_planes, fake_planes, batch, place, examples_seen, random
        )
        if weight > 0:
            losses["critic_slope"] = steepness
            total = total + weight * steepness
        if part.loss == "wgan-gp":
            total = total + _WASSERSTEIN.real_score * real.square().mean()
        self._descend(self._for_critic, total, place.rate)
        sign = average(torch.sign(real.detach()).mean())
        losses["real_sign"] = sign
        if part.augment and part.loss == "logistic":
            step = place.batch / part.augment_examples
            self._share = adapted_share(self._share, sign, part.augment_target, step)
            losses[_SHARE] = self._share
        return losses

    def _penalty(
        self,
        real: Tensor,
        fake: Tensor,
        batch: Batch,
        place: AdversarialPlace,
        examples_seen: int,
        random: torch.Generator,
    ) -> tuple[float, Tensor]:
        """Give the weight and the value of the penalty of slopes, in full precision."""
        part = self._config.adversarial
        every = part.penalty_every if part.loss == "logistic" else 1
        if examples_seen // place.batch % every:
            return 0.0, torch.zeros(())

        def score(planes: Tensor) -> Tensor:
            scores: Tensor = self._critic(planes, batch.pitch, place.stage)[0]
            return scores

        if part.loss == "wgan-gp":
            mix = torch.rand(len(batch), generator=random)
            mix = mix.to(self._device, non_blocking=True)
            return _WASSERSTEIN.gradient_penalty, slopes_between(score, real, fake, mix)
        gamma = part.penalty * real.shape[2] * real.shape[3] / place.batch
        steepness = squared_slopes(score, real)
        if part.loss == "rpgan":
            steepness = steepness + squared_slopes(score, fake)
        return every * gamma / 2, steepness

    def _train_generator(
        self, batch: Batch, place: AdversarialPlace, examples_seen: int, random: torch.Generator
    ) -> dict[str, Tensor]:
        config, part = self._config, self._config.adversarial
        anchored = batch.part(round(part.anchor_share * len(batch)))
        z = torch.cat(
            [
                noisy_latents(self._decoder, anchored, config.latent_noise, random),
                self._draw_latents(len(batch) - len(anchored), random),
            ]
        )
        fake = self._generate(z, batch.pitch, place, examples_seen, PIXEL_NOISE)
        planes = self._seen(fake, random)
        self._critic.requires_grad_(False)
        with mixed_precision(config.precision, self._device):
            of_fake, logits = self._fast_critic(planes, batch.pitch, place.stage)
            real = None
            if part.loss == "rpgan":
                again = self._seen(batch.specgram, random)
                real, _ = self._fast_critic(again, batch.pitch, place.stage)
        index = batch.pitch - config.network.lowest_pitch
        losses = {
            "generator": deceiver_loss(part.loss, of_fake, real),
            "generator_pitch": functional.cross_entropy(logits, index),
        }
        fake_pitch = place.generator_rise * part.fake_pitch
        total = losses["generator"] + fake_pitch * losses["generator_pitch"]
        if len(anchored):
            n = len(anchored)
            errors = reconstruction_losses(
                self._decoder, fake[:n], z[:n], anchored, config.db_per_unit
            )
            losses |= errors
            weight = part.anchor_weight + place.done * (part.anchor_end - part.anchor_weight)
            total = total + weight * total_loss(errors, config.ifreq_weight)
        self._descend(self._for_decoder, total, place.rate * place.generator_rise)
        self._critic.requires_grad_(True)
        return losses

    def _descend(self, optimiser: torch.optim.Optimizer, total: Tensor, rate: float) -> None:
        """Take a step of Adam on the mean of all workers' gradients."""
        optimiser.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[no-untyped-call]
        average_gradients(parameters_of(optimiser))
        for group in optimiser.param_groups:
            group["lr"] = self._config.learning_rate * group["gain"] * rate
        optimiser.step()

    def _draw_latents(self, n: int, random: torch.Generator) -> Tensor:
        part = self._config.adversarial
        return draw_latents(
            on_sphere(self._decoder.latents.detach()),
            n,
            random,
            timbre_share=part.timbre_share,
            mix_share=part.mix_share,
            noise=self._config.latent_noise,
        )

    def _generate(
        self, z: Tensor, pitch: Tensor, place: AdversarialPlace, examples_seen: int, stream: int
    ) -> Tensor:
        noise = None
        if self._config.noise:
            random = step_random(self._config.seed, self._rank, examples_seen, stream, self._device)
            noise = self._generator.draw_noise(len(z), place.stage, random)
        with mixed_precision(self._config.precision, self._device):
            return self._generator(z, pitch, place.stage, noise=noise).float()

    def _seen(self, specgrams: Tensor, random: torch.Generator) -> Tensor:
        """Change notes at random, and give what the critic sees of them."""
        if self._config.adversarial.augment:
            specgrams = self._augment(specgrams, self._share, random)
        return judged_planes(specgrams, self._config.db_per_unit)

    def judge(self, specgrams: Tensor, pitch: Tensor, examples_seen: int) -> tuple[Tensor, Tensor]:
        """Ask the critic about notes; see `trainer.Judge`."""
        planes = judged_planes(specgrams, self._config.db_per_unit)
        scores: tuple[Tensor, Tensor] = self._critic(planes, pitch, self.stage(examples_seen))
        return scores

    def stage(self, examples_seen: int) -> int:
        """Say which resolution is learned; see `Trainer`."""
        if examples_seen < self._config.warm_examples:
            return self._warm.stage(examples_seen)
        return adversarial_place(self._config, examples_seen).stage

    def state(self) -> dict[str, Tensor]:
        """Give weights, means, moments and the share of changed notes; see `Trainer`."""
        return {
            **self._warm.state(),
            **network_tensors("critic", self._critic),
            **adam_tensors("critic_", self._critic, self._for_critic),
            **adam_tensors("decoder_", self._decoder, self._for_decoder),
            _SHARE: self._share.reshape(1),
        }

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Take up what `state` gave; see `Trainer`."""
        tensors = dict(state)
        take_network(tensors, "critic", self._critic)
        take_adam(tensors, "critic_", self._critic, self._for_critic)
        take_adam(tensors, "decoder_", self._decoder, self._for_decoder)
        share = tensors.pop(_SHARE, None)
        if share is None or share.shape != (1,):
            raise ValueError(f"the tensor {_SHARE} is missing, or no single number")
        self._share = share[0].to(self._device, copy=True)
        self._warm.take(tensors)
        check_all_taken(tensors)

    def decoder(self) -> Decoder:
        """Give the running mean of the decoder's weights."""
        return self._warm.decoder()


def critic_config(config: TimbrepadConfig) -> CriticConfig:
    """Give the shape of a run's critic."""
    return CriticConfig(
        network=config.network,
        db_per_unit=config.db_per_unit,
        group=config.adversarial.deviation_group,
    )
