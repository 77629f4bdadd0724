"""The peers' side of the tools that run networks: the network alone, and the same job in Python.

Usage: networks.py KIND alone|python THREADS MODEL FOLDER COUNT [OUT]

`alone` runs the session as often as the job does for COUNT images, on inputs that are there already,
and prints the wall and CPU seconds of that, without loading anything: what no tool can be faster than. `python`
decodes, resizes, runs and writes, one image after another, as scripts do. Both have as many threads for
the network as the tool, which may decode beside it.
"""

import sys
import time
from pathlib import Path

import cv2
import numpy
import onnxruntime
from inputs import BOX
from PIL import Image

IMAGENET = numpy.array([0.485, 0.456, 0.406], numpy.float32), numpy.array([0.229, 0.224, 0.225], numpy.float32)
CLIP = numpy.array([0.48145466, 0.4578275, 0.40821073], numpy.float32), numpy.array([0.26862954, 0.26130258, 0.27577711], numpy.float32)


def session(model, threads):
    """All optimisations, as the tools have them."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def planes(image, mean=0.0, deviation=1.0):
    """Rows of colours as planes of numbers."""
    return ((image.astype(numpy.float32) - mean) / deviation).transpose(2, 0, 1)[None].astype(numpy.float32)


def colours(path):
    """The image in red, green and blue."""
    return cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)


class Single:
    """A network that is run on each of the inputs made of an image."""

    def __init__(self, model, threads):
        self.net = session(model, threads)
        self.name = self.net.get_inputs()[0].name

    def alone(self, path):
        """The runs of one image, ready to be timed."""
        inputs = self.prepare(path)
        return lambda: [self.net.run(None, {self.name: made}) for made in inputs]

    def job(self, path, _):
        """All of it."""
        return [self.net.run(None, {self.name: made}) for made in self.prepare(path)]


class Detect(Single):
    """YOLOX's letterbox: shrunk into the upper left corner, the rest 114."""

    def prepare(self, path, side=416):
        pixels = cv2.imread(str(path))
        ratio = min(side / pixels.shape[0], side / pixels.shape[1])
        small = cv2.resize(pixels, (int(pixels.shape[1] * ratio), int(pixels.shape[0] * ratio)))
        canvas = numpy.full((side, side, 3), 114, numpy.uint8)
        canvas[: small.shape[0], : small.shape[1]] = small
        return [planes(canvas)]


class Face(Single):
    """Two scales, padded to multiples of 32."""

    def prepare(self, path):
        pixels, inputs = cv2.imread(str(path)), []
        for longest in (640, 320):
            ratio = longest / max(pixels.shape[:2])
            small = cv2.resize(pixels, (round(pixels.shape[1] * ratio), round(pixels.shape[0] * ratio)))
            inputs.append(planes(cv2.copyMakeBorder(small, 0, -small.shape[0] % 32, 0, -small.shape[1] % 32, cv2.BORDER_CONSTANT)))
        return inputs


class Pose(Single):
    """The whole image, squashed."""

    def prepare(self, path):
        return [cv2.resize(colours(path), (192, 192))[None]]


class Embed(Single):
    """CLIP's processor: the shorter edge to 224, bicubic, and the middle."""

    def prepare(self, path, side=224):
        pixels = Image.open(path).convert("RGB")
        scale = side / min(pixels.size)
        pixels = pixels.resize([int(length * scale) for length in pixels.size], Image.Resampling.BICUBIC)
        left, top = (pixels.width - side) // 2, (pixels.height - side) // 2
        square = numpy.asarray(pixels.crop((left, top, left + side, top + side)))
        return [planes(square / numpy.float32(255), *CLIP)]


class Emotion(Single):
    """HSEmotion's: squeezed."""

    def prepare(self, path):
        return [planes(cv2.resize(colours(path), (224, 224)) / numpy.float32(255), *IMAGENET)]


