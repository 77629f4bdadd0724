"""The peers' side of the tools that run networks: the network alone, and the same job in Python.

Usage: networks.py KIND alone|python MODEL FOLDER

`alone` runs the session as often as there are images, on inputs that are there already: what no tool
can be faster than. `python` decodes, resizes and runs, one image after another, as scripts do. Both
have one thread for the network, like the tool; the tool may decode beside it.
"""

import sys
from pathlib import Path

import cv2
import numpy
import onnxruntime

# The last of each run's pictures is decoded, so that nothing is left out by being lazy.
LIMIT = 60


def session(model):
    """One thread, all optimisations, as the tools have them."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def letterbox(picture, side):
    """YOLOX's: shrunk into the upper left corner, the rest 114."""
    ratio = min(side / picture.shape[0], side / picture.shape[1])
    small = cv2.resize(picture, (int(picture.shape[1] * ratio), int(picture.shape[0] * ratio)))
    canvas = numpy.full((side, side, 3), 114, numpy.uint8)
    canvas[: small.shape[0], : small.shape[1]] = small
    return [{"images": canvas.transpose(2, 0, 1)[None].astype(numpy.float32)}]


def yunet(picture, _):
    """Two scales, padded to multiples of 32."""
    inputs = []
    for longest in (640, 320):
        ratio = longest / max(picture.shape[:2])
        small = cv2.resize(picture, (round(picture.shape[1] * ratio), round(picture.shape[0] * ratio)))
        padded = cv2.copyMakeBorder(small, 0, -small.shape[0] % 32, 0, -small.shape[1] % 32, cv2.BORDER_CONSTANT)
        inputs.append({"input": padded.transpose(2, 0, 1)[None].astype(numpy.float32)})
    return inputs


def movenet(picture, name):
    """The whole picture, squashed."""
    small = cv2.resize(picture, (192, 192))
    return [{name: cv2.cvtColor(small, cv2.COLOR_BGR2RGB)[None]}]


def main():
    """Runs one kind on all pictures of a folder."""
    kind, way, model, folder = sys.argv[1:]
    net = session(model)
    prepare = {"detect": lambda picture: letterbox(picture, 416), "face": lambda picture: yunet(picture, None),
               "pose": lambda picture: movenet(picture, net.get_inputs()[0].name)}[kind]
    paths = sorted(str(path) for path in Path(folder).iterdir())[:LIMIT]
    ready = prepare(cv2.imread(paths[0]))
    for path in paths:
        for inputs in ready if way == "alone" else prepare(cv2.imread(path)):
            net.run(None, inputs)


if __name__ == "__main__":
    main()
