"""Shapes as plain arrays, and their way into Blender.

Everything in the film is built from a handful of primitives kept as numpy arrays, because
arrays are quick to pose anew for every drawing, exact to test, and the same on every machine.
Lengths are metres, z is up. Colours are sRGB hex strings at the surface of this module and
linear RGB inside it, which is what the renderer wants.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MATERIALS = (
    "matte", "gloss", "glow", "water", "cobble", "plank", "tile", "sand", "plaster", "roof",
    "leaf", "skin", "cloth", "lit", "paper",
)


def linear(colour) -> np.ndarray:
    """Linear RGB of a `#rrggbb` string; an array is taken to be linear already."""
    if not isinstance(colour, str):
        return np.asarray(colour, dtype=np.float32)
    text = colour.lstrip("#")
    value = np.array([int(text[i:i + 2], 16) for i in (0, 2, 4)], dtype=np.float32) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


@dataclass
class Shape:
    """A polygon mesh: `faces` is (M, 4) with -1 as the fourth corner of a triangle."""

    points: np.ndarray
    faces: np.ndarray
    colours: np.ndarray
    materials: np.ndarray
    smooth: np.ndarray

    def moved(self, matrix=None, offset=(0.0, 0.0, 0.0)) -> Shape:
        """The shape turned by a 3x3 matrix, then shifted."""
        points = self.points if matrix is None else self.points @ np.asarray(matrix).T
        return Shape(points + np.asarray(offset), self.faces, self.colours, self.materials,
                     self.smooth)

    def scaled(self, factor) -> Shape:
        """The shape scaled about the origin, by one number or one per axis."""
        return Shape(self.points * np.asarray(factor), self.faces, self.colours,
                     self.materials, self.smooth)


def shape(points, faces, colour, material="matte", smooth=True) -> Shape:
    """A shape of one material; `colour` is one colour or one linear RGB per point."""
    points = np.asarray(points, dtype=np.float64).reshape(-1, 3)
    quads = np.full((len(faces), 4), -1, dtype=np.int64)
    for row, face in zip(quads, faces):
        row[:len(face)] = face
    if isinstance(faces, np.ndarray) and faces.shape[1] == 4:
        quads = faces.astype(np.int64)
    colours = np.broadcast_to(linear(colour), points.shape).astype(np.float32)
    return Shape(points, quads, colours.copy(),
                 np.full(len(quads), MATERIALS.index(material)), np.full(len(quads), smooth))


def join(shapes) -> Shape:
    """One shape of many."""
    shapes = list(shapes)
    starts = np.cumsum([0] + [len(item.points) for item in shapes[:-1]])
    faces = [np.where(item.faces < 0, -1, item.faces + start)
             for item, start in zip(shapes, starts)]
    return Shape(np.concatenate([item.points for item in shapes]), np.concatenate(faces),
                 np.concatenate([item.colours for item in shapes]),
                 np.concatenate([item.materials for item in shapes]),
                 np.concatenate([item.smooth for item in shapes]))


def grid_faces(rows: int, columns: int, closed: bool) -> np.ndarray:
    """Quads between neighbouring rows of a points grid; `closed` joins last column to first."""
    row = np.arange(rows - 1)[:, None]
    column = np.arange(columns if closed else columns - 1)[None, :]
    following = (column + 1) % columns
    corners = [row * columns + column, row * columns + following,
               (row + 1) * columns + following, (row + 1) * columns + column]
    return np.stack(np.broadcast_arrays(*corners), axis=-1).reshape(-1, 4)


def grid(points: np.ndarray, colour, material="matte", closed=False) -> Shape:
    """A surface through a (rows, columns, 3) grid of points."""
    rows, columns, _ = points.shape
    if not isinstance(colour, str) and np.ndim(colour) == 3:
        colour = np.asarray(colour).reshape(-1, 3)
    return shape(points.reshape(-1, 3), grid_faces(rows, columns, closed), colour, material)


def ellipsoid(radii, colour, centre=(0, 0, 0), rings=12, segments=20, material="matte") -> Shape:
    """An ellipsoid with its poles on the z axis."""
    polar = np.linspace(0.0, np.pi, rings + 1)[:, None]
    around = np.linspace(0.0, 2 * np.pi, segments, endpoint=False)[None, :]
    points = np.stack(np.broadcast_arrays(
        np.sin(polar) * np.cos(around), np.sin(polar) * np.sin(around), -np.cos(polar)), axis=-1)
    return grid(points * np.asarray(radii) + np.asarray(centre), colour, material, closed=True)


def unit(vector) -> np.ndarray:
    """The vector at length one; a zero vector stays zero."""
    vector = np.asarray(vector, dtype=np.float64)
    return vector / max(np.linalg.norm(vector), 1e-9)


def curve(points, count: int) -> np.ndarray:
    """`count` points on the smooth (Catmull-Rom) curve through the given ones."""
    points = np.asarray(points, dtype=np.float64)
    padded = np.concatenate([2 * points[:1] - points[1:2], points,
                             2 * points[-1:] - points[-2:-1]])
    place = np.linspace(0, len(points) - 1, count)
    index = np.minimum(place.astype(int), len(points) - 2)
    t = (place - index)[:, None]
    a, b, c, d = (padded[index + shift] for shift in range(4))
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t ** 2
                  + (3 * b - a - 3 * c + d) * t ** 3)


def tube(points, radii, colour, segments=12, material="matte", reference=(0, -1, 0),
         aspect=1.0, caps=True) -> Shape:
    """A tube along points; `radii` has one number a point, `aspect` widens it sideways.

    `reference` is the direction that the flat side faces. Ends are rounded so that a limb needs
    no separate joint.
    """
    points = np.asarray(points, dtype=np.float64)
    radii = np.broadcast_to(np.asarray(radii, dtype=np.float64), len(points)).copy()
    colours = None if isinstance(colour, str) else np.asarray(colour, dtype=np.float32)
    if caps:
        points, radii, colours = _rounded_ends(points, radii, colours)
    tangents = np.gradient(points, axis=0)
    tangents /= np.maximum(np.linalg.norm(tangents, axis=1, keepdims=True), 1e-9)
    side = np.cross(tangents, np.asarray(reference, dtype=np.float64))
    weak = np.linalg.norm(side, axis=1) < 0.1
    side[weak] = np.cross(tangents[weak], (1.0, 0.2, 0.0))
    side /= np.maximum(np.linalg.norm(side, axis=1, keepdims=True), 1e-9)
    other = np.cross(side, tangents)
    around = np.linspace(0, 2 * np.pi, segments, endpoint=False)
    ring = (np.cos(around)[None, :, None] * side[:, None] * aspect
            + np.sin(around)[None, :, None] * other[:, None])
    surface = points[:, None] + radii[:, None, None] * ring
    if colours is not None and colours.ndim == 2:
        colour = np.broadcast_to(colours[:, None], surface.shape)
    return grid(surface, colour, material, closed=True)


def _rounded_ends(points, radii, colours):
    """Adds shrinking rings beyond both ends of a tube."""
    heads, head_radii = [], []
    for end, inner in ((0, 1), (-1, -2)):
        outward = unit(points[end] - points[inner])
        lifts = np.sin(np.radians((30, 60, 90)))
        heads.append([points[end] + outward * radii[end] * lift for lift in lifts])
        head_radii.append(radii[end] * np.cos(np.radians((30, 60, 89))))
    points = np.concatenate([heads[0][::-1], points, heads[1]])
    radii = np.concatenate([head_radii[0][::-1], radii, head_radii[1]])
    if colours is not None and colours.ndim == 2:
        colours = np.concatenate([colours[:1].repeat(3, 0), colours, colours[-1:].repeat(3, 0)])
    return points, radii, colours


def revolve(profile, colour, segments=20, centre=(0, 0, 0), material="matte") -> Shape:
    """A turned shape: `profile` lists (radius, height) from bottom to top."""
    profile = np.asarray(profile, dtype=np.float64)
    around = np.linspace(0, 2 * np.pi, segments, endpoint=False)
    points = np.stack(np.broadcast_arrays(
        profile[:, :1] * np.cos(around), profile[:, :1] * np.sin(around), profile[:, 1:]), axis=-1)
    return grid(points + np.asarray(centre), colour, material, closed=True)


def box(size, colour, centre=(0, 0, 0), bevel=0.02, material="matte") -> Shape:
    """A box with chamfered edges; `size` is its full extent and `centre` its middle."""
    half = np.asarray(size, dtype=np.float64) / 2
    bevel = min(bevel, 0.9 * half.min())
    signs = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
    points = np.concatenate([signs * (half - bevel * (np.arange(3) != axis)) for axis in range(3)])
    faces = []
    for axis in range(3):
        first, second = (axis + 1) % 3, (axis + 2) % 3
        for sign in (-1, 1):
            corner = {tuple(signs[i, [first, second]]): 8 * axis + i
                      for i in range(8) if signs[i, axis] == sign}
            faces.append([corner[(-1, -1)], corner[(1, -1)], corner[(1, 1)], corner[(-1, 1)]])
        for a in (-1, 1):
            for b in (-1, 1):
                low, high = [next(i for i in range(8) if signs[i, axis] == end
                                  and signs[i, first] == a and signs[i, second] == b)
                             for end in (-1, 1)]
                faces.append([8 * first + low, 8 * first + high, 8 * second + high,
                              8 * second + low])
    faces += [[i, i + 8, i + 16] for i in range(8)]
    made = shape(points, [_outward(points, face) for face in faces], colour, material, False)
    return made.moved(offset=centre)


def _outward(points, face):
    """The face's corners in the order that makes its normal leave the origin."""
    corners = points[list(face)]
    normal = np.cross(corners[1] - corners[0], corners[2] - corners[0])
    return face if normal @ corners.mean(axis=0) >= 0 else face[::-1]


