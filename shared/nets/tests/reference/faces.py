"""What the references make of face detectors, alignment and expressions.

    python face_graphs.py ../onnx/face && python faces.py [WEIGHTS_DIR]

writes the JSON files and images in ../expected/face. Made with numpy 2.2, opencv 4.12, pillow 13,
onnx 1.23,
onnxruntime 1.31.1 (CPU). With WEIGHTS_DIR, a folder of published weights, also real.json.

YuNet is cv2.FaceDetectorYN. The other detectors are written down here from their papers' and
repositories' formulas: RetinaFace (Pytorch_Retinaface, detect.py: priors, decoding with variances,
plus-one suppression), UltraFace (box_utils_numpy.py: hard_nms), SCRFD (insightface, scrfd.py),
YOLO (imgutils), CenterFace (centerface.py).
"""

import json
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime
from PIL import Image

HERE = Path(__file__).parent
OUT = HERE.parent / "expected" / "face"
GRAPHS = HERE.parent / "onnx" / "face"


def session(path):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


# ---- decoding -----------------------------------------------------------------------------------


def suppress(faces, most, plus):
    """faces: list of (box, score, landmarks), boxes as x0, y0, x1, y1."""
    faces = sorted(faces, key=lambda face: -face[1])
    kept = []
    for face in faces:
        box = face[0]
        def overlap(other):
            width = max(0.0, min(box[2], other[2]) - max(box[0], other[0]) + plus)
            height = max(0.0, min(box[3], other[3]) - max(box[1], other[1]) + plus)
            area = lambda b: (b[2] - b[0] + plus) * (b[3] - b[1] + plus)
            return width * height / (area(box) + area(other) - width * height)
        if all(overlap(other[0]) <= most for other in kept):
            kept.append(face)
    return kept


def decode_yunet(tensors, size, threshold):
    found = []
    for stride, part in zip([8, 16, 32], range(3)):
        cls, obj, box, points = (tensors[name][part] for name in ["cls", "obj", "bbox", "kps"])
        columns = size[0] // stride
        for i in range(len(cls)):
            score = np.sqrt(np.clip(cls[i], 0, 1) * np.clip(obj[i], 0, 1))
            if score < threshold:
                continue
            row, column = divmod(i, columns)
            x, y = (column + box[i][0]) * stride, (row + box[i][1]) * stride
            w, h = np.exp(box[i][2]) * stride, np.exp(box[i][3]) * stride
            marks = [[(points[i][2 * k] + column) * stride, (points[i][2 * k + 1] + row) * stride] for k in range(5)]
            found.append(([x - w / 2, y - h / 2, w, h], score, marks))
    # OpenCV hands whole numbers to NMSBoxes.
    boxes = [[int(v) for v in face[0]] for face in found]
    keep = cv2.dnn.NMSBoxes(boxes, [float(face[1]) for face in found], threshold, 0.3, 1.0, 5000)
    found = [found[int(k)] for k in np.ravel(keep)]
    return [([x, y, x + w, y + h], score, marks) for (x, y, w, h), score, marks in found]


def decode_retinaface(loc, conf, landms, size, threshold):
    width, height = size
    priors = []
    for step, sizes in [(8, (16, 32)), (16, (64, 128)), (32, (256, 512))]:
        for i in range(int(np.ceil(height / step))):
            for j in range(int(np.ceil(width / step))):
                for s in sizes:
                    priors.append([(j + 0.5) * step / width, (i + 0.5) * step / height, s / width, s / height])
    priors = np.asarray(priors)
    boxes = np.concatenate([priors[:, :2] + loc[:, :2] * 0.1 * priors[:, 2:], priors[:, 2:] * np.exp(loc[:, 2:] * 0.2)], 1)
    boxes[:, :2] -= boxes[:, 2:] / 2
    boxes[:, 2:] += boxes[:, :2]
    boxes *= [width, height, width, height]
    marks = np.stack([priors[:, :2] + landms[:, 2 * k:2 * k + 2] * 0.1 * priors[:, 2:] for k in range(5)], 1)
    marks *= [width, height]
    found = [(boxes[i].tolist(), conf[i, 1], marks[i].tolist()) for i in np.where(conf[:, 1] > threshold)[0]]
    return suppress(found, 0.4, 1)


