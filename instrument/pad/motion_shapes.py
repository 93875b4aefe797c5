"""Shapes that move the pad by themselves: oscillators, an envelope, a drift. Pure functions."""

import math

MASK = (1 << 64) - 1
FALL = 3.0  # powers of ten that the envelope falls in its decay: 60 dB
OVER = 1e-3  # of the envelope: below this it is over


def noise(number: int, salt: int) -> float:
    """Give a number -1..1 that looks random, always the same for the same two.

    Source: the mixing steps of SplitMix64; Steele, Lea and Flood, 2014.
    """
    x = (number * 0x9E3779B97F4A7C15 + salt * 0xD1B54A32D192ED03) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return (x ^ (x >> 31)) / (MASK / 2) - 1.0


def oscillation(shape: str, phase: float, salt: int = 0) -> float:
    """Give an oscillator's value, -1..1.

    Args:
        shape: One of `LFO_SHAPES`; "random" is another value in each cycle.
        phase: In cycles, from its beginning.
        salt: Tells random ones apart.
    """
    part = phase % 1.0
    match shape:
        case "sine":
            return math.sin(2.0 * math.pi * part)
        case "triangle":
            return 1.0 - 4.0 * abs((part + 0.25) % 1.0 - 0.5)
        case "rising":
            return 2.0 * part - 1.0
        case "falling":
            return 1.0 - 2.0 * part
        case "square":
            return 1.0 if part < 0.5 else -1.0
        case _:
            return noise(math.floor(phase), salt)


def envelope(seconds: float, attack: float, decay: float) -> float:
    """Give the level, 0..1, some time after it was struck: straight up, down by 60 dB."""
    if seconds < attack:
        return max(seconds, 0.0) / attack
    level = math.pow(10.0, -FALL * (seconds - attack) / decay)
    return level if level > OVER else 0.0


def drift(phase: float, salt: int) -> float:
    """Give a slow walk without aim, -1..1, smooth in place and speed.

    Args:
        phase: How far it has gone: one for each new direction.
        salt: Tells walks apart.
    """
    return 0.7 * _walk(phase, salt) + 0.3 * _walk(2.3 * phase, salt + 1)


def _walk(phase: float, salt: int) -> float:
    here = math.floor(phase)
    part = phase - here
    smooth = part * part * part * (part * (6.0 * part - 15.0) + 10.0)
    return noise(here, salt) + smooth * (noise(here + 1, salt) - noise(here, salt))