class Segment:
    """SAM 2 on one box an image: encoder, decoder, the best mask in the image's size as a PNG."""

    def __init__(self, model, threads):
        self.encoder, self.decoder = (session(Path(model) / f"{part}.onnx", threads) for part in ("encoder", "decoder"))

    def prepare(self, path):
        pixels = colours(path)
        height, width = pixels.shape[:2]
        image = planes(cv2.resize(pixels, (1024, 1024)) / numpy.float32(255), *IMAGENET)
        corners = numpy.array(BOX, numpy.float32).reshape(1, 2, 2) * numpy.array([1024 / width, 1024 / height], numpy.float32)
        prompt = {"point_coords": corners, "point_labels": numpy.array([[2, 3]], numpy.float32),
                  "mask_input": numpy.zeros((1, 1, 256, 256), numpy.float32), "has_mask_input": numpy.zeros(1, numpy.float32)}
        return (width, height), image, prompt

    def run(self, image, prompt):
        fine, middle, coarse = self.encoder.run(["high_res_feats_0", "high_res_feats_1", "image_embed"], {"image": image})
        return self.decoder.run(["masks", "iou_predictions"],
                                {"high_res_feats_0": fine, "high_res_feats_1": middle, "image_embed": coarse, **prompt})

    def alone(self, path):
        _, image, prompt = self.prepare(path)
        return lambda: self.run(image, prompt)

    def job(self, path, out):
        size, image, prompt = self.prepare(path)
        masks, scores = self.run(image, prompt)
        mask = cv2.resize(masks[0, scores[0].argmax()], size) > 0
        cv2.imwrite(str(out / f"{path.stem}.png"), mask.astype(numpy.uint8) * 255)


class Inpaint:
    """LaMa on the square of the image's height round the hole; the filled image is written as a PNG."""

    def __init__(self, model, threads):
        self.net = session(model, threads)

    def prepare(self, path):
        pixels = colours(path)
        left, top, right, bottom = BOX
        hole = numpy.zeros(pixels.shape[:2], numpy.uint8)
        hole[top:bottom, left:right] = 255
        hole = cv2.dilate(hole, numpy.ones((17, 17), numpy.uint8))
        start = max((left + right - pixels.shape[0]) // 2, 0)
        part = numpy.s_[:, start : start + pixels.shape[0]]
        inputs = {"image": planes(cv2.resize(pixels[part], (512, 512), interpolation=cv2.INTER_AREA) / numpy.float32(255)),
                  "mask": (cv2.resize(hole[part], (512, 512), interpolation=cv2.INTER_NEAREST) > 0).astype(numpy.float32)[None, None]}
        return pixels, hole, part, inputs

    def alone(self, path):
        inputs = self.prepare(path)[-1]
        return lambda: self.net.run(None, inputs)

    def job(self, path, out):
        image, hole, part, inputs = self.prepare(path)
        filled = self.net.run(None, inputs)[0][0].transpose(1, 2, 0).clip(0, 255).astype(numpy.uint8)
        height = image.shape[0]
        inside = hole[part] > 0
        image[part][inside] = cv2.resize(filled, (height, height), interpolation=cv2.INTER_CUBIC)[inside]
        cv2.imwrite(str(out / f"{path.stem}.png"), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))


KINDS = {"detect": Detect, "face": Face, "pose": Pose, "embed": Embed, "emotion": Emotion, "segment": Segment, "inpaint": Inpaint}


def main():
    """Runs one kind on the first images of a folder."""
    kind, way, threads, model, folder, count, *out = sys.argv[1:]
    network = KINDS[kind](model, int(threads))
    paths = sorted(Path(folder).iterdir())[: int(count)]
    if way == "alone":
        run = network.alone(paths[0])
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in paths:
            run()
        print(time.perf_counter() - wall, time.process_time() - cpu)
        return
    for path in paths:
        network.job(path, Path(*out))


if __name__ == "__main__":
    main()
