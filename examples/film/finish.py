"""What happens to a drawing after the renderer: glow, rain, vignette, black bars, cards.

All of it works on 8-bit images and is a pure function of its arguments, so a plate and its
frame get exactly the same treatment.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

WIDTH, HEIGHT, FRAME_HEIGHT = 768, 320, 432
TOP = (FRAME_HEIGHT - HEIGHT) // 2
LETTERBOX = [0, TOP, WIDTH, TOP + HEIGHT]
TITLE, SUBTITLE = "The Paper Lantern", "a small film from a small town"
CREDITS = (
    ("THE PAPER LANTERN", 26), ("", 12), ("Nilo", 20), ("who walks early", 14), ("", 8), ("Pia", 20),
    ("who runs at noon", 14), ("", 8), ("Oreste", 20), ("who shouts, and is sorry", 14), ("", 14),
    ("modelled, lit and rendered", 14), ("from code, with Blender Cycles", 14), ("", 10),
    ("given to everyone, CC0 1.0", 14))


def finish(image: np.ndarray, rain: tuple | None = None) -> np.ndarray:
    """A rendered image with glow around its lights, rain if asked for, and darker corners.

    `rain` is a tuple that seeds where the drops fall.
    """
    pixels = image.astype(np.float32)
    light = np.clip(pixels - 222, 0, 33) * 3.0
    glow = Image.fromarray(light.astype(np.uint8)).filter(ImageFilter.GaussianBlur(9))
    made = image + 0.22 * np.asarray(glow, dtype=np.float32)
    if rain is not None:
        made = falling(made, np.random.default_rng(rain))
    y, x = np.mgrid[-1:1:complex(image.shape[0]), -1:1:complex(image.shape[1])]
    made = made * (1 - 0.16 * np.clip(x * x * 0.7 + y * y * 0.5, 0, 1) ** 1.5)[..., None]
    return np.clip(np.rint(made), 0, 255).astype(np.uint8)


def falling(image: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Streaks of rain, long and faint near the camera, short and dense further off."""
    height, width = image.shape[:2]
    layer = Image.new("L", (width * 2, height * 2))
    pen = ImageDraw.Draw(layer)
    for _ in range(height * width // 585):
        x, y, near = random.uniform(0, width * 2), random.uniform(-60, height * 2), random.random() ** 3
        length = 16 + 70 * near
        pen.line((x, y, x - 0.14 * length, y + length), fill=int(random.uniform(35, 85)), width=1 + int(2 * near))
    veil = np.asarray(layer.resize((width, height), Image.LANCZOS), dtype=np.float32)[..., None] / 255
    return image * (1 - veil) + 225 * veil


def framed(image: np.ndarray) -> np.ndarray:
    """The image between its black bars."""
    frame = np.zeros((FRAME_HEIGHT, WIDTH, 3), np.uint8)
    frame[TOP:TOP + HEIGHT] = image
    return frame


def font(size: int):
    """The typeface that Pillow carries, so that cards look alike everywhere."""
    return ImageFont.load_default(size)


def dusk() -> Image.Image:
    """A painted evening sea with a lantern moon: the ground of the title card."""
    y = np.linspace(0, 1, HEIGHT)[:, None, None]
    sky = np.array([26, 34, 78]) * (1 - y) + np.array([214, 118, 92]) * y
    image = Image.fromarray(np.broadcast_to(sky, (HEIGHT, WIDTH, 3)).astype(np.uint8))
    pen = ImageDraw.Draw(image)
    for radius, colour in ((74, (96, 72, 98)), (60, (150, 98, 96)), (46, (246, 178, 92)), (38, (255, 208, 122))):
        pen.ellipse((384 - radius, 88 - radius, 384 + radius, 88 + radius), fill=colour)
    x = np.arange(WIDTH + 1)
    for row, colour in enumerate(((52, 62, 116), (38, 48, 98), (26, 34, 76))):
        crest = 252 + 22 * row + 5 * np.sin(x / (34 + 9 * row) + row * 1.7)
        pen.polygon([(0, HEIGHT), *zip(x.tolist(), crest.tolist()), (WIDTH, HEIGHT)], fill=colour)
    return image.filter(ImageFilter.GaussianBlur(0.6))


def centred(pen, text: str, y: float, size: int, colour) -> None:
    """A line of text in the middle of the image."""
    face = font(size)
    width = pen.textlength(text, font=face)
    pen.text(((WIDTH - width) / 2, y), text, font=face, fill=colour)


def title() -> np.ndarray:
    """The title card."""
    image = dusk()
    pen = ImageDraw.Draw(image)
    centred(pen, TITLE, 160, 52, (255, 243, 218))
    centred(pen, SUBTITLE, 222, 18, (247, 214, 180))
    return np.asarray(image)


def credits(share: float) -> np.ndarray:
    """The end credits, scrolled part of the way (0 to 1)."""
    image = Image.new("RGB", (WIDTH, HEIGHT), (14, 17, 34))
    pen = ImageDraw.Draw(image)
    total = sum(size * 1.5 for _, size in CREDITS)
    y = HEIGHT * 0.9 - share * (total + HEIGHT * 0.2)
    for text, size in CREDITS:
        if text and -40 < y < HEIGHT:
            centred(pen, text, y, size, (244, 234, 214))
        y += size * 1.5
    return np.asarray(image)
