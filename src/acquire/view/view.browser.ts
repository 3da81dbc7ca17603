import { VitrineError } from "../../core/index.ts";
import type { ViewOptions, ViewSource } from "./view.ts";
import type { OpenedView } from "./watcher.ts";

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
