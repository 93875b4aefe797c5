"""The settings of the recommended recipe's second part, in which a critic judges."""

from typing import Literal

import msgspec


class AdversarialConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happens after the warm start.

    Attributes:
        loss: "logistic": non-saturating, with a lazy penalty on the slope at real notes.
            "rpgan": relativistic pairs with the penalty at both kinds, on every step: half as
            fast, keeps more of the variety. "wgan-gp": the original's kind.
        stage_shares: Share of this part's examples at each resolution, from 16x128 to 128x1024.
        batch: Notes a step at each of those resolutions, over all workers.
        critic_gain: The critic's learning rate over the run's.
        generator_gain: The generator's, likewise.
        latent_gain: The timbres' latents', likewise.
        critic_first: Examples at each new resolution during which the critic alone learns: the
            smooth notes of a warm start would lose at once to whatever it says.
        rise: Examples over which the generator's rate rises after that.
        decay_share: The last share of this part, over which the rates fall to a twentieth.
        penalty: Of the slope at real notes: times pixels over batch, the usual gamma. With
            "wgan-gp" the penalty weighs what it does in the original.
        penalty_every: Steps from one lazy penalty to the next, with "logistic".
        real_pitch: How much naming the pitch of real notes counts, for the critic.
        fake_pitch: How much it counts for the generator, once risen.
        deviation_group: Images of which the critic is told how much they differ.
        timbre_share: Of the generated notes, those of a known timbre.
        mix_share: Those between two known timbres; the rest are from the Gaussian over all.
        anchor_share: Of a batch, also regressed on the real note.
        anchor_weight: Of that regression, at first.
        anchor_end: At the end, on the way to which it fades.
        augment: Whether notes are changed at random before the critic, where it knows the real
            ones by heart; with "logistic" only.
        augment_target: Mean sign of the critic's scores of real notes above which it does.
        augment_examples: Over which the share of changed notes goes from 0 to 1 at most.
        ema_examples: Half-life of the generator's running mean.

    Source: Karras et al., "Analyzing and improving the image quality of StyleGAN", 2020, and
    "Training generative adversarial networks with limited data", 2020, for the defaults;
    Huang et al., "The GAN is dead; long live the GAN!", 2024, for "rpgan".
    """

    loss: Literal["logistic", "rpgan", "wgan-gp"] = "logistic"
    stage_shares: tuple[float, ...] = (0.0, 0.1, 0.2, 0.7)
    batch: tuple[int, ...] = (64, 64, 32, 32)
    critic_gain: float = 0.8
    generator_gain: float = 0.4
    latent_gain: float = 0.4
    critic_first: int = 10_000
    rise: int = 10_000
    decay_share: float = 0.2
    penalty: float = 2e-4
    penalty_every: int = 16
    real_pitch: float = 1.0
    fake_pitch: float = 0.5
    deviation_group: int = 4
    timbre_share: float = 0.4
    mix_share: float = 0.3
    anchor_share: float = 0.25
    anchor_weight: float = 10.0
    anchor_end: float = 1.0
    augment: bool = True
    augment_target: float = 0.6
    augment_examples: int = 500_000
    ema_examples: int = 10_000

    def __post_init__(self) -> None:
        if any(size < 2 for size in self.batch):
            raise ValueError("a critic needs batches of at least 2 notes")
        shares = (self.anchor_share, self.timbre_share, self.mix_share, self.decay_share)
        if not all(0 <= share <= 1 for share in shares) or self.timbre_share + self.mix_share > 1:
            raise ValueError(
                "shares must be 0 to 1, and those of timbres and mixes at most 1 in all"
            )
        counts = (
            self.penalty_every,
            self.deviation_group,
            self.augment_examples,
            self.ema_examples,
        )
        if min(*counts, self.augment_examples) < 1 or min(self.critic_first, self.rise) < 0:
            raise ValueError("counts must be positive")
        weights = (self.penalty, self.real_pitch, self.fake_pitch, self.anchor_weight)
        if min(*weights, self.anchor_end, self.generator_gain, self.critic_gain) < 0:
            raise ValueError("weights and gains must not be negative")
