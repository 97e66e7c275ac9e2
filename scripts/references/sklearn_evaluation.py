"""Figures of scikit-learn and SciPy, or of the defining formula in numpy, that src/evaluation is compared with.

    python3 scripts/references/sklearn_evaluation.py > src/evaluation/reference-numbers/sklearn-evaluation.json
        records the cases of sklearn_metrics.py and some without ties, with their figures;
    python3 scripts/references/sklearn_evaluation.py - < CASES.json
        computes the figures of other cases: a JSON list of {"classes", "truth", "probabilities"}.

Needs numpy, SciPy and scikit-learn, as in Debian's python3-sklearn. A figure that is not defined is null.
"""
import json
import sys

import numpy
import scipy
import sklearn
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from scipy.stats import binomtest
from sklearn.calibration import calibration_curve
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    cohen_kappa_score,
    confusion_matrix,
    log_loss,
    matthews_corrcoef,
    precision_recall_curve,
    roc_auc_score,
    roc_curve,
)

import sklearn_metrics

BINS = 10
THRESHOLDS = [0.05, 0.1, 0.3, 0.5]


def number(value):
    return None if numpy.isnan(value) else float(value)


def curve(*columns):
    return [[float(value) for value in point] for point in zip(*columns)]


def one_class(positive, score):
    """Curves from few images called positive to all, without their threshold-free first point."""
    figures = {"auroc": None, "averagePrecision": None, "roc": [], "precisionRecall": []}
    if positive.any():
        precision, recall, thresholds = precision_recall_curve(positive, score)
        figures["averagePrecision"] = float(average_precision_score(positive, score))
        figures["precisionRecall"] = curve(thresholds[::-1], recall[-2::-1], precision[-2::-1])
        if not positive.all():
            false_positive_rate, sensitivity, thresholds = roc_curve(positive, score)
            figures["auroc"] = float(roc_auc_score(positive, score))
            figures["roc"] = curve(thresholds[1:], false_positive_rate[1:], sensitivity[1:])
    return figures


def reliability(happened, stated, strategy):
    """scikit-learn's points, and the calibration error from the same bins with their counts."""
    observed, mean = calibration_curve(happened, stated, n_bins=BINS, strategy=strategy, pos_label=True)
    parts = numpy.linspace(0, 1, BINS + 1)
    edges = parts if strategy == "uniform" else numpy.percentile(stated, parts * 100)
    counts = numpy.bincount(numpy.searchsorted(edges[1:-1], stated), minlength=BINS)
    counts = counts[counts > 0]
    return {
        "points": curve(mean, observed, counts),
        "ece": float((counts * numpy.abs(observed - mean)).sum() / len(stated)),
    }


def temperature(truth, probabilities):
    """The best inverse temperature in [1/20, 20], by SciPy's bounded search over the logarithms of the probabilities."""
    logits = numpy.log(numpy.maximum(probabilities.astype(numpy.float32), 2.0**-126).astype(numpy.float32)).astype(float)

    def loss(inverse):
        return -log_softmax(logits * inverse, axis=1)[numpy.arange(len(truth)), truth].mean()

    found = minimize_scalar(loss, bounds=(1 / 20, 20), method="bounded", options={"xatol": 1e-10})
    return {"inverse": float(found.x), "before": float(loss(1)), "after": float(loss(found.x))}


def area_under_risk(confidence, correct):
    """The mean over k of the expected error rate among the k most confident, by the mean of each tie."""
    order = numpy.argsort(-confidence, kind="stable")
    wrong = 1.0 - correct[order]
    for value in numpy.unique(confidence):
        tied = confidence[order] == value
        wrong[tied] = wrong[tied].mean()
    return float((numpy.cumsum(wrong) / numpy.arange(1, len(wrong) + 1)).mean())


def label_errors(truth, probabilities):
    """Northcutt et al. 2021, equations 1 and 2 and the calibration of the joint."""
    classes = probabilities.shape[1]
    thresholds = numpy.array(
        [probabilities[truth == k, k].mean() if (truth == k).any() else numpy.inf for k in range(classes)]
    )
    confident = probabilities >= thresholds - 1e-6
    found = numpy.where(confident, probabilities, -1).argmax(axis=1)
    some = confident.any(axis=1)
    joint = confusion_matrix(truth[some], found[some], labels=range(classes)) if some.any() else numpy.zeros((classes,) * 2)
    rows = numpy.where(joint.sum(axis=1, keepdims=True) == 0, numpy.eye(classes), joint)
    counts = numpy.bincount(truth, minlength=classes)
    calibrated = rows / rows.sum(axis=1, keepdims=True) * counts[:, None]
    off = numpy.flatnonzero(some & (found != truth))
    off = sorted(off.tolist(), key=lambda image: (probabilities[image, truth[image]], image))
    return {
        "thresholds": [None if numpy.isinf(value) else float(value) for value in thresholds],
        "confidentJoint": joint.astype(int).tolist(),
        "estimated": float(calibrated.sum() - numpy.trace(calibrated)),
        "candidates": [[image, int(truth[image]), int(found[image])] for image in off],
    }


