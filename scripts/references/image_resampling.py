"""Records Pillow's resampling of small images, for src/image/reference-numbers/resampling.json.

    /usr/bin/python3 scripts/references/image_resampling.py

Each channel is resampled as float32, so that nothing is rounded or cut off between the axes or after them.
"""

import json
from pathlib import Path

import numpy as np
import PIL
from PIL import Image

# Width and height before and after: smaller, larger, odd ratios, one axis only, a single pixel, and both ways at once.
SIZES = [
    ((40, 30), (12, 12)),
    ((37, 23), (16, 9)),
    ((37, 23), (36, 22)),
    ((10, 8), (23, 24)),
    ((3, 2), (16, 16)),
    ((20, 12), (20, 7)),
    ((20, 12), (9, 12)),
    ((20, 12), (20, 31)),
    ((20, 12), (9, 31)),
    ((1, 1), (5, 4)),
    ((15, 11), (1, 1)),
    ((5, 200), (4, 3)),
]
FILTERS = {"cubic": Image.Resampling.BICUBIC, "linear": Image.Resampling.BILINEAR}

rng = np.random.default_rng(3)
records = []
for (width, height), target in SIZES:
    # Random levels, and black and white beside each other: the most that can overshoot.
    pixels = rng.choice([0, 255], (height, width, 3), p=[0.5, 0.5])
    pixels[::2] = rng.integers(0, 256, pixels[::2].shape)
    for name, resample in FILTERS.items():
        channels = [
            np.asarray(Image.fromarray(pixels[..., c].astype(np.float32)).resize(target, resample)) for c in range(3)
        ]
        records.append(
            {
                "filter": name,
                "from": [width, height],
                "to": list(target),
                "image": pixels.ravel().tolist(),
                "resampled": [round(float(v), 3) for v in np.stack(channels, -1).ravel()],
            }
        )

target = Path(__file__).parents[2] / "src/image/reference-numbers/resampling.json"
lines = ",\n".join(json.dumps(record) for record in records)
target.write_text(f'{{"pillow": {json.dumps(PIL.__version__)}, "records": [\n{lines}\n]}}\n')
