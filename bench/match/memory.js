// Peak memory of a real search: a 4096 x 4096 micrograph and a 512³ template from files, maps and table written, in a process of its own.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { defaultWorkerCount } from "vitrine/compute";
import { seededRandom } from "vitrine/core";
import { writeMrc } from "vitrine/io";
import { printTable, verdict } from "../figures.js";

const GIB = 2 ** 30;
const BAR_GIB = 1.4;
const IMAGE = 4096;
const TEMPLATE = 512;
/** Peak memory of the peer at this size (design.md). */
const PEER_GIB = 2.5;

/** Prints the child's peak resident memory for one worker, for as many as the machine has, and for 16. */
export async function run() {
  const folder = mkdtempSync(join(tmpdir(), "vitrine-bench-"));
  const results = [];
  try {
    await writeInputs(folder);
    for (const workers of new Set([1, defaultWorkerCount(), 16]))
      results.push(await measure(folder, workers));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(`\npeak resident memory, ${IMAGE}² micrograph, ${TEMPLATE}³ template`);
  const rows = results.map(({ workers, gib, correlations, seconds }) => {
    const cells = [`${workers} workers`, `${gib.toFixed(2)} GiB`, `${correlations}`, seconds.toFixed(1)];
    return [...cells, `${PEER_GIB} GiB`, `${BAR_GIB} GiB`, verdict(gib, BAR_GIB, { atMost: true })];
  });
  printTable(["memory", "peak", "correlations", "s", "peer", "bar", ""], rows);
  return results.map(({ workers, gib }) => ({
    what: `memory at ${IMAGE}², ${workers} workers`,
    figure: `${gib.toFixed(2)} GiB`,
    bar: `<= ${BAR_GIB} GiB`,
    verdict: verdict(gib, BAR_GIB, { atMost: true }),
  }));
}

async function measure(folder, workers) {
  const script = fileURLToPath(new URL("memoryChild.js", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, `${workers}`], { cwd: folder });
  const found = JSON.parse(stdout);
  return { ...found, gib: found.peakBytes / GIB };
}

/** Noise: what it shows makes no difference to the memory. */
async function writeInputs(folder) {
  const random = seededRandom(3);
  const noise = (count) => Float32Array.from({ length: count }, () => random.uniform() - 0.5);
  const voxelSizeA = 1;
  const micrograph = noise(IMAGE * IMAGE);
  await writeMrc(join(folder, "micrograph.mrc"), { data: micrograph, shape: [IMAGE, IMAGE], voxelSizeA });
  const volume = new Float32Array(TEMPLATE ** 3);
  for (let i = 0; i < volume.length; i++) volume[i] = random.uniform() - 0.5;
  await writeMrc(join(folder, "template.mrc"), {
    data: volume,
    shape: [TEMPLATE, TEMPLATE, TEMPLATE],
    voxelSizeA,
  });
  writeFileSync(join(folder, "search.yaml"), CONFIG);
}

/** Few orientations: memory does not grow with their number but by 24 bytes each. */
const CONFIG = `\
micrograph_path: micrograph.mrc
template_volume_path: template.mrc
optics_group:
  label: bench
  pixel_size: 1.0
  voltage: 300.0
  defocus_u: 5200.0
  defocus_v: 5000.0
  astigmatism_angle: 25.0
defocus_search_config: { enabled: true, defocus_min: -200.0, defocus_max: 200.0, defocus_step: 200.0 }
orientation_search_config: { psi_step: 90.0, theta_step: 60.0 }
preprocessing_filters: {}
match_template_result:
  allow_file_overwrite: true
  mip_path: mip.mrc
  scaled_mip_path: scaled_mip.mrc
  correlation_average_path: mean.mrc
  correlation_variance_path: variance.mrc
  orientation_psi_path: psi.mrc
  orientation_theta_path: theta.mrc
  orientation_phi_path: phi.mrc
  relative_defocus_path: defocus.mrc
`;
