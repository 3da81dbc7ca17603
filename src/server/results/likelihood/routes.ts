/** Images against structures: what both are worth, images beside their best templates, posteriors over views. */
import { z } from "zod";
import { VitrineError } from "../../../core/index.ts";
import { canonicalPath } from "../../../io/index.ts";
import {
  type PairReader,
  type ResultFolders,
  type RunResults,
  readEnsembleWeights,
  readImageDescriptor,
  readRanking,
  structureNames,
  structurePosteriors,
  viewPosterior,
} from "../../../likelihood/index.ts";
import type { Roots } from "../../roots.ts";
import { type AnyRoute, AT, integer, json, route } from "../../route.ts";
import { PICTURES, type Picture, picturesAnswer } from "../pictures.ts";
import { FORMAT, ROWS, rowsAnswer } from "../rows.ts";
import { OpenRuns } from "./openRuns.ts";

const FOLDER = AT.describe("a folder of vitrine likelihood or of vitrine ensemble");

/** Pairs of an answer at most. */
const MOST_PAIRS = 48;

interface LikelihoodTools {
  readonly roots: Roots;
  readonly runs: OpenRuns;
}

/** The routes. */
export function likelihoodRoutes(roots: Roots): AnyRoute[] {
  const tools: LikelihoodTools = { roots, runs: new OpenRuns() };
  return [describeRoute(tools), imagesRoute(tools), pairsRoute(tools), viewsRoute(tools)];
}

function describeRoute({ roots, runs }: LikelihoodTools): AnyRoute {
  return route({
    path: "likelihood",
    summary: "Structures with their weights and intervals, and which folders they and their images are in",
    query: z.strictObject({ at: FOLDER }),
    gives: ["application/json"],
    async answer({ at }) {
      const { folders, run } = await runs.open(await roots.resolve(at));
      const weights =
        folders.ensemble === undefined ? undefined : await readEnsembleWeights(folders.ensemble);
      const ranking = folders.ensemble === undefined ? undefined : await readRanking(folders.ensemble);
      const count = run?.structures.length ?? weights?.names.length ?? 0;
      const own = await structureNames(folders.templates, count);
      const names = weights !== undefined && weights.names.length === count ? weights.names : own;
      return json({
        folders: await addressesOf(roots, folders),
        names,
        images: run?.images ?? null,
        isIntegrated: run?.structures.every(({ logLikelihood }) => logLikelihood !== undefined) ?? false,
        weights: weights ?? null,
        ranking: ranking?.rows ?? null,
        warnings: missingOf(folders),
      });
    },
  });
}

async function addressesOf(roots: Roots, folders: ResultFolders) {
  const all = Object.entries(folders).map(
    async ([name, path]) => [name, roots.addressWithin(await canonicalPath(path))] as const,
  );
  return Object.fromEntries(await Promise.all(all));
}

/** What lies nowhere beside the result, and what it is needed for. */
function missingOf(folders: ResultFolders): string[] {
  const needs: readonly (readonly [keyof ResultFolders, string])[] = [
    ["run", "No results of vitrine likelihood lie here or beside: images are not shown"],
    ["ensemble", "No results of vitrine ensemble lie here or beside: weights have no intervals"],
    ["templates", "No folder of templates lies beside: images are not shown"],
    ["particles", "No folder of particles lies beside: images are not shown"],
    ["parameters", "No parameters.npz lies beside: neither images nor views are shown"],
  ];
  return needs.flatMap(([folder, word]) => (folders[folder] === undefined ? [word] : []));
}

function imagesRoute({ roots, runs }: LikelihoodTools): AnyRoute {
  return route({
    path: "likelihood/images",
    summary:
      "Of each image, for each structure k: best correlation, view, displacement (Å), rotation (rad), posterior",
    query: z.strictObject({ at: FOLDER, format: FORMAT }),
    gives: ["application/json", ROWS],
    async answer({ at, format }) {
      const { folders, run } = await requireRun(runs, await roots.resolve(at));
      const weights =
        folders.ensemble === undefined ? undefined : await readEnsembleWeights(folders.ensemble);
      const count = run.structures.length;
      const shares = weights?.weights.length === count ? weights.weights : undefined;
      const posteriors = structurePosteriors(run, shares);
      const columns = run.structures.flatMap((poses, k) => [
        [`correlation-${k}`, poses.crossCorrelation] as const,
        [`view-${k}`, poses.template] as const,
        [`x-${k}`, poses.displacementXA] as const,
        [`y-${k}`, poses.displacementYA] as const,
        [`rotation-${k}`, poses.inplaneRotation] as const,
        ...(poses.logLikelihood ? [[`likelihood-${k}`, poses.logLikelihood] as const] : []),
        ...(posteriors ? [[`posterior-${k}`, posteriors.filter((_, i) => i % count === k)] as const] : []),
      ]);
      return rowsAnswer(Object.fromEntries(columns), format);
    },
  });
}

