import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, writeSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** What a test may need beyond Node: see CONTRIBUTING.md. */
export type Requirement =
  | "chromium"
  | "slurm"
  | "slurm-accounts"
  | "postgres"
  | "readers"
  | "shared-real"
  | "torch-peers"
  | "gpu";

export interface Availability {
  readonly available: boolean;
  /** Why not, in words; empty if available. */
  readonly reason: string;
}

/** The Python of the readers and peers. */
export const python = process.env.VITRINE_PYTHON ?? "python3";

/** The browser of the browser tests. */
export const chromium = "/usr/bin/chromium";

/** Programs of PostgreSQL 15, as Debian installs them. */
export const postgresBin = "/usr/lib/postgresql/15/bin";

/** Real files that are not part of the repository. */
export const sharedReal = fileURLToPath(new URL("../../../shared/real", import.meta.url));

const READERS = [
  "numpy",
  "h5py",
  "mrcfile",
  "tifffile",
  "ndstorage",
  "pymmcore",
  "mm_test_adapters",
  "yaozarrs",
  "PIL",
  "pyvips",
  "pyarrow",
  "shapely",
];

/** Each check gives the reason why a thing is not there, or nothing. */
const CHECKS: Readonly<Record<Requirement, () => string | undefined>> = {
  chromium: () => (isExecutable(chromium) ? undefined : `no ${chromium}`),
  slurm: missingSlurm,
  "slurm-accounts": () =>
    missingSlurm() ?? missingPrograms(["slurmdbd", "sacctmgr", "mariadbd", "mariadb-install-db"]),
  postgres: () => (isExecutable(join(postgresBin, "initdb")) ? undefined : `no ${postgresBin}/initdb`),
  readers: () => missingModules([...READERS, "ome_zarr_models"]),
  "shared-real": () => (existsSync(sharedReal) ? undefined : "no ../shared/real"),
  "torch-peers": () => missingModules(["torch", "leopard_em"]),
  gpu: () => (existsSync("/dev/nvidia0") ? undefined : "no /dev/nvidia0"),
};

const IN_ALL: readonly Requirement[] = ["chromium", "slurm", "slurm-accounts", "postgres", "readers"];
const answers = new Map<Requirement, Availability>();

/**
 * Says whether a test can run here. If not, prints one line; if `VITRINE_REQUIRE` names it, throws instead, so that
 * the test file fails.
 *
 * @example
 * const { available } = requirement("chromium");
 * test.skipIf(!available)("a search in a page", async () => { ... });
 */
export function requirement(name: Requirement): Availability {
  const known = answers.get(name);
  if (known !== undefined) return known;
  const reason = CHECKS[name]();
  const answer = { available: reason === undefined, reason: reason ?? "" };
  if (reason !== undefined) {
    if (requiredNames(process.env.VITRINE_REQUIRE).has(name))
      throw new Error(`VITRINE_REQUIRE names ${name}, but there is ${reason}.`);
    // Not console: the runner would fold it; every skip is one line that a person sees.
    writeSync(2, `skipped what needs ${name}: ${reason}\n`);
  }
  answers.set(name, answer);
  return answer;
}

/** The names in a value of `VITRINE_REQUIRE`: separated by commas; `all` stands for four of them. */
export function requiredNames(value = ""): Set<Requirement> {
  const names = value.split(",").flatMap((part) => {
    const name = part.trim();
    if (name === "") return [];
    if (name === "all") return IN_ALL;
    if (isRequirement(name)) return [name];
    throw new Error(
      `VITRINE_REQUIRE: expected all or some of ${Object.keys(CHECKS).join(", ")}, found ${name}.`,
    );
  });
  return new Set(names);
}

function isRequirement(name: string): name is Requirement {
  return Object.hasOwn(CHECKS, name);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function isOnPath(program: string): boolean {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin"];
  return folders.some((folder) => isExecutable(join(folder, program)));
}

/** The daemons of its nodes start tasks as the users who submitted them: root alone can. */
function missingSlurm(): string | undefined {
  const missing = missingPrograms(["slurmctld", "slurmd", "sbatch", "munged"]);
  if (missing !== undefined) return missing;
  return process.getuid?.() === 0 ? undefined : "no root, as whom a cluster of the tests is started";
}

function missingPrograms(names: readonly string[]): string | undefined {
  const program = names.find((name) => !isOnPath(name));
  return program && `no ${program} on PATH`;
}

/** One start of Python tells which of the modules it cannot find; nothing is imported. */
function missingModules(modules: readonly string[]): string | undefined {
  const code = `import importlib.util as u; print(*[m for m in ${JSON.stringify(modules)} if u.find_spec(m) is None])`;
  const { status, stdout } = spawnSync(python, ["-c", code], { encoding: "utf8", timeout: 120_000 });
  if (status !== 0) return `no Python that runs as ${python}`;
  const missing = stdout.trim();
  return missing === "" ? undefined : `no ${missing.replaceAll(" ", ", ")} in ${python}`;
}