def decode_ultraface(scores, boxes, size, threshold):
    width, height = size
    found = [((boxes[i] * [width, height, width, height]).tolist(), scores[i, 1], None)
             for i in np.where(scores[:, 1] > threshold)[0]]
    return suppress(found, 0.3, 0)


def decode_scrfd(scores, boxes, points, size, threshold):
    found = []
    for part, stride in enumerate([8, 16, 32]):
        columns, rows = size[0] // stride, size[1] // stride
        centres = np.stack(np.mgrid[:rows, :columns][::-1], axis=-1).astype(np.float32)
        centres = (centres * stride).reshape(-1, 2)
        centres = np.stack([centres] * 2, axis=1).reshape(-1, 2)
        score, box, point = scores[part].ravel(), boxes[part] * stride, points[part] * stride
        corners = np.concatenate([centres - box[:, :2], centres + box[:, 2:]], 1)
        marks = point.reshape(-1, 5, 2) + centres[:, None]
        for i in np.where(score >= threshold)[0]:
            found.append((corners[i].tolist(), score[i], marks[i].tolist()))
    return suppress(found, 0.4, 1)


def decode_yolo(output, threshold):
    found = []
    for column in output.T:
        score = column[4:].max() if len(column) != 20 else column[4]
        if score >= threshold:
            x, y, w, h = column[:4]
            marks = [[column[5 + 3 * k], column[6 + 3 * k]] for k in range(5)] if len(column) == 20 else None
            found.append(([x - w / 2, y - h / 2, x + w / 2, y + h / 2], score, marks))
    return suppress(found, 0.7, 1)


def decode_centerface(heat, scale, offset, landmark, size, threshold):
    found = []
    for row, column in zip(*np.where(heat > threshold)):
        h, w = np.exp(scale[0, row, column]) * 4, np.exp(scale[1, row, column]) * 4
        x = min(max(0, (column + offset[1, row, column] + 0.5) * 4 - w / 2), size[0])
        y = min(max(0, (row + offset[0, row, column] + 0.5) * 4 - h / 2), size[1])
        marks = [[landmark[2 * k + 1, row, column] * w + x, landmark[2 * k, row, column] * h + y] for k in range(5)]
        found.append(([x, y, min(x + w, size[0]), min(y + h, size[1])], heat[row, column], marks))
    return suppress(found, 0.3, 1)


def listed(faces, scale=(1, 1)):
    """Faces as they are stored, in pixels divided by `scale`."""
    result = []
    for box, score, marks in faces:
        x, y = scale
        face = {"box": [box[0] / x, box[1] / y, box[2] / x, box[3] / y], "score": score}
        if marks is not None:
            face["landmarks"] = [[px / x, py / y] for px, py in marks]
        result.append(rounded(face, 4))
    return result


