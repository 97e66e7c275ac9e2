"""Records SciPy's bilinear resampling of a small image, for src/image/augmentation/reference-numbers/resampling.json.

    /usr/bin/python3 scripts/references/resampling.py

Maps are (a, b, c, d, e, f): the pixel (x, y) of the result, measured from the centre, is found at (ax + by + c, dx + ey + f).
"""

import json
from pathlib import Path

import numpy as np
import scipy
from scipy.ndimage import map_coordinates

HEIGHT, WIDTH = 9, 12

MAPS = [
    (1, 0, 0, 0, 1, 0),
    (1, 0, 0.5, 0, 1, -0.25),
    (0.8, 0.3, 0.7, -0.3, 0.8, 0.2),
    (-0.6, 0.9, -2.0, 1.1, 0.4, 3.1),
    (0.25, 0.05, 1.0, 0.0, 0.3, -1.5),
    (2.5, -1.0, 4.0, 1.0, 3.5, -9.0),
    (1, 0, 0, 0, 1, 40.0),
]
FILLS = {"reflect": "reflect", "edge": "nearest"}


def image():
    y, x, channel = np.mgrid[0:HEIGHT, 0:WIDTH, 0:3]
    return ((x * 37 + y * 101 + channel * 53 + x * y * 11) % 256).astype(np.uint8)


def resample(source, matrix, mode):
    a, b, c, d, e, f = matrix
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(float)
    x -= (WIDTH - 1) / 2
    y -= (HEIGHT - 1) / 2
    at = [d * x + e * y + f + (HEIGHT - 1) / 2, a * x + b * y + c + (WIDTH - 1) / 2]
    channels = [map_coordinates(source[..., i].astype(float), at, order=1, mode=mode) for i in range(3)]
    return np.stack(channels, axis=-1)


source = image()
records = [
    {"map": matrix, "fill": fill, "pixels": [round(float(v), 3) for v in resample(source, matrix, mode).ravel()]}
    for matrix in MAPS
    for fill, mode in FILLS.items()
]
target = Path(__file__).parents[2] / "src/image/augmentation/reference-numbers/resampling.json"
target.write_text(
    json.dumps(
        {
            "scipy": scipy.__version__,
            "height": HEIGHT,
            "width": WIDTH,
            "image": source.ravel().tolist(),
            "records": records,
        }
    )
    + "\n"
)
