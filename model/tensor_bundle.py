"""Read a checkpoint as TensorFlow's Saver writes it (format V2), without TensorFlow.

A checkpoint `PREFIX` is a sorted table of names, `PREFIX.index`, and one or more files of raw
numbers, `PREFIX.data-00000-of-00001`. Whatever the files say is checked against their sizes and
checksums before any memory is asked for. Only the tensors that are asked for are read.

Source: `tensorflow/core/util/tensor_bundle` and `tensorflow/core/protobuf/tensor_bundle.proto`
(formats only); LevelDB's `doc/table_format.md` for the table.
"""

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .checkpoint import ModelError
from .crc32c import masked_crc32c

MAXIMUM_INDEX_BYTES = 16_000_000
MAXIMUM_TENSORS = 100_000
MAXIMUM_TENSOR_BYTES = 1_000_000_000
MAXIMUM_SHARDS = 10_000
_MAXIMUM_KEY_BYTES = 1024
_MAXIMUM_AXES = 16

_MAGIC = 0xDB4775248B80FB57
_FOOTER_BYTES = 48
_TRAILER = struct.Struct("<BI")  # of a block: compression, masked CRC-32C
_UNCOMPRESSED = 0
_BFLOAT16 = 14
_DTYPES = {1: "<f4", 2: "<f8", 3: "<i4", 9: "<i8", 19: "<f2", _BFLOAT16: "<u2"}
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

Field = tuple[int, int | bytes]
Array = NDArray[np.generic]


class _DamagedError(Exception):
    """What is wrong with a file, as the end of a sentence."""


@dataclass(frozen=True)
class _Entry:
    """Where a tensor lies.

    Attributes:
        dtype: TensorFlow's number of the type.
        shape: Numbers along each axis.
        shard: The data file, counted from 0.
        offset: Into it, in bytes.
        size: In bytes.
        crc: Masked CRC-32C of those bytes.
        sliced: Whether the tensor is cut into parts that have entries of their own.
    """

    dtype: int
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int
    crc: int
    sliced: bool


class TensorBundle:
    """A checkpoint whose table has been read and checked; tensors are read when asked for.

    Attributes:
        prefix: The files' common path, "…/model.ckpt-11000000".
    """

    def __init__(self, prefix: Path) -> None:
        """Read the table.

        Args:
            prefix: The files' common path, without ".index".

        Raises:
            ModelError: If there is no table, or it is damaged or of no known kind.
        """
        self.prefix = prefix
        path = _with_suffix(prefix, ".index")
        try:
            size = path.stat().st_size
            if size > MAXIMUM_INDEX_BYTES:
                raise ModelError(f'"{path}" is too large to be a checkpoint\'s ({size} bytes).')
            table = path.read_bytes()
        except OSError as error:
            raise ModelError(f'Could not read "{path}": {error.strerror}.') from error
        try:
            self._n_shards, self._entries = _read_index(table)
        except _DamagedError as damage:
            raise ModelError(
                f'"{path}" {damage}. It must be a TensorFlow checkpoint; fetch it again.'
            ) from damage

    def __contains__(self, name: str) -> bool:
        """Say whether there is a tensor of this name."""
        return name in self._entries

    def names(self) -> tuple[str, ...]:
        """Give the names of all tensors, sorted."""
        return tuple(self._entries)

    def shape(self, name: str) -> tuple[int, ...]:
        """Give a tensor's shape as the table has it.

        Raises:
            KeyError: If there is no such tensor.
        """
        return self._entries[name].shape

    def read(self, name: str) -> Array:
        """Read a tensor and verify its checksum.

        Returns:
            float32, float64, float16, int32 or int64, in the shape that the table has; bfloat16
            comes as float32.

        Raises:
            KeyError: If there is no such tensor.
            ModelError: If it is damaged, of another type, or its file can't be read.
        """
        entry = self._entries[name]
        path = _with_suffix(self.prefix, f".data-{entry.shard:05d}-of-{self._n_shards:05d}")
        try:
            return _as_array(entry, _read_span(path, entry))
        except FileNotFoundError as error:
            raise ModelError(
                f'"{path}" is missing. A checkpoint needs it beside its .index file.'
            ) from error
        except OSError as error:
            raise ModelError(f'Could not read "{path}": {error.strerror}.') from error
        except _DamagedError as damage:
            raise ModelError(f'"{path}": the tensor {name} {damage}.') from damage


