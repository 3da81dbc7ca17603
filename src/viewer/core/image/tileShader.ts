/** The program of the graphics card that draws tiles: all channels of a pixel at once. */
import { type ColormapName, colormapStops } from "../colormaps.ts";
import { layersOf } from "./tileAtlas.ts";

/** How a channel is drawn: black at `low`, full where `scale` times what lies above it is 1; red, green, blue of full, 0 to 1. */
export interface ChannelLook {
  readonly low: number;
  readonly scale: number;
  readonly rgb: readonly [number, number, number];
}

/** Values of the module `looks`. @param unit  what a value of 1 in the texture is: 255 of bytes */
export function looksOf(channels: readonly ChannelLook[], unit: number): Record<string, number[]> {
  return Object.fromEntries(
    channels.flatMap(({ low, scale, rgb }, i) => [
      [`color${i}`, [...rgb, 0]],
      [`limits${i}`, [low / unit, scale * unit, 0, 0]],
    ]),
  );
}

/** Sources of the two programs, and the module of their values. */
export function tileShader(channels: number, colormap: ColormapName | undefined) {
  const numbers = Array.from({ length: channels }, (_, i) => i);
  const fields = numbers.flatMap((i) => [`color${i}`, `limits${i}`]);
  const looks = {
    name: "looks",
    uniformTypes: Object.fromEntries(fields.map((name) => [name, "vec4<f32>" as const])),
    fs: `uniform looksUniforms {\n${fields.map((name) => `  vec4 ${name};`).join("\n")}\n} looks;\n`,
  };
  return { vs: VERTICES, fs: fragments(numbers, colormap), modules: [looks] };
}

const VERTICES = `#version 300 es
#define SHADER_NAME image-tiles-vertices
in vec4 boxes;
in vec4 parts;
in vec4 tiles;
out vec2 texel;
flat out vec4 tile;
void main() {
  vec2 corner = vec2(float(gl_VertexID & 1), float(gl_VertexID >> 1));
  gl_Position = vec4(mix(boxes.xy, boxes.zw, corner), 0.0, 1.0);
  texel = mix(parts.xy, parts.zw, corner);
  tile = tiles;
}
`;

function fragments(numbers: readonly number[], colormap: ColormapName | undefined): string {
  const channels = numbers.length;
  const layers = layersOf({ channels });
  const reads = Array.from(
    { length: layers },
    (_, layer) => `  vec4 v${layer} = texture(tileValues, vec3(place, tile.x * ${layers}.0 + ${layer}.0));`,
  );
  const part = (i: number) =>
    `clamp((v${i >> 2}.${"rgba"[i & 3]} - looks.limits${i}.x) * looks.limits${i}.y, 0.0, 1.0)`;
  const sum = numbers.map((i) => `${part(i)} * looks.color${i}.rgb`).join("\n    + ");
  return `#version 300 es
#define SHADER_NAME image-tiles-fragments
precision highp float;
precision highp sampler2DArray;
uniform sampler2DArray tileValues;
in vec2 texel;
flat in vec4 tile;
out vec4 fragColor;
${colormap === undefined ? "" : colormapFunction(colormap)}
void main() {
  // slot, size and, below 0, pixels with edges
  vec2 size = tile.yz;
  vec2 place = tile.w < 0.0 ? floor(texel) + 0.5 : texel;
  place = clamp(place, vec2(0.5), size - 0.5) / vec2(textureSize(tileValues, 0).xy);
${reads.join("\n")}
  fragColor = vec4(${colormap === undefined ? sum : `mapped(${part(0)}) * looks.color0.rgb`}, 1.0);
}
`;
}

/** Between the two steps about a value. */
function colormapFunction(name: ColormapName): string {
  const stops = colormapStops(name).map(
    (rgb) => `vec3(${rgb.map((part) => (part / 255).toFixed(5)).join(", ")})`,
  );
  const count = stops.length;
  return `const vec3 stops[${count}] = vec3[${count}](${stops.join(", ")});
vec3 mapped(float value) {
  float place = value * ${count - 1}.0;
  int below = min(int(place), ${count - 2});
  return mix(stops[below], stops[below + 1], place - float(below));
}
`;
}
