import { VitrineError } from "../../core/index.ts";

export type * from "./builder.node.ts";

/**
 * A page has neither the database of an experiment nor processes.
 *
 * @throws {VitrineError} unsupported, always
 */
export class PyramidBuilder {
  constructor() {
    throw new VitrineError({
      code: "unsupported",
      at: "PyramidBuilder",
      expected: "Node, with the experiment's database",
      found: "a web page",
      hint: "Build the pyramid in Node; a page reads its layers (openLayerArchive)",
    });
  }
}
