"""PyTorch's loss, logits and gradients of whole networks, in float64.

python3 scripts/references/networks.py > src/engine/reference-numbers/networks.json
python3 scripts/references/networks.py NAME SALT FILE    writes every gradient of one network to FILE (float64, in order)
"""
import itertools
import json
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from formula import image_bytes, parameter, uniform

sys.path.append(str(Path(__file__).resolve().parents[2] / "bench"))

from pytorch_networks import Gate, GlobalAverage, Residual, conv_norm  # noqa: E402

SAMPLES = 16

# Gradients jump where a rectifier's input crosses zero or a pooling window's winner changes. So that rounding in float32
# cannot do that, the batch is the first (by salt) that keeps every such value this far away, in standard deviations.
MARGIN = 3e-6
FIRST_SALT = 1000
ROLES = {"running_mean": "runningMean", "running_var": "runningVariance"}


class Normalize(nn.Module):
    def __init__(self, mean, deviation):
        super().__init__()
        self.mean = torch.tensor(mean, dtype=torch.float64).reshape(1, -1, 1, 1)
        self.deviation = torch.tensor(deviation, dtype=torch.float64).reshape(1, -1, 1, 1)

    def forward(self, x):
        return (x / 255 - self.mean) / self.deviation


def notebook(classes):
    layers, channels = [Normalize([0] * 3, [1] * 3)], 3
    for filters in (16, 32, 64):
        layers += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        channels = filters
    return layers + [nn.Flatten(), nn.Linear(64 * 22 * 22, 128), nn.ReLU(), nn.Linear(128, classes)]


def block(channels, filters, stride):
    body = [*conv_norm(channels, filters, 3, stride), nn.ReLU(), *conv_norm(filters, filters, 3)]
    shortcut = [] if stride == 1 and channels == filters else conv_norm(channels, filters, 1, stride)
    return [Residual(body, shortcut), nn.ReLU()]


def resnet18w32(classes):
    layers = [Normalize([0.5] * 3, [0.25] * 3), *conv_norm(3, 32, 3, 2), nn.ReLU()]
    channels = 32
    for filters, stride in ((32, 1), (64, 2), (128, 2), (256, 2)):
        layers += block(channels, filters, stride) + block(filters, filters, 1)
        channels = filters
    return layers + [GlobalAverage(), nn.Linear(256, classes)]


def squeeze_excite(channels, units):
    return Gate([GlobalAverage(), nn.Linear(channels, units), nn.ReLU(), nn.Linear(units, channels), nn.Sigmoid()])


