/** Molecules in tomograms: what lies about them, their places and axes, slices of volumes, their boxes and scores. */
import { z } from "zod";
import { VitrineError } from "../../../core/index.ts";
import { type Molecules, SubtomogramLoader, toTomogram } from "../../../subtomogram/index.ts";
import { type AnyRoute, AT, decimal, integer, json, route, span } from "../../route.ts";
import { PICTURES, picturesAnswer } from "../pictures.ts";
import { FORMAT, ROWS, rowsAnswer } from "../rows.ts";
import { describeFolder } from "./describe.ts";
import { moleculesOf } from "./molecules.ts";
import { readSlice } from "./slices.ts";
import type { SubtomogramTools } from "./tools.ts";

const VOLUME = AT.describe("a volume: ROOT/folder/file");
const SCALE = decimal()
  .pipe(z.number().positive())
  .optional()
  .describe("nm/voxel; default what the tomogram's file says");

/** Longest side of a box, voxels. */
const MOST_VOXELS = 256;

/** The routes. */
export function subtomogramRoutes(tools: SubtomogramTools): AnyRoute[] {
  return [
    route({
      path: "subtomogram",
      summary: "Tables of molecules of a folder, the volumes beside them, Fourier shell correlations",
      query: z.strictObject({ at: AT }),
      gives: ["application/json"],
      answer: async ({ at }) => json(await describeFolder(tools, at)),
    }),
    moleculesRoute(tools),
    sliceRoute(tools),
    boxRoute(tools),
    landscapeRoute(tools),
  ];
}

function moleculesRoute(tools: SubtomogramTools): AnyRoute {
  return route({
    path: "subtomogram/molecules",
    summary:
      "Places of molecules (nm), their axes, and what of their features is a number; of a table of several tomograms those of one",
    query: z.strictObject({
      at: AT.describe("a table of molecules, of any program that vitrine convert reads"),
      tomogram: VOLUME.optional(),
      scale: SCALE,
      format: FORMAT,
    }),
    gives: ["application/json", ROWS],
    async answer({ at, tomogram, scale, format }) {
      const { molecules, warnings } = await moleculesOf(tools, { table: at, tomogram, scale });
      return rowsAnswer(columnsOf(molecules), format, { warnings });
    },
  });
}

/** Places, axes and numbers, a column each. */
function columnsOf(molecules: Molecules): Record<string, ArrayLike<number>> {
  const { pos, z: zAxes, y: yAxes, x: xAxes, features, count } = molecules;
  const column = (rows: ArrayLike<number>, of: number) =>
    Float64Array.from({ length: count }, (_, i) => rows[3 * i + of]);
  const vectors = Object.entries({ z: zAxes, y: yAxes, x: xAxes }).flatMap(([axis, rows]) =>
    ["z", "y", "x"].map((part, of) => [`axis-${axis}-${part}`, column(rows, of)] as const),
  );
  const numbers = Object.entries(features).filter(([, values]) =>
    values.every((value) => value === null || typeof value === "number"),
  );
  return {
    ...Object.fromEntries(["z", "y", "x"].map((part, of) => [part, column(pos, of)])),
    ...Object.fromEntries(vectors),
    ...Object.fromEntries(
      numbers.map(([name, values]) => [
        `feature-${name}`,
        values.map((value) => Number(value ?? Number.NaN)),
      ]),
    ),
  };
}

function sliceRoute({ roots, images }: SubtomogramTools): AnyRoute {
  return route({
    path: "subtomogram/slice",
    summary: "A section across an axis of a volume, float32; of a large one voxels are means",
    query: z.strictObject({
      at: VOLUME,
      axis: z.enum(["z", "y", "x"]).describe("the axis that it is across"),
      index: integer().describe("on this axis"),
      rows: span().optional().describe("voxels on the first of the other axes (z, y, x), default all"),
      columns: span().optional(),
      most: integer({ min: 16, max: 2048 }).optional().describe("pixels of a side at most, default 768"),
    }),
    gives: [PICTURES],
    async answer({ at, most = 768, ...what }, signal) {
      const path = await roots.resolve(at);
      const { data, shape, factor } = await images.withImage(path, undefined, (source) =>
        readSlice(source, { ...what, most }, signal),
      );
      return picturesAnswer({ factor }, [{ name: "slice", shape, data }]);
    },
  });
}

const MOLECULE = {
  tomogram: VOLUME,
  table: AT.describe("a table of molecules"),
  molecule: integer().describe("its row, from 0"),
  scale: SCALE,
};

