import { VitrineError } from "../../core/index.ts";
import type { AcquisitionView, ViewOptions, ViewSource } from "./view.ts";
import type { Watcher } from "./watcher.ts";

/** A view that was opened, and who takes its images. */
export interface OpenedView {
  readonly view: AcquisitionView;
  readonly watcher: Watcher;
}

/**
 * A page serves no page.
 *
 * @throws {VitrineError} unsupported, always
 */
export async function openView(_source: ViewSource, _options: ViewOptions): Promise<OpenedView> {
  throw new VitrineError({
    code: "unsupported",
    at: "acquisition.view()",
    expected: "Node, which can serve a page",
    found: "a web page",
    hint: "Show the images that subscribe() gives",
  });
}