def net_benefit(positive, score):
    points = []
    for threshold in THRESHOLDS:
        odds = threshold / (1 - threshold)
        called = score >= threshold
        model = (called & positive).mean() - (called & ~positive).mean() * odds
        points.append([threshold, float(model), float(positive.mean() - (~positive).mean() * odds)])
    return points


def figures(case):
    classes = len(case["classes"])
    truth = numpy.array(case["truth"])
    single = numpy.array(case["probabilities"], dtype=numpy.float32).reshape(-1, classes)
    probabilities = single.astype(float)
    predicted = single.argmax(axis=1)
    confidence = probabilities.max(axis=1)
    correct = predicted == truth
    flags = [truth == label for label in range(classes)]
    per_class = [one_class(flag, probabilities[:, label]) for label, flag in enumerate(flags)]
    support = numpy.array([flag.sum() for flag in flags])
    areas = {"macro": {}, "weighted": {}}
    # scikit-learn refuses classes that are absent.
    if classes > 2 and (support > 0).all():
        one_hot = numpy.eye(classes)[truth]
        for average in areas:
            areas[average] = {
                "auroc": float(roc_auc_score(truth, case_rows(probabilities), multi_class="ovr", average=average)),
                "averagePrecision": float(average_precision_score(one_hot, probabilities, average=average)),
            }
    rival = numpy.roll(predicted, 1)
    only_first = int((correct & (rival != truth)).sum())
    only_second = int((~correct & (rival == truth)).sum())
    discordant = only_first + only_second
    return {
        "mcc": float(matthews_corrcoef(truth, predicted)),
        "kappa": number(cohen_kappa_score(truth, predicted)),
        "perClass": per_class,
        **areas,
        "brier": sum(float(brier_score_loss(flag, probabilities[:, label])) for label, flag in enumerate(flags)),
        "negativeLogLikelihood": float(
            log_loss(truth, probabilities, labels=range(classes), eps=numpy.finfo(numpy.float32).eps)
        )
        if classes > 1
        else None,
        "equalWidth": reliability(correct, confidence, "uniform"),
        "equalMass": reliability(correct, confidence, "quantile"),
        "eceByClass": [
            reliability(flag, probabilities[:, label], "uniform")["ece"] for label, flag in enumerate(flags)
        ],
        "temperature": temperature(truth, single),
        "riskCoverageArea": area_under_risk(confidence, correct),
        "labelErrors": label_errors(truth, probabilities),
        "netBenefit": net_benefit(flags[0], probabilities[:, 0]),
        "mcnemar": {
            "onlyFirst": only_first,
            "onlySecond": only_second,
            "p": float(binomtest(only_first, discordant).pvalue) if discordant > 0 else 1.0,
        },
    }


def case_rows(probabilities):
    """Rows that sum to 1 as strictly as roc_auc_score wants; scaling all of a row alike could break ties, so only if needed."""
    sums = probabilities.sum(axis=1, keepdims=True)
    return probabilities if numpy.allclose(1, sums) else probabilities / sums


def smooth(name, classes, images, random, sharpness):
    """Softmax of normal logits, without ties."""
    truth = random.integers(0, classes, size=images)
    logits = random.normal(size=(images, classes))
    logits[numpy.arange(images), truth] += 1
    powers = numpy.exp(sharpness * logits)
    return {
        "name": name,
        "classes": [f"class {label}" for label in range(classes)],
        "truth": truth.tolist(),
        "probabilities": (powers / powers.sum(axis=1, keepdims=True)).astype(numpy.float32).astype(float).ravel().tolist(),
    }


def cases():
    random = numpy.random.default_rng(2)
    return [
        *sklearn_metrics.cases(),
        smooth("overconfident, without ties", 4, 60, random, 2.5),
        smooth("underconfident, without ties", 3, 80, random, 0.4),
    ]


if __name__ == "__main__":
    import warnings

    # Warnings of figures that are not defined, which are null here.
    warnings.simplefilter("ignore")
    if sys.argv[1:] == ["-"]:
        json.dump([figures(case) for case in json.load(sys.stdin)], sys.stdout)
    else:
        recorded = [{**case, "figures": figures(case)} for case in cases()]
        lines = ",\n".join(json.dumps(case) for case in recorded)
        versions = f'"scikit-learn": "{sklearn.__version__}", "SciPy": "{scipy.__version__}"'
        print(f'{{{versions}, "cases": [\n{lines}\n]}}')
