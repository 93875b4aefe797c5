"""The settings of a GANSynth training, `experiment.json`, as far as playing needs them."""

import math
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from .checkpoint import ModelError

MAXIMUM_BYTES = 1_000_000
_MAXIMUM_STAGES = 64


class MagentaSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The flags of a training, with the defaults that its code has for missing ones.

    Source: `magenta/models/gansynth/lib/model.py`, names and defaults.
    """

    data_type: str = "mel"
    audio_length: int = 64000
    sample_rate: int = 16000
    data_normalizer: str = "specgrams_prespecified_normalizer"
    mag_normalizer_a: float = 0.0661371661726
    mag_normalizer_b: float = 0.113718730221
    p_normalizer_a: float = 0.8
    p_normalizer_b: float = 0.0
    stable_stage_num_images: int = 32
    transition_stage_num_images: int = 32
    train_progressive: bool = True
    train_time_limit: float | None = None
    train_time_stage_multiplier: float = 1.0
    g_fn: str = "specgram"
    latent_vector_size: int = 256
    kernel_size: int = 3
    start_height: int = 4
    start_width: int = 8
    scale_mode: str = "ALL"
    scale_base: int = 2
    num_resolutions: int = 7
    simple_arch: bool = False
    to_rgb_activation: str = "tanh"

    @property
    def start(self) -> tuple[int, int]:
        """Time and freq of the first block."""
        return self.start_height, self.start_width


PUBLISHED = MagentaSettings(
    stable_stage_num_images=800_000,
    transition_stage_num_images=800_000,
    start_height=2,
    start_width=16,
)
"""`mel_prog_hires`, that of both published checkpoints."""


def read_settings(file: Path, name: str) -> tuple[MagentaSettings, frozenset[str]]:
    """Read the settings; unknown keys are passed over, missing ones get their defaults.

    Args:
        file: `experiment.json`: one flat object, or one whose `jobs` hold such objects by name.
        name: Of the training, to choose among jobs.

    Returns:
        The settings, and the names of those that the file does give.

    Raises:
        ModelError: If it can't be read, is no JSON object, or has a value of a wrong kind.
    """
    try:
        with file.open("rb") as opened:
            text = opened.read(MAXIMUM_BYTES + 1)
    except OSError as error:
        raise ModelError(f'Could not read "{file}": {error.strerror}.') from error
    if len(text) > MAXIMUM_BYTES:
        raise ModelError(f'"{file}" is too large to be GANSynth\'s settings.')
    try:
        flags: dict[str, Any] = msgspec.json.decode(text, type=dict[str, Any])
        jobs = flags.get("jobs")
        if isinstance(jobs, dict) and jobs:
            job = jobs.get(name, next(iter(jobs.values())) if len(jobs) == 1 else None)
            if not isinstance(job, dict):
                raise ModelError(
                    f'"{file}" has settings for several trainings, but none called "{name}". '
                    "Name the checkpoint's folder as one of its jobs."
                )
            flags = job
        given = {key: value for key, value in flags.items() if value is not None}
        settings = msgspec.convert(given, MagentaSettings, strict=False)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ModelError(
            f'"{file}" is not GANSynth\'s settings: {error}. Fetch it again, or take it away: '
            "most of what it says is in the weights too."
        ) from error
    return settings, frozenset(given)


def progress_of_images(settings: MagentaSettings, n_images: int, n_blocks: int) -> float:
    """Say how far growing has come: k where block k + 1 alone counts, between them a blend.

    Args:
        settings: Say how many images each stage lasts.
        n_images: Seen in all.
        n_blocks: That the network has by now.

    Source: GANSynth's `networks.compute_progress`.
    """
    stable = max(settings.stable_stage_num_images, 1)
    transition = max(settings.transition_stage_num_images, 1)
    last = n_blocks * stable + (n_blocks - 1) * transition - 1
    whole, rest = divmod(min(max(n_images, 0), last), stable + transition)
    return whole + max(0.0, (rest - stable) / transition)


def progress_of_time(settings: MagentaSettings, seconds: float, n_blocks: int) -> float:
    """As `progress_of_images`, for a training that was limited by the clock.

    The stages' lengths are a geometric series; every second one is a transition.

    Args:
        settings: With `train_time_limit`.
        seconds: Trained in all.
        n_blocks: That the network has by now.

    Source: GANSynth's `networks.compute_progress_from_time`.
    """
    assert settings.train_time_limit is not None, "asked for only with a limit"
    n_stages = min(2 * max(settings.num_resolutions, n_blocks, 1) - 1, _MAXIMUM_STAGES)
    with np.errstate(all="ignore"):
        lengths = settings.train_time_stage_multiplier ** np.arange(n_stages, dtype=np.float64)
        ends = np.cumsum(lengths * (settings.train_time_limit / lengths.sum()))
        shares = (seconds - ends[:-1:2]) / (ends[1::2] - ends[:-1:2])
        progress = float(np.clip(shares, 0.0, 1.0).sum())
    return min(progress, n_blocks - 1.0) if math.isfinite(progress) else n_blocks - 1.0