def rounded(value, digits):
    if isinstance(value, dict):
        return {key: rounded(inner, digits) for key, inner in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [rounded(inner, digits) for inner in value]
    return value if isinstance(value, (str, int)) else round(float(value), digits)


def decoding():
    """Random answers; what they hold is seen by the reference as well as by us after rounding."""
    random = np.random.default_rng(5)
    cases = []
    spread = lambda shape, scale=1.0: np.round(random.normal(size=shape) * scale, 3)
    chance = lambda shape, power=2: np.round(random.random(shape) ** power, 3)

    def case(family, size, threshold, tensors, faces):
        tensors = {name: np.round(np.ravel(value), 3).tolist() for name, value in tensors.items()}
        cases.append({"family": family, "size": size, "threshold": threshold, "tensors": tensors, "faces": listed(faces)})

    size = [96, 64]
    cells = [size[0] // s * (size[1] // s) for s in [8, 16, 32]]
    parts = {"cls": [chance(n) * 1.2 for n in cells], "obj": [chance(n) for n in cells],
             "bbox": [spread((n, 4), 0.5) for n in cells], "kps": [spread((n, 10)) for n in cells]}
    parts = {name: [np.round(part, 3) for part in value] for name, value in parts.items()}
    tensors = {f"{name}_{s}": part for name, value in parts.items() for s, part in zip([8, 16, 32], value)}
    case("yunet", size, 0.5, tensors, decode_yunet(parts, size, 0.5))

    size = [70, 45]
    count = 2 * sum(-(-size[0] // s) * -(-size[1] // s) for s in [8, 16, 32])
    conf = chance(count, 3)
    tensors = {"loc": spread((count, 4)), "conf": np.stack([1 - conf, conf], 1), "landms": spread((count, 10))}
    case("retinaface", size, 0.6, tensors, decode_retinaface(*tensors.values(), size, 0.6))

    size = [320, 240]
    conf, corners = chance(200, 2), np.round(random.random((200, 4)), 3)
    corners[:, 2:] = np.round(corners[:, :2] + corners[:, 2:] * 0.4 + 0.01, 3)
    tensors = {"scores": np.stack([1 - conf, conf], 1), "boxes": corners}
    case("ultraface", size, 0.5, tensors, decode_ultraface(tensors["scores"], corners, size, 0.5))

    size = [96, 64]
    counts = [2 * n for n in cells]
    scores = [chance(n, 3) for n in counts]
    boxes = [np.round(random.random((n, 4)) * 2 + 0.1, 3) for n in counts]
    points = [spread((n, 10)) for n in counts]
    tensors = {f"{name}_{s}": part for name, value in [("score", scores), ("bbox", boxes), ("kps", points)]
               for s, part in zip([8, 16, 32], value)}
    case("scrfd", size, 0.5, tensors, decode_scrfd(scores, boxes, points, size, 0.5))

    for rows, count in [(5, 300), (7, 150), (20, 120)]:
        output = np.concatenate([random.random((2, count)) * 640, random.random((2, count)) * 200 + 5])
        output = np.round(np.concatenate([output, chance((rows - 4, count), 3) * (1 if rows < 20 else 1)]), 3)
        case(f"yolo_{rows}", [640, 640], 0.25, {"output0": output}, decode_yolo(output, 0.25))

    size, (rows, columns) = [96, 64], (16, 24)
    heat = chance((rows, columns), 4)
    tensors = {"537": heat, "538": spread((2, rows, columns), 0.4) + 1, "539": spread((2, rows, columns), 0.3),
               "540": np.round(random.random((10, rows, columns)), 3)}
    tensors["538"] = np.round(tensors["538"], 3)
    case("centerface", size, 0.5, tensors, decode_centerface(*tensors.values(), size, 0.5))
    return cases


# ---- images -----------------------------------------------------------------------------------


def images():
    # Away from the edges, beyond which engines count the pixels of a window in different ways.
    random = np.random.default_rng(9)
    blocks = lambda w, h, n: np.kron(random.integers(0, 256, (h // n + 1, w // n + 1, 3)), np.ones((n, n, 1)))[:h, :w].astype(np.uint8)
    magenta = (255, 0, 255)
    def faces(width, height, ground, places):
        ground[:, :, 1] = np.maximum(ground[:, :, 1], 200)  # nothing else is magenta
        for x, y, side in places:
            cv2.rectangle(ground, (x, y), (x + side - 1, y + side - 1), magenta, -1)
        return ground
    drawn = {
        "faces": faces(300, 200, blocks(300, 200, 25), [(30, 50, 45), (200, 90, 45), (120, 100, 23)]),
        "tall": faces(120, 333, blocks(120, 333, 30), [(35, 100, 50)]),
        "huge": faces(2600, 1700, blocks(2600, 1700, 100), [(500, 300, 390), (1800, 900, 195)]),
        "odd": blocks(37, 23, 1),
        "wide": blocks(400, 3, 1),
        "one": blocks(1, 1, 1),
    }
    for name, rgb in drawn.items():
        Image.fromarray(rgb).save(OUT / f"{name}.png", optimize=True)
    return drawn


def stretched(rgb, size):
    return cv2.resize(rgb, tuple(size), interpolation=cv2.INTER_LINEAR)


def boxed(rgb, most, canvas, whole):
    """Scaled to fit `most`, in the corner of a black `canvas`."""
    height, width = rgb.shape[:2]
    scale = min(most[0] / width, most[1] / height)
    size = [min(max(whole(length * scale), 1), limit) for length, limit in zip([width, height], most)]
    small = stretched(rgb, size)
    canvas = canvas or size
    canvas = [-(-size[k] // 32) * 32 for k in range(2)] if canvas == 32 else canvas
    image = np.zeros((canvas[1], canvas[0], 3), np.uint8)
    image[:size[1], :size[0]] = small
    return image, (size[0] / width, size[1] / height), small


def chw(image):
    return np.ascontiguousarray(image.transpose(2, 0, 1)[None].astype(np.float32))


def of_size(file, width, height):
    """A copy of a graph for images of one size."""
    model = onnx.load(file)
    for dimension, size in zip(model.graph.input[0].type.tensor_type.shape.dim, [1, 3, height, width]):
        dimension.dim_value = size
    path = Path(tempfile.gettempdir()) / "of_one_size.onnx"
    onnx.save(onnx.shape_inference.infer_shapes(model), path)
    return str(path)


def look(family, file, rgb, longest, threshold=0.5):
    """Input tensor and faces, by the reference."""
    net = session(file)
    source = net.get_inputs()[0]
    fixed = [source.shape[3], source.shape[2]] if isinstance(source.shape[3], int) else None
    height, width = rgb.shape[:2]
    run = lambda tensor: net.run(None, {source.name: tensor.astype(np.float32)})
    named = lambda answers: dict(zip([output.name for output in net.get_outputs()], answers))
    if family == "yunet":
        most = [min(side, longest) for side in fixed] if fixed else [longest] * 2
        image, scale, small = boxed(rgb, most, fixed or 32, lambda x: int(x + 0.5))
        bgr = image[:, :, ::-1]
        if fixed:
            out = named(run(chw(bgr)))
            parts = {kind: [out[f"{kind}_{s}"][0] for s in [8, 16, 32]] for kind in ["cls", "obj", "bbox", "kps"]}
            parts["cls"], parts["obj"] = ([p[:, 0] for p in parts[kind]] for kind in ["cls", "obj"])
            found = decode_yunet(parts, fixed, threshold)
        else:
            # It pads to multiples of 32 by itself, but reads no graph that asks for its input's shape.
            path = of_size(file, image.shape[1], image.shape[0])
            detector = cv2.FaceDetectorYN.create(path, "", (small.shape[1], small.shape[0]), threshold, 0.3, 5000)
            _, faces = detector.detect(np.ascontiguousarray(small[:, :, ::-1]))
            found = [([f[0], f[1], f[0] + f[2], f[1] + f[3]], f[14], f[4:14].reshape(5, 2).tolist())
                     for f in (faces if faces is not None else [])]
            found.sort(key=lambda face: -face[1])
        return chw(bgr), listed(found, scale)
    if family == "retinaface":
        most = [min(side, longest) for side in fixed] if fixed else [longest] * 2
        image, scale, _ = boxed(rgb, most, fixed, int)
        tensor = chw(image[:, :, ::-1].astype(np.float32) - np.array([104, 117, 123], np.float32))
        out = {value.shape[-1]: value[0] for value in run(tensor)}
        size = [image.shape[1], image.shape[0]]
        return tensor, listed(decode_retinaface(out[4], out[2], out[10], size, threshold), scale)
    if family == "ultraface":
        tensor = chw((stretched(rgb, fixed).astype(np.float32) - 127) / 128)
        scores, boxes = run(tensor)
        scale = (fixed[0] / width, fixed[1] / height)
        return tensor, listed(decode_ultraface(scores[0], boxes[0], fixed, threshold), scale)
    if family == "scrfd":
        size = fixed or [longest] * 2
        if height / width > size[1] / size[0]:
            new_height = size[1]
            new_width = max(int(new_height / (height / width)), 1)
        else:
            new_width = size[0]
            new_height = max(int(new_width * (height / width)), 1)
        scale = new_height / height
        canvas = np.zeros((size[1], size[0], 3), np.uint8)
        canvas[:new_height, :new_width] = stretched(rgb, [new_width, new_height])
        tensor = chw((canvas.astype(np.float32) - 127.5) / 128)
        out = run(tensor)
        return tensor, listed(decode_scrfd(out[:3], out[3:6], out[6:], size, threshold), (scale, scale))
    if family == "yolo_face":
        small = np.asarray(Image.fromarray(rgb).resize(tuple(fixed)))
        tensor = chw(small.astype(np.float32) / 255)
        scale = (fixed[0] / width, fixed[1] / height)
        return tensor, listed(decode_yolo(run(tensor)[0][0], threshold), scale)
    size = [max(int(np.ceil(np.ceil(side * longest / max(width, height)) / 32)), 1) * 32 for side in [width, height]]
    tensor = chw(stretched(rgb, size))
    out = named(run(tensor))
    found = decode_centerface(out["537"][0, 0], out["538"][0], out["539"][0], out["540"][0], size, threshold)
    return tensor, listed(found, (size[0] / width, size[1] / height))


def sample(tensor):
    flat = np.ravel(tensor)
    places = [i * 7919 % len(flat) for i in range(60)]
    return {"length": len(flat), "places": places, "numbers": rounded(flat[places], 4)}


def detecting(drawn):
    result = []
    for file, family in [("yunet_dynamic", "yunet"), ("yunet_640", "yunet"), ("retinaface_640", "retinaface"),
                         ("ultraface_320", "ultraface"), ("scrfd", "scrfd"), ("yolo_face", "yolo_face"),
                         ("centerface", "centerface")]:
        for name, rgb in drawn.items():
            for longest in {"centerface": [320], "ultraface": [640], "yolo_face": [640]}.get(family, [640, 320]):
                tensor, faces = look(family, GRAPHS / f"{file}.onnx", rgb, longest)
                result.append({"graph": file, "image": name, "longest": longest, "input": sample(tensor), "faces": faces})
    return result


# ---- alignment and expressions ------------------------------------------------------------------

TEMPLATE = np.array([[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]])


def umeyama(source, target):
    """As skimage.transform.SimilarityTransform estimates it."""
    source, target = np.asarray(source, float), np.asarray(target, float)
    source_mean, target_mean = source.mean(0), target.mean(0)
    a, b = source - source_mean, target - target_mean
    covariance = b.T @ a / len(source)
    signs = np.ones(2)
    if np.linalg.det(covariance) < 0:
        signs[1] = -1
    u, s, v = np.linalg.svd(covariance)
    rotation = u @ np.diag(signs) @ v
    scale = s @ signs / a.var(0).sum()
    return np.hstack([scale * rotation, (target_mean - scale * rotation @ source_mean)[:, None]])


def aligned(rgb, marks):
    """FaceAlignment of opencv_zoo: least squares from the template to the image, turned round."""
    x, y = TEMPLATE[:, :1], TEMPLATE[:, 1:]
    one, none = np.ones((5, 1)), np.zeros((5, 1))
    matrix = np.vstack([np.hstack([x, y, one, none]), np.hstack([y, -x, none, one])])
    sc, ss, tx, ty = np.linalg.lstsq(matrix, np.asarray(marks, float).T.ravel(), rcond=-1)[0]
    inverse = np.array([[sc, -ss, 0], [ss, sc, 0], [tx, ty, 1]])
    forward = np.linalg.inv(inverse)
    return cv2.warpAffine(rgb, forward[:, :2].T, (112, 112))


def alignment(drawn):
    random = np.random.default_rng(3)
    cases = []
    for image in ["faces", "tall", "huge", "odd", "one"]:
        height, width = drawn[image].shape[:2]
        angle, scale = random.uniform(-1, 1), min(width, height) / random.uniform(80, 200)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) * scale
        marks = (TEMPLATE - 56) @ turn.T + [width / 2, height / 2] + random.normal(size=(5, 2)) * scale * 3
        marks = np.round(marks, 2)
        cases.append({"image": image, "landmarks": marks.tolist(), "map": rounded(umeyama(TEMPLATE, marks), 6),
                      "aligned": sample(aligned(drawn[image], marks))})
    return cases


def cut(rgb, box, square):
    """The box grown by a tenth, rounded half away from zero, within the image."""
    left, top, right, bottom = box
    width, height = (right - left) * 1.1, (bottom - top) * 1.1
    if square:
        width = height = max(width, height)
    x, y = (left + right) / 2, (top + bottom) / 2
    edge = lambda place: max(int(np.floor(place + 0.5)), 0)
    return rgb[edge(y - height / 2):edge(y + height / 2), edge(x - width / 2):edge(x + width / 2)]


def feel(family, file, rgb, box, marks):
    net = session(file)
    source = net.get_inputs()[0]
    logits = True
    if family == "hsemotion":
        side = source.shape[2]
        face = cv2.resize(cut(rgb, box, False), (side, side)) / 255
        face = (face - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
        tensor = chw(face)
    elif family == "ferplus":
        gray = cv2.cvtColor(cut(rgb, box, True), cv2.COLOR_RGB2GRAY)
        tensor = np.asarray(Image.fromarray(gray).resize((64, 64), Image.LANCZOS)).astype(np.float32)[None, None]
    elif family == "fer_mobilefacenet":
        tensor = chw((aligned(rgb, marks).astype(np.float32) / 255 - 0.5) / 0.5)
    else:
        gray = cv2.cvtColor(cut(rgb, box, False), cv2.COLOR_RGB2GRAY)
        face = cv2.resize(gray, (64, 64)).astype(np.float32) / 255
        tensor, logits = ((face - 0.5) * 2)[None, :, :, None], False
    numbers = net.run(None, {source.name: tensor.astype(np.float32)})[0][0]
    classes = CLASSES[Path(file).stem]
    numbers = numbers[:len(classes)]
    if logits:
        numbers = np.exp(numbers - numbers.max())
        numbers /= numbers.sum()
    return tensor, {name: round(float(n), 5) for name, n in zip(classes, numbers)}


EIGHT = ["angry", "contempt", "disgust", "fear", "happy", "neutral", "sad", "surprised"]
XCEPTION = ["angry", "disgust", "fear", "happy", "sad", "surprised", "neutral"]
CLASSES = {
    "enet_b0_8_tiny": EIGHT,
    "enet_b0_8_tiny_mtl": EIGHT,
    "enet_b2_7_tiny": [name for name in EIGHT if name != "contempt"],
    "ferplus_tiny": ["neutral", "happy", "surprised", "sad", "angry", "disgust", "fear", "contempt"],
    "fer_mobilefacenet_tiny": ["angry", "disgust", "fear", "happy", "neutral", "sad", "surprised"],
    "mini_xception_tiny": XCEPTION,
    "fer2013_mini_XCEPTION": XCEPTION,
}

SITTERS = {
    "faces": [40.5, 20.25, 120.75, 130.5],
    "tall": [10.0, 60.0, 88.0, 160.0],
    "huge": [900.0, 200.0, 2600.0, 1690.0],
    "odd": [-3.0, 2.0, 30.0, 26.5],
    "one": [0.0, 0.0, 1.0, 1.0],
}


def feeling(drawn):
    result = []
    for file, family in [("enet_b0_8_tiny", "hsemotion"), ("enet_b0_8_tiny_mtl", "hsemotion"),
                         ("enet_b2_7_tiny", "hsemotion"), ("ferplus_tiny", "ferplus"),
                         ("fer_mobilefacenet_tiny", "fer_mobilefacenet"), ("mini_xception_tiny", "mini_xception")]:
        for name, box in SITTERS.items():
            size = np.array([box[2] - box[0], box[3] - box[1]])
            marks = np.round(TEMPLATE / 112 * size + box[:2], 2)
            tensor, scores = feel(family, GRAPHS / f"{file}.onnx", drawn[name], box, marks)
            result.append({"graph": file, "image": name, "box": box, "landmarks": marks.tolist(),
                           "input": sample(tensor), "scores": scores})
    return result


# ---- published weights --------------------------------------------------------------------------


def real(weights):
    """On parts of frames of the sample film, stored as photo_*.png."""
    result = []
    for path in sorted(OUT.glob("photo_*.png")):
        rgb = np.asarray(Image.open(path).convert("RGB"))
        for file, family in [("yunet_n_dynamic", "yunet"), ("retinaface_mbnet0.25", "retinaface"),
                             ("ultraface_version-RFB-320", "ultraface")]:
            for longest in [640, 320] if family != "ultraface" else [640]:
                _, faces = look(family, weights / f"{file}.onnx", rgb, longest)
                result.append({"graph": file, "image": path.stem, "longest": longest, "faces": faces})
        faces = [face for entry in result if entry["image"] == path.stem for face in entry["faces"]]
        for box in [face["box"] for face in faces[:1]]:
            _, scores = feel("mini_xception", weights / "fer2013_mini_XCEPTION.onnx", rgb, box, None)
            result.append({"graph": "fer2013_mini_XCEPTION", "image": path.stem, "box": box, "scores": scores})
    return result


def save(name, value):
    lines = ",\n".join(json.dumps(entry) for entry in value)
    (OUT / name).write_text(f"[\n{lines}\n]\n")


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    drawn = images()
    save("decode.json", decoding())
    save("detect.json", detecting(drawn))
    save("align.json", alignment(drawn))
    save("emotion.json", feeling(drawn))
    if len(sys.argv) > 1:
        save("real.json", real(Path(sys.argv[1])))


if __name__ == "__main__":
    main()
