import { VitrineError } from "../../core/index.ts";
import type { MatchSettings } from "../config/config.ts";
import { shareAmong } from "../peaks/peaksChoice.ts";
import { fileStem, suffixed, suffixedResults } from "./resultNames.ts";
import type { ResultOptions } from "./results.ts";

/** A search of one template: where its results go and how its particles are chosen. */
export interface TemplateSettings {
  readonly settings: MatchSettings;
  readonly results: ResultOptions;
}

/**
 * The searches that settings with several templates ask for. With one it is the settings themselves; with more each has the
 * name of its template's file in the names of its results (`mip_ribosome.mrc`) and its share of the false particles.
 *
 * @param templates  files in the place of those in the settings
 * @throws {VitrineError} format: two template files of one name
 */
export function templateSearches(
  { settings, results }: TemplateSettings,
  at: string,
  templates?: readonly string[],
): TemplateSettings[] {
  const { otherTemplatePaths = [], ...shared } = settings;
  const paths = templates ?? [settings.templatePath, ...otherTemplatePaths];
  if (paths.length === 1) return [{ settings: { ...shared, templatePath: paths[0] }, results }];
  requireDistinct(paths, templates === undefined ? `${at} template_volume_path` : "templates");
  return paths.map((templatePath) => {
    const suffix = `_${fileStem(templatePath)}`;
    return {
      settings: { ...shared, templatePath, results: suffixedResults(shared.results, suffix) },
      results: {
        ...shareAmong(results, paths.length),
        particlesPath: suffixed(results.particlesPath, suffix),
        ...(results.picturePath !== undefined && { picturePath: suffixed(results.picturePath, suffix) }),
      },
    };
  });
}

function requireDistinct(paths: readonly string[], at: string): void {
  const stems = paths.map(fileStem);
  const twin = stems.find((stem, i) => stems.indexOf(stem) < i);
  if (twin === undefined) return;
  throw new VitrineError({
    code: "format",
    at,
    expected: "files whose names differ, since results are named after them",
    found: `two of the name ${twin}`,
  });
}
