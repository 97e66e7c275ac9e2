"""Parameters after 100 updates by PyTorch's optimizers, in float64, on a small problem. PyTorch has no Lion and no gradient centralization:
they are written out here.

python3 scripts/references/optimizers.py > src/engine/reference-numbers/optimizers.json
"""
import json

import torch
from torch import nn
from torch.nn import functional

from formula import parameter, uniform

FEATURES, HIDDEN, CLASSES, BATCH, UPDATES = 6, 8, 3, 12, 100

class Lion(torch.optim.Optimizer):
    """Algorithm 2 of Chen et al. 2023."""

    def __init__(self, groups, lr, betas):
        super().__init__(groups, {"lr": lr, "betas": betas, "weight_decay": 0.0})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            first, second = group["betas"]
            for parameter in group["params"]:
                momentum = self.state[parameter].setdefault("momentum", torch.zeros_like(parameter))
                update = torch.sign(first * momentum + (1 - first) * parameter.grad)
                parameter -= group["lr"] * (update + group["weight_decay"] * parameter)
                momentum.copy_(second * momentum + (1 - second) * parameter.grad)


def centralize(parameters):
    for parameter in parameters:
        if parameter.dim() > 1:
            parameter.grad -= parameter.grad.mean(dim=1, keepdim=True)


OPTIMIZERS = {
    "sgd": lambda groups: torch.optim.SGD(groups, lr=0.05, momentum=0.0),
    "sgdMomentum": lambda groups: torch.optim.SGD(groups, lr=0.05, momentum=0.9),
    "sgdMomentumDecay": lambda groups: torch.optim.SGD(groups, lr=0.05, momentum=0.8),
    "adam": lambda groups: torch.optim.Adam(groups, lr=0.01),
    "adamDecay": lambda groups: torch.optim.Adam(groups, lr=0.01, betas=(0.8, 0.99), eps=1e-6),
    "adamW": lambda groups: torch.optim.AdamW(groups, lr=0.01),
    "sgdNesterov": lambda groups: torch.optim.SGD(groups, lr=0.05, momentum=0.9, nesterov=True),
    "sgdNesterovDecay": lambda groups: torch.optim.SGD(groups, lr=0.05, momentum=0.8, nesterov=True),
    "rmsProp": lambda groups: torch.optim.RMSprop(groups, lr=0.005),
    "rmsPropMomentumDecay": lambda groups: torch.optim.RMSprop(groups, lr=0.002, alpha=0.9, eps=1e-6, momentum=0.7),
    "lion": lambda groups: Lion(groups, lr=0.003, betas=(0.9, 0.99)),
    "lionDecay": lambda groups: Lion(groups, lr=0.003, betas=(0.8, 0.95)),
    "sgdClipNorm": lambda groups: torch.optim.SGD(groups, lr=0.05, momentum=0.9),
    "adamWClipNorm": lambda groups: torch.optim.AdamW(groups, lr=0.01),
    "sgdClipValue": lambda groups: torch.optim.SGD(groups, lr=0.05, momentum=0.9),
    "adamCentralize": lambda groups: torch.optim.Adam(groups, lr=0.01),
    "sgdL2": lambda groups: torch.optim.SGD(groups, lr=0.05, momentum=0.9),
    "adamWL2": lambda groups: torch.optim.AdamW(groups, lr=0.01),
    "sgdL2ClipNorm": lambda groups: torch.optim.SGD(groups, lr=0.05, momentum=0.9),
    "sgdSam": lambda groups: torch.optim.SGD(groups, lr=0.05, momentum=0.9),
    "lionAll": lambda groups: Lion(groups, lr=0.003, betas=(0.9, 0.99)),
}
DECAY = {
    "sgdMomentumDecay": 0.02,
    "adamDecay": 0.02,
    "adamW": 0.05,
    "sgdNesterovDecay": 0.02,
    "rmsPropMomentumDecay": 0.02,
    "lionDecay": 0.1,
    "adamWClipNorm": 0.05,
    "sgdClipValue": 0.02,
    "adamWL2": 0.05,
    "lionAll": 0.1,
}
CLIP_NORM = {"sgdClipNorm": 0.2, "adamWClipNorm": 0.2, "sgdL2ClipNorm": 0.2, "lionAll": 0.1}
CLIP_VALUE = {"sgdClipValue": 0.03}
# The radius of sharpness-aware minimization (Foret et al. 2021).
SAM = {"sgdSam": 0.5}
CENTRALIZED = ["adamCentralize", "lionAll"]
# Of the weights of the first layer and of the second.
L2 = {"sgdL2": (0.01, 0.0), "adamWL2": (0.02, 0.0), "sgdL2ClipNorm": (0.03, 0.01), "lionAll": (0.01, 0.0)}


def train(name):
    model = nn.Sequential(nn.Linear(FEATURES, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, CLASSES)).double()
    parameters = [model[0].weight, model[0].bias, model[2].weight, model[2].bias]
    with torch.no_grad():
        for index, tensor in enumerate(parameters):
            role = "weight" if tensor.dim() == 2 else "bias"
            tensor.copy_(torch.from_numpy(parameter(role, tuple(tensor.shape), index + 1)))
    # Weights decay, biases do not.
    optimizer = OPTIMIZERS[name](
        [
            {"params": [t for t in parameters if t.dim() == 2], "weight_decay": DECAY.get(name, 0.0)},
            {"params": [t for t in parameters if t.dim() == 1], "weight_decay": 0.0},
        ]
    )
    losses = []
    for step in range(UPDATES):
        x = torch.from_numpy(uniform((BATCH, FEATURES), 100 + step, 0.0, 1.0)).double()
        labels = (x[:, :CLASSES]).argmax(1)
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(x), labels)
        loss.backward()
        if name in SAM:
            norm = torch.cat([t.grad.ravel() for t in parameters]).norm()
            here = [t.detach().clone() for t in parameters]
            with torch.no_grad():
                for t in parameters:
                    t += SAM[name] * t.grad / norm
            optimizer.zero_grad()
            functional.cross_entropy(model(x), labels).backward()
            with torch.no_grad():
                for t, value in zip(parameters, here):
                    t.copy_(value)
        if name in CENTRALIZED:
            centralize(parameters)
        for weight, factor in zip((parameters[0], parameters[2]), L2.get(name, (0.0, 0.0))):
            if factor > 0:
                (factor * weight.square().sum()).backward()
        if name in CLIP_NORM:
            nn.utils.clip_grad_norm_(parameters, CLIP_NORM[name])
        if name in CLIP_VALUE:
            nn.utils.clip_grad_value_(parameters, CLIP_VALUE[name])
        optimizer.step()
        losses.append(loss.item())
    return {"lastLoss": losses[-1], "parameters": [t.detach().ravel().tolist() for t in parameters]}


if __name__ == "__main__":
    runs = {name: train(name) for name in OPTIMIZERS}
    print(json.dumps({"torch": torch.__version__, "optimizers": runs}, separators=(",", ":")))
