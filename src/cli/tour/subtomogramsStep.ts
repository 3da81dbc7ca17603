import { builtFile } from "../../core/index.node.ts";
import { seededRandom } from "../../core/index.ts";
import {
  alignBatch,
  alignStep,
  Molecules,
  readMoleculesCsv,
  runAverage,
  runFsc,
  runSimulate,
  writeMoleculesCsv,
} from "../../subtomogram/index.ts";
import { runHere } from "../taskOptions.ts";
import { median, openDesk, quoted, type TourResult, type TourTools } from "./step.ts";

/** Molecules of a side; they are so far apart that no two touch, nm. */
const ROWS = 5;
const APART_NM = 20;
const SCALE = 0.8;
const SHAPE = [40, 128, 128] as const;
const NOISE = 0.3;
const TILT = [-60, 60] as const;
/** Side of a box, voxels: that of the template. */
const SIZE = 24;
const ROTATIONS = [12, 4] as const;
const MOST_SHIFT_NM = 1.2;
/** The alignment begins up to so far from the truth, along and about each axis. */
const MOVED_NM = 1;
const TURNED_DEG = 10;
const SEED = 5;
/** Nearer than a voxel, and than a step and a half of the rotations, is found. */
const NEAR_NM = SCALE;
const NEAR_DEG = 6;

/** Simulates a tomogram of closed cages, aligns them from places that are a little wrong, and averages them. */
export async function subtomogramsStep(tools: TourTools): Promise<TourResult> {
  const { path, tell, commands, program } = await openDesk(tools, "subtomograms");
  const template = path("closed.mrc");
  const own = (name: string) => path(`subtomograms/${name}`);
  const names = ["planted.csv", "start.csv", "tomogram.mrc", "aligned.csv", "average.mrc"];
  const [planted, start, tomogram, aligned, average] = names.map(own);
  const tilt = `--tilt=${TILT.join(",")}`;
  await writePlaces(planted, start);
  tell(
    `simulate ${quoted(template)} --molecules ${quoted(planted)} --shape ${SHAPE.join("x")} --scale ${SCALE} --noise ${NOISE} ${tilt} --out ${quoted(tomogram)}`,
  );
  const drawn = { scale: SCALE, shape: SHAPE, noise: NOISE, tiltModel: TILT, outPath: tomogram };
  await runSimulate({ ...program, templatePath: template, moleculesPath: planted, ...drawn });
  tell(
    `align ${quoted(tomogram)} --molecules ${quoted(start)} --template ${quoted(template)} --max-shift ${MOST_SHIFT_NM} --rotations ${ROTATIONS.join(":")} ${tilt} --out ${quoted(aligned)}`,
  );
  const range: [number, number] = [...ROTATIONS];
  const work = await alignStep(
    {
      ...{ tomograms: [{ path: tomogram, molecules: start }], templates: [template], outPath: aligned },
      ...{ maxShiftsNm: [MOST_SHIFT_NM, MOST_SHIFT_NM, MOST_SHIFT_NM], rotations: [range, range, range] },
      ...{ model: "zncc", order: 3, search: "exhaustive" },
      ...{ cornerSafe: false, dropOutside: false, compat: false },
      tilt: { kind: "single", rangeDeg: [...TILT], axis: "y" },
    },
    { tasks: 1, resume: false, overwrite: false, module: builtFile("#align-batch"), onLog: program.onLog },
  );
  await runHere(work, { align: alignBatch }, { args: tools, tools });
  const averaging = `--size ${SIZE} ${tilt} --wedge-weighting`;
  tell(
    `average ${quoted(tomogram)} --molecules ${quoted(aligned)} ${averaging} --out ${quoted(average)} --picture ${quoted(own("average.png"))}`,
  );
  const inputs = { ...program, tomogramPath: tomogram, outputShape: SIZE };
  await runAverage({
    ...{ ...inputs, moleculesPath: aligned, tiltModel: TILT, wedgeWeighting: true },
    ...{ outPath: average, picturePath: own("average.png") },
  });
  tell(
    `fsc ${quoted(tomogram)} --molecules ${quoted(aligned)} --size ${SIZE} --out ${quoted(own("fsc.csv"))} --picture ${quoted(own("fsc.png"))}`,
  );
  const files = { outPath: own("fsc.csv"), picturePath: own("fsc.png") };
  const { resolutionNm } = await runFsc({ ...inputs, moleculesPath: aligned, ...files });
  const [before, after] = [await offBy(start, planted), await offBy(aligned, planted)];
  const near = after.filter(({ nm, deg }) => nm <= NEAR_NM && deg <= NEAR_DEG).length;
  const said = [before, after].map(
    (off) =>
      `${median(off.map(({ nm }) => nm)).toFixed(1)} nm and ${median(off.map(({ deg }) => deg)).toFixed(0)}°`,
  );
  const resolution = resolutionNm["0.143"];
  const halves = resolution === null ? "at every frequency" : `to ${resolution.toFixed(1)} nm`;
  return {
    name: "subtomograms",
    title: "Average subtomograms",
    text: `${after.length} cages of a tomogram, whose places were off by ${said[0]} in the median, were aligned: ${said[1]} are left. Averages of their halves agree ${halves}.`,
    commands,
    at: "subtomograms",
    ...{ planted: after.length, found: near, others: 0, isRight: near === after.length },
  };
}

/** Where the cages lie, and where the alignment begins. */
async function writePlaces(planted: string, start: string): Promise<void> {
  const random = seededRandom(SEED);
  const within = (most: number) => (2 * random.uniform() - 1) * most;
  const [depthNm, sideNm] = [SHAPE[0] * SCALE, SHAPE[1] * SCALE];
  const first = (sideNm - (ROWS - 1) * APART_NM) / 2;
  const places = Array.from({ length: ROWS ** 2 }, (_, i) => [
    depthNm / 2 + within(4),
    first + APART_NM * Math.floor(i / ROWS) + within(0.5),
    first + APART_NM * (i % ROWS) + within(0.5),
  ]);
  const truth = Molecules.fromRandom(places.flat(), SEED);
  const triples = (most: number) => truth.pos.map(() => within(most));
  const moved = truth
    .translateInternal(triples(MOVED_NM))
    .rotateByRotvecInternal(triples((TURNED_DEG * Math.PI) / 180));
  await writeMoleculesCsv(planted, truth);
  await writeMoleculesCsv(start, moved);
}

/** How far molecules are from the planted ones of the same row. */
async function offBy(path: string, planted: string) {
  const [found, truth] = await Promise.all([path, planted].map((table) => readMoleculesCsv(table)));
  return Array.from({ length: truth.count }, (_, i) => {
    const [a, b] = [found.pos.subarray(3 * i, 3 * i + 3), truth.pos.subarray(3 * i, 3 * i + 3)];
    const [p, q] = [found.rotator[i], truth.rotator[i]];
    const dot = Math.abs(p.reduce((sum, value, k) => sum + value * q[k], 0));
    return {
      nm: Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]),
      deg: (2 * Math.acos(Math.min(1, dot)) * 180) / Math.PI,
    };
  });
}
