"""Learning rates of PyTorch's schedulers, one for each step.

python3 scripts/references/schedules.py > src/training/reference-numbers/schedules.json
"""
import json

import torch
from torch.optim import lr_scheduler

STEPS_PER_EPOCH, EPOCHS, PEAK = 4, 14, 0.5
STEPS = STEPS_PER_EPOCH * EPOCHS
# Validation losses after each epoch: better, not better, hardly better, better again.
LOSSES = [1.0, 0.8, 0.8, 0.79999, 0.81, 0.7, 0.75, 0.72, 0.71, 0.73, 0.9, 0.6, 0.61, 0.62]


def linear_warmup(optimizer, steps):
    return lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / steps))


SCHEDULERS = {
    "cosine": lambda o: lr_scheduler.CosineAnnealingLR(o, STEPS),
    "step": lambda o: lr_scheduler.StepLR(o, 5 * STEPS_PER_EPOCH, gamma=0.3),
    "polynomial": lambda o: lr_scheduler.PolynomialLR(o, STEPS, power=0.9),
    "oneCycle": lambda o: lr_scheduler.OneCycleLR(o, PEAK, total_steps=STEPS, cycle_momentum=False),
    "warmRestarts": lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 2 * STEPS_PER_EPOCH, T_mult=2),
    "warmRestartsEqual": lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 3 * STEPS_PER_EPOCH),
    "warmupStep": lambda o: lr_scheduler.SequentialLR(
        o,
        [linear_warmup(o, 8), lr_scheduler.StepLR(o, 3 * STEPS_PER_EPOCH, gamma=0.3)],
        milestones=[8],
    ),
}


def optimizer():
    return torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=PEAK)


def rates(make):
    training = optimizer()
    scheduler = make(training)
    course = []
    for _ in range(STEPS):
        course.append(training.param_groups[0]["lr"])
        training.step()
        scheduler.step()
    return course


def plateau():
    training = optimizer()
    scheduler = lr_scheduler.ReduceLROnPlateau(training, factor=0.3, patience=2)
    course = []
    for loss in LOSSES:
        course += [training.param_groups[0]["lr"]] * STEPS_PER_EPOCH
        scheduler.step(loss)
    return course


if __name__ == "__main__":
    print(
        json.dumps(
            {
                "torch": torch.__version__,
                "stepsPerEpoch": STEPS_PER_EPOCH,
                "peak": PEAK,
                "losses": LOSSES,
                "schedules": {**{name: rates(make) for name, make in SCHEDULERS.items()}, "plateau": plateau()},
            },
            separators=(",", ":"),
        )
    )
