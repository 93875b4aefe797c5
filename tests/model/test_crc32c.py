import numpy as np
import pytest

from model.crc32c import crc32c, masked_crc32c


def slow_crc32c(data: bytes) -> int:
    """Divide bit by bit, as the definition says."""
    register = 0xFFFFFFFF
    for octet in data:
        register ^= octet
        for _ in range(8):
            register = register >> 1 ^ (0x82F63B78 if register & 1 else 0)
    return register ^ 0xFFFFFFFF


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", 0x00000000),
        (b"123456789", 0xE3069283),
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
    ],
)
def test_published_values_come_out(data, expected):
    # RFC 3720, appendix B.4
    assert crc32c(data) == expected


@pytest.mark.parametrize("n", [1, 2, 63, 64, 65, 127, 128, 1000, 4095, 4096, 4097, 50_001])
def test_any_length_gives_what_the_definition_gives(n):
    data = np.random.default_rng(n).bytes(n)
    assert crc32c(data) == slow_crc32c(data)
    assert crc32c(memoryview(bytearray(data))) == slow_crc32c(data)


def test_a_single_bit_changes_the_sum_wherever_it_is():
    data = bytearray(np.random.default_rng(0).bytes(3000))
    right = crc32c(data)
    for place in range(0, 3000, 37):
        data[place] ^= 1 << place % 8
        assert crc32c(data) != right
        data[place] ^= 1 << place % 8


def test_the_masked_sum_is_turned_and_shifted():
    # LevelDB's mask of 0xE3069283, worked out by hand
    assert (
        masked_crc32c(b"123456789") == ((0xE3069283 >> 15 | 0xE3069283 << 17) + 0xA282EAD8) % 2**32
    )
