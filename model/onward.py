"""Notes, and crops of them, that go on in the phases of a sound that is heard already.

Two notes of one pitch that are cross-faded cancel where their partials are out of phase, and the
pitch strays while one phase takes the other's place. A constant turn of each band brings all
partials into step at one moment; from there on they run as the network says. So a note that takes
the place of another one is decoded with the phases that the other has there. Only a few columns
around that moment are needed at first.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from .warped import WarpedCodec, WarpedConfig, warped_codec

CROP_TIMES = (24, 32)  # columns of a crop: the first number whose circle a transform can have
BEFORE_TIMES = 4  # of a crop, before the junction
EDGE_TIMES = 2  # of a crop, where the circle's other end is still heard
QUIET = 3e-4  # re the loudest band: softer ones of what is heard have no phase to go on with


@dataclass(frozen=True)
class Junction:
    """Where a note takes over from another one.

    Attributes:
        column: Of the specgram, at which both are in phase.
        first: First column of the crop.
        n_times: Columns of the crop.
        start: First sample of the crop that can be used; 0 is the note's first.
        stop: The sample after its last.
        heard_from: Sample at which what is heard must begin; it may lie before the note.
        n_heard: Samples of that.
    """

    column: int
    first: int
    n_times: int
    start: int
    stop: int
    heard_from: int
    n_heard: int


def junction_at(config: WarpedConfig, sample: int) -> Junction | None:
    """Find the junction nearest to a sample of a note; None if the notes are too short for crops.

    Args:
        config: Of the transform.
        sample: 0 is the note's first.
    """
    n_times = next((n for n in CROP_TIMES if _is_circle(n * config.hop)), config.n_times)
    last = config.n_times - n_times
    if last <= 0:
        return None
    lead_in, hop = config.lead_in, config.hop
    column = min(max(round((sample + lead_in) / hop), 0), config.n_times - EDGE_TIMES - 1)
    first = min(max(column - BEFORE_TIMES, 0), last)
    start = (first + EDGE_TIMES) * hop - lead_in if first else 0
    stop = (first + n_times - EDGE_TIMES) * hop - lead_in
    return Junction(
        column,
        first,
        n_times,
        max(start, 0),
        min(stop, config.n_samples),
        first * hop - lead_in,
        n_times * hop,
    )


def _is_circle(n_samples: int) -> bool:
    """Say whether a transform's circle can be so long: 2^n or 3·2^n."""
    return n_samples // (n_samples & -n_samples) in {1, 3}


def decode_crop(
    config: WarpedConfig,
    specgrams: Tensor,
    pitch: Tensor,
    junction: Junction,
    heard: Tensor,
    n_iterations: int,
) -> Tensor:
    """Turn a crop's columns into waves that go on in the phases of what is heard.

    Args:
        config: Of the transform.
        specgrams: float32 [batch, 2, n_times, freq], from column `first` on.
        pitch: [batch], MIDI number of each note.
        junction: Where.
        heard: float32 [batch, n_heard], from `heard_from` on.
        n_iterations: Griffin-Lim iterations.

    Returns:
        float32 [batch, stop - start].
    """
    device = str(specgrams.device)
    short = warped_codec(config.with_times(junction.n_times), device)
    freqs_hz = warped_codec(config, device).freqs_hz
    at = junction.column - junction.first
    padded = _decode_onward(short, freqs_hz, specgrams, pitch, at, heard, n_iterations)
    return padded[:, junction.start - junction.heard_from : junction.stop - junction.heard_from]


def decode_onward(
    config: WarpedConfig,
    specgrams: Tensor,
    pitch: Tensor,
    junction: Junction,
    heard: Tensor,
    n_iterations: int,
) -> Tensor:
    """Turn specgrams into whole notes whose phases at a junction are those of what is heard.

    Args:
        config: Of the transform.
        specgrams: float32 [batch, 2, time, freq].
        pitch: [batch], MIDI number of each note.
        junction: Where.
        heard: float32 [batch, n_heard], from `heard_from` on.
        n_iterations: Griffin-Lim iterations.

    Returns:
        float32 [batch, n_samples].
    """
    codec = warped_codec(config, str(specgrams.device))
    before = junction.first * config.hop
    around = functional.pad(heard, (before, config.n_total - before - heard.shape[-1]))
    padded = _decode_onward(
        codec, codec.freqs_hz, specgrams, pitch, junction.column, around, n_iterations
    )
    return padded[:, config.lead_in : config.lead_in + config.n_samples]


def _decode_onward(
    codec: WarpedCodec,
    image_freqs_hz: Tensor,
    specgrams: Tensor,
    pitch: Tensor,
    at: int,
    around: Tensor,
    n_iterations: int,
) -> Tensor:
    """Turn specgrams into padded waves, in the phases of others at one column.

    Args:
        codec: Of the circle that the columns fill.
        image_freqs_hz: The bands' centres that the specgrams were made with.
        specgrams: float32 [batch, 2, time, freq].
        pitch: [batch], MIDI numbers.
        at: The column.
        around: float32 [batch, n_total], what is heard, on the codec's circle.
        n_iterations: Griffin-Lim iterations.
    """
    reference = codec.reference(pitch, image_freqs_hz)
    heard = codec.analyse(around)[..., at]
    level = heard.abs()
    is_heard = level > QUIET * level.amax(-1, keepdim=True)
    begin = torch.where(is_heard, heard.angle() + reference[..., at], 0.0)
    magnitude, ifreq = specgrams.float().transpose(2, 3).unbind(1)
    phase = math.pi * torch.cumsum(ifreq, -1)
    phase = phase - phase[..., at : at + 1] + begin[..., None] - reference
    return codec.decode(codec.config.level(magnitude), phase, n_iterations)
