"""Where on a pad with four corners a cell or a job is, from the weights of its points."""

from typing import Protocol


class Weighed(Protocol):
    """A target or a job."""

    @property
    def weights(self) -> tuple[float, ...]: ...


def x_of(weighed: Weighed) -> float:
    return weighed.weights[1] + weighed.weights[3]


def y_of(weighed: Weighed) -> float:
    return weighed.weights[2] + weighed.weights[3]


def bilinear(x: float, y: float) -> tuple[float, ...]:
    return (1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y
