"""Parameters after 100 updates by PyTorch's optimizers, in float64, on a small problem.

python3 scripts/references/optimizers.py > src/engine/reference-numbers/optimizers.json
"""
import json

import torch
from torch import nn
from torch.nn import functional

from formula import parameter, uniform

FEATURES, HIDDEN, CLASSES, BATCH, UPDATES = 6, 8, 3, 12, 100

OPTIMIZERS = {
    "sgd": lambda groups: torch.optim.SGD(groups, lr=0.05, momentum=0.0),
    "sgdMomentum": lambda groups: torch.optim.SGD(groups, lr=0.05, momentum=0.9),
    "sgdMomentumDecay": lambda groups: torch.optim.SGD(groups, lr=0.05, momentum=0.8),
    "adam": lambda groups: torch.optim.Adam(groups, lr=0.01),
    "adamDecay": lambda groups: torch.optim.Adam(groups, lr=0.01, betas=(0.8, 0.99), eps=1e-6),
    "adamW": lambda groups: torch.optim.AdamW(groups, lr=0.01),
}
DECAY = {"sgdMomentumDecay": 0.02, "adamDecay": 0.02, "adamW": 0.05}


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
        optimizer.step()
        losses.append(loss.item())
    return {"lastLoss": losses[-1], "parameters": [t.detach().ravel().tolist() for t in parameters]}


if __name__ == "__main__":
    runs = {name: train(name) for name in OPTIMIZERS}
    print(json.dumps({"torch": torch.__version__, "optimizers": runs}, separators=(",", ":")))
