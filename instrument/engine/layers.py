"""The numbers of the layers of rendered notes, and which of them a strike plays.

A layer is one rendered keyboard. Layer 0 is the pad's own timbre; beside it lie those of softer
strikes, those of neighbouring latents, and those of single notes that have a timbre of their own.
Plain functions: the engine compiles them, the policy of the cache calls them, so that both agree.
"""

import math

N_SOFTNESSES = 4  # layers of velocity at most; the first is that of the hardest strikes
N_PAIRS = 4  # neighbours on either side, for strikes that take turns
N_NEIGHBOURS = 1 + 2 * N_PAIRS  # the first is the place itself
OWN_LAYER = N_SOFTNESSES * N_NEIGHBOURS  # the first of those that hold one note each
N_OWN_LAYERS = 16  # a member channel of an MPE zone has that of its number
N_LAYERS = OWN_LAYER + N_OWN_LAYERS

LINEAR, SOFT_TOUCH, HARD_TOUCH, FIXED = range(4)  # as `parameters.VELOCITY_CURVES`
SOFT_EXPONENT, HARD_EXPONENT = 0.55, 1.8
FIXED_VELOCITY = 100


def strength_of(velocity: int, curve: int) -> float:
    """Give how hard a note is struck, 0..1: its velocity by a curve."""
    if curve == FIXED:
        return FIXED_VELOCITY / 127.0
    if curve == SOFT_TOUCH:
        return math.pow(velocity / 127.0, SOFT_EXPONENT)
    if curve == HARD_TOUCH:
        return math.pow(velocity / 127.0, HARD_EXPONENT)
    return velocity / 127.0


def softness_of(strength: float, amount: float, n: int) -> int:
    """Give the layer of velocity that a strike plays: 0 for the hardest, `n` - 1 for the softest.

    Args:
        strength: Of `strength_of`.
        amount: How much velocity moves the timbre; at 0 there is one layer.
        n: Layers of velocity.
    """
    if amount <= 0.0:
        return 0
    return n - 1 - min(int(strength * n), n - 1)


def neighbour_of(strike: int, side: float, width: float, n_turns: int) -> int:
    """Give the neighbour of the pad's place that a voice reads; 0 is the place itself.

    Args:
        strike: How often the key has been struck before.
        side: Of the voice: below 0 left, above right.
        width: Of the ensemble; at 0 both sides read the same.
        n_turns: Neighbours that take turns.
    """
    turn = strike % n_turns
    if width <= 0.0:
        return turn
    if side == 0.0:
        return 0
    return 1 + 2 * turn + (1 if side > 0.0 else 0)


def layer_of(softness: int, neighbour: int) -> int:
    """Give the number of a layer."""
    return neighbour * N_SOFTNESSES + softness


def softness_in(layer: int) -> int:
    """Give the layer of velocity that a layer belongs to; the inverse of `layer_of`."""
    return layer % N_SOFTNESSES
