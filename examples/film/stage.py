"""The stage: one Blender scene that holds a place, a cast and a camera, and takes images."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, replace

import bpy
import numpy as np
from light import Sky, light_for
from materials import palette
from mesh import MATERIALS, join, shape, to_blender
from PIL import Image


@dataclass(frozen=True)
class Camera:
    """Where the camera is and looks, metres; `lens` in mm on a 36 mm wide image.

    `focus` is the distance that is sharp and `aperture` the f-number; 0 keeps all sharp.
    """

    position: tuple
    target: tuple
    lens: float = 35.0
    focus: float = 5.0
    aperture: float = 0.0
    roll: float = 0.0


def _every_material():
    """A speck of each material far below the floor.

    A material that nothing on the set uses would otherwise lose its shader between drawings.
    """
    corners = [(0, 0, -90.0), (0.01, 0, -90.0), (0, 0.01, -90.0)]
    return join(shape(corners, [[0, 1, 2]], "#808080", name) for name in MATERIALS)


class Stage:
    """Owns the Blender scene. Only what changed between two images is set again."""

    def __init__(self, width: int, height: int, samples: int, threads: int, scratch: str):
        bpy.ops.wm.read_factory_settings(use_empty=True)
        self.scene = bpy.context.scene
        self.scratch = scratch
        os.makedirs(scratch, exist_ok=True)
        self.materials, air = palette()
        self.sky = Sky(self.scene, self.materials, air)
        self.camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
        self.scene.collection.objects.link(self.camera)
        self.scene.camera = self.camera
        self.place, self.set, self.figures, self.extras = [], None, {}, []
        self.override = self._index_material()
        self._settings(width, height, samples, threads)

    def _settings(self, width, height, samples, threads):
        render, cycles = self.scene.render, self.scene.cycles
        render.engine = "CYCLES"
        render.resolution_x, render.resolution_y = width, height
        render.resolution_percentage = 100
        render.threads_mode, render.threads = "FIXED", threads
        render.use_persistent_data = True
        render.image_settings.file_format = "PNG"
        render.image_settings.color_mode = "RGB"
        render.image_settings.compression = 10
        cycles.device = "CPU"
        cycles.samples, cycles.use_adaptive_sampling = samples, False
        cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces = 3, 2, 2
        cycles.transmission_bounces = cycles.transparent_max_bounces = 0
        cycles.caustics_reflective = cycles.caustics_refractive = False
        cycles.sample_clamp_indirect = 4.0
        cycles.use_fast_gi = False
        cycles.use_denoising, cycles.denoiser = True, "OPENIMAGEDENOISE"
        cycles.denoising_input_passes = "RGB_ALBEDO_NORMAL"
        cycles.denoising_prefilter = "FAST"
        cycles.seed = 0
        self.beauty_samples = samples
        self.scene.view_settings.view_transform = "Standard"
        self.scene.view_settings.look = "None"
        self.width, self.height = width, height

    @staticmethod
    def _index_material():
        """A flat material whose brightness is the object's index; 8-bit value = 16 x index."""
        from materials import Nodes
        material = bpy.data.materials.new("index")
        material.use_nodes = True
        nodes = Nodes(material.node_tree)
        number = nodes.add("ShaderNodeObjectInfo").outputs["Object Index"]
        light = nodes.add("ShaderNodeEmission")
        nodes.feed(light, "Strength", nodes.math("MULTIPLY", number, 16.0 / 255.0))
        nodes.feed(nodes.add("ShaderNodeOutputMaterial"), "Surface", light.outputs[0])
        return material

    def set_place(self, place) -> None:
        """Replaces the set by another (a `places.Place`)."""
        for item in self.place:
            bpy.data.meshes.remove(item.data)
        self.extras = []
        self.place = [self._object(f"{place.name}_{part}", item, 0)
                      for part, item in place.shapes.items()]
        self.place.append(self._object(f"{place.name}_anchor", _every_material(), 0))
        self.set = place

    def set_extras(self, item) -> None:
        """Things that stand on the set for one image only: a shape, or nothing."""
        for extra in self.extras:
            self.place.remove(extra)
            bpy.data.meshes.remove(extra.data)
        self.extras = [] if item is None else [self._object("extras", item, 0)]
        self.place += self.extras

    def set_light(self, time: str, weather: str, haze=None, change=None) -> None:
        """Sun, sky and lamps; `change` may alter the set-up before it is used."""
        light = light_for(time, weather)
        light = replace(light, azimuth=light.azimuth * self.set.sun_turn)
        if change is not None:
            light = change(light)
        self.sky.apply(light, self.set.indoor, self.set.lamps, haze)

    def set_figures(self, figures: dict) -> None:
        """Puts posed characters on the set; index follows the order of names."""
        for item in self.figures.values():
            bpy.data.meshes.remove(item.data)
        self.figures = {}
        for index, (name, figure) in enumerate(figures.items()):
            self.figures[name] = self._object(name, figure.mesh, index + 1)

    def _object(self, name, item, index):
        made = bpy.data.objects.new(name, to_blender(name, item, self.materials))
        made.pass_index = index
        self.scene.collection.objects.link(made)
        return made

    def set_camera(self, camera: Camera) -> None:
        """Points the camera."""
        from mathutils import Matrix, Vector
        turn = (Vector(camera.target) - Vector(camera.position)).to_track_quat("-Z", "Y")
        self.camera.matrix_world = (Matrix.Translation(camera.position) @ turn.to_matrix().to_4x4()
                                    @ Matrix.Rotation(np.radians(camera.roll), 4, "Z"))
        data = self.camera.data
        data.lens, data.clip_start, data.clip_end = camera.lens, 0.05, 400
        data.dof.use_dof = camera.aperture > 0
        if camera.aperture > 0:
            data.dof.focus_distance, data.dof.aperture_fstop = camera.focus, camera.aperture

    def hide(self, place: bool, figures) -> None:
        """Hides the set, and every figure that is not named."""
        for item in self.place:
            item.hide_render = place
        for name, item in self.figures.items():
            item.hide_render = name not in figures

    def image(self, seed: int = 0, samples: int | None = None) -> np.ndarray:
        """The image as (height, width, 3) bytes."""
        self.scene.cycles.seed = seed
        self.scene.cycles.samples = samples or self.beauty_samples
        self.hide(False, self.figures)
        return self._render()

    def plate(self, seed: int = 0, samples: int | None = None) -> np.ndarray:
        """The same image without the cast, and so without their shadows."""
        self.scene.cycles.seed = seed
        self.scene.cycles.samples = samples or self.beauty_samples
        self.hide(False, ())
        image = self._render()
        self.hide(False, self.figures)
        return image

    def _render(self) -> np.ndarray:
        path = os.path.join(self.scratch, f"image_{os.getpid()}.png")
        self.scene.render.filepath = path
        bpy.ops.render.render(write_still=True)
        return np.asarray(Image.open(path).convert("RGB")).copy()

    @contextmanager
    def flat(self):
        """While this lasts the renderer draws object indices instead of light.

        One unfiltered sample through the middle of each pixel, with everything in focus. Going in
        and out makes the renderer load the set again, so do it once for many drawings.
        """
        scene, layer, cycles, view = (
            self.scene, self.scene.view_layers[0], self.scene.cycles, self.scene.view_settings)
        world, exposure, bounces = scene.world, view.exposure, cycles.max_bounces
        view.view_transform, view.exposure = "Raw", 0.0
        scene.world, layer.material_override = None, self.override
        cycles.samples, cycles.use_denoising, cycles.max_bounces = 1, False, 0
        cycles.pixel_filter_type, cycles.filter_width = "BOX", 0.01
        try:
            yield
        finally:
            view.view_transform, view.exposure = "Standard", exposure
            scene.world, layer.material_override = world, None
            cycles.use_denoising, cycles.max_bounces = True, bounces
            cycles.pixel_filter_type, cycles.filter_width = "BLACKMAN_HARRIS", 1.5
            self.hide(False, self.figures)

    def masks(self) -> tuple[np.ndarray, dict]:
        """Index of the figure seen at each pixel (0 is the set), and each figure's whole mask.

        Only inside `flat`.
        """
        self.camera.data.dof.use_dof = False
        self.hide(False, self.figures)
        seen = self._indices()
        whole = {}
        for index, name in enumerate(self.figures):
            self.hide(True, (name,))
            whole[name] = self._indices() == index + 1
        return seen, whole

    def _indices(self) -> np.ndarray:
        return np.rint(self._render()[..., 0] / 16.0).astype(np.uint8)

    def project(self, points) -> np.ndarray:
        """Pixels (x right, y down, pixel centres at .5) and distance along the view axis."""
        points = np.asarray(points, dtype=np.float64).reshape(-1, 3)
        inverse = np.linalg.inv(np.array(self.camera.matrix_world))
        local = points @ inverse[:3, :3].T + inverse[:3, 3]
        depth = -local[:, 2]
        scale = self.camera.data.lens / 36.0 * self.width / np.maximum(depth, 1e-6)
        return np.stack([self.width / 2 + local[:, 0] * scale,
                         self.height / 2 - local[:, 1] * scale, depth], axis=1)

    def first_hit(self, target) -> float:
        """Distance from the camera to the first surface towards a point; infinite if none."""
        from mathutils import Vector
        origin = self.camera.matrix_world.translation
        ray = (Vector(target) - origin).normalized()
        graph = bpy.context.evaluated_depsgraph_get()
        hit, place, *_ = self.scene.ray_cast(graph, origin, ray)
        return (place - origin).length if hit else float("inf")
