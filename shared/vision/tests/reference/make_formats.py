"""Makes the `format_*` files of this folder: source.png in other formats and other colour spaces, and
what Pillow (with LittleCMS 2) makes of each.

    python3 -m venv /tmp/venv
    /tmp/venv/bin/pip install pillow==13.0.0 pillow-jxl-plugin==1.3.8 numpy==2.4.6
    /tmp/venv/bin/python make_formats.py

The profiles are written by hand below, so that they hold nothing of anybody's.
"""

import io
import pathlib
import struct

import numpy
import pillow_jxl  # noqa: F401 (registers the format)
from PIL import Image, ImageCms

HERE = pathlib.Path(__file__).parent
SOURCE = Image.open(HERE / "source.png").convert("RGB")
SRGB = ImageCms.createProfile("sRGB")
D50 = (0.9642, 1.0, 0.8249)


def fixed(number):
    return struct.pack(">i", round(number * 65536))


def xyz(numbers):
    return b"XYZ \0\0\0\0" + b"".join(map(fixed, numbers))


def profile(name, kind, tags):
    """An ICC profile of version 2 (ICC.1:2001-04)."""
    text = name.encode() + b"\0"
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(78),
        b"wtpt": xyz(D50),
        **tags,
    }
    offset, table, data = 132 + 12 * len(tags), b"", b""
    for key, value in tags.items():
        value += bytes(-len(value) % 4)
        table += key + struct.pack(">II", offset + len(data), len(value))
        data += value
    header = struct.pack(">I4sI4s4s4s", offset + len(data), b"none", 0x02100000, b"mntr", kind, b"XYZ ")
    header += bytes(12) + b"acsp" + bytes(28) + b"".join(map(fixed, D50))
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + data


def gamma(value):
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(value * 256))


def of_light(name, primaries, curve):
    """A profile of three primaries with white D65, adapted to D50 after Bradford."""
    columns = numpy.array([(x / y, 1, (1 - x - y) / y) for x, y in primaries]).T
    white = numpy.array([0.3127 / 0.3290, 1, (1 - 0.3127 - 0.3290) / 0.3290])
    columns = columns * numpy.linalg.solve(columns, white)
    cone = numpy.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    scale = numpy.diag((cone @ D50) / (cone @ white))
    columns = numpy.linalg.inv(cone) @ scale @ cone @ columns
    tags = {key: xyz(column) for key, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns.T)}
    tags |= {key: gamma(curve) for key in (b"rTRC", b"gTRC", b"bTRC")}
    return profile(name, b"RGB ", tags)


P3 = of_light("Wide P3", ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06)), 2.2)
ADOBE = of_light("Like Adobe RGB", ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06)), 2.19921875)
GRAY = profile("Gray gamma 1.8", b"GRAY", {b"kTRC": gamma(1.8)})


def loaded(profile):
    return ImageCms.ImageCmsProfile(io.BytesIO(profile))


def shown(image, profile):
    """What LittleCMS makes of it in sRGB."""
    return ImageCms.profileToProfile(image, loaded(profile), SRGB, outputMode="RGB", renderingIntent=1)


def main():
    for name, icc in (("p3", P3), ("adobe", ADOBE)):
        SOURCE.save(HERE / f"format_{name}.png", icc_profile=icc)
        shown(SOURCE, icc).save(HERE / f"format_{name}.rgb.png")
    SOURCE.save(HERE / "format_p3.jpg", quality=95, subsampling=0, icc_profile=P3)
    shown(Image.open(HERE / "format_p3.jpg"), P3).save(HERE / "format_p3_jpeg.rgb.png")
    SOURCE.save(HERE / "format_p3.webp", lossless=True, icc_profile=P3)
    SOURCE.save(HERE / "format_p3.tif", compression="tiff_lzw", icc_profile=P3)
    SOURCE.save(HERE / "format_srgb.png", icc_profile=loaded_srgb())
    gray = SOURCE.convert("L")
    gray.save(HERE / "format_gray18.png", icc_profile=GRAY)
    levels = [round(255 * srgb((level / 255) ** 1.8)) for level in range(256)]
    gray.point(levels).save(HERE / "format_gray18.luma.png")
    SOURCE.quantize(64).save(HERE / "format.gif")
    Image.open(HERE / "format.gif").convert("RGB").save(HERE / "format_gif.rgb.png")
    frames = [Image.new("RGB", SOURCE.size, colour) for colour in ("red", "blue")]
    frames[0].save(HERE / "format_animated.gif", save_all=True, append_images=frames[1:])
    avif()
    jxl()


def loaded_srgb():
    return ImageCms.ImageCmsProfile(SRGB).tobytes()


def srgb(light):
    return 12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055


def avif():
    kinds = {"420": dict(subsampling="4:2:0"), "444": dict(subsampling="4:4:4", range="limited")}
    for name, options in kinds.items():
        SOURCE.save(HERE / f"format_{name}.avif", quality=80, **options)
        Image.open(HERE / f"format_{name}.avif").convert("RGB").save(HERE / f"format_avif_{name}.rgb.png")
    small = SOURCE.crop((0, 0, 33, 21))
    small.save(HERE / "format_odd.avif", quality=90)
    Image.open(HERE / "format_odd.avif").convert("RGB").save(HERE / "format_avif_odd.rgb.png")
    SOURCE.convert("L").save(HERE / "format_gray.avif", quality=90, subsampling="4:0:0")
    clear = small.convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(small.size))
    clear.save(HERE / "format_alpha.avif", quality=100)
    Image.open(HERE / "format_alpha.avif").save(HERE / "format_avif_alpha.rgba.png")
    small.save(HERE / "format_p3.avif", quality=90, icc_profile=P3)
    shown(Image.open(HERE / "format_p3.avif").convert("RGB"), P3).save(HERE / "format_avif_p3.rgb.png")
    back = (None, None, *map(Image.Transpose, (0, 3, 1, 5, 2, 6, 4)))
    for orientation in range(2, 9):
        # What must lie in the file so that viewers turn it upright.
        stored = small.transpose(back[orientation])
        exif = Image.Exif()
        exif[0x112] = orientation
        stored.save(HERE / f"format_turned{orientation}.avif", quality=90, exif=exif)


def jxl():
    SOURCE.save(HERE / "format_lossless.jxl", lossless=True)
    SOURCE.save(HERE / "format_lossy.jxl", quality=90)
    Image.open(HERE / "format_lossy.jxl").convert("RGB").save(HERE / "format_jxl_lossy.rgb.png")
    clear = SOURCE.convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(SOURCE.size))
    clear.save(HERE / "format_alpha.jxl", lossless=True)


if __name__ == "__main__":
    main()
