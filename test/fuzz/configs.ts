// Good configurations and particle tables for the fuzzer, how they are damaged as such, and how they are read.

import { readFileSync } from "node:fs";
import type { Random } from "../../src/core/index.ts";
import { CONFIG_PROGRAMS, type ConfigProgram, parseConfig } from "../../src/match/config/configPrograms.ts";
import { formatConfig } from "../../src/match/config/writeConfig.ts";
import { parseDeformationTable } from "../../src/match/particles/deformationTable.ts";
import { parseParticleShifts } from "../../src/match/particles/particleShifts.ts";
import { parseParticleStack } from "../../src/match/particles/particleStack.ts";
import type { Target } from "./target.ts";

/** Files of another program, in the folder in which the tests run. */
const golden = (name: string) => readFileSync(`test/golden/match/${name}`, "utf8");
const goldenOptimize = (name: string) => readFileSync(`test/golden/match-extra/optimize/${name}`, "utf8");

const STACK = "{df_path: a.csv, extracted_box_size: [60, 60], original_template_size: [48, 48]}";

const CONSTRAINED = `template_volume_path: t.mrc
center_vector: [1.5, -2, 3e1]
particle_stack_reference: &stack ${STACK}
particle_stack_constrained:
  <<: *stack
  df_path: b.csv
defocus_refinement_config:
  enabled: true
  defocus_min: -100
orientation_refinement_config:
  base_grid_method: roll
  psi_step: 1
  psi_min: -10
  psi_max: 10
  roll_axis: [0, 1]
preprocessing_filters:
  whitening_filter: {}
computational_config:
  gpu_ids: [0, 1]
`;

const YAML: Readonly<Record<ConfigProgram, readonly string[]>> = {
  match: [golden("search1_config.yaml"), golden("search2_config.yaml")],
  refine: [golden("refine1_config.yaml"), golden("refine2_config.yaml")],
  "constrained-search": [CONSTRAINED],
  "optimize-template": [goldenOptimize("optimize1.yaml"), goldenOptimize("optimize2.yaml")],
};

const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** A change of text as one of bytes. */
const onText = (change: (text: string, random: Random) => string) => (bytes: Uint8Array, random: Random) =>
  bytesOf(change(textOf(bytes), random));

const below = (end: number, random: Random) => Math.floor(random.uniform() * end);
const pick = <T>(from: readonly T[], random: Random): T => from[below(from.length, random)];

const NUMBERS = [
  "-1",
  "0",
  "1e308",
  "-1e999",
  "9".repeat(400),
  "1e-300",
  ".nan",
  "-.inf",
  "0x7fffffffffffffff",
  "9007199254740993",
];
const WORDS = ["null", "true", "no", "cpu", "C7", "uniform", "cartesian"];
const NUMERALS = ["5", "0.25", "1e2", "'300'", "100", "1.5e-3"];
const NESTED = [
  "[".repeat(2000),
  "{a: ".repeat(900),
  "- ".repeat(3000),
  `${"[".repeat(400)}1${"]".repeat(400)}`,
  "? ".repeat(2000),
];
const TEN = "abcdefghi".split("").map(
  (name, i, names) =>
    `${name}: &${name} [${Array(10)
      .fill(i > 0 ? `*${names[i - 1]}` : "1")
      .join(", ")}]`,
);
const BOMBS = [
  `{${TEN.join(", ")}}`,
  "&self [*self]",
  "&self {<<: *self}",
  "*nobody",
  `[${"*stack, ".repeat(200)}]`,
];
const KINDS = [
  ...[
    '""',
    "null",
    "[]",
    "{}",
    "text",
    "true",
    "[1, two, [3]]",
    "{a: {b: 1}}",
    "yes",
    "2026-01-02",
    "'",
    '"\\u0000"',
    "|\n  a\n b",
  ],
  ...[
    "!!binary AAAA",
    "!!set {a}",
    "!!js/function x",
    "!!python/tuple [1]",
    "!!python/object:os.system x",
    "&x 3",
    "*x",
  ],
  ...["x".repeat(5000), `{${Array.from({ length: 500 }, (_, i) => `k${i}: 1`).join(", ")}}`],
];
const NAMES = [
  "__proto__",
  "constructor",
  "toString",
  "<<",
  "1",
  "null",
  "''",
  "[a]",
  "? a\n",
  "enabled",
  "defocus_min",
  "K".repeat(300),
];

/** The value of a line of YAML, or what follows a colon in JSON, becomes another. */
function changeValue(text: string, random: Random): string {
  const places = [...text.matchAll(/:[ \t]*([^\s,{}[\]]*)/g)];
  if (places.length === 0) return text;
  const { index, 0: whole, 1: old } = pick(places, random);
  const fitting = old === "" ? KINDS : Number.isNaN(Number(old)) ? WORDS : NUMERALS;
  const value = pick(
    random.uniform() < 0.8 ? fitting : pick([NUMBERS, NESTED, BOMBS, KINDS], random),
    random,
  );
  return `${text.slice(0, index)}: ${value}${text.slice(index + whole.length)}`;
}

