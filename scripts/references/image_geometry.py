"""Records Pillow's ImageOps.fit and ImageOps.pad of small images, for src/image/reference-numbers/geometry.json.

    /usr/bin/python3 scripts/references/image_geometry.py

Each channel is resampled as float32, as in image_resampling.py. ImageOps.fit cuts at parts of a pixel, and ImageOps.pad may lay the larger of two
bars first; naevus cuts at whole pixels and lays the smaller bar first, so the sizes are such that neither shows. The part that ImageOps.fit
takes is cut out before it is resampled: what stands beyond it does not count.
"""

import json
from pathlib import Path

import numpy as np
import PIL
from PIL import Image, ImageOps

# Width and height before and after: the same aspect, upright and lying either way, smaller and larger, one pixel less.
SIZES = [
    ((40, 30), (16, 12)),
    ((40, 32), (12, 16)),
    ((24, 36), (16, 12)),
    ((12, 8), (6, 8)),
    ((10, 6), (25, 10)),
    ((15, 12), (3, 4)),
    ((5, 17), (15, 3)),
]


class Box(Exception):
    """The part of an image that ImageOps.fit takes."""


def fit(image, target, resample):
    class Told(Image.Image):
        def resize(self, _size, _resample, box):
            raise Box(*box)

    told = Told()
    told._size = image.size
    try:
        ImageOps.fit(told, target, resample)
    except Box as box:
        sides = [round(side, 6) for side in box.args]
        assert all(side == int(side) for side in sides), sides
        return image.crop(sides).resize(target, resample)


WAYS = {"fill": fit, "fit": ImageOps.pad}

rng = np.random.default_rng(5)
records = []
for (width, height), target in SIZES:
    pixels = rng.integers(0, 256, (height, width, 3))
    for name, way in WAYS.items():
        channels = [
            np.asarray(way(Image.fromarray(pixels[..., c].astype(np.float32)), target, Image.Resampling.BICUBIC))
            for c in range(3)
        ]
        records.append(
            {
                "geometry": name,
                "from": [width, height],
                "to": list(target),
                "image": pixels.ravel().tolist(),
                "placed": [round(float(v), 3) for v in np.stack(channels, -1).ravel()],
            }
        )

target = Path(__file__).parents[2] / "src/image/reference-numbers/geometry.json"
lines = ",\n".join(json.dumps(record) for record in records)
target.write_text(f'{{"pillow": {json.dumps(PIL.__version__)}, "records": [\n{lines}\n]}}\n')
