"""Layers of GANSynth's networks: equalised convolutions, pixel norm, upscaling."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

LEAKY_SLOPE = 0.2
EPSILON = 1e-8
_VARIANCE_FLOOR = 1e-6


def he_scale(fan_in: int, slope: float) -> float:
    """Give the factor that a stored kernel is multiplied with at run time.

    Source: GANSynth's `layers.he_initializer_scale`; He et al., 2015.
    """
    return (2.0 / ((1.0 + slope**2) * fan_in)) ** 0.5


class EqualisedConv(nn.Module):
    """A convolution whose weights are stored near N(0, 1) and scaled when used.

    Attributes:
        weight: float32 [out, in, time, freq], unscaled.
        bias: float32 [out], used as it is.
    """

    def __init__(
        self, n_in: int, n_out: int, kernel: tuple[int, int] = (3, 3), slope: float = 0.0
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n_out, n_in, *kernel))
        self.bias = nn.Parameter(torch.zeros(n_out))
        self.scale = he_scale(n_in * kernel[0] * kernel[1], slope)
        self.padding = (kernel[0] // 2, kernel[1] // 2)
        self._frozen: tuple[Tensor, Tensor] | None = None

    def freeze(self) -> None:
        """Work out the scaled kernels once, for a network that is not trained any more."""
        kernel = (self.weight * self.scale).detach()
        up = subpixel_kernel(kernel) if kernel.shape[2:] == (3, 3) else kernel
        channels_last = torch.channels_last
        self._frozen = (
            kernel.contiguous(memory_format=channels_last),
            up.contiguous(memory_format=channels_last),
        )

    @property
    def kernel(self) -> Tensor:
        """The kernel as it is used: float32 [out, in, time, freq]."""
        return self.weight * self.scale if self._frozen is None else self._frozen[0]

    def forward(self, x: Tensor) -> Tensor:
        """Convolve [batch, in, time, freq] to [batch, out, time, freq], same size."""
        if self.padding == (0, 0):
            # A matrix product over the channels, which lie side by side: faster than a 1x1 kernel.
            rows = functional.linear(x.permute(0, 2, 3, 1), self.kernel[..., 0, 0], self.bias)
            return rows.permute(0, 3, 1, 2)
        return functional.conv2d(x, self.kernel, self.bias, padding=self.padding)

    def upscaled(self, x: Tensor, factor: tuple[int, int] = (2, 2)) -> Tensor:
        """Convolve the input upscaled by two, without making the upscaled input.

        Nearest-neighbour upscaling and a 3x3 convolution are one 4x4 transposed convolution
        of stride 2, with four taps where the two would have nine. Other kernels and factors
        get the upscaled input.
        """
        if factor != (2, 2) or self.weight.shape[2:] != (3, 3):
            return self(upscale(x, factor))
        kernel = subpixel_kernel(self.kernel) if self._frozen is None else self._frozen[1]
        return functional.conv_transpose2d(x, kernel, self.bias, stride=2, padding=1)


class EqualisedLinear(nn.Module):
    """A dense layer whose weights are stored near N(0, 1) and scaled when used, for no ReLU after.

    Attributes:
        weight: float32 [out, in], unscaled.
        bias: float32 [out], used as it is.
    """

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n_out, n_in))
        self.bias = nn.Parameter(torch.zeros(n_out))
        self.scale = he_scale(n_in, slope=1.0)

    def forward(self, x: Tensor) -> Tensor:
        """Turn [batch, in] into [batch, out]."""
        return functional.linear(x, self.weight * self.scale, self.bias)


def subpixel_kernel(weight: Tensor) -> Tensor:
    """Turn a 3x3 kernel into the 4x4 one that also upscales by two.

    Args:
        weight: [out, in, 3, 3], for `conv2d` behind nearest-neighbour upscaling.

    Returns:
        [in, out, 4, 4], for `conv_transpose2d` with stride 2 and padding 1.
    """
    flipped = weight.flip(2, 3).transpose(0, 1)
    padded = functional.pad(flipped, (1, 1, 1, 1))
    return padded[..., 1:, 1:] + padded[..., :-1, 1:] + padded[..., 1:, :-1] + padded[..., :-1, :-1]


def _widened(x: Tensor) -> Tensor:
    """Make half precision single; leave what is precise enough."""
    return x.float() if x.dtype.itemsize < 4 else x


def _activate(x: Tensor) -> tuple[Tensor, Tensor]:
    activated = functional.leaky_relu(_widened(x), LEAKY_SLOPE)
    inverse = torch.rsqrt(activated.square().mean(1, keepdim=True) + EPSILON)
    return (activated * inverse).to(x.dtype), inverse


def _activate_backward(gradient: Tensor, out: Tensor, inverse: Tensor) -> Tensor:
    given, made = _widened(gradient), _widened(out)
    inner = (given - made * (given * made).mean(1, keepdim=True)) * inverse
    return torch.where(made < 0, inner * LEAKY_SLOPE, inner).to(out.dtype)


class _LeakyPixelNorm(torch.autograd.Function):
    """Leaky ReLU and pixel norm with a gradient that keeps two tensors instead of six."""

    forward_math: Callable[[Tensor], tuple[Tensor, Tensor]] = staticmethod(_activate)
    backward_math: Callable[[Tensor, Tensor, Tensor], Tensor] = staticmethod(_activate_backward)

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        out, inverse = _LeakyPixelNorm.forward_math(x)
        ctx.save_for_backward(out, inverse)
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        return _LeakyPixelNorm.backward_math(*gradients, *ctx.saved_tensors)


def compile_layers() -> None:
    """Let torch fuse what lies between convolutions, for training; needs a C++ compiler.

    A third less time a step on a CPU, after half a minute of compiling.
    """
    _LeakyPixelNorm.forward_math = staticmethod(torch.compile(_activate, dynamic=True))
    _LeakyPixelNorm.backward_math = staticmethod(torch.compile(_activate_backward, dynamic=True))


def leaky_pixel_norm(x: Tensor) -> Tensor:
    """Apply leaky ReLU (0.2), then scale each pixel's channels to a mean square of 1.

    Args:
        x: [batch, channel, time, freq].

    Source: Karras et al., "Progressive growing of GANs", 2018.
    """
    if x.requires_grad:
        return _LeakyPixelNorm.apply(x)  # type: ignore[no-untyped-call]
    activated = functional.leaky_relu(x, LEAKY_SLOPE)
    norm = torch.linalg.vector_norm(activated, dim=1, keepdim=True)  # faster than a mean of squares
    return activated.mul_(norm.square_().div_(x.shape[1]).add_(EPSILON).rsqrt_())


def pixel_norm(x: Tensor) -> Tensor:
    """Scale the channels of each pixel to a mean square of 1: [batch, channel, ...]."""
    return x * torch.rsqrt(x.square().mean(1, keepdim=True) + EPSILON)


def upscale(x: Tensor, factor: int | tuple[int, int] = 2) -> Tensor:
    """Repeat each pixel `factor` times along time and freq."""
    along = (factor, factor) if isinstance(factor, int) else factor
    return functional.interpolate(x, scale_factor=(float(along[0]), float(along[1])))


def downscale(x: Tensor, factor: int | tuple[int, int] = 2) -> Tensor:
    """Average boxes of `factor` pixels along time and freq."""
    return functional.avg_pool2d(x, factor)


def append_deviation(x: Tensor) -> Tensor:
    """Add a channel that says how much the images of a batch differ: one number for all.

    The standard deviation over the batch, averaged over all places and channels. The mean
    that it is taken from gets no gradient, as in the original: that changes no first
    derivative, but the second one that training against a gradient penalty takes.

    Args:
        x: [batch, channel, time, freq].

    Returns:
        [batch, channel + 1, time, freq].

    Source: Karras et al., "Progressive growing of GANs", 2018, section 3.
    """
    variance = (x - x.mean(0, keepdim=True).detach()).square().mean(0)
    deviation = (variance + _VARIANCE_FLOOR).sqrt().mean()
    return torch.cat([x, deviation.expand_as(x[:, :1])], 1)
