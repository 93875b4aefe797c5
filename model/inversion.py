"""From a note to the latent whose note is nearest: the generator inverted.

The nearest of many candidates comes first; from there the latent descends the distance through
the network. Magnitudes alone are compared: notes that sound alike differ in their phases.

Source: Zhu et al., "Generative visual manipulation on the natural image manifold", 2016, for
going on by gradient from a first guess.
"""

import math
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from .gansynth import GANSynth, threads
from .latent import blend, draw_gaussian, on_sphere
from .note_distance import FLOOR_DB

N_STEPS = 28

_N_DRAWN = 128  # of a model whose latents lie anywhere
_N_PARENTS = 6  # nearest timbres, of each two of which the middle is a candidate, too
_BATCH = 4
_MOST_THREADS = 4
_POOLED = (2, 8)  # times and bands that are summed: an ear's width, and no chance of single pixels
_RATES = (0.3, 0.03)
_FIRST_SHARE = 0.4  # of the work, for the candidates
_PATIENCE = 9
_GAIN = 0.998  # less is no gain
_GAINS_DB = torch.arange(-16.0, 17.0, 2.0)


@dataclass(frozen=True)
class Found:
    """The best so far.

    Attributes:
        z: float32 [latent].
        off_db: How far its note's magnitudes are off, in dB.
        share: Of the work that is done, 0..1.
        nearest_timbre: Number of the named timbre that comes nearest, or None.
    """

    z: Tensor
    off_db: float
    share: float
    nearest_timbre: int | None = None


def search_latent(
    model: GANSynth, wave: Tensor, pitch: int, *, n_steps: int = N_STEPS
) -> Iterator[Found]:
    """Find the latent whose note is nearest, better with each step; who has enough may stop.

    Args:
        model: Its named timbres are the first candidates.
        wave: float32 [sample], at the model's rate, beginning with the note and not silent. What
            is longer than the model's notes is not compared, nor what comes after its end.
        pitch: MIDI number of that note, one of the model's.
        n_steps: Of the descent, at most.

    Yields:
        The best so far: after all candidates, then after each step.

    Raises:
        ValueError: If the pitch is outside the model's range.
    """
    target = _Target.of(model, wave, pitch)
    first = _candidates(model)
    first_db = target.off_all(first)
    parents = first[first_db.argsort(stable=True)[:_N_PARENTS]]
    candidates = torch.cat([first, _middles(parents)])
    off_db = torch.cat([first_db, target.off_all(candidates[len(first) :])])
    nearest = int(off_db.argmin())
    timbre = int(off_db[: len(model.latents)].argmin()) if len(model.latents) else None
    best = Found(candidates[nearest], float(off_db[nearest]), _FIRST_SHARE, timbre)
    yield best
    yield from _descend(target, best, n_steps)


def _descend(target: "_Target", best: Found, n_steps: int) -> Iterator[Found]:
    """Go down from the best so far, until there is no gain any more."""
    z = best.z[None].clone().requires_grad_()
    optimiser = torch.optim.Adam([z], lr=_RATES[0])
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, n_steps, _RATES[1])
    since = 0
    for step in range(1, n_steps + 1):
        optimiser.zero_grad()
        with threads(1):  # several wait for each other for long where the processor is busy
            off_db = target.off_db(target.images(on_sphere(z)))
            off_db.sum().backward()  # type: ignore[no-untyped-call]
        since = 0 if off_db.item() < _GAIN * best.off_db else since + 1
        share = _FIRST_SHARE + (1 - _FIRST_SHARE) * step / n_steps
        if off_db.item() < best.off_db:
            best = replace(best, z=on_sphere(z.detach())[0], off_db=off_db.item())
        optimiser.step()
        schedule.step()
        if since == _PATIENCE:
            break
        yield replace(best, share=share)
    yield replace(best, share=1.0)


@dataclass(frozen=True)
class _Target:
    """What a note is to be near to.

    Attributes:
        model: Makes the notes.
        pitch: int64 [1].
        power_db: float32 [time, band], dB re the greatest, what is below the floor as the floor.
    """

    model: GANSynth
    pitch: Tensor
    power_db: Tensor

    @classmethod
    def of(cls, model: GANSynth, wave: Tensor, pitch: int) -> "_Target":
        if pitch not in model.pitches:
            low, high = model.pitches[0], model.pitches[-1]
            raise ValueError(f"pitch must be {low}..{high}, not {pitch}")
        wave = wave.detach().float().cpu()[: model.n_samples]
        n = len(wave)
        label = torch.tensor([pitch])
        image = model.representation.encode(
            functional.pad(wave, (0, model.n_samples - n))[None], label
        )
        power_db = _pooled_db(model, image)[0]
        n_times = max(1, power_db.shape[0] * n // model.n_samples)
        return cls(model, label, (power_db[:n_times] - power_db.max()).clamp_min(FLOOR_DB))

    def images(self, z: Tensor) -> Tensor:
        """Make images through which a gradient can go: float32 [batch, 2, time, freq]."""
        device = self.model.device
        return self.model.generator(z.to(device), self.pitch.expand(len(z)).to(device))

    def off_all(self, candidates: Tensor) -> Tensor:
        """Say how far candidates' notes are off: float32 [candidate], in dB."""
        if not len(candidates):
            return torch.zeros(0)

        def off(part: Tensor) -> Tensor:
            with torch.inference_mode():
                pitch = self.pitch.expand(len(part))
                return self.off_db(self.model.specgrams(part, pitch)).cpu()

        # side by side, one thread each: two that share a layer wait for each other
        n_threads = (os.cpu_count() or 1) if self.model.device.type == "cpu" else 1
        with ThreadPoolExecutor(
            min(n_threads, _MOST_THREADS), initializer=torch.set_num_threads, initargs=(1,)
        ) as pool:
            return torch.cat(list(pool.map(off, torch.split(candidates, _BATCH)))).clone()

    def off_db(self, images: Tensor) -> Tensor:
        """Say how far notes are off, at the gain that fits best: float32 [batch], in dB."""
        made = _pooled_db(self.model, images.float().cpu())[:, : len(self.power_db)]
        made = made - made.detach().amax((1, 2), keepdim=True)
        with torch.no_grad():
            tried = torch.stack([self._difference(made + gain) for gain in _GAINS_DB])
            gain = _GAINS_DB[tried.argmin(0)]
        return self._difference(made + gain[:, None, None])

    def _difference(self, power_db: Tensor) -> Tensor:
        return (power_db.clamp_min(FLOOR_DB) - self.power_db).abs().mean((1, 2))


def _candidates(model: GANSynth) -> Tensor:
    """Give latents to begin with, the named timbres' first: float32 [candidate, latent]."""
    if model.config.prior == "timbres":
        return on_sphere(model.latents)
    drawn = draw_gaussian(_N_DRAWN, model.latent_size, 0)
    return on_sphere(torch.cat([model.latents, drawn]))


def _middles(parents: Tensor) -> Tensor:
    """Give what lies between each two latents: float32 [pair, latent]."""
    pairs = torch.combinations(torch.arange(len(parents)))
    half = torch.tensor([0.5, 0.5])
    blends = [blend(parents[pair], half) for pair in pairs]
    return on_sphere(torch.stack(blends)) if blends else parents[:0]


def _pooled_db(model: GANSynth, images: Tensor) -> Tensor:
    """Sum power over neighbouring pixels: float32 [batch, time, band], in dB."""
    power = torch.exp(model.magnitude_db(images) * (math.log(10) / 10))
    return 10 * torch.log10(functional.avg_pool2d(power[:, None], _POOLED)[:, 0] + 1e-12)