function boxRoute(tools: SubtomogramTools): AnyRoute {
  return route({
    path: "subtomogram/box",
    summary: "Sections through the middle of the volume about a molecule, in its own axes: across z, y and x",
    query: z.strictObject({
      ...MOLECULE,
      size: integer({ min: 4, max: MOST_VOXELS }).describe("side of the box, voxels"),
    }),
    gives: [PICTURES],
    async answer({ size, ...which }, signal) {
      const box = await withLoader(tools, which, async (loader) =>
        loader.load(0, { outputShape: [size, size, size], signal }),
      );
      return picturesAnswer({}, sections(box, [size >> 1, size >> 1, size >> 1]));
    },
  });
}

function landscapeRoute(tools: SubtomogramTools): AnyRoute {
  return route({
    path: "subtomogram/landscape",
    summary:
      "Scores (ZNCC) of a template shifted about a molecule, not turned: sections through the best of them",
    query: z.strictObject({
      ...MOLECULE,
      template: VOLUME,
      maxShift: decimal()
        .pipe(z.number().positive().max(20))
        .optional()
        .describe("farthest along each axis, nm; default 1"),
    }),
    gives: [PICTURES],
    async answer({ template, maxShift = 1, ...which }, signal) {
      const path = await tools.roots.resolve(template);
      const volume = await tools.images.withImage(path, undefined, async (source) => {
        const { shape, read, scale } = toTomogram(source);
        requireSmall(shape, template);
        return { data: await read([0, 0, 0], shape, signal), shape, scale };
      });
      const found = await withLoader(tools, which, async (loader, scale) => {
        requireSameScale(template, volume.scale, scale);
        return { scale, ...(await loader.constructLandscape(volume, { maxShifts: maxShift, signal })) };
      });
      const shape = [found.shape[2], found.shape[3], found.shape[4]] as const;
      const best = found.data.reduce((most, value, i) => (value > found.data[most] ? i : most), 0);
      const at = [
        Math.floor(best / (shape[1] * shape[2])),
        Math.floor(best / shape[2]) % shape[1],
        best % shape[2],
      ];
      const shiftNm = at.map((index, axis) => (index - (shape[axis] >> 1)) * found.scale);
      const facts = { score: found.data[best], shiftNm, scale: found.scale };
      return picturesAnswer(facts, sections({ data: found.data, shape }, at));
    },
  });
}

function requireSmall(shape: readonly number[], at: string): void {
  if (Math.max(...shape) <= MOST_VOXELS) return;
  const expected = `a template of at most ${MOST_VOXELS} voxels a side`;
  throw new VitrineError({ code: "range", at, expected, found: shape.join(" x ") });
}

/** Voxels of both are compared as they are. @param own  undefined: nobody knows */
function requireSameScale(at: string, own: number | undefined, scale: number): void {
  if (own === undefined || Math.abs(own - scale) <= 0.01 * scale) return;
  const expected = `a template of ${scale} nm/voxel, as the tomogram`;
  throw new VitrineError({ code: "range", at, expected, found: `${own}` });
}

interface MoleculeQuery {
  readonly tomogram: string;
  readonly table: string;
  readonly molecule: number;
  readonly scale?: number | undefined;
}

/** A loader of one molecule. @throws {VitrineError} missing: no such row, or no scale; range: outside of the tomogram */
async function withLoader<T>(
  tools: SubtomogramTools,
  { tomogram, table, molecule, scale }: MoleculeQuery,
  task: (loader: SubtomogramLoader, scale: number) => Promise<T>,
): Promise<T> {
  const { roots, images, pool } = tools;
  const { molecules } = await moleculesOf(tools, { table, tomogram, scale });
  if (molecule >= molecules.count) {
    const fault = { code: "missing", at: "molecule", expected: `a row below ${molecules.count}` } as const;
    throw new VitrineError({ ...fault, found: `${molecule}` });
  }
  const path = await roots.resolve(tomogram);
  const backend = await pool.get();
  return images.withImage(path, undefined, (source) => {
    const options = { backend, ...(scale !== undefined && { scale }) };
    const loader = new SubtomogramLoader(source, molecules.subset([molecule]), options);
    return task(loader, loader.scale);
  });
}

/** Three sections of a volume through a voxel: across z, y and x. */
function sections(
  { data, shape: [depth, height, width] }: { readonly data: Float32Array; readonly shape: readonly number[] },
  [z, y, x]: readonly number[],
) {
  const area = height * width;
  const made = (rows: number, columns: number, value: (r: number, c: number) => number) => ({
    shape: [rows, columns],
    data: Float32Array.from({ length: rows * columns }, (_, i) =>
      value(Math.floor(i / columns), i % columns),
    ),
  });
  return [
    { name: "z", ...made(height, width, (r, c) => data[z * area + r * width + c]) },
    { name: "y", ...made(depth, width, (r, c) => data[r * area + y * width + c]) },
    { name: "x", ...made(depth, height, (r, c) => data[r * area + c * width + x]) },
  ];
}
