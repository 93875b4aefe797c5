"""A sample as a WAV, with its pitch and loop in the chunk that samplers look for, or as a FLAC.

Format: "Multimedia Programming Interface and Data Specifications 1.0", IBM and Microsoft, 1991,
and the sampler chunk of its supplement, 1994.
"""

import io
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import soundfile

from .sampled import Sample, Wave

Encoding = Literal["wav", "flac"]

_FORWARD, _FOR_EVER = 0, 0
_TAGS = ("title", "artist", "copyright", "software", "comment")
_BITS = "PCM_24"


def write_sample(
    path: Path,
    wave: Wave,
    sample: Sample,
    sample_rate: int,
    encoding: Encoding,
    tags: Mapping[str, str],
) -> None:
    """Write a sample, mono, 24 bits.

    Args:
        path: The file; its folder is there.
        wave: float32 [frame], within ±1.
        sample: Its pitch and its loop.
        sample_rate: In Hz.
        encoding: "wav" or "flac"; only a WAV holds pitch and loop.
        tags: Any of title, artist, copyright, software, comment.

    Raises:
        OSError: If it can't be written.
    """
    buffer = io.BytesIO()
    with soundfile.SoundFile(buffer, "w", sample_rate, 1, _BITS, format=encoding.upper()) as file:
        for name in _TAGS:
            if tags.get(name):
                setattr(file, name, tags[name])
        file.write(wave)
    content = buffer.getvalue()
    if encoding == "wav":
        content = with_chunk(content, b"smpl", sampler_chunk(sample, sample_rate))
    path.write_bytes(content)


def with_chunk(riff: bytes, name: bytes, content: bytes) -> bytes:
    """Append a chunk to a RIFF file, and say its new length."""
    padded = content + bytes(len(content) % 2)
    body = riff[8:] + bytes(len(riff) % 2) + name + struct.pack("<I", len(content)) + padded
    return riff[:4] + struct.pack("<I", len(body)) + body


def sampler_chunk(sample: Sample, sample_rate: int) -> bytes:
    """Give the content of the sampler chunk: the pitch, and the loop if there is one."""
    loops = b""
    if sample.loop is not None:
        start, end = sample.loop
        loops = struct.pack("<6I", 0, _FORWARD, start, end - 1, 0, _FOR_EVER)  # its last frame
    nanoseconds = round(1e9 / sample_rate)
    n_loops = len(loops) // 24
    return struct.pack("<9I", 0, 0, nanoseconds, sample.pitch, 0, 0, 0, n_loops, 0) + loops