def inverted_bottleneck(channels, filters, stride, expansion, fused):
    wide = channels * expansion
    if fused:
        body = [*conv_norm(channels, wide, 3, stride), nn.ReLU()]
    else:
        body = [*conv_norm(channels, wide, 1), nn.ReLU(), *conv_norm(wide, wide, 3, stride, wide), nn.ReLU()]
        body.append(squeeze_excite(wide, channels // 4))
    body += conv_norm(wide, filters, 1)
    return [Residual(body)] if stride == 1 and channels == filters else body


def efficientnetv2_mini(classes):
    layers = [Normalize([0.5] * 3, [0.25] * 3), *conv_norm(3, 32, 3, 2), nn.ReLU(), *conv_norm(32, 16, 3), nn.ReLU()]
    channels = 16
    for blocks, filters, stride, expansion, fused in (
        (2, 32, 2, 4, True),
        (2, 48, 2, 4, True),
        (3, 96, 2, 4, False),
        (2, 112, 1, 6, False),
        (3, 192, 2, 6, False),
    ):
        for index in range(blocks):
            layers += inverted_bottleneck(channels, filters, stride if index == 0 else 1, expansion, fused)
            channels = filters
    return layers + [*conv_norm(192, 640, 1), nn.ReLU(), GlobalAverage(), nn.Linear(640, classes)]


def poolings(classes):
    return [
        nn.Conv2d(4, 6, (3, 2), (1, 2), (1, 0), groups=2),
        nn.MaxPool2d(3, 2, 1),
        nn.AvgPool2d((3, 2), (2, 1), (1, 1), count_include_pad=False),
        nn.Flatten(),
        nn.Linear(6 * 3 * 4, classes),
    ]


def batch_norm(classes):
    return [nn.BatchNorm2d(4, eps=1e-3, momentum=0.3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 5 * 3, classes)]


def frozen_norm(classes):
    layers = [nn.BatchNorm2d(4, eps=1e-3), nn.ReLU(), nn.Conv2d(4, 6, 3, padding=1), nn.BatchNorm2d(6)]
    return layers + [nn.Flatten(), nn.Linear(6 * 5 * 3, classes)]


NETWORKS = {
    # name: layers, classes, (batch, channels, height, width)
    "notebook": (notebook, 9, (2, 3, 180, 180)),
    "resnet18-w32": (resnet18w32, 9, (2, 3, 128, 128)),
    "resnet18-w32, small": (resnet18w32, 9, (4, 3, 32, 32)),
    "efficientnetv2-mini": (efficientnetv2_mini, 9, (2, 3, 128, 128)),
    "efficientnetv2-mini, small": (efficientnetv2_mini, 9, (4, 3, 64, 64)),
    "poolings": (poolings, 5, (3, 4, 9, 11)),
    "batchNorm": (batch_norm, 4, (5, 4, 5, 3)),
    "resnet18-w32, frozen": (resnet18w32, 9, (4, 3, 32, 32)),
    "batchNorm, frozen": (frozen_norm, 4, (5, 4, 5, 3)),
}

# How many of the first layers are frozen.
FROZEN = {"resnet18-w32, frozen": 12, "batchNorm, frozen": 2}


def tensors(model):
    """Parameters and running statistics by the names and in the order that naevus gives them."""
    for path, module in model.named_modules():
        norm = isinstance(module, (nn.BatchNorm2d, nn.LayerNorm))
        for name, role in (
            ("weight", "scale" if norm else "weight"),
            ("bias", "shift" if norm else "bias"),
            ("running_mean", "runningMean"),
            ("running_var", "runningVariance"),
            ("factor", "scale"),
        ):
            tensor = getattr(module, name, None)
            if tensor is not None:
                yield f"{path}.{role}", role, tensor


class TooClose(Exception):
    pass


def check_margin(module, inputs):
    x = inputs[0]
    if isinstance(module, nn.ReLU):
        gaps = x.abs()
    elif isinstance(module, (nn.Hardswish, nn.Hardsigmoid)):
        gaps = (x.abs() - 3).abs()
    else:
        size, stride, padding = module.kernel_size, module.stride, module.padding
        # In ceil mode the last window may hang over.
        over = [-(length + 2 * padding - size) % stride if module.ceil_mode else 0 for length in x.shape[2:]]
        sides = (padding, padding + over[1], padding, padding + over[0])
        padded = functional.pad(x, sides, value=-1e9).unfold(2, size, stride).unfold(3, size, stride)
        best = padded.reshape(-1, size * size).topk(2).values
        # Where a rectifier made all values of a window zero, no gradient passes whichever wins; other equal values are one value, which windows
        # of the pooling before share, and its gradient is the same whichever wins.
        gaps = best[:, 0] - best[:, 1]
        gaps = gaps[gaps != 0]
    if gaps.min() < MARGIN * x.std():
        raise TooClose


def batch_of(name, salt):
    layers, _, shape = NETWORKS[name]
    batch, channels, height, width = shape
    if isinstance(layers(1)[0], Normalize):
        pixels = image_bytes((batch, height, width, channels), salt).transpose(0, 3, 1, 2)
    else:
        pixels = uniform(shape, salt, 0.0, 1.0)
    return torch.tensor(np.ascontiguousarray(pixels), dtype=torch.float64, requires_grad=True)


def model_of(name):
    layers, classes, _ = NETWORKS[name]
    model = nn.Sequential(*layers(classes)).double()
    with torch.no_grad():
        for index, (_, role, tensor) in enumerate(tensors(model)):
            tensor.copy_(torch.from_numpy(parameter(role, tuple(tensor.shape), index + 1)))
    return model


def train(model, name):
    """Training mode; what is frozen is in evaluation mode and has no gradients of its own."""
    model.train()
    for module in model[: FROZEN.get(name, 0)]:
        module.eval().requires_grad_(False)
    return model


def find_salt(name):
    for salt in itertools.count(FIRST_SALT):
        model = train(model_of(name), name)
        for module in model.modules():
            if isinstance(module, (nn.ReLU, nn.Hardswish, nn.Hardsigmoid, nn.MaxPool2d)):
                module.register_forward_pre_hook(check_margin)
        try:
            with torch.no_grad():
                model(batch_of(name, salt))
            return salt
        except TooClose:
            pass


def run(name, salt):
    _, classes, shape = NETWORKS[name]
    model = model_of(name)
    x = batch_of(name, salt)
    labels = torch.arange(shape[0]) * 2 % classes
    with torch.no_grad():
        evaluation = model.eval()(x)
    logits = train(model, name)(x)
    loss = functional.cross_entropy(logits, labels)
    loss.backward()
    gradients = {path: t.grad for path, _, t in tensors(model) if t.requires_grad}
    running = {path: t for path, _, t in tensors(model) if not t.requires_grad}
    return loss.item(), logits.detach(), evaluation, gradients, running, x.grad


def bf16_error(name, salt, exact):
    """The relative error of all gradients together when PyTorch itself computes in mixed bf16 (autocast)."""
    _, classes, shape = NETWORKS[name]
    model = train(model_of(name).float(), name)
    normalize = model[0] if isinstance(model[0], Normalize) else nn.Identity()
    x = normalize(batch_of(name, salt)).detach().float()
    with torch.cpu.amp.autocast(dtype=torch.bfloat16):
        logits = model[1:](x) if isinstance(model[0], Normalize) else model(x)
    functional.cross_entropy(logits.float(), torch.arange(shape[0]) * 2 % classes).backward()
    gradients = torch.cat([t.grad.double().ravel() for _, _, t in tensors(model) if t.requires_grad])
    expected = torch.cat([gradient.ravel() for gradient in exact.values()])
    return ((gradients - expected).norm() / expected.norm()).item()


def summary(tensor):
    values = tensor.detach().numpy().ravel()
    indices = [((2 * i + 1) * values.size) // (2 * SAMPLES) for i in range(SAMPLES)]
    return {"norm": np.linalg.norm(values), "sum": values.sum(), "samples": [values[i] for i in sorted(set(indices))]}


def record(name):
    salt = find_salt(name)
    loss, logits, evaluation, gradients, running, input_gradient = run(name, salt)
    return {
        "salt": salt,
        "bf16Error": bf16_error(name, salt, gradients),
        "batch": NETWORKS[name][2][0],
        "loss": loss,
        "logits": logits.ravel().tolist(),
        "evaluationLogits": evaluation.ravel().tolist(),
        "gradients": {path: summary(tensor) for path, tensor in gradients.items()},
        "running": {path: summary(tensor) for path, tensor in running.items()},
        "inputGradient": summary(input_gradient),
    }


def main(arguments):
    if len(arguments) == 4:
        gradients = run(arguments[1], int(arguments[2]))[3]
        np.concatenate([g.numpy().ravel() for g in gradients.values()]).tofile(arguments[3])
    else:
        records = {name: record(name) for name in NETWORKS}
        print(json.dumps({"torch": torch.__version__, "networks": records}, separators=(",", ":")))


if __name__ == "__main__":
    main(sys.argv)
