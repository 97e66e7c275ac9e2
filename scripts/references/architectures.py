"""PyTorch's loss, logits and gradients of a small network of every family of architectures, in float64.

python3 scripts/references/architectures.py > src/engine/reference-numbers/architectures.json
python3 scripts/references/architectures.py NAME SALT FILE    writes every gradient of one network to FILE (float64, in order)
"""
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "bench"))

import networks  # noqa: E402
import pytorch_networks as families  # noqa: E402

SHAPE = (4, 3, 64, 64)

# By the names that naevus gives them.
FAMILIES = {
    "vgg11:width=4": lambda classes: families.vgg(classes, 11, width=4),
    "resnet18:width=4,stem=3x3": lambda classes: families.resnet(classes, 18, width=4, stem="3x3"),
    "resnet50:width=4,stages=1-1-1-1": lambda classes: families.resnet(classes, 50, width=4, stages=(1, 1, 1, 1)),
    "densenet121:growth=4,stages=2-2-2-2": lambda classes: families.densenet(classes, growth=4, stages=(2, 2, 2, 2)),
    "googlenet:width=8,dropout=0": lambda classes: families.googlenet(classes, width=8, dropout=0),
    "convnext-tiny:width=8,stages=1-1-1-1": lambda classes: families.convnext(classes, width=8, stages=(1, 1, 1, 1)),
    "mobilenetv3-small:width=0.25,dropout=0": lambda classes: families.mobilenet_v3(classes, "small", 0.25, dropout=0),
    "efficientnetv2-b0:width=0.25,depth=0.5,dropout=0": lambda classes: families.efficientnet_v2(
        classes, "b0", 0.25, 0.5, dropout=0
    ),
}


def with_bytes(make):
    """The layers behind the normalisation with which the networks of all families begin."""
    return lambda classes: [networks.Normalize([0.5] * 3, [0.25] * 3), *make(classes)]


# Of each tensor, so that the file stays small.
networks.SAMPLES = 4
networks.NETWORKS = {name: (with_bytes(make), 9, SHAPE) for name, make in FAMILIES.items()}

if __name__ == "__main__":
    networks.main(sys.argv)