def _with_suffix(prefix: Path, suffix: str) -> Path:
    return prefix.with_name(prefix.name + suffix)


def _read_span(path: Path, entry: _Entry) -> bytearray:
    """Read a tensor's bytes, once its type, shape and place are known to fit."""
    if entry.sliced:
        raise _DamagedError("is cut into slices, which can't be read here")
    if entry.dtype not in _DTYPES:
        raise _DamagedError(f"is of TensorFlow's type {entry.dtype}, which can't be read here")
    expected = math.prod(entry.shape) * np.dtype(_DTYPES[entry.dtype]).itemsize
    if entry.size != expected:
        raise _DamagedError(f"has {entry.size} bytes where its shape needs {expected}")
    if entry.size > MAXIMUM_TENSOR_BYTES:
        raise _DamagedError(f"is larger than any that a model has ({entry.size} bytes)")
    with path.open("rb") as file:
        file_size = file.seek(0, 2)
        if entry.offset + entry.size > file_size:
            raise _DamagedError(
                f"would end at byte {entry.offset + entry.size}, but the file has only "
                f"{file_size}: it is cut off; fetch it again"
            )
        file.seek(entry.offset)
        data = bytearray(entry.size)
        if file.readinto(data) != entry.size:
            raise _DamagedError("can't be read whole: the file is being changed")
    if masked_crc32c(memoryview(data)) != entry.crc:
        raise _DamagedError("is damaged: its checksum does not fit; fetch the file again")
    return data


def _as_array(entry: _Entry, data: bytearray) -> Array:
    array = np.frombuffer(data, _DTYPES[entry.dtype])
    if entry.dtype == _BFLOAT16:
        array = (array.astype("<u4") << 16).view("<f4")
    return array.reshape(entry.shape)


# The table


def _read_index(table: bytes) -> tuple[int, dict[str, _Entry]]:
    """Give the number of data files and the entries by name."""
    if len(table) < _FOOTER_BYTES or int.from_bytes(table[-8:], "little") != _MAGIC:
        raise _DamagedError("does not end as an index file does: it is cut off, or another kind")
    footer = table[-_FOOTER_BYTES:-8]
    place = index_offset = index_size = 0
    for _ in range(2):  # the first place is that of the metadata, which says nothing
        index_offset, place = _varint(footer, place)
        index_size, place = _varint(footer, place)
    end_of_blocks = len(table) - _FOOTER_BYTES
    n_shards = last_end = 0
    entries: dict[str, _Entry] = {}
    last_key: bytes | None = None
    for _, value in _block(table, index_offset, index_size, end_of_blocks):
        offset, at = _varint(value, 0)
        size, _ = _varint(value, at)
        if offset < last_end:  # blocks follow each other: none is read twice
            raise _DamagedError("is damaged: its blocks overlap")
        last_end = offset + size
        for key, entry in _block(table, offset, size, end_of_blocks):
            if last_key is not None and key <= last_key:
                raise _DamagedError("is damaged: its names are not in order")
            last_key = key
            if not key:
                n_shards = _read_header(entry)
                continue
            if len(entries) == MAXIMUM_TENSORS:
                raise _DamagedError(f"has more than {MAXIMUM_TENSORS} tensors")
            try:
                name = key.decode()
            except UnicodeDecodeError:
                continue  # the name of a slice: never asked for
            entries[name] = _read_entry(entry, n_shards)
    if not n_shards:
        raise _DamagedError("is damaged: it has no header")
    return n_shards, entries


