"""The photo studio: a character as a Blender scene (Cycles, transparent background) that takes a pose and gives a picture."""

import bpy  # first: it brings bmesh and mathutils
import numpy as np
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Matrix, Vector
from mathutils.bvhtree import BVHTree

from . import haircut, shirt, strands
from .character import Character
from .face import Face
from .frame import HEIGHT_PX, WIDTH_PX
from .sheets import TONES, Crown, Sheets

PIXELS_PER_METRE = 1830.0  # at the depth of the face
LENS_MM, SENSOR_MM = 85.0, 36.0
TOP_MARGIN_METRES = 0.030  # air above the crown

GROUND_DEPTH_METRES = 0.003  # of the hair's ground under its sheets
CATCH_LIGHT_OFFSET_METRES, CATCH_LIGHT_RADIUS_METRES = (-0.0020, 0.0021), 0.00085  # aside and up from the pupil
CATCH_LIGHT_STRENGTH = 1.6
TEETH_DARKEN_METRES = (0.014, 0.020)  # from the middle: bright, dark
CROWN_RISE_METRES, TEMPLE_VOLUME = 0.004, 0.10  # hair stands off over the parting and above the ears
HAIR_ABOVE_SKIN_METRES = 0.006
BREATH_METRES = Vector((0.0, -0.0012, 0.0024))  # how far the chest moves forwards and up


def smoothstep(low, high, x):
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


class Material:
    """A Principled material under construction."""

    def __init__(self, name, roughness=0.5, specular=0.3, colour=None):
        self.material = bpy.data.materials.new(name)
        self.tree = self.material.node_tree
        self.shader = next(n for n in self.tree.nodes if n.type == "BSDF_PRINCIPLED")
        self.set(Roughness=roughness, **{"Specular IOR Level": specular})
        if colour is not None:
            self.set(**{"Base Color": (*colour, 1)})

    def set(self, **inputs):
        for name, value in inputs.items():
            self.shader.inputs[name].default_value = value
        return self

    def node(self, kind, **inputs):
        node = self.tree.nodes.new(kind)
        for name, value in inputs.items():
            node.inputs[name].default_value = value
        return node

    def link(self, output, node_input):
        self.tree.links.new(output, node_input)

    def image(self, path, colour_space="sRGB"):
        node = self.node("ShaderNodeTexImage")
        node.image = bpy.data.images.load(str(path))
        node.image.colorspace_settings.name = colour_space
        node.interpolation = "Cubic"
        return node.outputs["Color"]

    def paint(self, path):
        self.link(self.image(path), self.shader.inputs["Base Color"])
        return self

    def bumps(self, scale, strength, depth_metres, coordinates="UV"):
        source = self.node("ShaderNodeTexCoord")
        grain = self.node("ShaderNodeTexNoise", Scale=scale, Detail=3.0)
        bump = self.node("ShaderNodeBump", Strength=strength, Distance=depth_metres)
        self.link(source.outputs[coordinates], grain.inputs["Vector"])
        self.link(grain.outputs[0], bump.inputs["Height"])
        self.link(bump.outputs["Normal"], self.shader.inputs["Normal"])
        return self


def skin_material(folder):
    skin = Material("skin", roughness=0.52, specular=0.30).paint(folder / "skin.png").bumps(900, 0.10, 0.0006)
    roughness = skin.node("ShaderNodeMapRange", **{"To Min": 0.54, "To Max": 0.24})
    skin.link(skin.image(folder / "gloss.png", "Non-Color"), roughness.inputs["Value"])
    skin.link(roughness.outputs["Result"], skin.shader.inputs["Roughness"])
    return skin.material


