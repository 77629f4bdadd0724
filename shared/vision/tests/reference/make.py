"""Makes the images and values of this folder with the programs that `vision` must agree with.

    python3 -m venv /tmp/venv
    /tmp/venv/bin/pip install pillow==12.0.0 opencv-python-headless==5.0.0.93 numpy==2.4.6 \
        imagehash==4.3.2 pycocotools==2.0.11 scikit-image==0.26.0
    /tmp/venv/bin/python make.py

Pillow resizes columns first up to version 12; 13 does rows first where that is cheaper, which turns
one or two bits of the hash of one tall image in 25.

The images are drawn from a fixed seed, so that a second run changes nothing.
"""

import pathlib

import cv2
import imagehash
import numpy
from PIL import Image, ImageDraw
from pycocotools import mask as coco
from skimage import color

HERE = pathlib.Path(__file__).parent
RANDOM = numpy.random.default_rng(20240607)
VALUES = []

FILTERS = {
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
SIZES = {"down": (45, 25), "up": (150, 150), "half": (64, 36), "mixed": (40, 100)}


def save(image, name, **options):
    Image.fromarray(image).save(HERE / name, **options)


def value(name, *values):
    VALUES.append(" ".join([name, *map(str, values)]))


def smooth(height, width, cells, channels=3):
    """Random blotches of about the given number across."""
    small = RANDOM.integers(0, 256, (cells, cells, channels), dtype=numpy.uint8)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC).reshape(
        height, width, channels
    )


def draw_source():
    """Blotches, hard edges, saturated shapes and a noisy strip: 128x72."""
    image = Image.fromarray(smooth(72, 128, 6))
    draw = ImageDraw.Draw(image)
    draw.rectangle((10, 8, 40, 30), fill=(255, 0, 0), outline=(255, 255, 255))
    draw.ellipse((60, 10, 100, 50), fill=(0, 255, 40), outline=(0, 0, 0))
    draw.line((0, 71, 127, 0), fill=(255, 255, 255), width=2)
    for x in range(0, 60, 3):
        draw.line((x, 50, x, 71), fill=(0, 0, 255))
    array = numpy.array(image)
    array[52:72, 96:128] = RANDOM.integers(0, 256, (20, 32, 3), dtype=numpy.uint8)
    return array


def resizes(source, luma):
    for size_name, size in SIZES.items():
        for filter_name, kind in FILTERS.items():
            for name, image in (("rgb", source), ("luma", luma)):
                result = Image.fromarray(image).resize(size, kind)
                save(numpy.array(result), f"pil_{filter_name}_{size_name}_{name}.png")
        for name, image in (("rgb", source), ("luma", luma)):
            result = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
            save(result, f"cv_linear_{size_name}_{name}.png")
            if size_name in ("down", "half"):
                result = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
                save(result, f"cv_area_{size_name}_{name}.png")


def hashes(luma):
    drawn = [luma, 255 - luma, luma[:, ::-1], luma[20:60, 30:90]]
    for height, width, cells in ((54, 96, 4), (100, 60, 9), (8, 9, 3), (31, 33, 12), (1, 1, 1), (200, 3, 5)):
        drawn.append(smooth(height, width, cells, 1)[:, :, 0])
    drawn += [numpy.full((40, 60), level, numpy.uint8) for level in (0, 1, 128, 255)]
    for index, pixels in enumerate(drawn):
        pixels = numpy.ascontiguousarray(pixels)
        save(pixels, f"hash_{index:02}.png")
        image = Image.fromarray(pixels)
        value(f"hash_{index:02}", imagehash.phash(image), imagehash.dhash(image))


