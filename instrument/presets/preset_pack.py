"""Packs: many presets in one zip file, read with suspicion.

Names inside a zip never become paths: a preset's file is named after the preset.
"""

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable
from io import BytesIO
from pathlib import PurePosixPath

from instrument.storage.file_names import file_name, name_key

from .preset import MAXIMUM_BYTES, Preset, PresetError, decode_preset, encode_preset

PACK_SUFFIX = ".zip"
MAXIMUM_PACK_BYTES = 50_000_000  # as a file, and of the presets in it together
MAXIMUM_PRESETS = 2000
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same presets give the same file
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    ValueError,
    OSError,
)


def encode_pack(presets: Iterable[Preset]) -> bytes:
    """Write presets as a zip file, a text each.

    Raises:
        PresetError: If there are none, or more than a pack holds.
    """
    texts: dict[str, bytes] = {}
    taken: set[str] = set()
    for preset in presets:
        stem, number = file_name(preset.name, ""), 1
        while name_key(name := f"{stem}{f' {number}' if number > 1 else ''}.json") in taken:
            number += 1
        taken.add(name_key(name))
        texts[name] = encode_preset(preset)
    if not 0 < len(texts) <= MAXIMUM_PRESETS:
        raise PresetError(f"A pack holds 1 to {MAXIMUM_PRESETS} presets, not {len(texts)}.")
    if sum(map(len, texts.values())) > MAXIMUM_PACK_BYTES:
        raise PresetError("The presets are too large for one pack. Make several.")
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as pack:
        for name, text in texts.items():
            info = zipfile.ZipInfo(name, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (stat.S_IFREG | 0o644) << 16
            pack.writestr(info, text)
    return packed.getvalue()


def decode_pack(packed: bytes, origin: str) -> tuple[Preset, ...]:
    """Read all presets of a pack, or none.

    Files that are no presets by their name (a licence, a picture, what systems hide in zips) are
    passed over. What a zip says of its sizes is not believed: never more is unpacked than allowed.

    Args:
        packed: The zip file.
        origin: What to call it in an error: the file's path, mostly.

    Raises:
        PresetError: If it is damaged, too large, holds a name that leads out of it, the same name
            twice, something that is not a plain file, or a preset that can't be read.
    """
    if len(packed) > MAXIMUM_PACK_BYTES:
        raise PresetError(f"{origin} is too large to be a pack ({len(packed)} bytes).")
    try:
        with zipfile.ZipFile(BytesIO(packed)) as pack:
            return _read(pack, origin)
    except _DAMAGE as error:
        words = " ".join(str(error).split()) or type(error).__name__
        raise PresetError(f"{origin} is damaged, or no zip file: {words}.") from error


def _read(pack: zipfile.ZipFile, origin: str) -> tuple[Preset, ...]:
    infos = [info for info in pack.infolist() if not info.filename.endswith("/")]
    for info in infos:
        _check_safe(info, origin)
    infos = [info for info in infos if _is_preset(info.filename)]
    names = [name_key(info.filename) for info in infos]
    if not infos:
        raise PresetError(f"{origin} holds no presets.")
    if len(infos) > MAXIMUM_PRESETS:
        raise PresetError(f"{origin} holds {len(infos)} presets; at most {MAXIMUM_PRESETS} can be.")
    if len(set(names)) != len(names):
        raise PresetError(f"{origin} holds the same name twice. Make the pack anew.")
    presets: list[Preset] = []
    left = MAXIMUM_PACK_BYTES
    for info in infos:
        with pack.open(info) as file:
            text = file.read(min(MAXIMUM_BYTES, left) + 1)
        left -= len(text)
        if left < 0:
            raise PresetError(f"{origin} is too large when it is unpacked.")
        presets.append(decode_preset(text, f'"{_shown(info.filename)}" in {origin}'))
    return tuple(presets)


def _check_safe(info: zipfile.ZipInfo, origin: str) -> None:
    name = info.filename
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in name:
        raise PresetError(f'{origin} holds a name that leads out of it: "{_shown(name)}".')
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in {0, stat.S_IFREG}:
        raise PresetError(f'{origin} holds "{_shown(name)}", which is no plain file.')
    if info.flag_bits & 1:
        raise PresetError(f"{origin} has a password. Unpack it, and import the presets.")
    if info.compress_type not in _METHODS:
        raise PresetError(f"{origin} is compressed in a way that not every system reads.")


def _shown(name: str) -> str:
    """Give a name out of a zip as it can stand in one line of a message."""
    return "".join(letter if letter.isprintable() else "?" for letter in name[:80])


def _is_preset(name: str) -> bool:
    path = PurePosixPath(name.replace("\\", "/"))
    is_hidden = any(part.startswith(".") or part == "__MACOSX" for part in path.parts)
    return path.suffix.lower() == ".json" and not is_hidden
