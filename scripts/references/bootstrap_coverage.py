"""How often three bootstrap intervals hold the truth, which src/evaluation/intervals/cluster-bootstrap.ts chose its interval by.

    python3 scripts/references/bootstrap_coverage.py [RUNS]      (500 runs take about a minute)

Draws data sets of 100 lesions of five classes (35, 30, 20, 10 and 5 %) with 1 to 4 photographs each, resamples whole lesions 400
times, and prints for percentile, BCa and basic intervals the part of the runs whose 95 % interval holds the figure of 150,000
lesions. Needs numpy and SciPy.
"""
import sys

import numpy
from scipy.stats import norm

SHARES = numpy.array([0.35, 0.3, 0.2, 0.1, 0.05])
CLASSES = len(SHARES)
LESIONS = 100
REPLICATES = 400
ECE_BINS = 10


def draw(random, lesions):
    """Lesion of each photograph, truth and probabilities; photographs of one lesion resemble each other."""
    labels = random.choice(CLASSES, p=SHARES, size=lesions)
    own = random.normal(size=(lesions, CLASSES)) * 0.8
    groups = numpy.repeat(numpy.arange(lesions), 1 + random.binomial(3, 0.15, lesions))
    truth = labels[groups]
    logits = own[groups] + random.normal(size=(len(groups), CLASSES)) * 0.8
    logits[numpy.arange(len(groups)), truth] += 1.2
    powers = numpy.exp(1.3 * logits)
    return groups, truth, powers / powers.sum(axis=1, keepdims=True)


def statistic(truth, probabilities):
    """Figures as a function of how often each photograph counts."""
    predicted = probabilities.argmax(axis=1)
    confidence = probabilities.max(axis=1)
    brier_scores = ((probabilities - numpy.eye(CLASSES)[truth]) ** 2).sum(axis=1)
    bins = numpy.ceil(confidence * ECE_BINS).astype(int) - 1
    order = numpy.argsort(-probabilities[:, 0])
    positive = (truth == 0)[order]

    def figures(counts):
        samples = counts.sum()
        matrix = numpy.bincount(truth * CLASSES + predicted, weights=counts, minlength=CLASSES**2)
        matrix = matrix.reshape(CLASSES, CLASSES)
        hits, support, said = matrix.diagonal(), matrix.sum(axis=1), matrix.sum(axis=0)
        present = support > 0
        spread = numpy.sqrt((samples**2 - support @ support) * (samples**2 - said @ said))
        found = numpy.cumsum(counts[order] * positive)
        missed = counts[order] * ~positive
        gaps = numpy.bincount(bins, weights=counts * (confidence - (predicted == truth)), minlength=ECE_BINS)
        with numpy.errstate(all="ignore"):
            return {
                "accuracy": hits.sum() / samples,
                "balanced accuracy": (hits[present] / support[present]).mean(),
                "macro F1": (2 * hits[present] / (support + said)[present]).mean(),
                "MCC": (samples * hits.sum() - support @ said) / spread,
                "AUROC": (missed * found).sum() / (found[-1] * missed.sum()),
                "precision of a common class": hits[0] / said[0],
                "Brier score": (counts * brier_scores).sum() / samples,
                "ECE": numpy.abs(gaps).sum() / samples,
                "recall of a class of five lesions": hits[4] / support[4],
            }

    return figures


def intervals(estimate, resampled, left_out):
    rising = numpy.sort(resampled)
    low, high = numpy.quantile(rising, [0.025, 0.975])
    below = ((rising < estimate).sum() + (rising == estimate).sum() / 2) / len(rising)
    bias = norm.ppf(numpy.clip(below, 0.5 / len(rising), 1 - 0.5 / len(rising)))
    distances = left_out.mean() - left_out
    squares = (distances**2).sum()
    acceleration = (distances**3).sum() / (6 * squares**1.5) if squares > 0 else 0
    ends = [bias + (bias + z) / (1 - acceleration * (bias + z)) for z in norm.ppf([0.025, 0.975])]
    return {
        "percentile": (low, high),
        "BCa": tuple(numpy.quantile(rising, norm.cdf(ends))),
        "basic": (2 * estimate - high, 2 * estimate - low),
    }


def main(runs):
    random = numpy.random.default_rng(0)
    _, truth, probabilities = draw(random, 150_000)
    truths = statistic(truth, probabilities)(numpy.ones(len(truth)))
    held = {name: {} for name in truths}
    for _ in range(runs):
        groups, truth, probabilities = draw(random, LESIONS)
        figures = statistic(truth, probabilities)
        estimates = figures(numpy.ones(len(truth)))
        draws = random.multinomial(LESIONS, numpy.ones(LESIONS) / LESIONS, size=REPLICATES)
        resampled = [figures(counts[groups].astype(float)) for counts in draws]
        left_out = [figures((groups != lesion).astype(float)) for lesion in range(LESIONS)]
        for name, estimate in estimates.items():
            values, others = (
                numpy.array([row[name] for row in rows if not numpy.isnan(row[name])]) for rows in (resampled, left_out)
            )
            if numpy.isnan(estimate) or len(values) < 0.9 * REPLICATES:
                continue
            for method, (low, high) in intervals(estimate, values, others).items():
                held[name].setdefault(method, []).append(low <= truths[name] <= high)
    for name, methods in held.items():
        print(f"{name:34}", *(f"{method} {numpy.mean(flags):.3f}" for method, flags in methods.items()), sep="  ")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