def focus(luma):
    crops = {
        "whole": (0, 0, 128, 72),
        "pixel": (5, 5, 6, 6),
        "row": (5, 5, 45, 6),
        "column": (5, 5, 6, 45),
        "pair": (38, 20, 40, 22),
        "odd": (31, 11, 94, 70),
    }
    for name, (left, top, right, bottom) in crops.items():
        crop = numpy.ascontiguousarray(luma[top:bottom, left:right])
        value(f"laplacian_{name}", left, top, right - left, bottom - top,
              repr(float(cv2.Laplacian(crop, cv2.CV_64F).var())))
    laplacian = cv2.Laplacian(luma, cv2.CV_64F)
    for row in range(3):
        for column in range(4):
            tile = laplacian[row * 72 // 3:(row + 1) * 72 // 3, column * 128 // 4:(column + 1) * 128 // 4]
            value(f"tile_{row * 4 + column}", repr(float(tile.var())))


def colours(source):
    for rgb in [(0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 255, 0), (0, 0, 255), (1, 2, 3), (12, 200, 99),
                (250, 251, 3), (128, 128, 128), (77, 12, 140), (3, 90, 91), (200, 180, 170)]:
        pixel = numpy.array([[rgb]]) / 255
        lab, hsv = color.rgb2lab(pixel)[0, 0], color.rgb2hsv(pixel)[0, 0] * (360, 1, 1)
        value("colour", *rgb, *(f"{number:.6f}" for number in (*lab, *hsv)))
    red, green, blue = (source[:, :, channel].astype(float) for channel in range(3))
    rg, yb = red - green, (red + green) / 2 - blue
    value("colourfulness", repr(float(numpy.hypot(rg.std(), yb.std()) + 0.3 * numpy.hypot(rg.mean(), yb.mean()))))
    # What is drawn below stays as it was stored.
    RANDOM.random(64)


def statistics(luma):
    value("luma", repr(float(luma.mean())), repr(float(luma.std())),
          *(int(numpy.percentile(luma, percent, method="inverted_cdf")) for percent in (1, 5, 50, 95, 99)),
          float((luma < 16).mean()), float((luma >= 240).mean()))
    shares = numpy.bincount(luma.ravel(), minlength=256) / luma.size
    shares = shares[shares > 0]
    value("entropy", repr(float(-(shares * numpy.log2(shares)).sum())))


def masks(luma):
    blotches = smooth(61, 83, 7, 1)[:, :, 0]
    noise = RANDOM.integers(0, 2, (17, 23))
    shapes = [blotches > 150, noise > 0, numpy.zeros((9, 11), bool), numpy.ones((9, 11), bool),
              numpy.eye(40) > 0, luma > 100, numpy.ones((1, 1), bool), numpy.zeros((700, 500), bool)]
    shapes[7][300:400, 100:450] = True
    for index, shape in enumerate(shapes):
        save((shape * 255).astype(numpy.uint8), f"mask_{index}.png")
        code = coco.encode(numpy.asfortranarray(shape.astype(numpy.uint8)))
        left, top, width, height = coco.toBbox(code)
        value(f"mask_{index}", code["counts"].decode(), coco.area(code),
              *(int(number) for number in (left, top, left + width, top + height)))
    other = numpy.roll(shapes[0], 5, axis=1)
    codes = [coco.encode(numpy.asfortranarray(shape.astype(numpy.uint8))) for shape in (shapes[0], other)]
    value("iou_rolled_5", repr(float(coco.iou([codes[0]], [codes[1]], [0])[0, 0])))
    for radius in (1, 2, 5, 11):
        span = numpy.arange(-radius, radius + 1)
        disc = (span[:, None] ** 2 + span[None, :] ** 2 <= radius ** 2).astype(numpy.uint8)
        for name, operation in (("dilate", cv2.dilate), ("erode", cv2.erode)):
            result = operation((shapes[0] * 255).astype(numpy.uint8), disc)
            save(result, f"mask_{name}_{radius}.png")


def files(source):
    image = Image.fromarray(source)
    image.save(HERE / "decode_420.jpg", quality=90, subsampling=2)
    image.save(HERE / "decode_progressive.jpg", quality=90, progressive=True, subsampling=0)
    image.convert("L").save(HERE / "decode_gray.jpg", quality=90)
    image.convert("CMYK").save(HERE / "decode_cmyk.jpg", quality=95)
    for name in ("decode_420", "decode_progressive", "decode_gray", "decode_cmyk"):
        decoded = Image.open(HERE / f"{name}.jpg")
        save(numpy.array(decoded.convert("RGB")), f"{name}.rgb.png")
        if decoded.mode == "RGB":
            gray = Image.open(HERE / f"{name}.jpg")
            gray.draft("L", gray.size)
            save(numpy.array(gray), f"{name}.luma.png")
    for name, options in (("lzw", {"compression": "tiff_lzw"}), ("deflate", {"compression": "tiff_adobe_deflate"}),
                          ("plain", {}), ("orientation", {"tiffinfo": {274: 6}})):
        image.save(HERE / f"decode_{name}.tif", **options)
    image.convert("CMYK").save(HERE / "decode_cmyk.tif")
    image.save(HERE / "decode_24.bmp")
    image.quantize(32).save(HERE / "decode_palette.bmp")
    image.quantize(32).save(HERE / "decode_palette.png")
    image.quantize(32).convert("RGB").save(HERE / "decode_palette.rgb.png")
    image.save(HERE / "decode_lossy.webp", quality=80)
    image.save(HERE / "decode_lossless.webp", lossless=True)
    Image.open(HERE / "decode_lossy.webp").convert("RGB").save(HERE / "decode_lossy.rgb.png")
    sixteen = numpy.arange(0, 65536, 37, dtype=numpy.uint16)[:1700].reshape(17, 100)
    Image.fromarray(sixteen).save(HERE / "decode_16.png")
    Image.fromarray(sixteen).save(HERE / "decode_16.tif")


def main():
    source = draw_source()
    luma = numpy.array(Image.fromarray(source).convert("L"))
    save(source, "source.png")
    save(luma, "luma.png")
    resizes(source, luma)
    hashes(luma)
    focus(luma)
    colours(source)
    statistics(luma)
    masks(luma)
    files(source)
    (HERE / "values.txt").write_text("\n".join(VALUES) + "\n")


main()
