"""Writes GANSynth checkpoints in TensorFlow's format, with weights that a recipe gives by name."""

import json
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zlib import crc32

import numpy as np

from model.crc32c import masked_crc32c

GENERATOR = "Generator/progressive_gan_generator/progressive_gan_block_"
AVERAGED = "/ExponentialMovingAverage"
CLASSIFIER = "Discriminator/discriminator_cond/classification_logits/bias"
MAGIC = 0xDB4775248B80FB57
TYPES = {"float32": 1, "float64": 2, "int32": 3, "int64": 9, "float16": 19}

# What `mel_prog_hires` has and the code's defaults have not.
PUBLISHED = {
    "data_type": "mel",
    "sample_rate": 16000,
    "start_height": 2,
    "start_width": 16,
    "stable_stage_num_images": 800000,
    "transition_stage_num_images": 800000,
}


def made_weights(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Make what the variable of this name holds; see tests/data/README.md."""
    x = np.random.RandomState(crc32(name.encode("ascii"))).standard_normal(shape)
    if "to_rgb/" in name:
        x = 0.6 * x if "kernel" in name else 0.05 * x + np.array([-0.35, 0.0])
    elif "/conv2d/kernel" in name:
        x = x - x.mean(axis=2, keepdims=True)
    elif "/bias" in name:
        x = 0.1 * x
    return x.astype(np.float32)


@dataclass
class Checkpoint:
    """What a checkpoint shall be; `write` makes its folder.

    Attributes:
        channels: Of each block.
        flags: Of `experiment.json`, over the published ones; None writes no file.
        step: Images seen.
        stage: The folder's number.
        averaged: Whether there are averaged weights beside the raw ones.
        extra: Tensors over those that the channels give; None takes one away.
    """

    channels: tuple[int, ...] = (4, 4, 3)
    latent_size: int = 5
    n_pitches: int = 61
    start: tuple[int, int] = (2, 16)
    kernel_size: int = 3
    simple: bool = False
    flags: Mapping[str, object] | None = field(default_factory=dict)
    step: int = 11_000_000
    stage: int = 12
    averaged: bool = True
    extra: Mapping[str, np.ndarray | None] = field(default_factory=dict)
    n_shards: int = 1
    block_bytes: int = 1 << 18

    @property
    def settings(self) -> dict[str, object]:
        """All that experiment.json says."""
        own = {"latent_vector_size": self.latent_size, "num_resolutions": len(self.channels)}
        own |= {"start_height": self.start[0], "start_width": self.start[1]}
        own |= {"simple_arch": self.simple, "kernel_size": self.kernel_size}
        n_times, n_freqs = (along << len(self.channels) - 1 for along in self.start)
        own |= {"audio_length": n_freqs // 2 * (n_times - 1)}
        return PUBLISHED | own | dict(self.flags or {})

    def generator_shapes(self) -> dict[str, tuple[int, ...]]:
        """Name the generator's variables, with their shapes."""
        n_in, k = self.latent_size + self.n_pitches, self.kernel_size
        shapes: dict[str, tuple[int, ...]] = {}
        for block, n in enumerate(self.channels, 1):
            if self.simple:
                size = self.start[0] * self.start[1] * n
                layer = {"dense/kernel": (n_in, size), "dense/bias": (size,)}
                if block > 1:
                    layer = {
                        "conv2d_transpose/kernel": (k, k, n, n_in),
                        "conv2d_transpose/bias": (n,),
                    }
                layer |= {"to_rgb/kernel": (1, 1, n, 2), "to_rgb/bias": (2,)}
            else:
                first = self.start if block == 1 else (k, k)
                layer = {
                    "conv0/conv2d/kernel": (*first, n_in, n),
                    "conv0/bias": (n,),
                    "conv1/conv2d/kernel": (k, k, n, n),
                    "conv1/bias": (n,),
                    "to_rgb/conv2d/kernel": (1, 1, n, 2),
                    "to_rgb/bias": (2,),
                }
            shapes |= {f"{GENERATOR}{block}/{name}": shape for name, shape in layer.items()}
            n_in = n
        return shapes

    def tensors(self) -> dict[str, np.ndarray]:
        """Make all tensors of the file."""
        tensors = {"global_step": np.array(self.step, np.int64), "Variable": np.float32(0.0)}
        tensors[CLASSIFIER] = np.zeros(self.n_pitches, np.float32)
        for name, shape in self.generator_shapes().items():
            tensors[name] = made_weights(name, shape)
            if self.averaged:
                tensors[name + AVERAGED] = made_weights(name + AVERAGED, shape)
        tensors |= {name: array for name, array in self.extra.items() if array is not None}
        return {name: a for name, a in tensors.items() if self.extra.get(name, a) is not None}

    def write(self, root: Path) -> Path:
        """Write the training's folder and give it."""
        folder = root / f"stage_{self.stage:05d}"
        folder.mkdir(parents=True, exist_ok=True)
        prefix = folder / f"model.ckpt-{self.step}"
        write_bundle(prefix, self.tensors(), self.n_shards, self.block_bytes)
        (folder / "checkpoint").write_text(f'model_checkpoint_path: "{prefix.name}"\n')
        if self.flags is not None:
            (root / "experiment.json").write_text(json.dumps(self.settings))
        return root


def write_bundle(
    prefix: Path,
    tensors: Mapping[str, np.ndarray],
    n_shards: int = 1,
    block_bytes: int = 1 << 18,
    entry_changes: Mapping[str, Mapping[int, object]] | None = None,
) -> None:
    """Write tensors as TensorFlow's Saver does.

    Args:
        prefix: The files' common path.
        tensors: By name.
        n_shards: Data files; the tensors go into them in turn.
        block_bytes: Size from which a block of the table is closed.
        entry_changes: Fields of entries to replace with others, wrong ones perhaps.
    """
    shards = [bytearray() for _ in range(n_shards)]
    header = message({1: n_shards, 3: message({1: 1})})
    entries: list[tuple[bytes, bytes]] = [(b"", header)]
    for number, name in enumerate(sorted(tensors, key=str.encode)):
        array = np.asarray(tensors[name])
        data, shard = array.tobytes(), number % n_shards
        shape = message([(2, message({1: size})) for size in array.shape])
        fields = {
            1: TYPES[array.dtype.name],
            2: shape,
            3: shard,
            4: len(shards[shard]),
            5: len(data),
            6: struct.pack("<I", masked_crc32c(data)),
        }
        fields |= dict((entry_changes or {}).get(name, {}))
        shards[shard] += data
        entries.append((name.encode(), message(fields, fixed32={6})))
    index = prefix.with_name(prefix.name + ".index")
    index.write_bytes(table(entries, block_bytes))
    for number, data in enumerate(shards):
        shard_name = f"{prefix.name}.data-{number:05d}-of-{n_shards:05d}"
        prefix.with_name(shard_name).write_bytes(data)


def message(
    fields: Mapping[int, object] | Iterable[tuple[int, object]], fixed32: frozenset[int] | set = ()
) -> bytes:
    """Encode a protocol buffer: ints as varints, bytes by their length or as four bytes."""
    out = b""
    for number, value in fields.items() if isinstance(fields, Mapping) else fields:
        if isinstance(value, int):
            out += varint(number << 3) + varint(value)
        elif number in fixed32:
            out += varint(number << 3 | 5) + bytes(value)
        else:
            out += varint(number << 3 | 2) + varint(len(value)) + bytes(value)
    return out


def varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def table(entries: list[tuple[bytes, bytes]], block_bytes: int = 1 << 18) -> bytes:
    """Write a LevelDB table without compression."""
    out = bytearray()
    handles: list[tuple[bytes, bytes]] = []
    pending: list[tuple[bytes, bytes]] = []

    def close(listed: list[tuple[bytes, bytes]]) -> bytes:
        content = block(listed)
        handle = varint(len(out)) + varint(len(content))
        out.extend(content + b"\0" + struct.pack("<I", masked_crc32c(content + b"\0")))
        return handle

    for key, value in entries:
        pending.append((key, value))
        if sum(len(k) + len(v) for k, v in pending) >= block_bytes:
            handles.append((key, close(pending)))
            pending = []
    if pending:
        handles.append((pending[-1][0], close(pending)))
    meta = close([])
    index = close(handles)
    return bytes(out) + (meta + index).ljust(40, b"\0") + struct.pack("<Q", MAGIC)


def block(entries: list[tuple[bytes, bytes]], restart_interval: int = 16) -> bytes:
    out, restarts, last = bytearray(), [0], b""
    for number, (key, value) in enumerate(entries):
        shared = 0
        if number and number % restart_interval == 0:
            restarts.append(len(out))
        elif number:
            while shared < min(len(key), len(last)) and key[shared] == last[shared]:
                shared += 1
        out += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:]
        out += value
        last = key
    return bytes(out) + struct.pack(f"<{len(restarts) + 1}I", *restarts, len(restarts))
