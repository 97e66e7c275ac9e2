"""Luminance of colours, as Pillow makes grey images.

python3 scripts/references/luminance.py > src/engine/reference-numbers/luminance.json
"""
import json

import PIL
from PIL import Image

from formula import image_bytes

HEIGHT, WIDTH, SALT = 8, 12, 1
# Greys, primaries and what lies between, before drawn colours.
CORNERS = [(r, g, b) for r in (0, 255) for g in (0, 255) for b in (0, 255)]

if __name__ == "__main__":
    colours = image_bytes((HEIGHT, WIDTH, 3), SALT)
    colours[0, : len(CORNERS)] = CORNERS
    grey = Image.fromarray(colours, "RGB").convert("L")
    record = {"colours": colours.ravel().tolist(), "luminance": list(grey.getdata())}
    print(json.dumps({"pillow": PIL.__version__, "height": HEIGHT, "width": WIDTH, **record}, separators=(",", ":")))
