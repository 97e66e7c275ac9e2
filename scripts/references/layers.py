"""PyTorch's layers over a grid of options: results and gradients in float64, and how far its autocast in bfloat16 is from them.

python3 scripts/references/layers.py > src/engine/reference-numbers/layers.json
python3 scripts/references/layers.py --whole    prints every entry of every tensor, and no errors of bfloat16

Networks are written as naevus reads them from JSON. Weights and inputs are those of formula.py.
"""
import json
import math
import sys

import numpy as np
import torch
from scipy import fft
from torch.nn import functional

from formula import parameter, uniform
from layer_cases import CASES

WHOLE = "--whole" in sys.argv
SAMPLES = 8
# The errors of bfloat16 are root mean squares over these batches.
SALTS = (2000, 2001, 2002)


def pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


class Parameters:
    """Leaves by the names, and in the order, that naevus gives them."""

    def __init__(self, dtype):
        self.dtype, self.tensors = dtype, {}

    def __call__(self, path, role, *shape):
        values = torch.from_numpy(parameter(role, shape, len(self.tensors) + 1)).to(self.dtype)
        tensor = values.requires_grad_(not role.startswith("running"))
        self.tensors[f"{path}.{role}"] = tensor
        return tensor


def cosine_filters(height, width, frequencies):
    """The filters of SciPy's orthonormal DCT-II, with row frequency + column frequency below `frequencies`."""
    rows, columns = (torch.from_numpy(fft.dct(np.eye(length), axis=0, norm="ortho")) for length in (height, width))
    kept = [(u, v) for u in range(height) for v in range(width) if u + v < frequencies]
    return torch.stack([torch.outer(rows[u], columns[v]) for u, v in kept])


