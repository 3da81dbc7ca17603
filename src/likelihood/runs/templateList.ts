import { VitrineError } from "../../core/index.ts";
import { parseNpyValue, readFileBytes } from "../../io/index.ts";

/** The paths of a `template_file_list.npy`, as they were written. @throws {VitrineError} missing, format: as `parseNpyValue`; type: no texts */
export async function readTemplateList(path: string): Promise<readonly string[]> {
  const { dtype, data } = parseNpyValue(await readFileBytes(path), path);
  const paths = Array.from(data as Iterable<unknown>);
  const isTexts = (values: readonly unknown[]): values is string[] =>
    values.every((value) => typeof value === "string");
  if (isTexts(paths) && paths.length > 0) return paths;
  const found = paths.length === 0 ? "none" : `numbers of type ${dtype}`;
  throw new VitrineError({ code: "type", at: path, expected: "paths of template stacks", found });
}
