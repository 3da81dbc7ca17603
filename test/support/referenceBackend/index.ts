import { type Backend, fftPlan, type PlanKind, resamplePlan } from "../../../src/compute/index.ts";
import { VitrineError } from "../../../src/core/index.ts";
import { boxPlan, correlationPlan, posePlan } from "../../../src/match/kernels/index.ts";
import { boxBytes, ReferenceBoxes } from "./boxPlan.ts";
import { correlationBytes, ReferenceCorrelation } from "./correlationPlan.ts";
import { fftBytes, ReferenceFft } from "./fftPlan.ts";
import { poseBytes, ReferencePoses } from "./posePlan.ts";
import { ReferenceResample, resampleBytes } from "./resamplePlan.ts";

/** How this backend makes plans of a kind. */
interface Maker<Request, Made> {
  readonly bytes: (size: Request) => number;
  readonly create: (request: Request) => Made;
}

/** A maker among those of other kinds: who looks it up by a kind's name knows what it takes and gives. */
type AnyMaker = Maker<never, unknown>;

const MAKERS: ReadonlyMap<string, AnyMaker> = new Map([
  made(fftPlan, { bytes: fftBytes, create: (size) => new ReferenceFft(size) }),
  made(resamplePlan, { bytes: resampleBytes, create: (size) => new ReferenceResample(size) }),
  made(correlationPlan, { bytes: correlationBytes, create: (request) => new ReferenceCorrelation(request) }),
  made(boxPlan, { bytes: boxBytes, create: (request) => new ReferenceBoxes(request) }),
  made(posePlan, { bytes: poseBytes, create: (request) => new ReferencePoses(request) }),
]);

/** Ties a maker to its kind, so that the two agree. */
function made<Size, Made, Uses>(
  kind: PlanKind<Size, Made, Uses>,
  maker: { readonly bytes: (size: Size) => number; readonly create: (request: Size & Uses) => Made },
): [string, AnyMaker] {
  return [kind.name, maker];
}

/**
 * A backend in plain TypeScript: float64, one thread, every plan by its definition and a Fourier transform. It stands beside the pool of
 * WASM workers to show that whoever uses plans cannot tell them apart.
 */
export const referenceBackend: Backend = {
  name: "reference, float64",
  workers: 1,
  bytes: (kind, size) => makerOf(kind).bytes(size),
  plan: (kind, request) => makerOf(kind).create(request),
};

/** @throws {VitrineError} unsupported: a kind that this backend does not make */
function makerOf<Size, Made, Uses>(kind: PlanKind<Size, Made, Uses>): Maker<Size, Made> {
  const maker = MAKERS.get(kind.name);
  if (maker !== undefined) return maker as Maker<Size, Made>;
  throw new VitrineError({
    code: "unsupported",
    at: `plan ${kind.name}`,
    expected: [...MAKERS.keys()].join(", "),
    found: `"${kind.name}"`,
  });
}
