"""Images of real notes, kept on disk so that each is drawn once."""

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import numpy as np

from train.datasets.notes import DatasetError, Example, read_wave, write_error

from .mel_image import Image, image_size, mel_image

Progress = Callable[[int, int, str], None]

_VERSION = 1
_NOTES_A_JOB = 16
_KEYS_A_QUERY = 500


def read_images(
    examples: Sequence[Example],
    sample_rate: int,
    seconds: float,
    file: Path,
    workers: Executor,
    progress: Progress,
) -> Image:
    """Draw notes' images, or read those drawn before; goes on where it was interrupted.

    Args:
        examples: The notes.
        sample_rate: See `mel_image`.
        seconds: What comes later in a note is left out, as a model with shorter notes does.
        file: An SQLite data base of the images, 33 KB a note; made when missing.
        workers: Who draws.
        progress: Called with (done, total, what).

    Returns:
        uint8 [note, mel, time].

    Raises:
        DatasetError: If a WAV is damaged, or the images can't be kept.
    """
    images = np.empty((len(examples), *image_size()), np.uint8)
    keys = [_key(example, sample_rate, seconds) for example in examples]
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(file)) as store:
            store.execute("CREATE TABLE IF NOT EXISTS images (key TEXT PRIMARY KEY, image BLOB)")
            known = dict(_known(store, keys))
            for i, key in enumerate(keys):
                if key in known:
                    images[i] = known[key]
            missing = [i for i, key in enumerate(keys) if key not in known]
            done = len(keys) - len(missing)
            for part, drawn in _draw_all(examples, missing, sample_rate, seconds, workers):
                images[part] = drawn
                rows = [(keys[i], images[i].tobytes()) for i in part]
                with store:  # one transaction
                    store.executemany("INSERT OR REPLACE INTO images VALUES (?, ?)", rows)
                done += len(part)
                progress(done, len(keys), "images of real notes")
    except OSError as error:
        raise write_error(file, error) from error
    except sqlite3.Error as error:
        raise DatasetError(
            f"Could not keep images in {file}: {error}. Free space, or delete the file: it is "
            "made again."
        ) from error
    return images


def _key(example: Example, sample_rate: int, seconds: float) -> str:
    status = example.path.stat()
    settings = [_VERSION, sample_rate, seconds, *image_size()]
    identity = [str(example.path.absolute()), status.st_size, status.st_mtime_ns]
    return sha256(json.dumps([settings, identity]).encode()).hexdigest()[:32]


def _known(store: sqlite3.Connection, keys: Sequence[str]) -> Iterator[tuple[str, Image]]:
    n_bytes = int(np.prod(image_size()))
    for start in range(0, len(keys), _KEYS_A_QUERY):
        some = keys[start : start + _KEYS_A_QUERY]
        places = ",".join("?" * len(some))
        query = f"SELECT key, image FROM images WHERE key IN ({places})"
        for key, image in store.execute(query, some):
            if len(image) == n_bytes:
                yield key, np.frombuffer(image, np.uint8).reshape(image_size())


def _draw_all(
    examples: Sequence[Example],
    missing: Sequence[int],
    sample_rate: int,
    seconds: float,
    workers: Executor,
) -> Iterator[tuple[list[int], Image]]:
    parts = [list(missing[i : i + _NOTES_A_JOB]) for i in range(0, len(missing), _NOTES_A_JOB)]
    jobs = [
        workers.submit(_draw, [examples[i] for i in part], sample_rate, seconds) for part in parts
    ]
    try:
        for part, job in zip(parts, jobs, strict=True):
            yield part, job.result()
    finally:
        for job in jobs:
            job.cancel()


def _draw(examples: Sequence[Example], sample_rate: int, seconds: float) -> Image:
    images = []
    for example in examples:
        wave = read_wave(example)[: round(seconds * example.sample_rate)]
        images.append(mel_image(wave, example.sample_rate, sample_rate))
    return np.stack(images)
