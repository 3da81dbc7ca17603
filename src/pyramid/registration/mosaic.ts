import type { Backend } from "../../compute/index.ts";
import { requireKnownOptions } from "../../io/index.ts";
import type { PixelOffset } from "../geometry/levels.ts";
import type { WindowMatch } from "../kernels/index.ts";
import { chanceThreshold, errorOf, showsTheSame } from "./chance.ts";
import { type Edge, type NominalSite, overlappingPairs } from "./edges.ts";
import { type MosaicSites, measureEdges } from "./measure.ts";
import { type Network, placeNetwork } from "./network.ts";
import { REGISTRATION_KEYS, type RegistrationOptions, SIGMA_PX } from "./pair.ts";
import {
  fitStage,
  median,
  placeBy,
  type StageModel,
  type StagePlace,
  type StageStep,
  stagePlaces,
  stepResidual,
} from "./stage.ts";

/**
 * Why the overlap of two sites counts or not: `trusted`; `missing`, one of them could not be compared; `chance`, they fit no better than
 * chance would have it; `stage`, the stage cannot be that wrong, measured by how wrong it is elsewhere; `contradicts`, the others' steps say otherwise.
 */
export type EdgeVerdict = "trusted" | "missing" | "chance" | "stage" | "contradicts";

/** What was found of two sites that overlap. */
export interface RegisteredEdge {
  readonly first: number;
  readonly second: number;
  /** Step from the first site to the second, pixels. */
  readonly y: number;
  readonly x: number;
  /** Minus the logarithm of the correlation coefficient; Infinity where there is nothing to see. */
  readonly error: number;
  readonly verdict: EdgeVerdict;
}

/** Where a site lies: `registered` by its overlaps; `model`, by what the stage does elsewhere, for want of overlaps that show something. */
export interface RegisteredSite extends PixelOffset {
  readonly how: "registered" | "model";
}

/** A mosaic whose sites lie where their images say. */
export interface MosaicRegistration {
  /** A position a site, pixels with fractions; their mean is that of the nominal ones. */
  readonly positions: readonly RegisteredSite[];
  readonly edges: readonly RegisteredEdge[];
  readonly stage: StageModel;
}

/** Least limit of a shift, and the part of a side that it is by default. */
const LEAST_SHIFT = 16;
const SHIFT_PART = 0.025;
/** Scales by which a step may miss the stage's model, and the part of the largest shift that always passes: few steps tell no scale. */
const STAGE_SCALES = 6;
const PASSING_PART = 0.5;

/**
 * Finds where overlapping sites lie, to fractions of a pixel: each overlap by the correlation of its windows after a Laplacian of a Gaussian; the
 * positions by least squares over the overlaps that are better than chance, possible for this stage and free of contradiction; sites without
 * such an overlap by a linear model of the stage's errors.
 *
 * @param options  `maxShiftPx`: of one site against its neighbour; default 2.5 % of the longest side, at least 16
 * @throws {VitrineError} shape: an image of another size than its site; and what `readSite` throws
 *
 * Accuracy: 0.03 pixels rms at 3 cells on 10,000 pixels (mosaic.test.ts; beside ashlar in docs/registration.md).
 * Source: after Muhlich et al. 2022, Bioinformatics 38:4613 (ashlar), with chance taken from each overlap's own correlation, and all trusted
 * overlaps in place of a tree of them (Preibisch et al. 2009, Bioinformatics 25:1463).
 */
export async function registerMosaic(
  backend: Backend,
  mosaic: MosaicSites,
  options: RegistrationOptions = {},
): Promise<MosaicRegistration> {
  requireKnownOptions("registerMosaic", options, REGISTRATION_KEYS);
  const { sites } = mosaic;
  const { maxShiftPx = defaultShift(sites), sigmaPx = SIGMA_PX } = options;
  const edges = overlappingPairs(sites, maxShiftPx);
  const matches = await measureEdges(backend, mosaic, { ...options, sigmaPx, edges });
  return assemble({ sites, edges, maxShiftPx }, matches);
}

function defaultShift(sites: readonly NominalSite[]): number {
  const side = sites.reduce((most, { height, width }) => Math.max(most, height, width), 0);
  return Math.max(LEAST_SHIFT, Math.round(SHIFT_PART * side));
}