def conv2d(layer, x, path, get):
    kernel = pair(layer["kernel"])
    groups = layer.get("groups", 1)
    channels = x.shape[1] // groups
    if "frequencies" in layer:
        basis = cosine_filters(*kernel, layer["frequencies"]).to(x.dtype)
        weight = torch.einsum("fck,khw->fchw", get(path, "weight", layer["filters"], channels, len(basis)), basis)
    else:
        weight = get(path, "weight", layer["filters"], channels, *kernel)
    bias = get(path, "bias", layer["filters"]) if layer.get("bias", True) else None
    stride, dilation = pair(layer.get("stride", 1)), pair(layer.get("dilation", 1))
    same = [dilation[axis] * (kernel[axis] - 1) // 2 for axis in (0, 1)]
    padded = functional.pad(x, sides(layer.get("padding", same), x, kernel, stride, dilation))
    return functional.conv2d(padded, weight, bias, stride, 0, dilation, groups)


def dense(layer, x, path, get):
    weight = get(path, "weight", layer["units"], x.shape[1])
    return functional.linear(x, weight, get(path, "bias", layer["units"]) if layer.get("bias", True) else None)


def batch_norm(layer, x, path, get):
    scale, shift, mean, variance = (
        get(path, role, x.shape[1]) for role in ("scale", "shift", "runningMean", "runningVariance")
    )
    momentum, epsilon = layer.get("momentum", 0.1), layer.get("epsilon", 1e-5)
    return functional.batch_norm(x, mean, variance, scale, shift, True, momentum, epsilon)


def widened(x):
    """Statistics are computed in float32, which PyTorch 1.13 has to be asked for where weights are in it and values are not."""
    return x.float() if x.dtype == torch.bfloat16 else x


def layer_norm(layer, x, path, get):
    scale, shift = (get(path, role, x.shape[1]) for role in ("scale", "shift"))
    last = widened(x).movedim(1, -1)
    return functional.layer_norm(last, x.shape[1:2], scale, shift, layer.get("epsilon", 1e-6)).movedim(-1, 1).to(x.dtype)


def group_norm(layer, x, path, get):
    scale, shift = (get(path, role, x.shape[1]) for role in ("scale", "shift"))
    return functional.group_norm(widened(x), layer["groups"], scale, shift, layer.get("epsilon", 1e-5)).to(x.dtype)


def layer_scale(layer, x, path, get):
    return x * get(path, "scale", x.shape[1]).reshape((-1,) + (1,) * (x.ndim - 2))


def max_pool(layer, x, path, get):
    kernel, stride, padding = window(layer, x)
    if padding[:2] == padding[2:]:
        return functional.max_pool2d(x, kernel, stride, padding[:2], ceil_mode=layer.get("ceil", False))
    return functional.max_pool2d(functional.pad(x, across(padding), value=-torch.inf), kernel, stride)


def average_pool(layer, x, path, get):
    kernel, stride, padding = window(layer, x)
    counted = layer.get("countPadding", False)
    if padding[:2] == padding[2:]:
        ceil = layer.get("ceil", False)
        return functional.avg_pool2d(x, kernel, stride, padding[:2], ceil_mode=ceil, count_include_pad=counted)
    mean = functional.avg_pool2d(functional.pad(x, across(padding)), kernel, stride)
    if counted:
        return mean
    inside = functional.avg_pool2d(functional.pad(torch.ones_like(x), across(padding)), kernel, stride)
    return mean / inside.detach()


def generalized_mean_pool(layer, x, path, get):
    power = get(path, "power", 1)
    return x.clamp(min=layer.get("epsilon", 1e-6)).pow(power).mean((2, 3)).pow(1 / power)


def blur_pool(layer, x, path, get):
    length, stride = layer.get("kernel", 3), pair(layer.get("stride", 2))
    row = torch.tensor([math.comb(length - 1, i) for i in range(length)], dtype=x.dtype) / 2 ** (length - 1)
    before, after = (length - 1) // 2, length // 2
    padded = functional.pad(x, (before, after, before, after))
    weight = torch.outer(row, row).expand(x.shape[1], 1, length, length)
    return functional.conv2d(padded, weight, None, stride, 0, 1, x.shape[1])


def window(layer, x):
    """Kernel, stride, and padding at the top, left, bottom and right."""
    kernel = pair(layer["kernel"])
    stride = pair(layer.get("stride", kernel))
    left, right, top, bottom = sides(layer.get("padding", 0), x, kernel, stride, (1, 1))
    return kernel, stride, (top, left, bottom, right)


def across(padding):
    """In the order of functional.pad."""
    top, left, bottom, right = padding
    return left, right, top, bottom


def sides(padding, x, kernel, stride, dilation):
    """Padding as functional.pad has it: left, right, top, bottom."""
    if padding == "sameUpper":
        added = []
        for axis in (0, 1):
            size = x.shape[2 + axis]
            outputs = -(-size // stride[axis])
            added.append(max(0, (outputs - 1) * stride[axis] + dilation[axis] * (kernel[axis] - 1) + 1 - size))
        height, width = added
        return width // 2, width - width // 2, height // 2, height - height // 2
    padding = [padding, padding] if isinstance(padding, int) else list(padding)
    return across(padding if len(padding) == 4 else padding * 2)


def residual(layer, x, path, get):
    body = sequence(layer["body"], x, f"{path}.body", get)
    return body + sequence(layer.get("shortcut", []), x, f"{path}.shortcut", get)


def gate(layer, x, path, get):
    factors = sequence(layer["body"], x, f"{path}.body", get)
    return x * factors.reshape(factors.shape + (1,) * (x.ndim - factors.ndim))


def concatenate(layer, x, path, get):
    branches = enumerate(layer["branches"])
    return torch.cat([sequence(branch, x, f"{path}.branches.{index}", get) for index, branch in branches], 1)


LAYERS = {
    "conv2d": conv2d,
    "dense": dense,
    "batchNorm": batch_norm,
    "layerNorm": layer_norm,
    "groupNorm": group_norm,
    "layerScale": layer_scale,
    "relu": lambda layer, x, *_: functional.relu(x),
    "leakyRelu": lambda layer, x, *_: functional.leaky_relu(x, layer.get("slope", 0.01)),
    "relu6": lambda layer, x, *_: x.clamp(0, 6),
    "elu": lambda layer, x, *_: functional.elu(x, layer.get("alpha", 1.0)),
    "silu": lambda layer, x, *_: functional.silu(x),
    "gelu": lambda layer, x, *_: functional.gelu(x, approximate=layer.get("approximate", "none")),
    "hardSwish": lambda layer, x, *_: functional.hardswish(x),
    "hardSigmoid": lambda layer, x, *_: functional.hardsigmoid(x),
    "tanh": lambda layer, x, *_: torch.tanh(x),
    "softplus": lambda layer, x, *_: functional.softplus(x),
    "sigmoid": lambda layer, x, *_: torch.sigmoid(x),
    "maxPool": max_pool,
    "averagePool": average_pool,
    "generalizedMeanPool": generalized_mean_pool,
    "blurPool": blur_pool,
    "globalMaxPool": lambda layer, x, *_: functional.adaptive_max_pool2d(x, 1).flatten(1),
    "globalAveragePool": lambda layer, x, *_: x.mean((2, 3)),
    "flatten": lambda layer, x, *_: x.flatten(1),
    "residual": residual,
    "gate": gate,
    "concatenate": concatenate,
}


def sequence(layers, x, prefix, get):
    for index, layer in enumerate(layers):
        x = LAYERS[layer["kind"]](layer, x, f"{prefix}.{index}" if prefix else str(index), get)
    return x


def run(case, layers, salt, dtype=torch.float64, autocast=False):
    """A step of training: everything that it gives, by name."""
    batch, shape = case["batch"], case["input"]
    x = torch.from_numpy(uniform((batch, *shape), salt, 0.0, 1.0)).to(dtype).requires_grad_()
    get = Parameters(dtype)
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        logits = sequence(layers, x, "", get).flatten(1)
    logits = logits.to(dtype)
    loss = functional.cross_entropy(logits, torch.arange(batch) * 2 % logits.shape[1])
    loss.backward()
    gradients = {path: tensor.grad for path, tensor in get.tensors.items() if tensor.requires_grad}
    running = {path: tensor for path, tensor in get.tensors.items() if not tensor.requires_grad}
    return loss.item(), logits.detach(), gradients, running, x.grad


def summary(tensor):
    values = tensor.detach().double().numpy().ravel()
    if WHOLE:
        return values.tolist()
    indices = sorted({((2 * i + 1) * values.size) // (2 * SAMPLES) for i in range(SAMPLES)})
    digits = [float(f"{value:.9g}") for value in (np.linalg.norm(values), values.sum(), *values[indices])]
    return {"norm": digits[0], "sum": digits[1], "samples": digits[2:]}


def joined(tensors):
    return torch.cat([tensor.double().ravel() for tensor in tensors])


def relative(exact, found):
    return ((found.double() - exact).norm() / exact.norm()).item() if exact.norm() > 0 else 0.0


def root_mean_squares(errors):
    return [float(f"{value:.4g}") for value in np.sqrt(np.mean(np.square(errors), axis=0))]


def both(case, layers, salt):
    """The same step in float64 and in autocast: logits and gradients, the input's among them."""
    for dtype, autocast in ((torch.float64, False), (torch.float32, True)):
        _, logits, gradients, _, of_input = run(case, layers, salt, dtype, autocast)
        yield logits, {**gradients, "input": of_input}


def bf16_errors(case):
    """Of logits and of all gradients together, behind a convolution whose result autocast rounds as well."""
    layers = [{"kind": "conv2d", "filters": case["input"][0], "kernel": 1}, *case["layers"]]
    errors = []
    for salt in SALTS:
        (exact, exact_gradients), (found, gradients) = both(case, layers, salt)
        errors.append((relative(exact, found), relative(joined(exact_gradients.values()), joined(gradients.values()))))
    return root_mean_squares(errors)


def bf16_by_layer(case):
    """Of what each layer of a family's network gives for the first batch, and of each parameter's gradient."""
    counts = range(1, len(case["layers"]) + 1)
    outputs = [relative(*(result[0] for result in both(case, case["layers"][:count], SALTS[0]))) for count in counts]
    gradients = []
    for salt in SALTS:
        (_, exact), (_, found) = both(case, case["layers"], salt)
        gradients.append([relative(exact[path], found[path]) for path in exact])
    return {
        "bf16Outputs": [float(f"{error:.4g}") for error in outputs],
        "bf16Gradients": dict(zip(exact, root_mean_squares(gradients))),
    }


def record(case):
    loss, logits, gradients, running, of_input = run(case, case["layers"], SALTS[0])
    result = {
        "loss": loss,
        "logits": summary(logits),
        "gradients": {path: summary(tensor) for path, tensor in gradients.items()},
        "running": {path: summary(tensor) for path, tensor in running.items()},
        "inputGradient": summary(of_input),
    }
    if not WHOLE:
        result["bf16Errors"] = bf16_errors(case)
        if case["name"].startswith("family"):
            result.update(bf16_by_layer(case))
    return {**case, **result}


if __name__ == "__main__":
    print(f'{{"torch": "{torch.__version__}", "salts": {list(SALTS)}, "cases": [')
    print(",\n".join(json.dumps(record(case), separators=(",", ":")) for case in CASES))
    print("]}")