def eye_material(folder):
    """The painted ball; where the mesh is the cornea (the disc at the texture's corner) a clear, glossy film."""
    eye = Material("eyes", roughness=0.25, specular=0.25).paint(folder / "eyes.png")
    coordinates = eye.node("ShaderNodeTexCoord")
    distance = eye.node("ShaderNodeVectorMath")
    distance.operation = "DISTANCE"
    eye.link(coordinates.outputs["UV"], distance.inputs[0])
    distance.inputs[1].default_value = (0.9346, 0.0659, 0)
    is_cornea = eye.node("ShaderNodeMath")
    is_cornea.operation = "LESS_THAN"
    is_cornea.inputs[1].default_value = 0.07
    eye.link(distance.outputs["Value"], is_cornea.inputs[0])
    clear = eye.node("ShaderNodeBsdfTransparent")
    gloss = eye.node("ShaderNodeBsdfGlossy", Roughness=0.06)
    fresnel = eye.node("ShaderNodeFresnel", IOR=2.0)
    film, both = eye.node("ShaderNodeMixShader"), eye.node("ShaderNodeMixShader")
    eye.link(fresnel.outputs[0], film.inputs[0])
    eye.link(clear.outputs[0], film.inputs[1])
    eye.link(gloss.outputs[0], film.inputs[2])
    eye.link(is_cornea.outputs[0], both.inputs[0])
    eye.link(eye.shader.outputs[0], both.inputs[1])
    eye.link(film.outputs[0], both.inputs[2])
    output = next(n for n in eye.tree.nodes if n.type == "OUTPUT_MATERIAL")
    eye.link(both.outputs[0], output.inputs["Surface"])
    return eye.material


def teeth_material():
    """Enamel, with the back teeth in the dark of the mouth (the mesh's attribute `front`)."""
    teeth = Material("teeth", 0.22, 0.45)
    front = teeth.node("ShaderNodeAttribute")
    front.attribute_name = "front"
    colour = teeth.node("ShaderNodeMix")
    colour.data_type = "RGBA"
    teeth.link(front.outputs["Fac"], colour.inputs["Factor"])
    shades = [i for i in colour.inputs if i.type == "RGBA"]
    shades[0].default_value, shades[1].default_value = (0.10, 0.035, 0.03, 1), (0.86, 0.79, 0.68, 1)
    shaded = next(o for o in colour.outputs if o.type == "RGBA")
    teeth.link(shaded, teeth.shader.inputs["Base Color"])
    teeth.link(shaded, teeth.shader.inputs["Emission Color"])
    return teeth.set(**{"Emission Strength": 0.05}).material


def hair_material(name, colour, roughness=0.30):
    """Opaque strands: a dull body and a highlight along the strand, a little different from strand to strand."""
    hair = Material(name)
    info = hair.node("ShaderNodeHairInfo")
    tone = hair.node("ShaderNodeMapRange", **{"To Min": 0.55, "To Max": 1.6})
    hair.link(info.outputs["Random"], tone.inputs["Value"])
    dull, shine = hair.node("ShaderNodeBsdfDiffuse"), hair.node("ShaderNodeBsdfHair")
    shine.component = "Reflection"
    shine.inputs["RoughnessU"].default_value = roughness
    shine.inputs["RoughnessV"].default_value = 0.7
    for shader, brightness in ((dull, 1.0), (shine, 5.0)):
        scale = hair.node("ShaderNodeVectorMath")
        scale.operation = "SCALE"
        scale.inputs[0].default_value = [c * brightness for c in colour]
        hair.link(tone.outputs["Result"], scale.inputs["Scale"])
        hair.link(scale.outputs["Vector"], shader.inputs["Color"])
    both = hair.node("ShaderNodeMixShader", **{"Fac": 0.35})
    hair.link(dull.outputs[0], both.inputs[1])
    hair.link(shine.outputs[0], both.inputs[2])
    output = next(n for n in hair.tree.nodes if n.type == "OUTPUT_MATERIAL")
    hair.link(both.outputs[0], output.inputs["Surface"])
    return hair.material


def materials(folder):
    """The materials of a character whose textures are in `folder`."""
    return {
        "body": skin_material(folder),
        "eyes": eye_material(folder),
        "teeth": teeth_material(),
        "tongue": Material("tongue", 0.5, 0.25, colour=(0.52, 0.15, 0.14)).bumps(60, 0.2, 0.0008).material,
    }


def set_vertices(mesh, vertices):
    mesh.vertices.foreach_set("co", np.asarray(vertices, np.float32).ravel())
    mesh.update()


