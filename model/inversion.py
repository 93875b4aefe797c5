"""From a note to the latent whose note is nearest: the generator inverted.

Candidates are compared from afar; from the nearest of them the latent descends the distance
between the magnitudes, through the network. Phases are left out: notes that sound alike differ
in them, and they would only hold the descent up.

Source: Zhu et al., "Generative visual manipulation on the natural image manifold", 2016, for
going on by gradient from a first guess.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from .gansynth import GANSynth
from .latent import draw_among, draw_gaussian, on_sphere

N_STEPS = 32
N_STARTS = 2

_N_DRAWN = 32
_BATCH = 8
_COARSER = 4  # timbre shows at a quarter of the size, without the chance of single pixels
_RATE = 0.15
_AUDIBLE_DB = 60.0
_ONSET_DB = -40.0
_BEFORE_ONSET_SECONDS = 0.003


class MatchStoppedError(Exception):
    """The search was called off."""


@dataclass(frozen=True)
class Match:
    """The latent whose note is nearest to a given one.

    Attributes:
        z: float32 [latent].
        off_db: How far its note is from that one: the mean difference of magnitudes where one of
            both is audible, at the gain that fits best.
        first_off_db: The same of the nearest candidate, before the descent.
    """

    z: Tensor
    off_db: float
    first_off_db: float


def find_latent(
    model: GANSynth,
    wave: Tensor,
    pitch: int,
    *,
    n_steps: int = N_STEPS,
    n_starts: int = N_STARTS,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    stopped: Callable[[], bool] = lambda: False,
) -> Match:
    """Find the latent whose note is nearest.

    Args:
        model: Its named timbres are candidates, and latents drawn between them.
        wave: float32 [sample], at the model's rate, of any length: what is longer than the
            model's notes is cut, what lies after the end of a shorter one is not compared.
        pitch: MIDI number of that note, one of the model's.
        n_steps: Of the descent.
        n_starts: From how many candidates.
        progress: Called with the steps done and all that will be.
        stopped: Asked between steps.

    Raises:
        ValueError: If the wave is silent, or the pitch is outside the model's range.
        MatchStoppedError: If `stopped` said so.
    """
    target = _Target.of(model, wave, pitch)
    candidates = _candidates(model)
    n_parts = -(-len(candidates) // _BATCH)
    total = n_parts + n_steps
    off_db: list[Tensor] = []
    for done, part in enumerate(torch.split(candidates, _BATCH)):
        _tell(done, total, progress, stopped)
        with torch.no_grad():
            off_db.append(target.off_db(model.specgrams(part, target.pitch.expand(len(part)))))
    distances = torch.cat(off_db)
    nearest = distances.argsort(stable=True)[:n_starts]
    best, best_db = candidates[nearest[0]], float(distances[nearest[0]])
    first_db = best_db
    z = candidates[nearest].clone().requires_grad_()
    optimiser = torch.optim.Adam([z], lr=_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, n_steps, _RATE / 20)
    for step in range(n_steps):
        _tell(n_parts + step, total, progress, stopped)
        labels = target.pitch.expand(len(z))
        now_db = target.off_db(
            model.generator(on_sphere(z).to(model.device), labels.to(model.device))
        )
        optimiser.zero_grad()
        now_db.sum().backward()  # type: ignore[no-untyped-call]
        least = int(now_db.argmin())
        if now_db[least].item() < best_db:
            best, best_db = on_sphere(z.detach()[least].clone()), now_db[least].item()
        optimiser.step()
        schedule.step()
    progress(total, total)
    return Match(best, best_db, first_db)


@dataclass(frozen=True)
class _Target:
    """What a note is to be near to.

    Attributes:
        model: Makes the notes.
        pitch: int64 [1].
        magnitude: float32 [time, freq], from afar, in dB.
        n_times: How many of its columns there is something to compare with.
    """

    model: GANSynth
    pitch: Tensor
    magnitude: Tensor
    n_times: int

    @classmethod
    def of(cls, model: GANSynth, wave: Tensor, pitch: int) -> "_Target":
        if pitch not in model.pitches:
            low, high = model.pitches[0], model.pitches[-1]
            raise ValueError(f"pitch must be {low}..{high}, not {pitch}")
        wave = _from_onset(wave.detach().float().cpu(), model.sample_rate)[: model.n_samples]
        n = len(wave)
        wave = functional.pad(wave, (0, model.n_samples - n))
        label = torch.tensor([pitch])
        image = model.representation.encode(wave[None], label)
        n_times = max(1, round(image.shape[2] * n / model.n_samples) // _COARSER)
        return cls(model, label, _from_afar(model, image)[0], n_times)

    def off_db(self, images: Tensor) -> Tensor:
        """Say how far notes are from it: float32 [batch], in dB.

        Args:
            images: float32 [batch, 2, time, freq], the network's.
        """
        made = _from_afar(self.model, images.float().cpu())[:, : self.n_times]
        wanted = self.magnitude[: self.n_times].expand_as(made)
        # An error beside the real partials counts, too, or the brightest would win.
        weight = torch.maximum(_audible(wanted), _audible(made.detach()))
        weight = weight / weight.sum((1, 2), keepdim=True).clamp_min(1e-6)
        difference = made - wanted
        gain_db = (weight * difference).sum((1, 2), keepdim=True).detach()
        return (weight * (difference - gain_db).abs()).sum((1, 2))


def _candidates(model: GANSynth) -> Tensor:
    """Give latents to begin with: float32 [candidate, latent]."""
    if model.config.prior == "timbres":
        drawn = draw_among(model.latents, _N_DRAWN, 0)
        return on_sphere(torch.cat([model.latents, drawn]))
    drawn = draw_gaussian(2 * _N_DRAWN, model.latent_size, 0)
    return on_sphere(torch.cat([model.latents, drawn]))


def _from_onset(wave: Tensor, sample_rate: int) -> Tensor:
    """Cut the silence before a note, and bring it to full scale."""
    peak = float(wave.abs().max()) if wave.numel() else 0.0
    if not 1e-5 < peak < float("inf"):
        raise ValueError("the recording is silent")
    onset = int(torch.nonzero(wave.abs() > peak * 10 ** (_ONSET_DB / 20))[0])
    before = round(_BEFORE_ONSET_SECONDS * sample_rate)
    return wave[max(0, onset - before) :] / peak


def _from_afar(model: GANSynth, images: Tensor) -> Tensor:
    """Average magnitudes over squares of pixels: float32 [batch, time, freq], in dB."""
    return functional.avg_pool2d(model.magnitude_db(images)[:, None], _COARSER)[:, 0]


def _audible(magnitude_db: Tensor) -> Tensor:
    """Weigh pixels by their level under the note's peak, 0 from 60 dB below it: same shape."""
    peak = magnitude_db.amax((1, 2), keepdim=True)
    return ((magnitude_db - peak + _AUDIBLE_DB) / _AUDIBLE_DB).clamp(0, 1)


def _tell(
    done: int, total: int, progress: Callable[[int, int], None], stopped: Callable[[], bool]
) -> None:
    if stopped():
        raise MatchStoppedError
    progress(done, total)