/** A measured edge as a step between sites, with its number. */
interface MeasuredStep extends StageStep {
  readonly edge: number;
}

function assemble(
  {
    sites,
    edges,
    maxShiftPx,
  }: {
    readonly sites: readonly NominalSite[];
    readonly edges: readonly Edge[];
    readonly maxShiftPx: number;
  },
  matches: readonly (WindowMatch | undefined)[],
): MosaicRegistration {
  const places = stagePlaces(sites);
  const threshold = chanceThreshold(matches);
  const measured = edges.map((edge, i) => stepOf(edge, i, matches[i]));
  const verdicts: EdgeVerdict[] = matches.map((match) =>
    match === undefined
      ? "missing"
      : match.correlation > threshold(match) && showsTheSame(match)
        ? "trusted"
        : "chance",
  );
  const trusted = () => measured.filter(({ edge }) => verdicts[edge] === "trusted");
  const before = fitStage(places, trusted());
  const errorOfStep = (step: MeasuredStep) => {
    const { y, x } = stepResidual(before, places, step);
    return Math.hypot(y, x);
  };
  const limit = Math.max(PASSING_PART * maxShiftPx, STAGE_SCALES * median(trusted().map(errorOfStep)));
  for (const step of trusted()) if (errorOfStep(step) > limit) verdicts[step.edge] = "stage";
  const stage = fitStage(places, trusted());
  const network = settle(sites.length, trusted, verdicts);
  const positions = joined(network, places, stage);
  return {
    positions: centred(positions, sites),
    stage,
    edges: measured.map(({ y, x, edge }) => {
      const match = matches[edge];
      const { first, second } = edges[edge];
      const error = errorOf(match?.shared ?? 0);
      return { first, second, y, x, error, verdict: verdicts[edge] };
    }),
  };
}

function stepOf(edge: Edge, i: number, match: WindowMatch | undefined): MeasuredStep {
  const { first, second, inFirst, inSecond } = edge;
  const { y = Number.NaN, x = Number.NaN, shared = 0 } = match ?? {};
  // The variance of a peak's place goes with (1 - c²) / c².
  const square = Math.min(0.99, shared ** 2);
  const weight = square / (1 - square);
  return { edge: i, first, second, weight, y: y + inFirst.y - inSecond.y, x: x + inFirst.x - inSecond.x };
}

/** Leaves out contradicting edges until there are none: a component that hangs on one falls apart. */
function settle(count: number, trusted: () => readonly MeasuredStep[], verdicts: EdgeVerdict[]): Network {
  for (;;) {
    const steps = trusted();
    const network = placeNetwork(count, steps);
    if (network.contradicting.size === 0) return network;
    for (const i of network.contradicting) verdicts[steps[i].edge] = "contradicts";
  }
}

/** Puts every component where the model has its sites on average, the largest one's frame being everyone's. */
function joined(
  { components, positions }: Network,
  places: readonly StagePlace[],
  stage: StageModel,
): RegisteredSite[] {
  const result: RegisteredSite[] = positions.map((position) => ({ ...position, how: "model" }));
  for (const component of components) {
    const shift = meanOffset(
      component.map((site) => {
        const model = placeBy(stage, places[site]);
        return { y: model.y - positions[site].y, x: model.x - positions[site].x };
      }),
    );
    const how = component.length > 1 ? "registered" : "model";
    for (const site of component)
      result[site] = { y: positions[site].y + shift.y, x: positions[site].x + shift.x, how };
  }
  return result;
}

function meanOffset(offsets: readonly PixelOffset[]): PixelOffset {
  const sum = offsets.reduce((total, { y, x }) => ({ y: total.y + y, x: total.x + x }), { y: 0, x: 0 });
  return { y: sum.y / offsets.length, x: sum.x / offsets.length };
}

/** All moved so that their mean is that of the nominal positions. */
function centred(positions: readonly RegisteredSite[], sites: readonly NominalSite[]): RegisteredSite[] {
  if (positions.length === 0) return [];
  const { y, x } = meanOffset(
    positions.map((position, i) => ({ y: sites[i].y - position.y, x: sites[i].x - position.x })),
  );
  return positions.map((position) => ({ ...position, y: position.y + y, x: position.x + x }));
}
