"""Muon (Jordan and others, 2024): momentum whose update of a kernel is made orthogonal, so that all directions learn.

torch.optim.Muon takes matrices only; here kernels are matrices of one row an output.
"""

import torch

#: Coefficients of the Newton-Schulz iteration that pushes all singular values to about one.
QUINTIC = (3.4445, -4.7750, 2.0315)


def orthogonal(matrix, iterations):
    is_tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if is_tall else matrix
    x = x / (x.norm() + 1e-7)
    a, b, c = QUINTIC
    for _ in range(iterations):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x.T if is_tall else x


class Muon(torch.optim.Optimizer):
    """For kernels (out, in, high, wide) and matrices; everything else wants another optimiser."""

    def __init__(self, parameters, lr=0.05, momentum=0.9, weight_decay=0.05, iterations=3):
        super().__init__(parameters, dict(lr=lr, momentum=momentum, weight_decay=weight_decay, iterations=iterations))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                gradient = parameter.grad.reshape(len(parameter), -1)
                state = self.state[parameter]
                if not state:
                    state["momentum"] = torch.zeros_like(gradient)
                past = state["momentum"].mul_(group["momentum"]).add_(gradient)
                update = orthogonal(gradient + group["momentum"] * past, group["iterations"])
                rows, columns = update.shape
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                parameter.add_(update.reshape(parameter.shape), alpha=-group["lr"] * max(1, rows / columns) ** 0.5)
