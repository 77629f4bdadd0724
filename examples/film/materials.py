"""Materials: every colour comes from the mesh, materials add pattern, shine and haze.

Haze is mixed in by distance inside each material. A volume would cost ten times the render for
the same image.
"""

from __future__ import annotations

import bpy

PLAIN = {
    "matte": dict(roughness=0.75), "gloss": dict(roughness=0.22), "plaster": dict(roughness=0.9),
    "cloth": dict(roughness=0.85), "skin": dict(roughness=0.55),
    "leaf": dict(roughness=0.65), "roof": dict(roughness=0.8), "sand": dict(roughness=0.95),
    "plank": dict(roughness=0.6), "tile": dict(roughness=0.3), "cobble": dict(roughness=0.7),
    "water": dict(roughness=0.16), "glow": dict(roughness=0.5),
    "lit": dict(roughness=0.15), "paper": dict(roughness=0.7),
}
GLOWING = ("lit", "paper")
WET = {"cobble": 0.55, "plank": 0.4, "roof": 0.4, "sand": 0.25}


class Nodes:
    """Short forms for making and linking the nodes of one tree."""

    def __init__(self, tree):
        self.tree = tree
        tree.nodes.clear()

    def add(self, kind: str, settings=None, **inputs):
        """A node of a kind; an input is a value or the socket it comes from."""
        node = self.tree.nodes.new(kind)
        for name, value in (settings or {}).items():
            setattr(node, name, value)
        for name, value in inputs.items():
            self.feed(node, name.replace("_", " ").title() if name not in node.inputs else name,
                      value)
        return node

    def feed(self, node, name, value):
        """Sets or links one input, by name or number."""
        socket = node.inputs[name]
        if isinstance(value, bpy.types.NodeSocket):
            self.tree.links.new(value, socket)
        else:
            socket.default_value = value

    def math(self, operation, first, second=0.0):
        """The result of one arithmetic node."""
        node = self.add("ShaderNodeMath", dict(operation=operation))
        self.feed(node, 0, first)
        self.feed(node, 1, second)
        return node.outputs[0]

    def mix(self, share, first, second, blend="MIX"):
        """Two colours mixed."""
        node = self.add("ShaderNodeMix", dict(data_type="RGBA", blend_type=blend))
        self.feed(node, 0, share)
        self.feed(node, 6, first)
        self.feed(node, 7, second)
        return node.outputs[2]


def haze_group():
    """The shared group that fades a surface into the air by its distance from the camera."""
    group = bpy.data.node_groups.new("air", "ShaderNodeTree")
    group.interface.new_socket("Surface", in_out="INPUT", socket_type="NodeSocketShader")
    group.interface.new_socket("Shader", in_out="OUTPUT", socket_type="NodeSocketShader")
    nodes = Nodes(group)
    source, sink = nodes.add("NodeGroupInput"), nodes.add("NodeGroupOutput")
    density = nodes.add("ShaderNodeValue")
    density.name = "density"
    colour = nodes.add("ShaderNodeRGB")
    colour.name = "colour"
    view = nodes.add("ShaderNodeCameraData")
    ray = nodes.add("ShaderNodeLightPath")
    depth = nodes.math("MULTIPLY", nodes.math("MAXIMUM", nodes.math(
        "SUBTRACT", view.outputs["View Distance"], 3.0), 0.0), density.outputs[0])
    veil = nodes.math("SUBTRACT", 1.0, nodes.math("POWER", 2.718, nodes.math(
        "MULTIPLY", depth, -1.0)))
    veil = nodes.math("MULTIPLY", veil, ray.outputs["Is Camera Ray"])
    glow = nodes.add("ShaderNodeEmission")
    nodes.feed(glow, "Color", colour.outputs[0])
    blend = nodes.add("ShaderNodeMixShader")
    nodes.feed(blend, 0, veil)
    nodes.feed(blend, 1, source.outputs[0])
    nodes.feed(blend, 2, glow.outputs[0])
    group.links.new(blend.outputs[0], sink.inputs[0])
    return group


def set_air(group, density: float, colour) -> None:
    """Haze per metre (0 is clear) and its linear colour."""
    group.nodes["density"].outputs[0].default_value = density
    group.nodes["colour"].outputs[0].default_value = (*colour, 1.0)