def _block(table: bytes, offset: int, size: int, limit: int) -> Iterator[tuple[bytes, bytes]]:
    """Give the keys and values of a block, after its checksum has been verified."""
    end = offset + size
    if end + _TRAILER.size > limit or size < 4:
        raise _DamagedError("is damaged: a block lies outside the file")
    compression, crc = _TRAILER.unpack_from(table, end)
    if masked_crc32c(table[offset : end + 1]) != crc:
        raise _DamagedError("is damaged: a checksum does not fit")
    if compression != _UNCOMPRESSED:
        raise _DamagedError(
            "is compressed, which TensorFlow's own are not, and which can't be read here"
        )
    block = table[offset:end]
    n_restarts = int.from_bytes(block[-4:], "little")
    end_of_entries = size - 4 * (n_restarts + 1)
    if end_of_entries < 0:
        raise _DamagedError("is damaged: a block has no room for its entries")
    place, key = 0, b""
    while place < end_of_entries:
        n_shared, place = _varint(block, place)
        n_own, place = _varint(block, place)
        n_value, place = _varint(block, place)
        after = place + n_own + n_value
        if n_shared > len(key) or after > end_of_entries:
            raise _DamagedError("is damaged: an entry runs out of its block")
        if n_shared + n_own > _MAXIMUM_KEY_BYTES:
            raise _DamagedError("has a name that is too long")
        key = key[:n_shared] + block[place : place + n_own]
        yield key, block[place + n_own : after]
        place = after


# The messages in it


def _read_header(message: bytes) -> int:
    """Give the number of data files.

    BundleHeaderProto: 1 num_shards, 2 endianness (0 little), 3 version.
    """
    n_shards = 1
    for number, value in _fields(message):
        if number == 1 and isinstance(value, int):
            n_shards = value
        elif number == 2 and value != 0:
            raise _DamagedError("belongs to a big-endian machine, which can't be read here")
    if not 1 <= n_shards <= MAXIMUM_SHARDS:
        raise _DamagedError(f"is damaged: it wants {n_shards} data files")
    return n_shards


def _read_entry(message: bytes, n_shards: int) -> _Entry:
    """Read where a tensor lies.

    BundleEntryProto: 1 dtype, 2 shape, 3 shard_id, 4 offset, 5 size, 6 crc32c, 7 slices.
    """
    numbers = dict.fromkeys((1, 3, 4, 5, 6), 0)
    shape: tuple[int, ...] = ()
    sliced = False
    for number, value in _fields(message):
        if number == 2 and isinstance(value, bytes):
            shape = _read_shape(value)
        elif number == 7:
            sliced = True
        elif number in numbers and isinstance(value, int):
            numbers[number] = value
    dtype, shard, offset, size, crc = numbers.values()
    if shard >= n_shards:
        raise _DamagedError(f"is damaged: a tensor lies in data file {shard} of {n_shards}")
    return _Entry(dtype, shape, shard, offset, size, crc, sliced)


def _read_shape(message: bytes) -> tuple[int, ...]:
    """Read TensorShapeProto: 2 dim { 1 size }."""
    shape = []
    for number, value in _fields(message):
        if number == 2 and isinstance(value, bytes):
            sizes = [size for axis, size in _fields(value) if axis == 1 and isinstance(size, int)]
            shape.append(sizes[-1] if sizes else 0)
    if len(shape) > _MAXIMUM_AXES:
        raise _DamagedError(f"is damaged: a tensor has {len(shape)} axes")
    return tuple(shape)


def _fields(message: bytes) -> Iterator[Field]:
    """Give the numbers and values of a protocol buffer's fields."""
    place = 0
    while place < len(message):
        tag, place = _varint(message, place)
        kind = tag & 7
        value: int | bytes
        if kind == _VARINT:
            value, place = _varint(message, place)
        else:
            if kind == _BYTES:
                size, place = _varint(message, place)
            elif kind in (_FIXED64, _FIXED32):
                size = 8 if kind == _FIXED64 else 4
            else:
                raise _DamagedError("is damaged: an entry can't be understood")
            data = message[place : place + size]
            if len(data) < size:
                raise _DamagedError("is damaged: an entry ends early")
            place += size
            value = data if kind == _BYTES else int.from_bytes(data, "little")
        yield tag >> 3, value


def _varint(data: bytes, place: int) -> tuple[int, int]:
    """Read a number of seven bits a byte; gives it and the place after it."""
    value = 0
    for shift in range(0, 64, 7):
        if place >= len(data):
            raise _DamagedError("is damaged: a number ends early")
        octet = data[place]
        place += 1
        value |= (octet & 0x7F) << shift
        if octet < 0x80:
            return value, place
    raise _DamagedError("is damaged: a number is too long")