def add_mesh(name, vertices, sizes, corners, uv=None):
    mesh = bpy.data.meshes.new(name)
    mesh.vertices.add(len(vertices))
    mesh.loops.add(len(corners))
    mesh.loops.foreach_set("vertex_index", np.asarray(corners, np.int32))
    mesh.polygons.add(len(sizes))
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    mesh.polygons.foreach_set("loop_start", starts.astype(np.int32))
    mesh.polygons.foreach_set("use_smooth", np.ones(len(sizes), bool))
    if uv is not None:
        mesh.uv_layers.new(name="uv").data.foreach_set("uv", np.asarray(uv, np.float32).ravel())
    set_vertices(mesh, vertices)
    mesh.validate()
    result = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(result)
    return result


def add_strands(name, points, radius_metres, material):
    """Strands [n, steps, 3] as curves that taper to a fine tip."""
    curves = bpy.data.hair_curves.new(name)
    count, steps, _ = points.shape
    curves.add_curves([steps] * count)
    curves.points.foreach_set("radius", np.tile(radius_metres * np.linspace(1, 0.35, steps), count).astype(np.float32))
    curves.materials.append(material)
    set_strands(curves, points)
    result = bpy.data.objects.new(name, curves)
    bpy.context.scene.collection.objects.link(result)
    return result


def set_strands(curves, points):
    curves.attributes["position"].data.foreach_set("vector", np.asarray(points, np.float32).ravel())
    curves.update_tag()


def subdivided(target, levels):
    modifier = target.modifiers.new("subdivide", "SUBSURF")
    modifier.levels = modifier.render_levels = levels
    return target


