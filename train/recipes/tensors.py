"""Networks and optimisers as named tensors, and back: what a checkpoint is made of."""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn

_MOMENTS = ("exp_avg", "exp_avg_sq")


def network_tensors(prefix: str, network: nn.Module) -> dict[str, Tensor]:
    """Give a network's weights, each named after the prefix."""
    return {f"{prefix}.{n}": t.detach().contiguous() for n, t in network.state_dict().items()}


def adam_tensors(
    prefix: str, network: nn.Module, optimiser: torch.optim.Optimizer
) -> dict[str, Tensor]:
    """Give Adam's moments and step counts of a network's parameters.

    A parameter that never had a gradient has none.

    Args:
        prefix: What names begin with, or "" for none.
        network: Names the parameters.
        optimiser: An Adam over them.
    """
    tensors = {}
    for name, parameter in network.named_parameters():
        state = optimiser.state.get(parameter, {})
        for kind in _MOMENTS:
            if kind in state:
                tensors[f"{prefix}{kind}.{name}"] = state[kind].contiguous()
        if "step" in state:
            tensors[f"{prefix}step.{name}"] = state["step"].reshape(1)
    return tensors


def take_network(tensors: dict[str, Tensor], prefix: str, network: nn.Module) -> None:
    """Load a network's weights, taking them out of `tensors`.

    Raises:
        ValueError: If one is missing or of another shape.
    """
    own = network.state_dict()
    with torch.no_grad():
        for name, value in own.items():
            value.copy_(_take(tensors, f"{prefix}.{name}", value))


def take_adam(
    tensors: dict[str, Tensor], prefix: str, network: nn.Module, optimiser: torch.optim.Optimizer
) -> None:
    """Load Adam's moments, taking them out of `tensors`.

    Raises:
        ValueError: If only a part of a parameter's is there, or one is of another shape.
    """
    for name, parameter in network.named_parameters():
        names = {kind: f"{prefix}{kind}.{name}" for kind in (*_MOMENTS, "step")}
        if not any(n in tensors for n in names.values()):
            optimiser.state.pop(parameter, None)
            continue
        like = dict.fromkeys(_MOMENTS, parameter) | {"step": torch.zeros(1)}
        state: dict[str, Tensor] = {}
        for kind, full in names.items():
            value = _take(tensors, full, like[kind])
            # Moments lie in memory as their parameter does; the count stays on the CPU.
            moment = torch.empty_like(parameter, requires_grad=False)
            state[kind] = value[0].clone() if kind == "step" else moment.copy_(value)
        optimiser.state[parameter] = state


def check_all_taken(tensors: Mapping[str, Tensor]) -> None:
    """Make sure that nothing is left.

    Raises:
        ValueError: If a tensor is; it is named.
    """
    if tensors:
        raise ValueError(f"the tensor {min(tensors)} is of another recipe or network")


def parameters_of(optimiser: torch.optim.Optimizer) -> Iterator[nn.Parameter]:
    """Give all parameters of an optimiser, in order."""
    for group in optimiser.param_groups:
        yield from group["params"]


def _take(tensors: dict[str, Tensor], name: str, like: Tensor) -> Tensor:
    if name not in tensors:
        raise ValueError(f"the tensor {name} is missing")
    value = tensors.pop(name)
    if value.shape != like.shape:
        shapes = f"{tuple(value.shape)}, not {tuple(like.shape)}"
        raise ValueError(f"the tensor {name} has the shape {shapes}")
    return value