/** @throws {VitrineError} missing: no run there */
async function requireRun(
  runs: OpenRuns,
  path: string,
): Promise<{ folders: ResultFolders; run: RunResults }> {
  const { folders, run } = await runs.open(path);
  if (run !== undefined) return { folders, run };
  const fault = {
    code: "missing",
    at: path,
    expected: "results of vitrine likelihood here or beside",
  } as const;
  throw new VitrineError({ ...fault, found: "none" });
}

function pairsRoute({ roots, runs }: LikelihoodTools): AnyRoute {
  return route({
    path: "likelihood/pairs",
    summary:
      "Images beside their best templates, displaced, turned and seen through their CTF: `image-7`, `template-7-1` for structure 1",
    query: z.strictObject({
      at: FOLDER,
      pairs: z
        .string()
        .max(1000)
        .regex(/^\d{1,9}:\d{1,4}(,\d{1,9}:\d{1,4})*$/, "images with structures, as 7:0,7:1")
        .transform((text) => text.split(",").map((pair) => pair.split(":").map(Number)))
        .pipe(z.array(z.array(z.number())).max(MOST_PAIRS))
        .meta({ override: { type: "string", example: "7:0,7:1" } }),
    }),
    gives: [PICTURES],
    async answer({ at, pairs }) {
      const { folders, run } = await requireRun(runs, await roots.resolve(at));
      const opened = await runs.pairs(folders);
      if (opened === undefined) {
        const fault = {
          code: "missing",
          at,
          expected: "templates, particles and parameters.npz beside it",
        } as const;
        throw new VitrineError({ ...fault, found: missingOf(folders).join("; ") });
      }
      const reader = await opened.reader;
      const pictures = await picturesOf(reader, run, pairs);
      return picturesAnswer({ warnings: opened.warnings.map(roots.withoutPaths) }, pictures);
    },
  });
}

/** Each image once, however many structures it is asked for. */
async function picturesOf(
  reader: PairReader,
  run: RunResults,
  pairs: readonly (readonly number[])[],
): Promise<Picture[]> {
  const pictures = new Map<string, Picture>();
  // by structures: each has a stack of templates of its own, of which one is kept
  for (const [image, structure] of [...pairs].sort((a, b) => a[1] - b[1])) {
    const { shape, ...pair } = await reader.pair(run, structure, image);
    const add = (name: string, data: Float32Array) => pictures.set(name, { name, shape, data });
    add(`image-${image}`, pair.image);
    add(`template-${image}-${structure}`, pair.template);
  }
  return [...pictures.values()];
}

function viewsRoute({ roots, runs }: LikelihoodTools): AnyRoute {
  return route({
    path: "likelihood/views",
    summary:
      "Viewing directions (degrees): in how many images each is the best of a structure, and the posterior of one image",
    query: z.strictObject({
      at: FOLDER,
      structure: integer({ max: 10_000 }),
      image: integer().optional(),
      format: FORMAT,
    }),
    gives: ["application/json", ROWS],
    async answer({ at, structure, image, format }) {
      const { folders, run } = await requireRun(runs, await roots.resolve(at));
      const poses = run.structures[structure];
      if (poses === undefined || folders.parameters === undefined || folders.run === undefined)
        throw new VitrineError({
          code: "missing",
          at: "structure",
          expected: `one below ${run.structures.length}, and parameters.npz beside the run`,
          found: `${structure}, ${folders.parameters === undefined ? "no" : "its"} parameters`,
        });
      const { viewingAngles } = await readImageDescriptor(folders.parameters);
      const { count, azimuths, polars } = viewingAngles;
      const best = new Float64Array(count);
      for (const view of poses.template) if (view < count) best[view]++;
      const posterior =
        image === undefined ? undefined : await viewPosterior(folders.run, run, { structure, image });
      if (posterior !== undefined && posterior.length !== count)
        throw new VitrineError({
          code: "shape",
          at: folders.run,
          expected: `${count} views, as the parameters say`,
          found: `${posterior.length}`,
        });
      const degrees = (radians: Float32Array) =>
        Float64Array.from(radians, (value) => (value * 180) / Math.PI);
      const columns = { azimuthDeg: degrees(azimuths), polarDeg: degrees(polars), images: best };
      return rowsAnswer({ ...columns, ...(posterior && { posterior }) }, format);
    },
  });
}
