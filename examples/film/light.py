"""Light and air by time of day and weather: sun, sky, lamps, haze, exposure."""

from __future__ import annotations

from dataclasses import dataclass, replace

import bpy
import numpy as np
from materials import Nodes, set_air, set_glow, set_wet
from mesh import linear

TIMES = ("morning", "noon", "afternoon", "evening", "night")
WEATHERS = ("sunny", "cloudy", "rainy")


@dataclass(frozen=True)
class Light:
    """A lighting set-up; angles are degrees, `azimuth` 0 shines from -y, 90 from +x."""

    elevation: float
    azimuth: float
    sun: float
    sun_colour: str
    softness: float
    zenith: str
    horizon: str
    sky: float
    clouds: float
    cloud_colour: str
    haze: float
    lamps: float
    glow: float
    exposure: float
    wet: float = 0.0


CLEAR = {
    "morning": Light(20, 62, 4.2, "#ffd9a0", 2.0, "#4f9fe6", "#ffe9d2", 1.0, 0.35, "#fff4e6",
                     0.004, 0.0, 0.0, 0.15),
    "noon": Light(63, 20, 5.0, "#fff3de", 1.5, "#1f74d8", "#a9dcf8", 1.0, 0.3, "#ffffff",
                  0.0015, 0.0, 0.0, -0.05),
    "afternoon": Light(38, -42, 5.0, "#ffd79a", 1.8, "#3b8fe0", "#cfe6ee", 0.95, 0.35, "#fff1da",
                       0.003, 0.0, 0.0, 0.1),
    "evening": Light(9, -62, 3.8, "#ffa256", 2.5, "#4f66cc", "#f9b98e", 0.72, 0.45, "#ffa98f",
                     0.005, 0.45, 1.6, 0.3),
    "night": Light(42, 55, 0.30, "#9cb8ff", 3.0, "#0e1c4c", "#2d4a90", 0.22, 0.25, "#3a4f8e",
                   0.004, 1.0, 2.4, 0.35),
}


def light_for(time: str, weather: str) -> Light:
    """The set-up of a time of day under a weather."""
    light = CLEAR[time]
    if weather == "sunny":
        return light
    grey = {"morning": ("#a9b6c4", "#d9dcdc"), "noon": ("#b5c0ca", "#e3e6e6"),
            "afternoon": ("#a4afbb", "#dcd9d2"), "evening": ("#6a6f8c", "#b59a9a"),
            "night": ("#0d1429", "#1f2b4a")}[time]
    night = time == "night"
    cloudy = replace(light, sun=light.sun * (0.6 if night else 0.2), softness=25.0, zenith=grey[0], horizon=grey[1],
                     sky=light.sky * (1.0 if night else 0.82), clouds=0.9,
                     cloud_colour=grey[1] if night else "#eef0f0", haze=light.haze + 0.004,
                     exposure=light.exposure + 0.15)
    if weather == "cloudy":
        return cloudy
    return replace(cloudy, sun=cloudy.sun * 0.4, zenith=grey[0], cloud_colour=grey[0],
                   sky=cloudy.sky * 0.9, haze=cloudy.haze + 0.007, wet=1.0,
                   lamps=max(light.lamps, 0.35), glow=max(light.glow, 1.6))


def direction(light: Light) -> np.ndarray:
    """Unit vector from the ground to the sun or moon."""
    high, turn = np.radians(light.elevation), np.radians(light.azimuth)
    return np.array([np.cos(high) * np.sin(turn), -np.cos(high) * np.cos(turn), np.sin(high)])