class Studio:
    """Camera, lights and one character. `pose` places it, `render` writes a picture; one instance renders many."""

    def __init__(self, looks, samples, threads):
        bpy.ops.wm.read_factory_settings(use_empty=True)
        self.scene = bpy.context.scene
        self.looks, self.character = looks, Character(looks)
        self.face = Face(self.character)
        rng = np.random.default_rng(looks.seeds.strands)
        paints = materials(looks.folder)
        self.meshes = {}
        for name in ("body", "eyes", "teeth", "tongue"):
            arrays = self.character.arrays
            added = add_mesh(name, *(arrays[f"{name}_{part}"] for part in ("vertices", "sizes", "corners", "uv")))
            added.data.materials.append(paints[name])
            if name == "teeth":
                aside = np.abs(arrays["teeth_vertices"][:, 0])
                front = added.data.attributes.new("front", "FLOAT", "POINT")
                front.data.foreach_set("value", 1 - smoothstep(*TEETH_DARKEN_METRES, aside).astype(np.float32))
            self.meshes[name] = subdivided(added, 2 if name == "body" else 1)
        dressed = self._clothes() if looks.clothes else self._shirt()
        self.worn = {o: np.array([v.co for v in o.data.vertices]) for o in dressed}
        colour = hair_material("hair", looks.hair)
        self.far_hair = []
        self.hair = self._sheets(rng) if looks.sheets else self._strands(*haircut.short(self.face, rng))
        self.rigid = [*self.hair, add_strands("brows", strands.brows(self.face, rng), 0.00009, colour)]
        self.rigid += self._catch_lights()
        self._light()
        self._camera()
        self._settings(samples, threads)

    def _catch_lights(self):
        """A small bright disc on each cornea, as a window would leave: eyes look alive with it. Closing lids cover it."""
        arrays = self.character.arrays
        ball = BVHTree.FromPolygons(arrays["eyes_vertices"].tolist(), arrays["eyes_corners"].reshape(-1, 4).tolist())
        light = Material("catch light", 1.0, 0.0, (0, 0, 0)).set(**{
            "Emission Color": (1, 0.98, 0.95, 1), "Emission Strength": CATCH_LIGHT_STRENGTH,
        })
        turns = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        circle = CATCH_LIGHT_RADIUS_METRES * np.stack([np.cos(turns), 0 * turns, np.sin(turns)], 1)
        discs = []
        for side in (1, -1):
            x = side * self.face.eye[0] + CATCH_LIGHT_OFFSET_METRES[0]
            start = Vector((x, self.face.eye[1] - 0.1, self.face.eye[2] + CATCH_LIGHT_OFFSET_METRES[1]))
            on_cornea = ball.ray_cast(start, Vector((0, 1, 0)))[0]
            disc = add_mesh("catch light", circle + np.array(on_cornea) - [0, 0.0003, 0], [len(turns)], np.arange(len(turns)))
            disc.data.materials.append(light.material)
            for ray in ("diffuse", "glossy", "shadow", "transmission"):
                setattr(disc, f"visible_{ray}", False)
            discs.append(disc)
        return discs

    def _sheets(self, rng):
        """Hair traced over the modelled sheets, and the sheets themselves as a dark ground under it."""
        arrays, style, colour, eye = self.character.arrays, self.looks.sheets, self.looks.hair, self.face.eye
        rest = arrays["hair_vertices"].copy()
        x, height = rest[:, 0], rest[:, 2] - eye[2]
        rest[:, 0] = x + style.parting * smoothstep(0.02, 0.11, height) * np.clip(1 - (x / 0.11) ** 2, 0, 1)
        rest[:, 0] *= 1 - style.narrowing * smoothstep(0.0, -0.16, height)
        rest[:, 2] += CROWN_RISE_METRES * smoothstep(0.03, 0.12, height) * np.exp(-((rest[:, 0] / 0.09) ** 2))
        rest[:, 0] *= 1 + TEMPLE_VOLUME * np.exp(-(((height - 0.075) / 0.040) ** 2))
        rest = self._outside(rest)
        ground = add_mesh("ground", rest, *(arrays[f"hair_{part}"] for part in ("sizes", "corners", "uv")))
        normals = np.array([v.normal for v in ground.data.vertices])
        set_vertices(ground.data, rest - GROUND_DEPTH_METRES * normals)
        ground.data.materials.append(Material("ground", 0.8, 0.1, [0.6 * c for c in colour]).material)
        sheets = Sheets(rest, arrays["hair_corners"], crown_y=self.face.skull[1] + 0.01)
        hairs, tones = sheets.strands(style.hairs, 24, rng, lowest=self.face.neck_root[2] - 0.16)
        crown = Crown(hairs, self.face.skull, eye[2] + 0.052, eye[2] + 0.085)
        under = np.array([v.co for v in ground.data.vertices])
        set_vertices(ground.data, crown.rounded(under, depth=0.004))
        hairs = crown.styled(hairs, np.random.default_rng(self.looks.seeds.strands + 1))
        return [ground, *self._strands(hairs, tones)]

    def _strands(self, hairs, tones):
        """Hair in locks of several tones, what comes near the mouth apart from the rest."""
        near, locks = self._beside_mouth(hairs), []
        for tone, brightness in enumerate(TONES):
            material = hair_material("hair", [brightness * c for c in self.looks.hair])
            if near.any():
                locks.append(add_strands("hair", hairs[near & (tones == tone)], 0.00015, material))
            self.far_hair.append(add_strands("far hair", hairs[~near & (tones == tone)], 0.00015, material))
        return locks + self.far_hair

    def _beside_mouth(self, hairs):
        """Which strands come near the part of the picture that is painted."""
        low, high = self.face.chin_z - 0.06, self.face.mouth_z + 0.04
        inside = (np.abs(hairs[..., 0]) < 0.055) & (hairs[..., 1] < 0.02) & (hairs[..., 2] > low) & (hairs[..., 2] < high)
        return inside.any(1)

    def _outside(self, points):
        """The points, those in or near the head moved out of it."""
        moved = points.copy()
        for number, point in enumerate(points):
            on_skin, normal, _, _ = self.face.surface.find_nearest(Vector(point), 0.04)
            if on_skin is not None and point[2] > self.face.eye[2] + 0.025:
                height = (Vector(point) - on_skin).dot(normal)
                if height < HAIR_ABOVE_SKIN_METRES:
                    moved[number] = point + np.array(normal) * (HAIR_ABOVE_SKIN_METRES - height)
        return moved

    def _clothes(self):
        """Clothes of MakeHuman, a little loose."""
        arrays = self.character.arrays
        worn = add_mesh("clothes", *(arrays[f"clothes_{part}"] for part in ("vertices", "sizes", "corners", "uv")))
        cloth = Material("cloth", 0.8, 0.15, self.looks.cloth).bumps(420, 0.25, 0.0008).set(**{"Sheen Weight": 0.2})
        worn.data.materials.append(cloth.material)
        normals = np.array([v.normal for v in worn.data.vertices])
        set_vertices(worn.data, arrays["clothes_vertices"] + 0.004 * normals)
        thick = worn.modifiers.new("thickness", "SOLIDIFY")
        thick.thickness, thick.offset = 0.0014, 0.0
        subdivided(worn, 1)
        return [worn]

    def _shirt(self):
        """An open shirt over the bust; it follows breath and sway, not the head."""
        self.meshes["body"].modifiers["subdivide"].levels = 1  # coarse cloth; renders keep the skin's own levels
        cloth = Material("cloth", 0.8, 0.15, self.looks.cloth).bumps(420, 0.25, 0.0008).set(**{"Sheen Weight": 0.15}).material
        pearl = Material("buttons", 0.35, 0.4, self.looks.buttons).material
        pattern = shirt.Shirt(self.meshes["body"], bpy.context.evaluated_depsgraph_get(), self.face)
        cut = pattern.cut()
        mesh = bpy.data.meshes.new("shirt")
        cut.to_mesh(mesh)
        cut.free()
        mesh.polygons.foreach_set("use_smooth", np.ones(len(mesh.polygons), bool))
        worn = bpy.data.objects.new("shirt", mesh)
        self.scene.collection.objects.link(worn)
        parts = [worn, add_mesh("collar", *pattern.collar()), add_mesh("placket", *pattern.placket())]
        for part in parts:
            part.data.materials.append(cloth)
            thick = part.modifiers.new("cloth", "SOLIDIFY")
            thick.thickness, thick.offset = shirt.CLOTH, 0.0
        subdivided(parts[1], 1)
        for number, middle in enumerate(pattern.buttons()):
            parts.append(add_mesh(f"button {number}", *shirt.disc(middle)))
            parts[-1].data.materials.append(pearl)
        return parts

    def _light(self):
        centre = Vector((0, self.face.eye[1], self.face.eye[2] - 0.02))

        def area(name, offset, size, watts, colour, seen_in_eyes=False):
            lamp = bpy.data.lights.new(name, "AREA")
            lamp.size, lamp.energy, lamp.color = size, watts, colour
            holder = bpy.data.objects.new(name, lamp)
            holder.location = centre + Vector(offset)
            holder.rotation_euler = (centre - holder.location).to_track_quat("-Z", "Y").to_euler()
            holder.visible_glossy = seen_in_eyes
            self.scene.collection.objects.link(holder)

        area("key", (-1.0, -1.15, 0.75), 0.8, 35, (1, 0.95, 0.89), seen_in_eyes=True)
        area("fill", (1.2, -1.1, 0.05), 1.4, 9, (0.90, 0.95, 1))
        area("rim left", (0.75, 0.8, 0.75), 0.6, 16, (1, 0.97, 0.93))
        area("rim right", (-0.9, 0.8, 0.6), 0.6, 12, (0.92, 0.96, 1))
        area("front", (0.05, -1.3, 0.05), 0.6, 4.5, (1, 0.97, 0.93))
        area("low", (0, -0.9, -0.75), 0.9, 3, (1, 0.92, 0.88))
        world = bpy.data.worlds.new("world")
        self.scene.world = world
        background = next(n for n in world.node_tree.nodes if n.type == "BACKGROUND")
        background.inputs[0].default_value = (0.52, 0.55, 0.60, 1)
        background.inputs[1].default_value = 0.26

    def _camera(self):
        crown = self.face.vertices[:, 2].max() + 0.008
        top = crown + TOP_MARGIN_METRES
        height = top - HEIGHT_PX / PIXELS_PER_METRE / 2
        distance = LENS_MM / SENSOR_MM * WIDTH_PX / PIXELS_PER_METRE
        self.camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
        self.camera.data.lens, self.camera.data.sensor_width = LENS_MM, SENSOR_MM
        self.camera.location = (0, self.face.eye[1] - 0.01 - distance, height + 0.02)
        aim = Vector((0, self.face.eye[1], height))
        self.camera.rotation_euler = (aim - self.camera.location).to_track_quat("-Z", "Y").to_euler()
        self.scene.collection.objects.link(self.camera)
        self.scene.camera = self.camera

    def _settings(self, samples, threads):
        render, cycles = self.scene.render, self.scene.cycles
        render.engine = "CYCLES"
        render.resolution_x, render.resolution_y = WIDTH_PX, HEIGHT_PX
        render.film_transparent, render.use_persistent_data = True, True
        render.threads_mode, render.threads = "FIXED", threads
        render.image_settings.file_format, render.image_settings.color_mode = "PNG", "RGBA"
        cycles.samples, cycles.use_adaptive_sampling = samples, False
        cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces = 3, 1, 1
        cycles.transparent_max_bounces = 8
        cycles.sample_clamp_indirect, cycles.sample_clamp_direct = 2, 8
        cycles.caustics_reflective = cycles.caustics_refractive = False
        cycles.use_denoising, cycles.denoiser = True, "OPENIMAGEDENOISE"
        cycles.denoising_quality, cycles.denoising_prefilter = "BALANCED", "FAST"
        self.scene.cycles_curves.shape = "RIBBONS"
        self.scene.view_settings.view_transform = "Filmic"
        self.scene.view_settings.look = "Medium High Contrast"
        self.scene.view_settings.exposure = -0.13

    def placed(self, name, pose):
        """Where the vertices of a mesh of the character are in a pose (before subdivision), in the world."""
        matrices = self.character.head_matrices(pose.yaw, pose.pitch, pose.roll)
        vertices = self.character.vertices(name, pose.units, matrices)
        return self._breathing(vertices, pose) + np.array(pose.sway)

    def _breathing(self, vertices, pose):
        root = self.face.neck_root[2]
        depth = np.clip((root + 0.035 - vertices[:, 2]) / 0.07, 0, 1)
        return vertices + (depth * depth * (3 - 2 * depth) * pose.breath)[:, None] * np.array(BREATH_METRES)

    def pose(self, pose):
        for name, target in self.meshes.items():
            set_vertices(target.data, self.placed(name, pose))
        sway = np.array(pose.sway)
        for worn, rest in self.worn.items():
            set_vertices(worn.data, self._breathing(rest, pose) + sway)
        head = self.character.head_matrices(pose.yaw, pose.pitch, pose.roll)[-1]
        for carried in self.rigid:
            carried.matrix_world = Matrix.Translation(sway) @ Matrix(head.tolist())

    def show_far_hair(self, shown):
        """Strands that no crop shows take more time than the crop; their ground throws the same shadow."""
        for strand in self.far_hair:
            strand.hide_render = not shown

    def project(self, points):
        """Pixels [n,2] (x to the right, y down) of world points [n,3]."""
        bpy.context.view_layer.update()
        seen = [world_to_camera_view(self.scene, self.camera, Vector(p)) for p in points]
        return np.array([[s.x * WIDTH_PX, (1 - s.y) * HEIGHT_PX] for s in seen])

    def render(self, path, rectangle=None, seed=0):
        """Writes the picture (RGBA), or only its `rectangle` [x1,y1,x2,y2] in the same pixel grid."""
        render = self.scene.render
        render.use_border = render.use_crop_to_border = rectangle is not None
        if rectangle is not None:
            x1, y1, x2, y2 = rectangle
            inside = 0.1  # of a pixel: borders are stored as 32-bit shares and then cut down to whole pixels
            render.border_min_x, render.border_max_x = (x1 + inside) / WIDTH_PX, (x2 + inside) / WIDTH_PX
            render.border_min_y = (HEIGHT_PX - y2 + inside) / HEIGHT_PX
            render.border_max_y = (HEIGHT_PX - y1 + inside) / HEIGHT_PX
        self.scene.cycles.seed = seed
        render.filepath = str(path)
        bpy.ops.render.render(write_still=True)
