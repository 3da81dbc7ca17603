import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect } from "vitest";
import { startServer, type TourStep } from "../../src/server/index.ts";
import { vitrineHere } from "./command.ts";

/** Files that commands of the tour write, and those of the tour itself, a step each. */
const FILES = [
  ["plate_1/NDTiff.index", "countNuclei.mjs"],
  ["screen/experiment.json", "nuclei.geojson"],
  ["search/micrograph.mrc", "search/micrograph_scaled_mip.mrc", "search/particles.csv"],
  ["structures/particles.mrcs", "structures/ensemble/ranking.csv"],
  ["subtomograms/tomogram.mrc", "subtomograms/aligned.csv", "subtomograms/average.mrc"],
];

/** What a tour that ended leaves: right results, commands that the program takes, and a folder that a server tells of. */
export async function checkTour(folder: string, steps: readonly TourStep[]): Promise<void> {
  expect(steps.map(({ name, isRight }) => [name, isRight])).toEqual(
    ["acquire", "map", "search", "structures", "subtomograms"].map((name) => [name, true]),
  );
  const [plate, map, search, structures, subtomograms] = steps;
  expect(plate.planted).toBeGreaterThan(500);
  expect(plate.found).toBeGreaterThanOrEqual(0.95 * plate.planted);
  expect(map.found).toBe(map.planted);
  expect([search.planted, search.found, search.others]).toEqual([12, 12, 0]);
  expect([structures.planted, structures.found]).toEqual([1, 1]);
  expect([subtomograms.planted, subtomograms.found]).toEqual([25, 25]);
  expect(FILES.flat().filter((file) => !existsSync(join(folder, file)))).toEqual([]);
  const written = JSON.parse(readFileSync(join(folder, "tour.json"), "utf8"));
  expect(written).toEqual({ format: "vitrine tour", steps });
  for (const { commands, at } of steps) {
    expect(commands.length).toBeGreaterThan(0);
    expect(existsSync(join(folder, at))).toBe(true);
    for (const command of commands) {
      // parsed to its end, and not run
      const [npx, program, ...words] = command.split(" ");
      expect([npx, program]).toEqual(["npx", "vitrine"]);
      const { code, stderr } = await vitrineHere([...words, "--no-such-option"]);
      expect([command, code, stderr.split("\n")[0]]).toEqual([
        command,
        2,
        "error: unknown option '--no-such-option'",
      ]);
    }
  }
  await using server = await startServer([folder]);
  const told = await (await fetch(`${server.address}api/tour`)).json();
  expect(told).toEqual(steps.map((step) => ({ ...step, at: `${basename(folder)}/${step.at}` })));
}
