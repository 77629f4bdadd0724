"""Draws networks of the size of the published ones, with the names and shapes of their ports and
random weights: what they answer means nothing, and how long they take is what counts.

* `clip/vision_model.onnx`: the image half of CLIP ViT-B/32, layer by layer.
* `enet_b0_8.onnx`: EfficientNet-B0, as HSEmotion has it, batch normalisation folded into convolutions.
* `sam/encoder.onnx`, `sam/decoder.onnx`: SAM 2's ports round plain convolutions. A box is answered
  with that box, so that the masks are as smooth as real ones.
* `lama.onnx`: LaMa's ports and shape of network, with plain convolutions for its Fourier ones.
"""

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT = TensorProto.FLOAT

# Of an EfficientNet-B0: how much wider the inside of a block is, its outputs, how many blocks, the
# stride of the first, the side of its kernels (Tan and Le, 2019, table 1).
BLOCKS = [(1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3), (6, 112, 3, 1, 5),
          (6, 192, 4, 2, 5), (6, 320, 1, 1, 3)]


class Graph:
    """A graph that grows node by node."""

    def __init__(self):
        self.nodes, self.constants = [], []
        self.random = numpy.random.default_rng(1)

    def add(self, kind, *inputs, to=None, **attributes):
        """A node of one output, whose name is returned."""
        name = to or f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def constant(self, values, kind="float32"):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(numpy.asarray(values, kind), name))
        return name

    def weights(self, *shape, fan):
        """Random numbers that neither grow nor fade from layer to layer."""
        return self.constant(self.random.normal(0, (1 / fan) ** 0.5, shape))

    def convolve(self, source, channels, to_channels, side, stride=1, groups=1, then=None, to=None):
        """A convolution that keeps the size, but for its stride, and what follows it."""
        fan = channels // groups * side * side
        kernel = self.weights(to_channels, channels // groups, side, side, fan=fan)
        bias = self.constant(numpy.zeros(to_channels))
        # More on the right and below where the image is of even size, as the networks have it.
        more, less = -(-(side - stride) // 2), (side - stride) // 2
        made = self.add("Conv", source, kernel, bias, kernel_shape=[side, side], strides=[stride, stride],
                        group=groups, pads=[max(less, 0), max(less, 0), max(more, 0), max(more, 0)],
                        to=None if then else to)
        return self.activate(made, then, to) if then else made

    def activate(self, source, kind, to=None):
        if kind == "Silu":
            return self.add("Mul", source, self.add("Sigmoid", source), to=to)
        return self.add(kind, source, to=to)

    def linear(self, source, width, to_width, to=None):
        product = self.add("MatMul", source, self.weights(width, to_width, fan=width))
        return self.add("Add", product, self.constant(numpy.zeros(to_width)), to=to)

    def normalise(self, source, width):
        return self.add("LayerNormalization", source, self.constant(numpy.ones(width)),
                        self.constant(numpy.zeros(width)), axis=-1, epsilon=1e-5)

    def reshape(self, source, *shape):
        return self.add("Reshape", source, self.constant(shape, "int64"))

    def save(self, path, inputs, outputs):
        ports = [[helper.make_tensor_value_info(name, FLOAT, shape) for name, shape in side] for side in (inputs, outputs)]
        graph = helper.make_graph(self.nodes, path.stem, *ports, self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.checker.check_model(model)
        path.parent.mkdir(parents=True, exist_ok=True)
        onnx.save(model, path)


def clip(path, width=768, layers=12, heads=12):
    """ViT-B/32 of 224 pixels: 50 tokens."""
    graph, tokens = Graph(), 50
    patches = graph.add("Conv", "pixel_values", graph.weights(width, 3, 32, 32, fan=3 * 32 * 32),
                        kernel_shape=[32, 32], strides=[32, 32])
    patches = graph.add("Transpose", graph.reshape(patches, 0, width, tokens - 1), perm=[0, 2, 1])
    batch = graph.add("Slice", graph.add("Shape", "pixel_values"), *(graph.constant([at], "int64") for at in (0, 1)))
    shape = graph.add("Concat", batch, graph.constant([1, width], "int64"), axis=0)
    first = graph.add("Expand", graph.weights(1, 1, width, fan=1), shape)
    state = graph.add("Concat", first, patches, axis=1)
    state = graph.normalise(graph.add("Add", state, graph.weights(1, tokens, width, fan=1)), width)
    for _ in range(layers):
        seen = graph.normalise(state, width)
        split = [graph.reshape(graph.linear(seen, width, width), 0, tokens, heads, width // heads) for _ in range(3)]
        query, key, value = (graph.add("Transpose", part, perm=perm)
                             for part, perm in zip(split, ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3])))
        query = graph.add("Mul", query, graph.constant((width // heads) ** -0.5))
        shares = graph.add("Softmax", graph.add("MatMul", query, key), axis=-1)
        mixed = graph.add("Transpose", graph.add("MatMul", shares, value), perm=[0, 2, 1, 3])
        state = graph.add("Add", state, graph.linear(graph.reshape(mixed, 0, tokens, width), width, width))
        inner = graph.linear(graph.normalise(state, width), width, 4 * width)
        gate = graph.add("Sigmoid", graph.add("Mul", inner, graph.constant(1.702)))
        state = graph.add("Add", state, graph.linear(graph.add("Mul", inner, gate), 4 * width, width))
    seen = graph.normalise(graph.add("Gather", state, graph.constant(0, "int64"), axis=1), width)
    graph.add("MatMul", seen, graph.weights(width, 512, fan=width), to="image_embeds")
    graph.save(path, [("pixel_values", ["N", 3, 224, 224])], [("image_embeds", ["N", 512])])


def emotion(path):
    """EfficientNet-B0 with eight classes."""
    graph = Graph()
    state, channels = graph.convolve("input", 3, 32, 3, stride=2, then="Silu"), 32
    for wider, to_channels, count, first_stride, side in BLOCKS:
        for number in range(count):
            stride, inner, before = first_stride if number == 0 else 1, wider * channels, state
            if wider > 1:
                state = graph.convolve(state, channels, inner, 1, then="Silu")
            state = graph.convolve(state, inner, inner, side, stride=stride, groups=inner, then="Silu")
            gate = graph.convolve(graph.add("GlobalAveragePool", state), inner, channels // 4, 1, then="Silu")
            gate = graph.convolve(gate, channels // 4, inner, 1, then="Sigmoid")
            state = graph.convolve(graph.add("Mul", state, gate), inner, to_channels, 1)
            if stride == 1 and channels == to_channels:
                state = graph.add("Add", state, before)
            channels = to_channels
    state = graph.add("GlobalAveragePool", graph.convolve(state, channels, 1280, 1, then="Silu"))
    graph.linear(graph.add("Flatten", state), 1280, 8, to="output")
    graph.save(path, [("input", ["N", 3, 224, 224])], [("output", ["N", 8])])


def residual(graph, state, channels):
    """Two convolutions and what went into them."""
    inner = graph.convolve(state, channels, channels, 3, then="Relu")
    inner = graph.add("Mul", graph.convolve(inner, channels, channels, 3), graph.constant(0.1))
    return graph.add("Add", state, inner)


def sam_encoder(path):
    graph = Graph()
    quarter = graph.convolve("image", 3, 32, 4, stride=4, then="Relu")
    for _ in range(4):
        quarter = residual(graph, quarter, 32)
    graph.convolve(quarter, 32, 32, 1, to="high_res_feats_0")
    eighth = graph.convolve(quarter, 32, 64, 2, stride=2, then="Relu")
    for _ in range(6):
        eighth = residual(graph, eighth, 64)
    graph.convolve(eighth, 64, 64, 1, to="high_res_feats_1")
    sixteenth = graph.convolve(eighth, 64, 256, 2, stride=2, then="Relu")
    for _ in range(6):
        sixteenth = residual(graph, sixteenth, 256)
    graph.convolve(sixteenth, 256, 256, 1, to="image_embed")
    graph.save(path, [("image", [1, 3, 1024, 1024])], [
        ("high_res_feats_0", [1, 32, 256, 256]), ("high_res_feats_1", [1, 64, 128, 128]), ("image_embed", [1, 256, 64, 64])])


def sam_decoder(path):
    graph = Graph()
    state = graph.add("Add", "image_embed", graph.add("ReduceMean", "mask_input", axes=[2, 3], keepdims=1))
    state = graph.convolve(residual(graph, state, 256), 256, 64, 1)
    finer = graph.add("Resize", state, "", graph.constant([1, 1, 2, 2]), mode="linear")
    finer = graph.convolve(graph.add("Add", finer, "high_res_feats_1"), 64, 32, 1, then="Relu")
    finest = graph.add("Resize", finer, "", graph.constant([1, 1, 2, 2]), mode="linear")
    finest = graph.convolve(graph.add("Add", finest, "high_res_feats_0"), 32, 3, 1)
    texture = graph.add("Mul", graph.add("Tanh", finest), graph.add("Add", graph.constant(0.1), "has_mask_input"))
    # How far each cell is within the box of the first two points, in cells.
    place = numpy.arange(256) * 4.0 + 2.0
    sides = []
    for axis, cells in enumerate((place.reshape(1, 1, 1, 256), place.reshape(1, 1, 256, 1))):
        column = graph.add("Gather", "point_coords", graph.constant(axis, "int64"), axis=2)
        for corner in (0, 1):
            edge = graph.reshape(graph.add("Gather", column, graph.constant(corner, "int64"), axis=1), -1, 1, 1, 1)
            far = graph.add("Sub", graph.constant(cells), edge)
            sides.append(graph.add("Neg", far) if corner else far)
    within = graph.add("Mul", graph.add("Min", *sides), graph.constant(0.25))
    graph.add("Add", within, texture, to="masks")
    labels = graph.add("ReduceMean", "point_labels", axes=[1], keepdims=1)
    graph.add("Add", graph.add("Mul", labels, graph.constant(0.0)), graph.constant([[0.9, 0.8, 0.7]]), to="iou_predictions")
    graph.save(path, [("image_embed", [1, 256, 64, 64]), ("high_res_feats_0", [1, 32, 256, 256]),
                      ("high_res_feats_1", [1, 64, 128, 128]), ("point_coords", ["L", "P", 2]), ("point_labels", ["L", "P"]),
                      ("mask_input", ["L", 1, 256, 256]), ("has_mask_input", [1])],
               [("masks", ["L", 3, 256, 256]), ("iou_predictions", ["L", 3])])


def lama(path, channels=256, blocks=9):
    graph = Graph()
    state = graph.convolve(graph.add("Concat", "image", "mask", axis=1), 4, 32, 7, then="Relu")
    for width in (32, 64, 128):
        state = graph.convolve(state, width, 2 * width, 3, stride=2, then="Relu")
    for _ in range(blocks):
        state = residual(graph, state, channels)
    for width in (256, 128, 64):
        state = graph.add("Resize", state, "", graph.constant([1, 1, 2, 2]), mode="nearest")
        state = graph.convolve(state, width, width // 2, 3, then="Relu")
    state = graph.convolve(state, 32, 3, 7, then="Sigmoid")
    graph.add("Mul", state, graph.constant(255.0), to="output")
    graph.save(path, [("image", [1, 3, 512, 512]), ("mask", [1, 1, 512, 512])], [("output", [1, 3, 512, 512])])


def draw_all(folder):
    """All of them, in `folder`; what is there is kept."""
    drawn = {"clip/vision_model.onnx": clip, "enet_b0_8.onnx": emotion, "sam/encoder.onnx": sam_encoder,
             "sam/decoder.onnx": sam_decoder, "lama.onnx": lama}
    for name, draw in drawn.items():
        if not (folder / name).exists():
            draw(folder / name)
