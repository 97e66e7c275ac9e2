"""Records image files of every format and depth with their pixels, for src/image/decoding/reference-numbers/formats.json.

    /usr/bin/python3 scripts/references/image_formats.py

The pixels of lossless files are those that numpy wrote, by the definition of the format; those of lossy files are Pillow's. `decoders` says
who gives them: where Pillow reads a file as well and agrees, it is named. Files that naevus refuses are recorded with what it calls them.
"""

import base64
import io
import json
import struct
import zlib
from pathlib import Path

import numpy as np
import PIL
from PIL import Image, ImageCms

HEIGHT, WIDTH = 5, 6
rng = np.random.default_rng(9)
RGB = rng.integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)
GREY = RGB[..., :1]
OPACITY = rng.integers(1, 256, (HEIGHT, WIDTH, 1)).astype(np.uint8)
OPACITY[0, 0] = 0
y, x = np.mgrid[0:12, 0:16]
SMOOTH = np.stack([90 + 9 * x, 70 + 8 * y, 60 + 4 * x + 3 * y], -1).astype(np.uint8)

read, refused = [], []


def as_rgb(a):
    return np.repeat(a, 3, -1) if a.shape[-1] == 1 else a


def on_white(colours, opacity):
    part = opacity.astype(float) / 255
    return as_rgb(np.round(colours * part + 255 * (1 - part)))


def pillow_pixels(file):
    image = Image.open(io.BytesIO(file))
    if image.mode in ("LA", "RGBA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        return np.asarray(Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB"))
    return np.asarray(image.convert("RGB"))


def add(name, file, pixels=None, tolerance=0):
    """Without pixels, those that Pillow reads are the reference."""
    decoders = ["numpy"]
    try:
        pillow = pillow_pixels(file).astype(float)
    except Exception:
        pillow = None
    if pixels is None:
        pixels, decoders = pillow, ["Pillow"]
    elif pillow is not None and pillow.shape == pixels.shape and np.abs(pillow - pixels).max() <= max(tolerance, 1):
        decoders.append("Pillow")
    height, width, _ = pixels.shape
    read.append(
        {
            "name": name,
            "decoders": decoders,
            "width": width,
            "height": height,
            "tolerance": tolerance,
            "pixels": [int(v) for v in np.round(pixels).ravel()],
            "file": base64.b64encode(file).decode(),
        }
    )


def refuse(name, file, reason):
    refused.append({"name": name, "reason": reason, "file": base64.b64encode(file).decode()})


def saved(image, form, **options):
    if not isinstance(image, Image.Image):
        image = Image.fromarray(image)
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


# TIFF, byte by byte (TIFF 6.0)

CODES = {1: "B", 3: "H", 4: "I", 7: "B"}
DTYPES = {("uint", 8): "u1", ("uint", 16): "u2", ("uint", 32): "u4", ("int", 8): "i1", ("int", 16): "i2",
          ("int", 32): "i4", ("float", 16): "f2", ("float", 32): "f4", ("float", 64): "f8"}  # fmt: skip
FORMATS = {"uint": 1, "int": 2, "float": 3}


