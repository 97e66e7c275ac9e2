"""What PyTorch's initialisers draw from, and the orthogonal matrix that it makes of given normal numbers.

python3 scripts/references/initializations.py > src/engine/reference-numbers/initializations.json
"""
import json
from unittest import mock

import torch
from torch import Tensor
from torch.nn import init

from formula import uniform

# Of a convolution, one in groups, a depthwise one and a dense layer.
SHAPES = [(16, 3, 3, 3), (32, 8, 3, 5), (12, 1, 3, 3), (9, 128)]


def drawn_from(initialise, shape):
    """The arguments with which an initialiser draws."""
    seen = {}

    def note(name):
        def draw(tensor, first, second):
            seen[name] = [first, second]
            return tensor

        return draw

    with mock.patch.object(Tensor, "normal_", note("normal")), mock.patch.object(Tensor, "uniform_", note("uniform")):
        initialise(torch.empty(shape))
    return seen


def orthogonal(shape, salt):
    """`init.orthogonal_` with numbers of a formula in place of normal ones."""
    rows = shape[0]

    def fill(tensor, *_):
        numbers = uniform((rows, tensor.numel() // rows), salt, 0.0, 1.0)
        return tensor.copy_(torch.from_numpy(numbers).double())

    with mock.patch.object(Tensor, "normal_", fill):
        return init.orthogonal_(torch.empty(shape, dtype=torch.float64), gain=1.5).ravel().tolist()


INITIALISERS = {
    "heNormal": lambda w: init.kaiming_normal_(w, nonlinearity="relu"),
    "heUniform": lambda w: init.kaiming_uniform_(w, nonlinearity="relu"),
    "glorotNormal": init.xavier_normal_,
    "glorotUniform": init.xavier_uniform_,
    "leCunNormal": lambda w: init.kaiming_normal_(w, nonlinearity="linear"),
    "leCunUniform": lambda w: init.kaiming_uniform_(w, nonlinearity="linear"),
}

if __name__ == "__main__":
    record = {
        "torch": torch.__version__,
        "drawn": [
            {"shape": shape, "from": {name: drawn_from(initialise, shape) for name, initialise in INITIALISERS.items()}}
            for shape in SHAPES
        ],
        "orthogonal": [
            {"shape": shape, "salt": salt, "gain": 1.5, "weight": orthogonal(shape, salt)}
            for salt, shape in enumerate([(4, 3, 2, 2), (7, 1, 2, 2), (5, 5)], 1)
        ],
    }
    print(json.dumps(record, separators=(",", ":")))