function changeKey(text: string, random: Random): string {
  const places = [...text.matchAll(/[\w"]+(?=:)/g)];
  if (places.length === 0) return text;
  const { index, 0: name } = pick(places, random);
  const misspelt = name.slice(1) + name[0];
  return (
    text.slice(0, index) + pick([misspelt, pick(NAMES, random)], random) + text.slice(index + name.length)
  );
}

/** A line is lost, comes twice, at another depth, or at another place. */
function changeLine(text: string, random: Random): string {
  const lines = text.split("\n");
  const [from, to] = [below(lines.length, random), below(lines.length, random)];
  const [line] = lines.splice(from, 1);
  const other = pick([[], [line, line], [`  ${line}`], [line.trim()], [`\t${line}`]], random);
  lines.splice(pick([from, to], random), 0, ...other);
  return lines.join("\n");
}

const CELLS = [
  ...NUMBERS,
  "nan",
  "NaN",
  "None",
  "text",
  " ",
  "0x10",
  "1,5",
  '"',
  '"{""Z60"": 1e999}"',
  '"{""Z60"": ""a""}"',
  '"[1, 2, 3]"',
  `"${"[".repeat(3000)}"`,
  '"{""__proto__"": 1}"',
  "a\nb",
];

function changeCell(text: string, random: Random): string {
  const lines = text.split("\n");
  const row = below(lines.length, random);
  const cells = lines[row].split(",");
  cells[below(cells.length, random)] = pick(CELLS, random);
  lines[row] = cells.join(",");
  return lines.join("\n");
}

/** A column is lost, comes twice, or has another name. */
function changeColumn(text: string, random: Random): string {
  const rows = text.split("\n").map((line) => line.split(","));
  const column = below(rows[0].length, random);
  const kind = below(4, random);
  rows.forEach((cells, row) => {
    if (kind === 0) cells.splice(column, 1);
    else if (kind === 1) cells.splice(column, 0, cells[column] ?? "");
    else if (row === 0) cells[column] = kind === 2 ? pick(NAMES, random) : "x,".repeat(2000);
  });
  return rows.map((cells) => cells.join(",")).join("\n");
}

/** Mostly values: a file of another structure is refused at once. */
const changes = [...Array<typeof changeValue>(16).fill(changeValue), changeKey, changeKey, changeLine].map(
  onText,
);
const tableChanges = [...Array<typeof changeCell>(6).fill(changeCell), changeColumn, changeLine].map(onText);

/** Each as YAML and as JSON, with and without a word whose it is. */
function configTarget(program: ConfigProgram): Target {
  const json = YAML[program].map((text) => formatConfig(parseConfig(text, "seed", program).config, "json"));
  return {
    cases: 400,
    seeds: [...YAML[program], ...json].map(bytesOf),
    most: () => 2 ** 17,
    changes,
    parse: (bytes) => {
      const known = bytes.length % 2 === 0 ? program : undefined;
      return formatConfig(parseConfig(textOf(bytes), "a.yaml", known).config).length;
    },
  };
}

const PARTICLES: Target = {
  cases: 1_000,
  seeds: ["search1_particles.csv", "refine1_particles.csv", "refine2_particles.csv"].map((name) =>
    bytesOf(golden(name)),
  ),
  most: (bytes) => 2 ** 17 + 16 * bytes,
  changes: tableChanges,
  parse: (bytes) => parseParticleStack(textOf(bytes), "a.csv").particles.length,
};

/** Tables of motion in a movie of 5 frames and 9 particles. */
const MOTIONS: Readonly<Record<string, Target>> = {
  shifts: {
    cases: 2_000,
    seeds: [bytesOf(golden("../match-extra/movies/shifts.csv"))],
    most: (bytes) => 2 ** 17 + 16 * bytes,
    changes: tableChanges,
    parse: (bytes) => parseParticleShifts(textOf(bytes), "a.csv", { frames: 5, particles: 9 }).byteLength,
  },
  deformation: {
    cases: 2_000,
    seeds: [bytesOf(golden("../match-extra/movies/deformation.csv"))],
    most: (bytes) => 2 ** 17 + 16 * bytes,
    changes: tableChanges,
    parse: (bytes) => parseDeformationTable(textOf(bytes), "a.csv").shiftsA.byteLength,
  },
};

export const CONFIGS: Readonly<Record<string, Target>> = {
  ...Object.fromEntries(CONFIG_PROGRAMS.map((name) => [name, configTarget(name)])),
  particles: PARTICLES,
  ...MOTIONS,
};