class Sky:
    """The world shader, sun lamp and practical lamps of a scene."""

    def __init__(self, scene, materials: dict, air):
        self.scene, self.materials, self.air = scene, materials, air
        self.sun = bpy.data.objects.new("sun", bpy.data.lights.new("sun", "SUN"))
        scene.collection.objects.link(self.sun)
        self.lamps = []
        self.world = bpy.data.worlds.new("sky")
        scene.world = self.world
        self.world.use_nodes = True
        self.world.cycles.sampling_method = "MANUAL"
        self.world.cycles.sample_map_resolution = 128
        self._build()

    def _build(self):
        nodes = self.nodes = Nodes(self.world.node_tree)
        where = nodes.add("ShaderNodeTexCoord").outputs["Generated"]
        height = nodes.add("ShaderNodeSeparateXYZ", Vector=where).outputs[2]
        rise = nodes.math("POWER", nodes.math("MAXIMUM", height, 0.0), 0.42)
        self.horizon, self.zenith = nodes.add("ShaderNodeRGB"), nodes.add("ShaderNodeRGB")
        base = nodes.mix(rise, self.horizon.outputs[0], self.zenith.outputs[0])
        stretch = nodes.add("ShaderNodeMapping")
        nodes.feed(stretch, "Vector", where)
        nodes.feed(stretch, "Scale", (1.6, 1.6, 5.0))
        noise = nodes.add("ShaderNodeTexNoise")
        for key, value in {"Vector": stretch.outputs[0], "Scale": 1.7, "Detail": 5.0}.items():
            nodes.feed(noise, key, value)
        self.cover = nodes.add("ShaderNodeMapRange")
        nodes.feed(self.cover, "Value", noise.outputs[0])
        self.cloud = nodes.add("ShaderNodeRGB")
        fade = nodes.math("MINIMUM", nodes.math("MULTIPLY", nodes.math("MAXIMUM", height, 0.0), 6.0), 1.0)
        share = nodes.math("MULTIPLY", self.cover.outputs[0], fade)
        colour = nodes.mix(share, base, self.cloud.outputs[0])
        self.back = nodes.add("ShaderNodeBackground")
        nodes.feed(self.back, "Color", colour)
        output = nodes.add("ShaderNodeOutputWorld")
        nodes.feed(output, "Surface", self.back.outputs[0])

    def apply(self, light: Light, indoor: bool, lamps, haze: float | None = None) -> None:
        """Sets the scene's light; `lamps` lists (position, watts, colour, radius)."""
        toward = direction(light)
        self.sun.rotation_euler = _aim(-toward)
        lamp = self.sun.data
        lamp.energy, lamp.angle = light.sun, np.radians(light.softness)
        lamp.color = linear(light.sun_colour)
        for node, colour in ((self.horizon, light.horizon), (self.zenith, light.zenith),
                             (self.cloud, light.cloud_colour)):
            node.outputs[0].default_value = (*linear(colour), 1.0)
        edge = 0.66 - 0.34 * light.clouds
        self.cover.inputs["From Min"].default_value = edge
        self.cover.inputs["From Max"].default_value = edge + 0.16
        self.back.inputs["Strength"].default_value = light.sky
        density = light.haze if haze is None else haze
        set_air(self.air, 0.0 if indoor else density, linear(light.horizon) * light.sky)
        set_wet(self.materials, 0.0 if indoor else light.wet)
        set_glow(self.materials, light.glow)
        self._place_lamps(lamps, 1.0 if indoor and light.lamps else light.lamps)
        rise = 0.0
        if indoor:
            rise = 0.15 if light.lamps else 1.5
        self.scene.view_settings.exposure = light.exposure + rise

    def _place_lamps(self, lamps, strength: float) -> None:
        for item in self.lamps:
            bpy.data.lights.remove(item.data)
        self.lamps = []
        if strength <= 0:
            return
        for index, (position, watts, colour, radius) in enumerate(lamps):
            data = bpy.data.lights.new(f"lamp{index}", "POINT")
            data.energy, data.shadow_soft_size = watts * strength, radius
            data.color = linear(colour)
            item = bpy.data.objects.new(data.name, data)
            item.location = position
            self.scene.collection.objects.link(item)
            self.lamps.append(item)


def _aim(vector):
    """Euler angles that point a lamp's or camera's -z along a vector."""
    from mathutils import Vector
    return Vector(vector).to_track_quat("-Z", "Y").to_euler()
