import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { compareParticleTables } from "../src/match/index.ts";
import { vitrine } from "./support/command.ts";
import { requirement, sharedReal } from "./support/require.ts";
import { scratchFolder } from "./support/searchCase.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const ATOMS = "apoferritin_ca_apo_sym.pdb";
const copied = here(`golden/match-extra/apoferritin/${ATOMS}`);
const page = readFileSync(here("../docs/fromAtomsToParticles.md"), "utf8");

/** A part of the page: files to write, commands to run, or what the commands before it print. */
const parts = [...page.matchAll(/^```(sh|yaml|text)\n(.*?)^```/gms)].map(([, kind, text]) => ({
  kind,
  text,
}));
const folder = scratchFolder();

/** A number, with the spaces that align it. */
const NUMBER = / *-?\d+(?:\.\d+)?/g;
const words = (text: string) => text.replaceAll(NUMBER, " #");

/** Scores and errors of a text: they may differ where a processor fuses multiplications and additions. */
function scores(text: string): number[] {
  return [...text.matchAll(/(?:z|off by|px and) +(-?\d+\.\d+)/g)].map(([, number]) => Number(number));
}

test("the commands of docs/fromAtomsToParticles.md do what the page says", async () => {
  copyFileSync(copied, join(folder, ATOMS));
  const commands: string[] = [];
  let printed = "";
  for (const { kind, text } of parts) {
    if (kind === "yaml") writeFileSync(join(folder, /^# (\S+\.yaml)\n/.exec(text)?.[1] ?? ""), text);
    if (kind === "sh") {
      for (const command of text.trim().split("\n")) {
        const [npx, program, ...args] = command.split(" ");
        expect([npx, program]).toEqual(["npx", "vitrine"]);
        const end = await vitrine(args, { cwd: folder });
        expect([command, end.code]).toEqual([command, 0]);
        commands.push(args[0]);
        printed += end.stdout;
      }
    }
    if (kind === "text") {
      expect(words(printed)).toBe(words(text));
      // scores differ by 1e-4 at most, and an angle that the best two orientations leave open by less than their distance
      scores(printed).forEach((value, i) => {
        expect(Math.abs(value - scores(text)[i])).toBeLessThan(0.3);
      });
      printed = "";
    }
  }
  expect(commands).toEqual(
    expect.arrayContaining(["simulate-map", "simulate-micrograph", "match", "compare-particles", "refine"]),
  );
  expect(printed).toBe("");

  // The page's own files, beyond what it prints.
  const options = { symmetry: "O" };
  const [found, refined, climbed] = await Promise.all(
    ["particles.csv", "refined_particles.csv", "climbed_particles.csv"].map((table) =>
      compareParticleTables(join(folder, table), join(folder, "truth.csv"), options),
    ),
  );
  for (const { matches, missed, extra } of [found, refined, climbed])
    expect([matches.length, missed, extra]).toEqual([12, [], []]);
  refined.matches.forEach(({ angleDeg, distancePx, found: particle }, i) => {
    expect(angleDeg).toBeLessThan(found.matches[i].angleDeg);
    expect(angleDeg).toBeLessThan(1.2); // offsets are 0.8° apart in three angles: half of a cell's diagonal is 0.7°, to which noise comes
    expect(distancePx).toBeLessThan(1);
    expect(particle.zScore).toBeGreaterThan(found.matches[i].found.zScore);
  });
  climbed.matches.forEach(({ angleDeg, distancePx, found: particle }, i) => {
    expect(angleDeg).toBeLessThan(found.matches[i].angleDeg);
    expect(distancePx).toBeLessThan(0.25); // a pixel's middle is 0.4 px off on average
    expect(particle.zScore).toBeGreaterThan(refined.matches[i].found.zScore);
  });
  const png = readFileSync(join(folder, "particles.png"));
  expect(png.subarray(1, 4).toString("latin1")).toBe("PNG");
}, 300_000);

test("the page names files that are there", () => {
  const targets = [...page.matchAll(/\]\(([^)#]+)\)/g)].map(([, target]) => target);
  expect(targets.length).toBeGreaterThan(1);
  expect(targets.filter((target) => !existsSync(here(`../docs/${target}`)))).toEqual([]);
});

const { available } = requirement("shared-real");

test.skipIf(!available)("its atoms are those of the shared file (needs shared-real)", () => {
  expect(readFileSync(copied).equals(readFileSync(join(sharedReal, "cryolike", ATOMS)))).toBe(true);
});