def packed(samples, bits):
    """Rows of samples of fewer than 8 bits, or of no whole number of bytes."""
    rows = []
    for row in samples.reshape(len(samples), -1):
        text = "".join(format(int(v), f"0{bits}b") for v in row)
        text += "0" * (-len(text) % 8)
        rows.append(int(text, 2).to_bytes(len(text) // 8, "big"))
    return b"".join(rows)


def tiff(samples, kind="uint", bits=8, photometric=None, order="<", extra=None, deflate=False, planar=False, strips=1,
         tags=(), compression=None):  # fmt: skip
    height, width, channels = samples.shape
    if photometric is None:
        photometric = 1 if channels < 3 else 2
    dtype = DTYPES.get((kind, bits))
    encode = (lambda a: a.astype(order + dtype).tobytes()) if dtype else (lambda a: packed(a, bits))
    planes = [samples[..., i] for i in range(channels)] if planar else [samples]
    rows = -(-height // strips)
    content = [encode(plane[top : top + rows]) for plane in planes for top in range(0, height, rows)]
    if deflate:
        content = [zlib.compress(strip) for strip in content]
    entries = [
        (256, 4, [width]), (257, 4, [height]), (258, 3, [bits] * channels),
        (259, 3, [compression or (8 if deflate else 1)]), *([] if photometric < 0 else [(262, 3, [photometric])]), (273, 4, [0] * len(content)),
        (277, 3, [channels]), (278, 4, [rows]), (279, 4, [len(strip) for strip in content]),
        (284, 3, [2 if planar else 1]), (339, 3, [FORMATS[kind]] * channels), *tags,
    ]  # fmt: skip
    if extra is not None:
        entries.append((338, 3, extra))
    entries.sort()
    after = 8 + 2 + 12 * len(entries) + 4
    long = [struct.pack(order + CODES[t] * len(v), *v) for _, t, v in entries]
    start = after + sum(len(raw) + len(raw) % 2 for raw in long if len(raw) > 4)
    offsets = [start + sum(len(strip) for strip in content[:i]) for i in range(len(content))]
    directory, values = struct.pack(order + "H", len(entries)), b""
    for tag, kind_of_value, value in entries:
        raw = struct.pack(order + CODES[kind_of_value] * len(value), *(offsets if tag == 273 else value))
        directory += struct.pack(order + "HHI", tag, kind_of_value, len(value))
        if len(raw) <= 4:
            directory += raw.ljust(4, b"\0")
        else:
            directory += struct.pack(order + "I", after + len(values))
            values += raw + b"\0" * (len(raw) % 2)
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    return head + directory + b"\0\0\0\0" + values + b"".join(content)


for label, picture in (("grey", GREY), ("RGB", RGB)):
    pixels = as_rgb(picture)
    for order, ends in (("<", "little-endian"), (">", "big-endian")):
        add(f"TIFF {label}, 8 bits, {ends}", tiff(picture, order=order), pixels)
        add(f"TIFF {label}, 16 bits, {ends}", tiff(picture * 257.0, bits=16, order=order), pixels)
        add(f"TIFF {label}, 32 bits, {ends}", tiff(picture * 16843009.0, bits=32, order=order), pixels)
        for bits in (16, 32, 64):
            add(f"TIFF {label}, {bits}-bit float, {ends}", tiff(picture / 255, "float", bits, order=order), pixels)
    for bits in (16, 32, 64):
        name = f"TIFF {label}, {bits}-bit float"
        add(f"{name}, deflated, 2 strips", tiff(picture / 255, "float", bits, deflate=True, strips=2), pixels)
        refuse(f"{name}, 0 to 255", tiff(picture * 1.0, "float", bits),
               f"floating-point TIFF with samples from {picture.min()} to {picture.max()}")  # fmt: skip
    refuse(f"TIFF {label}, NaN", tiff(picture / 255 + np.nan, "float", 32),
           "floating-point TIFF with samples that are no numbers")  # fmt: skip
    for bits in (8, 16, 32):
        refuse(f"TIFF {label}, {bits} bits, signed", tiff(picture // 2, "int", bits), f"TIFF of signed {bits}-bit integers")
    for bits in (8, 12, 16):
        largest = 2**bits - 1
        samples = np.round(picture * (largest / picture.max()))
        refuse(f"TIFF {label}, {bits}-bit numbers in 32 bits", tiff(samples, bits=32),
               f"32-bit TIFF with samples up to {largest}, nearly black where 4294967295 is white")  # fmt: skip
        if bits < 16:
            refuse(f"TIFF {label}, {bits}-bit numbers in 16 bits", tiff(samples, bits=16),
                   f"16-bit image with samples up to {largest}, nearly black where 65535 is white")  # fmt: skip
    refuse(f"TIFF {label}, float, 8-bit numbers of 16 bits", tiff(picture / picture.max() / 256, "float", 32),
           "floating-point TIFF with samples up to 0.0039063, nearly black where 1 is white")  # fmt: skip
    add(f"TIFF {label}, 16 bits, all 0", tiff(picture * 0.0, bits=16), pixels * 0)
    add(f"TIFF {label}, float, all 0", tiff(picture * 0.0, "float", 32), pixels * 0)
    for bits in (10, 12, 14):
        refuse(f"TIFF {label}, {bits} bits", tiff(np.round(picture * (2**bits - 1) / 255), bits=bits),
               f"TIFF of {bits}-bit integers")  # fmt: skip
    for bits in (8, 16):
        scale = 1.0 if bits == 8 else 257.0
        with_opacity = np.concatenate([picture, OPACITY], -1) * scale
        for extra, what in ((0, "unspecified"), (2, "opacity")):
            wanted = on_white(picture, OPACITY) if extra == 2 else pixels
            add(f"TIFF {label} and {what}, {bits} bits", tiff(with_opacity, bits=bits, extra=[extra]), wanted, 1)
        premultiplied = np.round(picture * (OPACITY / 255.0))
        add(f"TIFF {label} and premultiplied opacity, {bits} bits",
            tiff(np.concatenate([premultiplied, OPACITY], -1) * scale, bits=bits, extra=[1]),
            as_rgb(premultiplied + 255 - OPACITY), 1)  # fmt: skip
    for bits, kind in ((32, "float"), (64, "float"), (32, "uint")):
        white = 1 / 255 if kind == "float" else 16843009.0
        with_opacity = np.concatenate([picture, OPACITY], -1) * white
        add(f"TIFF {label} and opacity, {bits}-bit {kind}", tiff(with_opacity, kind, bits, extra=[2]),
            on_white(picture, OPACITY), 1)  # fmt: skip
    refuse(f"TIFF {label} and opacity, all transparent",
           tiff(np.concatenate([picture, OPACITY * 0], -1), extra=[2]), "TIFF that is transparent throughout")  # fmt: skip
    for orientation in range(1, 9):
        turn = {1: lambda a: a, 2: np.fliplr, 3: lambda a: np.rot90(a, 2), 4: np.flipud,
                5: lambda a: a.transpose(1, 0, 2), 6: lambda a: np.rot90(a, -1),
                7: lambda a: np.rot90(a, 2).transpose(1, 0, 2), 8: np.rot90}[orientation]  # fmt: skip
        for kind, bits, scale in (("uint", 8, 1.0), ("float", 32, 1 / 255), ("float", 64, 1 / 255)):
            file = tiff(picture * scale, kind, bits, tags=[(274, 3, [orientation])])
            add(f"TIFF {label}, {bits}-bit {kind}, orientation {orientation}", file, turn(pixels))

for bits in (8, 16, 32, 64):
    kind = "float" if bits > 16 else "uint"
    scale = {8: 1.0, 16: 257.0}.get(bits, 1 / 255)
    add(f"TIFF RGB, {bits} bits, planes", tiff(RGB * scale, kind, bits, planar=True), RGB)
for bits in (1, 2, 4):
    levels = np.round(GREY * ((2**bits - 1) / 255))
    wanted = as_rgb(np.round(levels * 255 / (2**bits - 1)))
    add(f"TIFF grey, {bits} bits", tiff(levels, bits=bits), wanted)
    add(f"TIFF grey, {bits} bits, 0 is white", tiff(levels, bits=bits, photometric=0), 255 - wanted)
    refuse(f"TIFF RGB, {bits} bits", tiff(np.round(RGB * ((2**bits - 1) / 255)), bits=bits), f"TIFF of {bits}-bit integers")
add("TIFF grey, 8 bits, 0 is white", tiff(GREY, photometric=0), as_rgb(255 - GREY))
add("TIFF grey, 16 bits, 0 is white", tiff(GREY * 257.0, bits=16, photometric=0), as_rgb(255 - GREY))
refuse("TIFF grey, float, 0 is white", tiff(GREY / 255, "float", 32, photometric=0), "32-bit TIFF of inverted grey")
for bits in (1, 2, 4, 8):
    palette = rng.integers(0, 256, (3, 2**bits))
    indices = GREY >> (8 - bits)
    tags = [(320, 3, [int(v) * 257 for v in palette.ravel()])]
    add(f"TIFF palette, {bits} bits", tiff(indices, bits=bits, photometric=3, tags=tags), palette.T[indices[..., 0]])
for compression in ("tiff_lzw", "tiff_adobe_deflate", "packbits"):
    add(f"TIFF RGB, {compression}", saved(RGB, "TIFF", compression=compression), RGB)
for compression in ("group3", "group4"):
    add(f"TIFF of 1 bit, {compression}", saved(Image.fromarray(GREY[..., 0]).convert("1"), "TIFF", compression=compression))
add("TIFF RGB, JPEG", saved(SMOOTH, "TIFF", compression="jpeg", quality=95), None, 2)
inks = np.concatenate([255 - SMOOTH, SMOOTH[..., :1] * 0], -1)
for bits in (8, 16):
    add(f"TIFF of inks, {bits} bits", tiff(inks * (1.0 if bits == 8 else 257.0), bits=bits, photometric=5), SMOOTH, 60)
for extra, wanted in ((0, SMOOTH), (2, on_white(SMOOTH, SMOOTH[..., :1] // 2 + 100))):
    add(f"TIFF of inks and {'opacity' if extra else 'unspecified'}",
        tiff(np.concatenate([inks, SMOOTH[..., :1] // 2 + 100], -1), photometric=5, extra=[extra]), wanted, 60)  # fmt: skip
refuse("TIFF of inks, float", tiff(inks / 255, "float", 32, photometric=5), "32-bit TIFF of inks")
refuse("TIFF that does not say what its samples are", tiff(RGB, photometric=-1), "TIFF of unknown colours")
refuse("TIFF of 6 channels", tiff(np.concatenate([RGB, RGB], -1), extra=[0, 0, 0]), "TIFF of 6 channels")
refuse("TIFF of 3 grey channels", tiff(RGB, photometric=1, extra=[0, 0]), "TIFF of 3 grey channels")
refuse("TIFF of YCbCr", tiff(RGB, photometric=6, tags=[(530, 3, [1, 1])]), "TIFF of YCbCr colours without JPEG")
refuse("TIFF of CIELAB", tiff(RGB, photometric=8), "TIFF of CIELAB colours")
refuse("TIFF of LogLuv", tiff(RGB, photometric=32845), "TIFF of LogLuv")
refuse("TIFF, Zstandard", tiff(RGB, compression=50000), "TIFF with Zstandard compression")
tiles = [(322, 4, [16]), (323, 4, [16])]
refuse("TIFF of tiles in planes", tiff(RGB, planar=True, tags=tiles), "TIFF of tiles in separate planes")
refuse("TIFF RGB, 64 bits, float, tiles", tiff(RGB / 255, "float", 64, tags=tiles), "tiled TIFF of 64-bit numbers")
refuse("TIFF, thumbnail first", tiff(RGB, tags=[(254, 4, [1])]), "TIFF whose first image is a reduced one")
refuse("DNG", tiff(RGB, tags=[(50706, 1, [1, 4, 0, 0])]), "camera's raw file")
profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
refuse("TIFF RGB, float, profile", tiff(RGB / 255, "float", 32, tags=[(34675, 7, list(profile))]),
       "32-bit TIFF with a colour profile")  # fmt: skip

# PNG, whose chunks Pillow does not write for every depth


def png(samples, bits, colour, extra=()):
    height, width, _ = samples.shape
    rows = packed(samples, bits)
    each = len(rows) // height
    raw = b"".join(b"\0" + rows[i * each : (i + 1) * each] for i in range(height))
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)), *extra,
              (b"IDAT", zlib.compress(raw)), (b"IEND", b"")]  # fmt: skip
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


for bits in (1, 2, 4, 8):
    levels = np.round(GREY * ((2**bits - 1) / 255))
    add(f"PNG grey, {bits} bits", png(levels, bits, 0), as_rgb(np.round(levels * 255 / (2**bits - 1))))
    palette = rng.integers(0, 256, (2**bits, 3)).astype(np.uint8)
    indices = GREY >> (8 - bits)
    chunk = (b"PLTE", palette.tobytes())
    add(f"PNG palette, {bits} bits", png(indices, bits, 3, [chunk]), palette[indices[..., 0]])
    opacities = rng.integers(0, 256, 2**bits).astype(np.uint8)
    add(f"PNG palette with opacity, {bits} bits", png(indices, bits, 3, [chunk, (b"tRNS", opacities.tobytes())]),
        on_white(palette[indices[..., 0]], opacities[indices]), 1)  # fmt: skip
for bits, scale in ((8, 1), (16, 257)):
    add(f"PNG RGB, {bits} bits", png(RGB * scale, bits, 2) if bits == 8 else png(RGB.astype(int) * scale, bits, 2), RGB)
    add(f"PNG grey and opacity, {bits} bits", png(np.concatenate([GREY, OPACITY], -1).astype(int) * scale, bits, 4),
        on_white(GREY, OPACITY), 1)  # fmt: skip
    add(f"PNG RGB and opacity, {bits} bits", png(np.concatenate([RGB, OPACITY], -1).astype(int) * scale, bits, 6),
        on_white(RGB, OPACITY), 1)  # fmt: skip
    refuse(f"PNG RGB and opacity, all transparent, {bits} bits",
           png(np.concatenate([RGB, OPACITY * 0], -1).astype(int) * scale, bits, 6), "PNG that is transparent throughout")  # fmt: skip
    clear = RGB[1, 1].astype(int) * scale
    add(f"PNG RGB with a transparent colour, {bits} bits",
        png(RGB.astype(int) * scale, bits, 2, [(b"tRNS", struct.pack(">HHH", *clear))]),
        np.where((RGB == RGB[1, 1]).all(-1, keepdims=True), 255, RGB))  # fmt: skip
add("PNG grey, 16 bits", png(GREY.astype(int) * 257, 16, 0), as_rgb(GREY))
for bits in (8, 12):
    largest = 2**bits - 1
    for label, picture, colour in (("grey", GREY, 0), ("RGB", RGB, 2)):
        refuse(f"PNG {label}, {bits}-bit numbers in 16 bits", png(np.round(picture * (largest / picture.max())), 16, colour),
               f"16-bit image with samples up to {largest}, nearly black where 65535 is white")  # fmt: skip
dark = np.round(RGB * (4200 / RGB.max())).astype(int)
add("PNG RGB, 16 bits, dark", png(dark, 16, 2), np.round(dark / 257), 1)
other = Image.fromarray(RGB[::-1, ::-1].copy())
add("animated PNG", saved(RGB, "PNG", save_all=True, append_images=[other]), RGB)
add("animated WebP", saved(RGB, "WEBP", save_all=True, append_images=[other], lossless=True), RGB)
add("WebP, lossless", saved(RGB, "WEBP", lossless=True), RGB)
add("WebP, lossless, with opacity",
    saved(np.concatenate([RGB, OPACITY], -1), "WEBP", lossless=True, exact=True), on_white(RGB, OPACITY), 1)  # fmt: skip
add("WebP, lossy", saved(SMOOTH, "WEBP", quality=95), None, 3)
add("TIFF of several pages", saved(RGB, "TIFF", save_all=True, append_images=[other]), RGB)

# JPEG

add("JPEG", saved(SMOOTH, "JPEG", quality=95, subsampling=0), None, 2)
add("JPEG, 4:2:0", saved(SMOOTH, "JPEG", quality=95, subsampling=2), None, 3)
add("JPEG, progressive", saved(SMOOTH, "JPEG", quality=95, progressive=True), None, 3)
add("JPEG, grey", saved(SMOOTH[..., 0], "JPEG", quality=95), None, 2)
three = saved(SMOOTH, "JPEG", quality=95, subsampling=0)
marker = b"\xff\xee" + struct.pack(">H5sHHHB", 14, b"Adobe", 100, 0, 0, 0)
add("JPEG, RGB without a transform", three[:2] + marker + three[2:], None, 2)
cmyk = saved(Image.fromarray(inks, "CMYK"), "JPEG", quality=95)
add("JPEG of inks (CMYK)", cmyk, SMOOTH, 60)
# Adobe's marker says that the first three are to be read as Y, Cb and Cr, as which they are given here.
luma = np.asarray(Image.fromarray(inks[..., :3]).convert("YCbCr"))
ycck = saved(Image.fromarray(np.concatenate([255 - luma, inks[..., 3:]], -1), "CMYK"), "JPEG", quality=95)
adobe = ycck.index(b"Adobe")
add("JPEG of inks (YCCK)", ycck[: adobe + 11] + b"\2" + ycck[adobe + 12 :], SMOOTH, 60)
plain = saved(SMOOTH, "JPEG", quality=95)
frame = plain.index(b"\xff\xc0")
refuse("JPEG of 12 bits", plain[: frame + 4] + b"\x0c" + plain[frame + 5 :], "12-bit JPEG")
for marker, what in ((0xC3, "lossless JPEG"), (0xC9, "arithmetic-coded JPEG"), (0xC5, "hierarchical JPEG"), (0xF7, "JPEG-LS")):
    refuse(what, plain[: frame + 1] + bytes([marker]) + plain[frame + 2 :], what)

# BMP, byte by byte (Microsoft's "Bitmap Storage")


def bmp(bits, content, palette=b"", header=40, compression=0, masks=(), height=HEIGHT, width=WIDTH):
    extra = b"".join(struct.pack("<I", mask) for mask in masks)
    info = struct.pack("<IiiHHIIiiII", header, width, height, 1, bits, compression, len(content), 0, 0, len(palette) // 4, 0)
    if header > 40:
        info += extra
        info = info.ljust(header, b"\0")
        extra = b""
    start = 14 + len(info) + len(extra) + len(palette)
    return b"BM" + struct.pack("<IHHI", start + len(content), 0, 0, start) + info + extra + palette + content


def bmp_rows(rows):
    return b"".join(row + b"\0" * (-len(row) % 4) for row in reversed(rows))


bgr = RGB[..., ::-1]
add("BMP of 24 bits", bmp(24, bmp_rows([row.tobytes() for row in bgr])), RGB)
add("BMP of 24 bits, from the top", bmp(24, bmp_rows([row.tobytes() for row in bgr[::-1]]), height=-HEIGHT), RGB)
bgra = np.concatenate([bgr, OPACITY], -1)
MASKS = (0x00FF0000, 0x0000FF00, 0x000000FF, 0xFF000000)
add("BMP of 32 bits", bmp(32, bgra[::-1].tobytes()), RGB)
for header in (108, 124):
    add(f"BMP with opacity, header of {header} bytes", bmp(32, bgra[::-1].tobytes(), header=header, compression=3, masks=MASKS),
        on_white(RGB, OPACITY), 1)  # fmt: skip
    unfilled = np.concatenate([bgr, OPACITY * 0], -1)
    add(f"BMP with opacity 0 throughout, header of {header} bytes",
        bmp(32, unfilled[::-1].tobytes(), header=header, compression=3, masks=MASKS), RGB)  # fmt: skip
five = RGB.astype(int) >> 3
add("BMP of 16 bits", bmp(16, bmp_rows([(row @ [1024, 32, 1]).astype("<u2").tobytes() for row in five])),
    np.round(five * 255 / 31), 1)  # fmt: skip
for bits in (1, 4, 8):
    palette = rng.integers(0, 256, (2**bits, 4)).astype(np.uint8)
    indices = GREY[..., 0] >> (8 - bits)
    colours = palette[indices][..., 2::-1]
    add(f"BMP palette, {bits} bits", bmp(bits, bmp_rows([packed(row[None], bits) for row in indices]), palette.tobytes()), colours)

RUNS = np.array([[3, 3, 3, 3, 3, 3], [1, 2, 1, 2, 1, 2], [5, 6, 7, 8, 9, 9], [4, 4, 4, 1, 2, 3], [0, 0, 7, 7, 7, 0]])
palette16 = rng.integers(0, 256, (16, 4)).astype(np.uint8)
# From the bottom: a skip and a run, runs and literals, literals of an odd number, alternating indices, one run.
runs8 = bytes([0, 2, 2, 0, 3, 7, 0, 0]) + bytes([3, 4, 0, 3, 1, 2, 3, 0, 0, 0]) + bytes([0, 4, 5, 6, 7, 8, 2, 9, 0, 0]) + bytes(
    [1, 1, 1, 2, 0, 4, 1, 2, 1, 2, 0, 0]) + bytes([6, 3, 0, 1])  # fmt: skip
runs4 = bytes([0, 2, 2, 0, 3, 0x77, 0, 0]) + bytes([3, 0x44, 0, 3, 0x12, 0x30, 0, 0]) + bytes(
    [0, 5, 0x56, 0x78, 0x90, 0, 1, 0x90, 0, 0]) + bytes([6, 0x12, 0, 0]) + bytes([6, 0x33, 0, 1])  # fmt: skip
for bits, runs in ((8, runs8), (4, runs4)):
    add(f"BMP, run lengths of {bits} bits", bmp(bits, runs, palette16.tobytes(), compression=1 if bits == 8 else 2),
        palette16[RUNS][..., 2::-1])  # fmt: skip
refuse("BMP around a JPEG", bmp(0, plain, compression=4), "BMP around a JPEG")
refuse("BMP around a PNG", bmp(0, png(RGB, 8, 2), compression=5), "BMP around a PNG")
refuse("BMP of OS/2, Huffman", bmp(1, b"\0" * 40, bytes(8), header=64, compression=3), "compressed OS/2 BMP")
refuse("BMP of 64 bits", bmp(64, bytes(8 * WIDTH * HEIGHT)), "BMP of 64 bits a pixel")

# Formats that are not read

refuse("GIF", saved(RGB, "GIF"), "GIF, which is not read")
refuse("JPEG 2000", saved(RGB, "JPEG2000"), "JPEG 2000, which is not read")
refuse("netpbm", saved(RGB, "PPM"), "netpbm, which is not read")
refuse("PDF", saved(RGB, "PDF"), "PDF, which is not read")
refuse("icon", saved(np.zeros((16, 16, 3), np.uint8), "ICO"), "Windows icon, which is not read")
for brand, what in (("avif", "AVIF"), ("heic", "HEIC"), ("mif1", "HEIC"), ("crx ", "Canon raw (CR3)")):
    refuse(f"ISO media, {brand}", struct.pack(">I", 24) + b"ftyp" + brand.encode() + bytes(12), f"{what}, which is not read")
refuse("JPEG XL", b"\xff\x0a" + bytes(20), "JPEG XL, which is not read")
refuse("DICOM", bytes(128) + b"DICM" + bytes(20), "DICOM, which is not read")
refuse("Photoshop", b"8BPS\0\1" + bytes(20), "Photoshop, which is not read")

target = Path(__file__).parents[2] / "src/image/decoding/reference-numbers/formats.json"
target.parent.mkdir(exist_ok=True)
lines = lambda records: ",\n".join(json.dumps(record) for record in records)  # noqa: E731
target.write_text(
    f'{{"pillow": {json.dumps(PIL.__version__)}, "numpy": {json.dumps(np.__version__)},\n'
    f'"read": [\n{lines(read)}\n],\n"refused": [\n{lines(refused)}\n]}}\n'
)
print(len(read), "read,", len(refused), "refused;", sum("Pillow" in record["decoders"] for record in read), "by Pillow as well")
