"""Reads and writes the protocol buffers of an ONNX file, as far as it takes to spoil a network: no more than its nodes and its weights.

A message is a list of its fields, as [number, kind, value]: whole numbers of kind 0, 8 bytes of kind 1, bytes of kind 2, 4 bytes of
kind 5. Numbers of fields are those of onnx.proto (github.com/onnx/onnx, onnx/onnx.proto), the encoding is that of
protobuf.dev/programming-guides/encoding.
"""

import numpy as np

# Of ModelProto, GraphProto, NodeProto, AttributeProto and TensorProto.
GRAPH = 7
NODE, INITIALIZER = 1, 5
NODE_INPUT, NODE_OUTPUT, NODE_NAME, NODE_TYPE, NODE_ATTRIBUTE = 1, 2, 3, 4, 5
ATTRIBUTE_NAME, ATTRIBUTE_INT, ATTRIBUTE_TYPE = 1, 3, 20
DIMS, DATA_TYPE, NAME, RAW_DATA = 1, 2, 8, 9
# AttributeProto.AttributeType.INT; TensorProto.DataType.FLOAT, INT8 and INT64.
INT = 2
FLOAT, INT8, INT64 = 1, 3, 7


def varint(data, at):
    """A whole number at a place, and the place behind it."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def number(value):
    """A whole number as bytes."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def read(data):
    """The fields of a message."""
    fields, at = [], 0
    while at < len(data):
        key, at = varint(data, at)
        field, kind = key >> 3, key & 7
        if kind == 0:
            value, at = varint(data, at)
        else:
            size, at = varint(data, at) if kind == 2 else ({1: 8, 5: 4}[kind], at)
            value, at = data[at:at + size], at + size
        fields.append([field, kind, value])
    return fields


def write(fields):
    """A message of these fields."""
    out = bytearray()
    for field, kind, value in fields:
        out += number(field << 3 | kind)
        if kind == 0:
            out += number(value)
        else:
            out += (number(len(value)) if kind == 2 else b"") + value
    return bytes(out)


def texts(fields, field):
    """The texts of a field."""
    return [value.decode() for one, _, value in fields if one == field]


def node(kind, inputs, output, **attributes):
    """A node of one output, whose attributes are whole numbers."""
    fields = [[NODE_INPUT, 2, name.encode()] for name in inputs]
    fields += [[NODE_OUTPUT, 2, output.encode()], [NODE_NAME, 2, output.encode()], [NODE_TYPE, 2, kind.encode()]]
    for name, value in attributes.items():
        fields.append([NODE_ATTRIBUTE, 2, write([[ATTRIBUTE_NAME, 2, name.encode()], [ATTRIBUTE_INT, 0, value], [ATTRIBUTE_TYPE, 0, INT]])])
    return write(fields)


def constant(name, values):
    """An initializer of floats, or of whole numbers of 64 bits."""
    whole = values.dtype.kind == "i"
    values = values.astype("<i8" if whole else "<f4")
    fields = [[DIMS, 0, size] for size in values.shape]
    return write([*fields, [DATA_TYPE, 0, INT64 if whole else FLOAT], [NAME, 2, name.encode()], [RAW_DATA, 2, values.tobytes()]])


class Graph:
    """The graph of a file, to be changed and written again."""

    def __init__(self, path):
        self.model = read(path.read_bytes())
        self.place = next(index for index, field in enumerate(self.model) if field[0] == GRAPH)
        self.fields = read(self.model[self.place][2])
        self.count = 0

    def save(self, path):
        """Writes the file."""
        self.model[self.place][2] = write(self.fields)
        path.write_bytes(write(self.model))

    def rename(self, field, old, new):
        """Renames an input or an output in all nodes."""
        for one in self.fields:
            if one[0] == NODE:
                inner = read(one[2])
                for part in inner:
                    if part[0] == field and part[2] == old.encode():
                        part[2] = new.encode()
                one[2] = write(inner)

    def chain(self, steps, first, last):
        """Nodes one after another, from the value `first` to the value `last`: each a kind, its constants and its attributes."""
        nodes = []
        for index, (kind, constants, attributes) in enumerate(steps):
            self.count += 1
            names = [f"changed_{self.count}_{place}" for place in range(len(constants))]
            self.fields += [[INITIALIZER, 2, constant(name, values)] for name, values in zip(names, constants)]
            output = last if index == len(steps) - 1 else f"changed_{self.count}"
            nodes.append([NODE, 2, node(kind, [first, *names], output, **attributes)])
            first = output
        return nodes

    def before(self, name, *steps):
        """Puts nodes between an input of the graph and all that reads it."""
        self.rename(NODE_INPUT, name, f"{name}_changed")
        self.fields[:0] = self.chain(steps, name, f"{name}_changed")

    def after(self, name, *steps):
        """Puts nodes between what made an output of the graph and the output."""
        self.rename(NODE_OUTPUT, name, f"{name}_before")
        self.rename(NODE_INPUT, name, f"{name}_before")
        last = max(index for index, field in enumerate(self.fields) if field[0] == NODE)
        self.fields[last + 1:last + 1] = self.chain(steps, f"{name}_before", name)

    def weights(self, change):
        """Changes every initializer that is kept as whole numbers of 8 bits, as the weights of the small networks are, as `change` says."""
        for one in self.fields:
            if one[0] != INITIALIZER:
                continue
            inner = read(one[2])
            if [DATA_TYPE, 0, INT8] in inner:
                for part in inner:
                    if part[0] == RAW_DATA:
                        part[2] = change(np.frombuffer(part[2], np.int8).astype(float)).clip(-128, 127).astype(np.int8).tobytes()
                one[2] = write(inner)