def plate(width, depth, colour, centre=(0, 0, 0), material="matte") -> Shape:
    """A flat horizontal rectangle facing up."""
    x, y = width / 2, depth / 2
    points = np.array([[-x, -y, 0], [x, -y, 0], [x, y, 0], [-x, y, 0]]) + np.asarray(centre)
    return shape(points, [[0, 1, 2, 3]], colour, material, False)


def turn_x(degrees) -> np.ndarray:
    """Rotation about x; positive carries y towards z."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


def turn_y(degrees) -> np.ndarray:
    """Rotation about y; positive carries z towards x."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def turn_z(degrees) -> np.ndarray:
    """Rotation about z; positive is anticlockwise seen from above."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


def to_blender(name: str, item: Shape, materials: dict):
    """A Blender mesh of the shape, with a `tint` colour at every point."""
    import bpy

    mesh = bpy.data.meshes.new(name)
    sizes = np.where(item.faces[:, 3] < 0, 3, 4)
    corners = item.faces[item.faces >= 0]
    mesh.vertices.add(len(item.points))
    mesh.loops.add(len(corners))
    mesh.polygons.add(len(sizes))
    mesh.vertices.foreach_set("co", item.points.astype(np.float32).ravel())
    mesh.loops.foreach_set("vertex_index", corners.astype(np.int32))
    mesh.polygons.foreach_set("loop_start", np.concatenate([[0], np.cumsum(sizes)[:-1]])
                              .astype(np.int32))
    used = np.unique(item.materials)
    for index in used:
        mesh.materials.append(materials[MATERIALS[index]])
    mesh.polygons.foreach_set("material_index", np.searchsorted(used, item.materials)
                              .astype(np.int32))
    mesh.polygons.foreach_set("use_smooth", item.smooth.astype(bool))
    tint = mesh.color_attributes.new("tint", "FLOAT_COLOR", "POINT")
    rgba = np.concatenate([item.colours, np.ones((len(item.colours), 1), np.float32)], axis=1)
    tint.data.foreach_set("color", rgba.astype(np.float32).ravel())
    mesh.update(calc_edges=True)
    return mesh
