"""``AdamW``: torch's, to the bit, without what `torch.optim` loads when the first optimiser is made.

That is torch's compiler: 800 modules, more than a second of every process that trains, for nothing that we use. The
operations on many tensors at once are those that torch's own optimisers call.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import nn

BETAS, EPS = (0.9, 0.999), 1e-8


class AdamW:
    """Decoupled weight decay (I. Loshchilov and F. Hutter, 2019); without decay it is Adam (D. Kingma and J. Ba, 2015).

    Parameters
    ----------
    groups : (iterable of Parameter, float) pairs
        Parameters and their weight decay. Those without a gradient are left as they are.
    lr : float
    """

    def __init__(self, *groups: tuple[Iterable[nn.Parameter], float], lr: float) -> None:
        self.lr = lr
        self._states = [_State(parameter, decay) for parameters, decay in groups for parameter in parameters]

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for state in self._states:
            state.parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """One step down the gradients."""
        moved = [state for state in self._states if state.parameter.grad is not None]
        if not moved:
            return
        parameters, gradients = zip(*((state.parameter, state.parameter.grad) for state in moved), strict=True)
        means, squares = zip(*((state.mean, state.square) for state in moved), strict=True)
        for state in moved:
            state.steps += 1
        torch._foreach_mul_(parameters, [1 - self.lr * state.decay for state in moved])
        torch._foreach_lerp_(means, gradients, 1 - BETAS[0])
        torch._foreach_mul_(squares, BETAS[1])
        torch._foreach_addcmul_(squares, gradients, gradients, 1 - BETAS[1])
        sizes = torch._foreach_sqrt(squares)
        torch._foreach_div_(sizes, [math.sqrt(1 - BETAS[1] ** state.steps) for state in moved])
        torch._foreach_add_(sizes, EPS)
        torch._foreach_addcdiv_(parameters, means, sizes, [-self.lr / (1 - BETAS[0] ** state.steps) for state in moved])


class _State:
    """A parameter, how many steps it has taken, and running means of its gradient and of the gradient's square."""

    def __init__(self, parameter: nn.Parameter, decay: float) -> None:
        self.parameter, self.decay, self.steps = parameter, decay, 0
        self.mean, self.square = torch.zeros_like(parameter), torch.zeros_like(parameter)
