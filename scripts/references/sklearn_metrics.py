"""scikit-learn's figures for the cases that src/evaluation is compared with.

    python3 scripts/references/sklearn_metrics.py > src/evaluation/reference-numbers/sklearn-metrics.json
        records the cases below with their figures;
    python3 scripts/references/sklearn_metrics.py - < CASES.json
        computes the figures of other cases: a JSON list of {"classes", "truth", "probabilities"}.

Needs numpy and scikit-learn, as in Debian's python3-sklearn.
"""
import json
import sys

import numpy
import sklearn
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    confusion_matrix,
    precision_recall_fscore_support,
)


def figures(case):
    count = len(case["classes"])
    truth = numpy.array(case["truth"])
    probabilities = numpy.array(case["probabilities"], dtype=numpy.float32).reshape(-1, count)
    predicted = probabilities.argmax(axis=1)
    labels = list(range(count))

    def scores(average):
        return precision_recall_fscore_support(
            truth, predicted, labels=labels, average=average, zero_division=0
        )

    def mean(average):
        precision, recall, f1, _ = scores(average)
        return {"precision": float(precision), "recall": float(recall), "f1": float(f1)}

    return {
        "accuracy": float(accuracy_score(truth, predicted)),
        "balancedAccuracy": float(balanced_accuracy_score(truth, predicted)),
        "perClass": [
            {
                "class": case["classes"][label],
                "precision": float(precision),
                "recall": float(recall),
                "f1": float(f1),
                "support": int(support),
            }
            for label, precision, recall, f1, support in zip(labels, *scores(None))
        ],
        "macro": mean("macro"),
        "weighted": mean("weighted"),
        "confusionMatrix": confusion_matrix(truth, predicted, labels=labels).tolist(),
    }


def drawn(name, classes, images, random, absent=(), unpredicted=(), ties=False):
    """Random predictions in sixteenths, which float32 and JSON hold exactly, somewhat better than chance."""
    possible = [label for label in range(classes) if label not in absent]
    truth = random.choice(possible, size=images)
    weights = random.integers(0, 4 if ties else 16, size=(images, classes)).astype(float)
    weights[numpy.arange(images), truth] += 1 if ties else 6
    weights[:, list(unpredicted)] = 0
    sixteenths = numpy.zeros((images, classes), dtype=int)
    for image in range(images):
        share = weights[image] / weights[image].sum() * 16
        sixteenths[image] = numpy.floor(share)
        rest = 16 - sixteenths[image].sum()
        sixteenths[image, numpy.argsort(sixteenths[image] - share, kind="stable")[:rest]] += 1
    return {
        "name": name,
        "classes": [f"class {label}" for label in range(classes)],
        "truth": truth.tolist(),
        "probabilities": (sixteenths / 16).ravel().tolist(),
    }


def cases():
    random = numpy.random.default_rng(1)
    return [
        drawn("nine classes", 9, 118, random),
        drawn("two classes", 2, 40, random),
        drawn("classes without images", 5, 40, random, absent=(1, 4)),
        drawn("classes never predicted", 5, 40, random, unpredicted=(0, 3)),
        drawn("a class neither present nor predicted", 4, 30, random, absent=(2,), unpredicted=(2,)),
        drawn("ties", 6, 60, random, ties=True),
        {"name": "one class only", "classes": ["only"], "truth": [0, 0, 0], "probabilities": [1, 1, 1]},
        {
            "name": "one true class, all wrong",
            "classes": ["a", "b", "c"],
            "truth": [1, 1],
            "probabilities": [0.5, 0.25, 0.25, 0.25, 0.25, 0.5],
        },
        {"name": "one image", "classes": ["a", "b"], "truth": [1], "probabilities": [0.25, 0.75]},
        {"name": "uniform rows", "classes": ["a", "b", "c", "d"], "truth": [0, 1, 2, 3], "probabilities": [0.25] * 16},
    ]


if __name__ == "__main__":
    import warnings

    # balanced_accuracy_score warns of predicted classes without images; leaving them out is what is wanted.
    warnings.simplefilter("ignore")
    if sys.argv[1:] == ["-"]:
        json.dump([figures(case) for case in json.load(sys.stdin)], sys.stdout)
    else:
        recorded = [{**case, "figures": figures(case)} for case in cases()]
        lines = ",\n".join(json.dumps(case) for case in recorded)
        print(f'{{"scikit-learn": "{sklearn.__version__}", "cases": [\n{lines}\n]}}')
