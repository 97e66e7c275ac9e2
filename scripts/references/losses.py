"""Softmax cross-entropy and its gradient by PyTorch, in float64.

python3 scripts/references/losses.py > src/engine/reference-numbers/losses.json
"""
import json

import torch
from torch.nn import functional

ROWS, CLASSES = 4, 5
LOGITS = [[((7 * row + 3 * column) % 11 - 5) * 1.75 for column in range(CLASSES)] for row in range(ROWS)]
WEIGHTS = [1, 0.5, 3, 0.25, 2]
LABELS = [0, 3, 2, 2]
SOFT = [[0.5, 0.5, 0, 0, 0], [0, 0.125, 0.75, 0.125, 0], [0.25, 0, 0.25, 0, 0.5], [0, 0, 0, 1, 0]]


SMOOTHING = 0.2


def weighted_soft(logits, targets, weights, smoothing=0):
    """
    The field has no agreed mean here; naevus divides by the sum of weight x target, as for hard labels. With smoothing PyTorch's own loss
    gives each class its weight times what it gets of other images too, which naevus does not.
    """
    weighted = targets * weights
    smoothed = (1 - smoothing) * weighted + smoothing / CLASSES * weighted.sum(1, keepdim=True)
    return -(smoothed * logits.log_softmax(1)).sum() / weighted.sum()


def case(loss_of, targets, weights, smoothing=0):
    logits = torch.tensor(LOGITS, dtype=torch.float64, requires_grad=True)
    loss = loss_of(logits)
    loss.backward()
    return {
        "logits": logits.detach().ravel().tolist(),
        "targets": torch.as_tensor(targets, dtype=torch.float64).ravel().tolist(),
        "weights": weights,
        "smoothing": smoothing,
        "loss": loss.item(),
        "gradient": logits.grad.ravel().tolist(),
    }


if __name__ == "__main__":
    labels = torch.tensor(LABELS)
    weights = torch.tensor(WEIGHTS, dtype=torch.float64)
    soft = torch.tensor(SOFT, dtype=torch.float64)
    hard = functional.one_hot(labels, CLASSES)
    cases = {
        "hard": case(lambda x: functional.cross_entropy(x, labels), hard, None),
        "hard, weighted": case(lambda x: functional.cross_entropy(x, labels, weight=weights), hard, WEIGHTS),
        "soft": case(lambda x: functional.cross_entropy(x, soft), soft, None),
        "soft, weighted": case(lambda x: weighted_soft(x, soft, weights), soft, WEIGHTS),
        "hard, smoothed": case(
            lambda x: functional.cross_entropy(x, labels, label_smoothing=SMOOTHING), hard, None, SMOOTHING
        ),
        "soft, smoothed": case(
            lambda x: functional.cross_entropy(x, soft, label_smoothing=SMOOTHING), soft, None, SMOOTHING
        ),
        "soft, weighted, smoothed": case(lambda x: weighted_soft(x, soft, weights, SMOOTHING), soft, WEIGHTS, SMOOTHING),
        "large logits": case(lambda x: functional.cross_entropy(x * 100, labels), hard, None),
    }
    cases["large logits"]["logits"] = [value * 100 for value in cases["large logits"]["logits"]]
    cases["large logits"]["gradient"] = [value / 100 for value in cases["large logits"]["gradient"]]
    print(json.dumps({"torch": torch.__version__, "losses": cases}, separators=(",", ":")))
