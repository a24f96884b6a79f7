"""What to do with gradients: the optimisers, apart from every backward pass.

An optimiser knows a layer, usually a whole network. `step` reads its `gradients` and changes its
`parameters` in place. What it remembers between steps is in `state`, so that training can pause.
"""

from __future__ import annotations

import numpy as np

from .base import Layer, check_state


class Optimiser:
    """What all of them share: a network, a memory with one array for each parameter and number."""

    def __init__(self, network: Layer, lr: float) -> None:
        if lr < 0:
            raise ValueError(f"The learning rate must be at least 0, not {lr}.")
        self.network = network
        self.lr = lr
        self.steps = 0
        self.memory: dict[str, np.ndarray] = {}

    def _remember(self, *names: str) -> None:
        """A memory of zeros for each of the names and each parameter."""
        for name in names:
            for parameter, value in self.network.parameters.items():
                self.memory[f"{name}.{parameter}"] = np.zeros_like(value)

    def step(self) -> None:
        """Changes every parameter once, by the gradients of the last backward pass.

        Raises RuntimeError where there was none.
        """
        parameters, gradients = self.network.parameters, self.network.gradients
        if missing := parameters.keys() - gradients.keys():
            raise RuntimeError(
                f"There is no gradient yet for {', '.join(sorted(missing))}: run backward first."
            )
        self.steps += 1
        for name, value in parameters.items():
            value -= self._change(name, value, gradients[name])

    def _change(self, name: str, value: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def state(self) -> dict[str, np.ndarray]:
        """Copies of everything remembered between steps, as arrays by name."""
        return {"steps": np.array(self.steps)} | {n: m.copy() for n, m in self.memory.items()}

    def load_state(self, state: dict[str, np.ndarray]) -> None:
        """Goes on from a `state`. Raises `DoesNotFit` if names or shapes differ."""
        check_state(state, {"steps": np.array(0)} | self.memory, repr(self))
        self.steps = int(state["steps"])
        for name, value in self.memory.items():
            value[...] = state[name]


class SGD(Optimiser):
    """Gradient descent: v <- momentum · v + gradient, parameter <- parameter - lr · v.

    Without momentum v is the gradient itself. `lr` and `momentum` may be changed at any time.
    Raises ValueError for negative numbers. Source: `torch.optim.SGD`.

    >>> import numpy as np
    >>> from cnnviz.network import Linear
    >>> layer = Linear(1, 1, bias=False, seed=0)
    >>> layer.parameters["weight"][...], layer.gradients["weight"] = 5, np.array([[2.0]])
    >>> sgd = SGD(layer, lr=0.1, momentum=0.5)
    >>> sgd.step(), layer.parameters["weight"].item()  # 5 - 0.1 · 2
    (None, 4.800000190734863)
    >>> sgd.step(), layer.parameters["weight"].item()  # 4.8 - 0.1 · (0.5 · 2 + 2)
    (None, 4.5)
    """

    def __init__(self, network: Layer, lr: float, momentum: float = 0) -> None:
        super().__init__(network, lr)
        if momentum < 0:
            raise ValueError(f"The momentum must be at least 0, not {momentum}.")
        self.momentum = momentum
        self._remember("velocity")

    def _change(self, name: str, value: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        velocity = self.memory[f"velocity.{name}"]
        velocity *= self.momentum
        velocity += gradient
        return self.lr * velocity

    def __repr__(self) -> str:
        return f"SGD(lr={self.lr}, momentum={self.momentum})"


class Adam(Optimiser):
    """Gradient descent with a step size for each parameter cell.

    With running means m of the gradient and v of its square, and t steps so far:
    m <- b1 m + (1 - b1) g, v <- b2 v + (1 - b2) g²,
    parameter <- parameter - lr / (1 - b1^t) · m / (sqrt(v / (1 - b2^t)) + eps).
    Raises ValueError for numbers that cannot be. Source: Kingma and Ba, Adam (2015), algorithm 1;
    `torch.optim.Adam`.

    >>> import numpy as np
    >>> from cnnviz.network import Linear
    >>> layer = Linear(2, 1, bias=False, seed=0)
    >>> layer.parameters["weight"][...], layer.gradients["weight"] = 5, np.array([[0.01, -300.0]])
    >>> Adam(layer, lr=0.1).step()  # at first, lr against the sign
    >>> layer.parameters["weight"].round(4).tolist()
    [[4.900000095367432, 5.099999904632568]]
    """

    def __init__(
        self,
        network: Layer,
        lr: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        super().__init__(network, lr)
        if not all(0 <= beta < 1 for beta in betas):
            raise ValueError(f"Both betas must be at least 0 and less than 1, not {betas}.")
        self.betas, self.eps = betas, eps
        self._remember("mean", "square")

    def _change(self, name: str, value: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        (b1, b2), t = self.betas, self.steps
        mean, square = self.memory[f"mean.{name}"], self.memory[f"square.{name}"]
        mean += (1 - b1) * (gradient - mean)
        square *= b2
        square += (1 - b2) * gradient**2
        return self.lr / (1 - b1**t) * mean / (np.sqrt(square / (1 - b2**t)) + self.eps)

    def __repr__(self) -> str:
        return f"Adam(lr={self.lr}, betas={self.betas}, eps={self.eps})"
