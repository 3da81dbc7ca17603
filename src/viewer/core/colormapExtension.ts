/** A channel through a colour map, on the graphics card. */
import type { Layer, UpdateParameters } from "@deck.gl/core";
import { type VivLayer, VivLayerExtension } from "@hms-dbmi/viv";
import { type ColormapName, colormapStops } from "./colormaps.ts";

interface ColormapOptions {
  readonly name: ColormapName;
}

/** For a layer of one channel; its prop `mapOpacity`, 0 to 1, darkens the colours. */
export class ColormapExtension extends VivLayerExtension<ColormapOptions> {
  static override extensionName = "ColormapExtension";
  static override componentName = "ColormapExtension";
  static override defaultProps = { mapOpacity: { type: "number", value: 1, compare: true } };

  override getVivShaderTemplates() {
    return {};
  }

  // called with the layer as this
  override getShaders(this: VivLayer, extension: ColormapExtension) {
    return { modules: [shaderOf(extension.opts.name)] };
  }

  override updateState(this: Layer, { props }: UpdateParameters<Layer>, extension: ColormapExtension): void {
    const opacity = "mapOpacity" in props ? Number(props.mapOpacity) : 1;
    for (const model of this.getModels())
      model.shaderInputs.setProps({ [moduleName(extension.opts.name)]: { opacity } });
  }
}

function moduleName(name: ColormapName): string {
  return `colormap_${name.replace(" ", "_")}`;
}

/** Between the two steps about a value. */
function shaderOf(name: ColormapName) {
  const stops = colormapStops(name).map(
    (rgb) => `vec3(${rgb.map((part) => (part / 255).toFixed(5)).join(", ")})`,
  );
  const count = stops.length;
  const module = moduleName(name);
  return {
    name: module,
    uniformTypes: { opacity: "f32" as const },
    fs: `uniform ${module}Uniforms {
  float opacity;
} ${module};
vec3 ${module}_color(float value) {
  vec3 stops[${count}] = vec3[${count}](${stops.join(", ")});
  float place = clamp(value, 0.0, 1.0) * ${count - 1}.0;
  int below = min(int(place), ${count - 2});
  return ${module}.opacity * mix(stops[below], stops[below + 1], place - float(below));
}
`,
    inject: { "fs:DECKGL_MUTATE_COLOR": `rgba = vec4(${module}_color(intensity[0]), 1.0);\n` },
  };
}
