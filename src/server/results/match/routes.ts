/** Searches of micrographs: what they are, their particles at any cutoff, their maps in the micrograph's pixels, pictures of particles. */
import { endianness } from "node:os";
import { z } from "zod";
import { type Shape2, VitrineError } from "../../../core/index.ts";
import { identifyFile } from "../../../io/index.ts";
import { binnedBox, mapTile, type SearchResult } from "../../../match/index.ts";
import { type Answer, type AnyRoute, AT, decimal, integer, json, route } from "../../route.ts";
import { PICTURES, picturesAnswer } from "../pictures.ts";
import { FORMAT, ROWS, rowsAnswer } from "../rows.ts";
import { describeSearch } from "./describe.ts";
import type { SearchMap } from "./openSearches.ts";
import { tableText } from "./tableText.ts";
import type { MatchTools } from "./tools.ts";

const MAPS = [
  "scaledMip",
  "mip",
  "correlationAverage",
  "correlationVariance",
  "orientationPsi",
  "orientationTheta",
  "orientationPhi",
  "relativeDefocus",
] as const satisfies readonly SearchMap[];

/** Of them and of the micrograph, those whose pixels are best seen by their largest. */
const PEAKED: readonly string[] = ["scaledMip", "mip"];

const WHICH = {
  at: AT,
  search: integer({ max: 10_000 }).optional().describe("which of the searches, default 0"),
};
const TABLE = z
  .string()
  .max(4096)
  .optional()
  .describe("a table of particles among those of the search; default the peaks of its map of z-scores");

/** The routes. */
export function matchRoutes(tools: MatchTools): AnyRoute[] {
  return [
    describeRoute(tools),
    particlesRoute(tools),
    tableRoute(tools),
    tileRoute(tools),
    particleRoute(tools),
  ];
}

const findSearch = async (
  { roots, searches }: MatchTools,
  { at, search = 0 }: { at: string; search?: number | undefined },
) => searches.search(await roots.resolve(at), search);

function describeRoute(tools: MatchTools): AnyRoute {
  return route({
    path: "match",
    summary:
      "A search for a template: its files, optics, pixels above each z-score; the other searches of its folder",
    query: z.strictObject(WHICH),
    gives: ["application/json"],
    async answer(which) {
      const all = await tools.searches.searches(await tools.roots.resolve(which.at));
      const search = await findSearch(tools, which);
      return json({ searches: all.map(({ name }) => name), ...(await describeSearch(tools, search)) });
    },
  });
}

function particlesRoute(tools: MatchTools): AnyRoute {
  return route({
    path: "match/particles",
    summary: "Particles of a search, best first: all peaks of its map above a floor, or the rows of a table",
    query: z.strictObject({ ...WHICH, table: TABLE, format: FORMAT }),
    gives: ["application/json", ROWS],
    async answer({ table, format, ...which }) {
      const search = await findSearch(tools, which);
      const particles = await particlesOf(tools, search, table);
      const column = (name: keyof (typeof particles)[number]) => particles.map((particle) => particle[name]);
      const names = ["y", "x", "zScore", "phiDeg", "thetaDeg", "psiDeg", "relativeDefocusA", "mip"] as const;
      return rowsAnswer(Object.fromEntries(names.map((name) => [name, column(name)])), format);
    },
  });
}

/** @throws {VitrineError} missing: no such table, or no map */
async function particlesOf({ roots, searches }: MatchTools, search: SearchResult, table: string | undefined) {
  if (table !== undefined) {
    const path = await roots.resolve(table);
    const found = search.tables.find((candidate) => candidate.path === path);
    if (found === undefined)
      throw new VitrineError({
        code: "missing",
        at: "table",
        expected: "a table of this search",
        found: JSON.stringify(table),
      });
    return [...found.particles].sort((a, b) => b.zScore - a.zScore);
  }
  const scores = await searches.scores(search);
  return scores?.particles ?? [];
}

function tableRoute(tools: MatchTools): AnyRoute {
  return route({
    path: "match/table",
    summary: "The particles above a z-score as a file: a CSV with Leopard-EM's columns, or a STAR of RELION",
    query: z.strictObject({
      ...WHICH,
      table: TABLE,
      cutoff: decimal().describe("z-score above which particles lie"),
      as: z.enum(["csv", "star"]),
    }),
    gives: ["text/csv", "text/plain"],
    async answer({ table, cutoff, as, ...which }) {
      const search = await findSearch(tools, which);
      const path = table === undefined ? undefined : await tools.roots.resolve(table);
      const body = await tableText(tools.searches, search, { cutoff, as, table: path });
      const headers = { "Content-Disposition": `attachment; filename="particles.${as}"` };
      return { type: `${as === "csv" ? "text/csv" : "text/plain"}; charset=utf-8`, body, headers };
    },
  });
}

