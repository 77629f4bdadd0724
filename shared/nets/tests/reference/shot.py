#!/usr/bin/env python3
"""What TransNetV2's steps make of drawn frames, for `shot.rs`: tiny graphs of its ports, and its windows.

    python shared/nets/tests/reference/shot.py [transnetv2_u8.onnx]

Made with Python 3.11, numpy 2.4.6, onnx 1.23.2 and onnxruntime 1.32.0. Writes tests/onnx/shot, two tiny
graphs whose answer for a frame depends on 25 frames to each side, and tests/expected/shot.json: the scores
of films of several lengths by them and, where its file is given, by the published weights. The windows are
those of soCzech/TransNetV2, inference/transnetv2.py, `predict_frames`.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

TESTS = Path(__file__).resolve().parents[1]
SHAPE = [1, 100, 27, 48, 3]


def tiny(name, kind, sigmoid):
    """A graph that mixes the mean colours of the frames around each frame."""
    random = np.random.default_rng(11)
    heads = ["534"] if name == "logits" else ["single", "many_hot"]
    values = [numpy_helper.from_array(np.array([2, 3]), "axes"),
              numpy_helper.from_array(random.normal(0, 0.004, (len(heads), 3, 51)).astype(np.float32), "mix"),
              numpy_helper.from_array(np.array([-3.0, 1.0][:len(heads)], np.float32), "shift")]
    nodes = [helper.make_node("Cast", ["input"], ["levels"], to=TensorProto.FLOAT),
             helper.make_node("ReduceMean", ["levels", "axes"], ["mean"], keepdims=0),
             helper.make_node("Transpose", ["mean"], ["rows"], perm=[0, 2, 1]),
             helper.make_node("Conv", ["rows", "mix", "shift"], ["mixed"], pads=[25, 25]),
             helper.make_node("Sigmoid" if sigmoid else "Identity", ["mixed"], ["answers"]),
             helper.make_node("Transpose", ["answers"], ["columns"], perm=[0, 2, 1])]
    if len(heads) == 2:
        nodes.append(helper.make_node("Split", ["columns"], heads, axis=2, num_outputs=2))
    else:
        nodes.append(helper.make_node("Identity", ["columns"], heads))
    graph = helper.make_graph(nodes, "shot", [helper.make_tensor_value_info("input", kind, SHAPE)],
                              [helper.make_tensor_value_info(head, TensorProto.FLOAT, [1, 100, 1]) for head in heads], values)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, TESTS / f"onnx/shot/{name}.onnx")


def frames(count):
    """Scenes of 23 frames, in each of which squares of two colours move to the right."""
    number, y, x = np.ogrid[:count, :27, :48]
    scene = number // 23
    square = (x + number) // (4 + scene % 5) + y // (3 + scene % 4)
    level = np.stack([square % 2 * (90 + scene * 37 % 120) + (scene * (c + 2) * 41) % 100 for c in range(3)], -1)
    return level.astype(np.uint8)


def scores(session, film):
    """The reference's windows."""
    start, end = [film[:1]] * 25, [film[-1:]] * (25 + 50 - (len(film) % 50 or 50))
    padded = np.concatenate([*start, film, *end])
    port, found = session.get_inputs()[0], None
    for at in range(0, len(padded) - 99, 50):
        window = padded[None, at:at + 100]
        window = window if port.type == "tensor(uint8)" else window.astype(np.float32)
        answers = [answer[0, 25:75, 0] for answer in session.run(None, {port.name: window})]
        found = found or [[] for _ in answers]
        for head, answer in zip(found, answers):
            head.extend(answer)
    return [np.array(head[:len(film)]) for head in found]


def main():
    (TESTS / "onnx/shot").mkdir(exist_ok=True)
    tiny("scores", TensorProto.UINT8, True)
    tiny("logits", TensorProto.FLOAT, False)
    networks = {name: TESTS / f"onnx/shot/{name}.onnx" for name in ("scores", "logits")}
    networks |= {"published": sys.argv[1]} if sys.argv[1:] else {}
    made = []
    for network, path in networks.items():
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        for count in (7, 100, 120):
            heads = scores(session, frames(count))
            if network == "logits":
                heads = [1 / (1 + np.exp(-head)) for head in heads]
            made.append({"network": network, "frames": count,
                         "heads": [[round(float(score), 5) for score in head] for head in heads]})
    text = ",\n".join(json.dumps(case, separators=(",", ":")) for case in made)
    (TESTS / "expected/shot.json").write_text(f"[\n{text}\n]\n")


if __name__ == "__main__":
    main()
