import { VitrineError } from "../core/index.ts";

/** The error of a result that is there already. */
export function requireNew(path: string): VitrineError {
  return new VitrineError({
    code: "exists",
    at: path,
    expected: "no file of this name",
    found: "one",
    hint: "Allow it with --overwrite or match_template_result.allow_file_overwrite: true, or choose another path",
  });
}