function tileRoute(tools: MatchTools): AnyRoute {
  return route({
    path: "match/tile",
    summary:
      "A tile of one of the search's maps in the micrograph's pixels, float32: a score stands where the particle's centre is",
    query: z.strictObject({
      ...WHICH,
      map: z.enum([...MAPS, "micrograph"]),
      level: integer({ max: 40 }).describe("0 is full resolution; each next one half of it"),
      row: integer(),
      column: integer(),
      size: integer({ min: 16, max: 2048 }).optional().describe("side in pixels, default 512"),
    }),
    gives: ["application/octet-stream"],
    async answer({ map: name, level, row, column, size = 512, ...which }) {
      const search = await findSearch(tools, which);
      const { image, half, more } = await imageOf(tools, search, name);
      const [height, width] = image.shape.map((side) => Math.ceil((side + more) / 2 ** level));
      const [y, x] = [row * size, column * size];
      if (y >= height || x >= width)
        throw new VitrineError({
          code: "range",
          at: "tile",
          expected: `one within ${height} x ${width}`,
          found: `row ${row}, column ${column}`,
        });
      const tile = { y, x, height: Math.min(size, height - y), width: Math.min(size, width - x) };
      const of = PEAKED.includes(name) ? "largest" : "mean";
      const data = mapTile(
        image,
        { ...tile, factor: 2 ** level },
        { half, of, outside: leastOf(image.data) },
      );
      return floatAnswer(data, [tile.height, tile.width]);
    },
  });
}

const least = new WeakMap<Float32Array, number>();

/** The least value of a map, found once. */
function leastOf(data: Float32Array): number {
  const known =
    least.get(data) ?? data.reduce((low, value) => (value < low ? value : low), Number.POSITIVE_INFINITY);
  least.set(data, known);
  return known;
}

/** By how much the micrograph is longer than a map, and how far the map lies in it. @throws {VitrineError} missing: no such map */
async function imageOf({ searches }: MatchTools, search: SearchResult, name: SearchMap | "micrograph") {
  if (name === "micrograph") return { image: await searches.micrograph(search), half: 0, more: 0 };
  const image = await searches.map(search, name);
  const { templateSize: side = 1 } = search;
  if (image !== undefined) return { image, half: Math.floor(side / 2), more: side - 1 };
  const fault = { code: "missing", at: search.maps[name].named, expected: `the map ${name}` } as const;
  throw new VitrineError({ ...fault, found: "none that is served" });
}

function particleRoute(tools: MatchTools): AnyRoute {
  return route({
    path: "match/particle",
    summary:
      "The micrograph about a place, and the template in a pose: with the CTF of that defocus, and without",
    query: z.strictObject({
      ...WHICH,
      y: decimal().describe("centre in the micrograph, pixels"),
      x: decimal(),
      phi: decimal().describe("degrees"),
      theta: decimal(),
      psi: decimal(),
      defocus: decimal().describe("added to both defocus values of the optics, Å"),
    }),
    gives: [PICTURES],
    async answer({ y, x, phi, theta, psi, defocus, ...which }): Promise<Answer> {
      const search = await findSearch(tools, which);
      const view = await tools.searches.template(search);
      const pose = { phiDeg: phi, thetaDeg: theta, psiDeg: psi };
      const { optics } = search.settings;
      const seen = await view.project(pose, { optics, relativeDefocusA: defocus });
      const plain = await view.project(pose);
      const { size, binning, pixelSizeA } = view;
      const shape = [size, size];
      const box = await boxOf(tools, search, { y, x, size, binning });
      return picturesAnswer({ size, binning, pixelSizeA }, [
        ...(box === undefined ? [] : [{ name: "micrograph", shape, data: box }]),
        { name: "seen", shape, data: seen },
        { name: "projection", shape, data: plain },
      ]);
    },
  });
}

interface BoxPlace {
  readonly y: number;
  readonly x: number;
  readonly size: number;
  readonly binning: number;
}

/** The micrograph about a place; undefined where it is not there. */
async function boxOf(
  { images, searches }: MatchTools,
  search: SearchResult,
  { y, x, ...view }: BoxPlace,
): Promise<Float32Array | undefined> {
  const { path } = search.micrograph;
  if (path === undefined) return undefined;
  if ((await identifyFile(path)) === "tiff") {
    const { data, shape } = await searches.micrograph(search);
    return binnedBox(async (rows, columns) => cut(data, shape, rows, columns), { y, x, shape }, view);
  }
  return images.withImage(path, undefined, async (source) => {
    const [height, width] = source.levels[0].shape.slice(-2);
    const fixed = Object.fromEntries(source.axes.slice(0, -2).map(({ name }) => [name, 0]));
    const read = async (rows: readonly [number, number], columns: readonly [number, number]) =>
      // micrographs are numbers that float64 holds
      Array.from((await source.read({ level: 0, region: { ...fixed, y: rows, x: columns } })).data, Number);
    return binnedBox(read, { y, x, shape: [height, width] }, view);
  });
}

function cut(
  data: Float32Array,
  [, width]: Shape2,
  [top, bottom]: readonly [number, number],
  [left, right]: readonly [number, number],
): Float32Array {
  const out = new Float32Array((bottom - top) * (right - left));
  for (let y = top; y < bottom; y++)
    out.set(data.subarray(y * width + left, y * width + right), (y - top) * (right - left));
  return out;
}

function floatAnswer(data: Float32Array, shape: readonly number[]): Answer {
  const body = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (endianness() === "BE") for (let at = 0; at < body.length; at += 4) body.subarray(at, at + 4).reverse();
  const headers = { "X-Vitrine-Shape": shape.join(","), "X-Vitrine-Type": "float32" };
  return { type: "application/octet-stream", body, headers };
}
