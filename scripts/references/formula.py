"""Numbers that Python and TypeScript make alike, so that weights need not be recorded.

The other half is src/engine/reference-numbers/formula.ts.
"""
import numpy as np

LOW = np.uint64(0xFFFFFFFF)


def mix(words):
    """SplitMix32's finaliser on an array of 32-bit words."""
    words = np.asarray(words, dtype=np.uint64) & LOW
    words = (words ^ (words >> np.uint64(16))) * np.uint64(0x21F0AAAD) & LOW
    words = (words ^ (words >> np.uint64(15))) * np.uint64(0x735A2D97) & LOW
    return words ^ (words >> np.uint64(15))


def words(count, salt):
    return mix(np.arange(count, dtype=np.uint64) ^ mix(salt))


def uniform(shape, salt, centre, spread):
    """centre + spread * [-1, 1), computed in float64 and rounded to float32."""
    values = centre + spread * (words(int(np.prod(shape)), salt) / 2.0**31 - 1)
    return values.astype(np.float32).reshape(shape)


def image_bytes(shape, salt):
    return (words(int(np.prod(shape)), salt) >> np.uint64(24)).astype(np.uint8).reshape(shape)


def parameter(role, shape, salt):
    centre, spread = {
        "weight": (0.0, np.sqrt(6.0 / np.prod(shape[1:])) if len(shape) > 1 else 0.0),
        "bias": (0.0, 0.1),
        "scale": (1.0, 0.25),
        "shift": (0.0, 0.1),
        "runningMean": (0.0, 0.1),
        "runningVariance": (1.0, 0.25),
        "power": (3.0, 0.25),
    }[role]
    return uniform(shape, salt, centre, spread)
