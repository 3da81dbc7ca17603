// The files of a refinement that is timed. Random data: what is found does not change what is done.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { seededRandom } from "vitrine/core";
import { writeMrc } from "vitrine/io";
import { PARTICLE_COLUMNS, writeParticles } from "vitrine/match";
import { MICROSCOPE } from "./settings.js";
import { fillUniform } from "./workload.js";

/** Writes micrograph, template, maps, table and configuration into `folder`; returns the path of the configuration. */
export async function writeRefineCase(folder, { image, template, box, particles, reachDeg }) {
  const random = seededRandom(template);
  const path = (name) => join(folder, name);
  const places = image - template + 1;
  const files = {
    "template.mrc": [fillUniform(new Float32Array(template ** 3), random), [template, template, template]],
    "micrograph.mrc": [fillUniform(new Float32Array(image ** 2), random), [image, image]],
    "mean.mrc": [new Float32Array(places ** 2), [places, places]],
    "deviation.mrc": [new Float32Array(places ** 2).fill(1), [places, places]],
  };
  for (const [name, [data, shape]] of Object.entries(files))
    await writeMrc(path(name), { data, shape, voxelSizeA: 1 });
  const rows = Array.from({ length: particles }, (_, i) => particle(i, { path, places, template, random }));
  await writeParticles(path("particles.csv"), { columns: PARTICLE_COLUMNS, rows });
  await writeFile(path("config.yaml"), configuration({ path, template, box, reachDeg }));
  return path("config.yaml");
}

function particle(index, { path, places, template, random }) {
  const [x, y] = [0, 1].map(() => Math.floor(8 + (places - 16) * random.uniform()));
  const [xImage, yImage] = [x + template / 2, y + template / 2];
  const constant = Object.fromEntries(PARTICLE_COLUMNS.map((column) => [column, 0]));
  const maps = PARTICLE_COLUMNS.filter((column) => column.endsWith("_path"));
  return {
    ...constant,
    ...Object.fromEntries(maps.map((column) => [column, path("mean.mrc")])),
    particle_index: index,
    correlation_variance: 1,
    total_correlations: 1,
    ...{ pos_x: x, pos_y: y, pos_x_img: xImage, pos_y_img: yImage },
    ...{ pos_x_img_angstrom: xImage, pos_y_img_angstrom: yImage },
    ...{ phi: 360 * random.uniform(), theta: 180 * random.uniform(), psi: 360 * random.uniform() },
    ...{ defocus_u: 9000, defocus_v: 8600, astigmatism_angle: 25, pixel_size: 1, refined_pixel_size: 1 },
    voltage: MICROSCOPE.voltageKv,
    spherical_aberration: MICROSCOPE.sphericalAberrationMm,
    amplitude_contrast_ratio: MICROSCOPE.amplitudeContrast,
    ...{ even_zernikes: null, odd_zernikes: null, mag_matrix: null },
    micrograph_path: path("micrograph.mrc"),
    template_path: path("template.mrc"),
    correlation_variance_path: path("deviation.mrc"),
  };
}

/** Five defocus values, and orientations in steps of 1 degree. */
function configuration({ path, template, box, reachDeg }) {
  const angles = ["phi", "theta", "psi"].flatMap((angle) => [
    `  ${angle}_step_coarse: ${reachDeg}`,
    `  ${angle}_step_fine: 1.0`,
  ]);
  return `template_volume_path: ${path("template.mrc")}
particle_stack:
  df_path: ${path("particles.csv")}
  extracted_box_size: [${box}, ${box}]
  original_template_size: [${template}, ${template}]
defocus_refinement_config: {enabled: true, defocus_min: -200.0, defocus_max: 200.0, defocus_step: 100.0}
pixel_size_refinement_config: {enabled: false, pixel_size_min: 0.0, pixel_size_max: 0.0, pixel_size_step: 0.001}
orientation_refinement_config:
  enabled: true
${angles.join("\n")}
preprocessing_filters:
  whitening_filter: {enabled: true}
computational_config: {gpu_ids: cpu, num_cpus: 1, backend: batched}
movie_config: {enabled: false}
`;
}
