import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { parseMatchSettings } from "./config.ts";
import { parseConstrainedSettings } from "./constrainedConfig.ts";

const text = readFileSync(
  fileURLToPath(new URL("../../../test/golden/match/search1_config.yaml", import.meta.url)),
  "utf8",
);

// What Leopard-EM's own examples hold that neither it nor we take: see docs/leopard-em.md.
test("the fields of an earlier version in an example of Leopard-EM are refused with today's name", () => {
  const earlier = (name: string) => text.replace("optics_group:\n", `optics_group:\n  ${name}: null\n`);
  expect(() => parseMatchSettings(earlier("even_zernike"), "a.yaml")).toThrow(
    'did you mean "even_zernikes"?',
  );
  expect(() => parseMatchSettings(earlier("odd_zernike"), "a.yaml")).toThrow('did you mean "odd_zernikes"?');
  expect(() => parseMatchSettings(earlier("zernike_moments"), "a.yaml")).toThrow("expected a known key");
});

test("a search over defocus in a constrained search is refused: what is tried is defocus_refinement_config", () => {
  const config = `
template_volume_path: t.mrc
center_vector: [0, 0, 1]
particle_stack_reference: { df_path: r.csv, extracted_box_size: [64, 64], original_template_size: [48, 48] }
particle_stack_constrained: { df_path: c.csv, extracted_box_size: [64, 64], original_template_size: [48, 48] }
defocus_search_config: { enabled: false }
`;
  expect(() => parseConstrainedSettings(config, "c.yaml")).toThrow(
    /c\.yaml defocus_search_config: expected a known key, found "defocus_search_config".*defocus_refinement_config/,
  );
});
