import { VitrineError } from "../../core/index.ts";

export type * from "./builder.node.ts";

/**
 * A page has neither the database of an experiment nor processes.
 *
 * @throws {VitrineError} unsupported, always
 */
export class PyramidBuilder {
  constructor() {
    throw noDatabase("PyramidBuilder");
  }
}

/**
 * A page has no images of an experiment.
 *
 * @throws {VitrineError} unsupported, always
 */
export async function computeIllumination(): Promise<never> {
  throw noDatabase("computeIllumination");
}

/**
 * A page has no images of an experiment.
 *
 * @throws {VitrineError} unsupported, always
 */
export async function alignExperiment(): Promise<never> {
  throw noDatabase("alignExperiment");
}

function noDatabase(at: string): VitrineError {
  return new VitrineError({
    code: "unsupported",
    at,
    expected: "Node, with the experiment's database",
    found: "a web page",
    hint: "Make layers in Node; a page reads them (openLayerArchive)",
  });
}
