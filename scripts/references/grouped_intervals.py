"""Intervals and p-values of grouped images, from other formulas than those of src/evaluation, or by counting everything.

    python3 scripts/references/grouped_intervals.py > src/evaluation/reference-numbers/grouped-intervals.json

Needs numpy and scipy, as in Debian's python3-scipy.
"""
import itertools
import json

import numpy
import scipy
from scipy.optimize import brentq
from scipy.stats import norm

Z = norm.ppf(0.975)


def score_interval(value, size):
    """Wilson's interval: where the distance of the value is Z standard errors of the proportion that is assumed."""
    distance = lambda share: abs(value - share) - Z * numpy.sqrt(share * (1 - share) / size)
    low = 0.0 if value == 0 else brentq(distance, 0, value - 1e-9, xtol=1e-14)
    high = 1.0 if value == 1 else brentq(distance, value + 1e-9, 1, xtol=1e-14)
    return [low, high]


def grouped_proportion(groups):
    """Groups as lists of 0 and 1. The variance of the ratio from the jackknife's first-order residuals, image by image."""
    outcomes = numpy.array([outcome for group in groups for outcome in group], dtype=float)
    images, value = len(outcomes), outcomes.mean()
    sizes = numpy.array([len(group) for group in groups], dtype=float)
    if sizes.max() == 1:
        return {"value": value, "effective": float(images), "interval": score_interval(value, images)}
    # The sandwich estimator: scores of all pairs of images in one group, added up.
    meat = sum(
        (one - value) * (other - value) for group in groups for one, other in itertools.product(group, repeat=2)
    )
    variance = meat / images**2 * len(groups) / (len(groups) - 1)
    pairs = sum(len(group) ** 2 for group in groups)
    worth = images**2 / pairs
    # Half a pseudo-group of the typical size, wrong in one voice: binomial and cluster variance of all, in images.
    size = pairs / images
    binomial = images * value * (1 - value) + size / 2
    clustered = variance * images**2 + size**2 / 2
    effective = min(images, images * binomial / clustered)
    return {"value": value, "kish": worth, "effective": effective, "interval": score_interval(value, effective)}


def sign_flip(differences):
    """All choices of signs, one by one."""
    observed = abs(sum(differences))
    sums = [abs(numpy.dot(signs, differences)) for signs in itertools.product([-1, 1], repeat=len(differences))]
    return sum(value >= observed for value in sums) / len(sums)


def paired(groups):
    """Groups as lists of -1, 0 and 1; with two halves of a pseudo-group as rows of weight 1/2."""
    sizes = numpy.array([len(group) for group in groups], dtype=float)
    sums = numpy.array([sum(group) for group in groups], dtype=float)
    size = (sizes**2).sum() / sizes.sum()
    rows = [(1.0, m, d) for m, d in zip(sizes, sums)] + [(0.5, size, size), (0.5, size, -size)]
    weight, m, d = map(numpy.array, zip(*rows))
    whole = (weight * m).sum()
    centre = (weight * d).sum() / whole
    variance = (weight * (d - centre * m) ** 2).sum() / whole**2
    half = Z * numpy.sqrt(variance)
    return {"value": sums.sum() / sizes.sum(), "interval": [max(-1, centre - half), min(1, centre + half)]}


random = numpy.random.default_rng(9)


def draw(count, chance, kinds):
    """Lesions of 1 to 6 images whose outcomes are mostly alike."""
    groups = []
    for _ in range(count):
        own = random.beta(chance, 1 - chance)
        groups.append([int(kinds[int(random.random() > own)]) for _ in range(random.integers(1, 7))])
    return groups


proportions = [draw(12, 0.5, [1, 0]), draw(20, 0.8, [1, 0]), draw(40, 0.95, [1, 0])]
proportions += [[[1], [1, 1], [1, 1, 1, 1]], [[0, 0], [0]], [[1], [0], [1], [1]], [[1, 0], [1, 1], [0]]]
flips = [[1, 1, -1], [3, -1, 2, 0, 4], [0, 0], [], [2, -2, 1], list(map(int, random.integers(-6, 7, 12)))]
pairs = [draw(10, 0.6, [1, 0]), draw(15, 0.5, [1, -1]), [[0, 0], [0]], [[1], [0], [-1], [0], [1]]]
print(
    json.dumps(
        {
            "scipy": scipy.__version__,
            "proportions": [{"groups": groups, **grouped_proportion(groups)} for groups in proportions],
            "signFlips": [{"differences": flip, "p": sign_flip(flip)} for flip in flips],
            "pairs": [{"groups": groups, **paired(groups)} for groups in pairs],
        },
        separators=(",", ":"),
    )
)