def pattern(nodes: Nodes, name: str, tint):
    """The base colour of a material and its bump height, or no height."""
    where = nodes.add("ShaderNodeTexCoord").outputs["Object"]
    if name in ("cobble", "plank", "tile"):
        scale, row, width, squash = {"cobble": (3.2, 0.5, 0.62, 1.0), "plank": (1.0, 0.22, 2.2, 1.0),
                                     "tile": (1.6, 0.6, 0.6, 1.0)}[name]
        brick = nodes.add("ShaderNodeTexBrick", dict(offset=0.0 if name == "tile" else 0.5))
        values = {"Vector": where, "Color1": (1.0, 1.0, 1.0, 1), "Color2": (0.72, 0.72, 0.74, 1),
                  "Mortar": (0.42, 0.40, 0.38, 1), "Scale": scale, "Mortar Size": 0.012,
                  "Mortar Smooth": 0.4, "Brick Width": width, "Row Height": row}
        for key, value in values.items():
            nodes.feed(brick, key, value)
        return nodes.mix(1.0, tint, brick.outputs["Color"], "MULTIPLY"), None
    if name in ("sand", "plaster", "leaf", "roof", "matte"):
        noise = nodes.add("ShaderNodeTexNoise")
        size = {"sand": 9.0, "plaster": 1.7, "leaf": 6.0, "roof": 5.0, "matte": 2.5}[name]
        for key, value in {"Vector": where, "Scale": size, "Detail": 3.0}.items():
            nodes.feed(noise, key, value)
        ramp = nodes.add("ShaderNodeMapRange")
        low = {"leaf": 0.55, "sand": 0.84, "roof": 0.7}.get(name, 0.86)
        for key, value in {"Value": noise.outputs[0], "From Min": 0.3, "From Max": 0.7,
                           "To Min": low, "To Max": 1.08}.items():
            nodes.feed(ramp, key, value)
        return nodes.mix(1.0, tint, ramp.outputs[0], "MULTIPLY"), None
    if name == "water":
        noise = nodes.add("ShaderNodeTexNoise")
        for key, value in {"Vector": where, "Scale": 1.1, "Detail": 3.0, "Distortion": 0.6}.items():
            nodes.feed(noise, key, value)
        return tint, noise.outputs[0]
    return tint, None


def make(name: str, air):
    """One material by name."""
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    nodes = Nodes(material.node_tree)
    tint = nodes.add("ShaderNodeAttribute", dict(attribute_name="tint")).outputs["Color"]
    colour, height = pattern(nodes, name, tint)
    if name == "glow":
        surface = nodes.add("ShaderNodeEmission", dict(name="glow"))
        nodes.feed(surface, "Color", colour)
    else:
        surface = nodes.add("ShaderNodeBsdfPrincipled", dict(name="surface"))
        nodes.feed(surface, "Base Color", colour)
        nodes.feed(surface, "Roughness", PLAIN[name]["roughness"])
        nodes.feed(surface, "Specular IOR Level", 0.5 if PLAIN[name]["roughness"] < 0.4 else 0.25)
    if name == "lit":
        nodes.feed(surface, "Base Color", nodes.mix(0.9, colour, (0.07, 0.13, 0.18, 1.0)))
    if name in GLOWING:
        nodes.feed(surface, "Emission Color", colour)
    if height is not None:
        bump = nodes.add("ShaderNodeBump")
        nodes.feed(bump, "Height", height)
        nodes.feed(bump, "Strength", 0.35)
        nodes.feed(bump, "Distance", 0.25)
        nodes.feed(surface, "Normal", bump.outputs[0])
    veil = nodes.add("ShaderNodeGroup", dict(node_tree=air))
    nodes.feed(veil, 0, surface.outputs[0])
    output = nodes.add("ShaderNodeOutputMaterial")
    nodes.feed(output, "Surface", veil.outputs[0])
    return material


def palette():
    """All materials by name, and the air they share."""
    air = haze_group()
    return {name: make(name, air) for name in PLAIN}, air


def set_wet(materials: dict, wet: float) -> None:
    """Rain makes the ground darker and shinier; `wet` runs from 0 to 1."""
    for name, reach in WET.items():
        surface = materials[name].node_tree.nodes["surface"]
        surface.inputs["Roughness"].default_value = PLAIN[name]["roughness"] * (1 - reach * wet)
        surface.inputs["Specular IOR Level"].default_value = 0.25 + 0.4 * wet


def set_glow(materials: dict, strength: float) -> None:
    """How bright windows and lamps shine."""
    for name in GLOWING:
        surface = materials[name].node_tree.nodes["surface"]
        surface.inputs["Emission Strength"].default_value = strength
