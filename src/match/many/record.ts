import { z } from "zod";
import { VitrineError } from "../../core/index.ts";
import { fileExists, parseYaml, readFileBytes, writeFileAtomic } from "../../io/index.ts";
import { choiceName } from "../search/choiceNames.ts";
import { withSearches } from "../search/configuredSearch.ts";
import { identifySearches } from "../search/fingerprint.ts";
import { refuseExisting } from "../search/searchRun.ts";
import type { ManyOptions, MicrographReport, PlannedTarget } from "./manyProgram.ts";

/** A search that is done. */
export interface DoneSearch {
  readonly identity: string;
  /** What the identity is made of, by name; absent in records of earlier versions. */
  readonly choices?: Readonly<Record<string, string>> | undefined;
  readonly report: MicrographReport;
}

/** How far searches of several micrographs have come. */
export interface ManyRecord {
  /** What computed the finished ones; null where none is. */
  readonly kernels: string | null;
  /** By the suffixes of their targets. */
  readonly done: Readonly<Record<string, DoneSearch>>;
  /** The suffix of the target that is under way. */
  readonly current: string | null;
}

const schema = z.strictObject({
  version: z.literal(1),
  kernels: z.string().nullable(),
  done: z.record(
    z.string(),
    z.strictObject({
      identity: z.string(),
      choices: z.record(z.string(), z.string()).optional(),
      report: z.strictObject({
        micrographPath: z.string(),
        configPath: z.string(),
        particles: z.int().min(0),
        zCutoff: z.number(),
        correlations: z.int().min(0),
        files: z.array(z.string()),
        bestZScore: z.number().optional(),
      }),
    }),
  ),
  current: z.string().nullable(),
});

/** The record lies beside the joint table until the last search is done. */
export function recordPath(particlesPath: string): string {
  return `${particlesPath}.run`;
}

/** Replaces the record, whole or not at all. */
export async function writeRecord(path: string, record: ManyRecord): Promise<void> {
  const text = `${JSON.stringify({ version: 1, ...record }, null, 1)}\n`;
  await writeFileAtomic(path, new TextEncoder().encode(text), { overwrite: true });
}

/**
 * What an earlier run left, if it is to be continued; undefined where there is none, or it is to be overrun.
 *
 * @throws {VitrineError} exists: one that is neither continued nor overrun; format: one of other searches, or of another version
 */
export async function earlierRun(
  at: string,
  planned: readonly PlannedTarget[],
  { resume = false, overwrite = false, onLog }: ManyOptions,
): Promise<ManyRecord | undefined> {
  if (!resume) {
    const hint = "Continue with --resume, or start again with --overwrite";
    if (!overwrite) await refuseExisting(at, { expected: "no earlier run", found: "its record", hint });
    return undefined;
  }
  if (!(await fileExists(at))) {
    onLog?.(`${at} is not there: nothing of an earlier run is known`, "warning");
    return undefined;
  }
  const { version: _, ...record } = parseYaml(new TextDecoder().decode(await readFileBytes(at)), schema, at);
  for (const [suffix, { identity, choices = {} }] of Object.entries(record.done)) {
    const one = planned.find(({ target }) => target.suffix === suffix);
    const now = one && (await searchIdentity(one));
    if (now?.hash === identity) continue;
    const hint = "Restore configuration and inputs, or start again with --overwrite";
    const expected = "searches of these configurations and micrographs";
    const changed = now === undefined ? "" : changedText(choices, now.choices);
    const found = `another of ${suffix.slice(1)}${changed}`;
    throw new VitrineError({ code: "format", at, expected, found, hint });
  }
  return record;
}

/** Most changes that a message names. */
const MOST_NAMED = 4;

/** ` (--z-cutoff 3.5, now 4)`; nothing where it is not known what a record was made with. */
function changedText(then: Readonly<Record<string, string>>, now: Readonly<Record<string, string>>): string {
  if (Object.keys(then).length === 0) return "";
  const changed = Object.keys({ ...then, ...now }).filter((name) => then[name] !== now[name]);
  const texts = changed.map(
    (name) => `${choiceName(name)} ${then[name] ?? "none"}, now ${now[name] ?? "none"}`,
  );
  return texts.length === 0 ? "" : ` (${texts.slice(0, MOST_NAMED).join("; ")})`;
}

/** What decides about the results of a search. */
export interface SearchIdentity {
  /** In 64 hexadecimal digits: settings and inputs, and how particles are chosen. */
  readonly hash: string;
  /** The same by name and in few letters, so that what has changed can be told. */
  readonly choices: Readonly<Record<string, string>>;
}

/** What decides about the results of a search. */
export async function searchIdentity({ target, options }: PlannedTarget): Promise<SearchIdentity> {
  const { onLog: _, ...quiet } = options;
  let named: Record<string, string> = {};
  const prints = await withSearches(target.configPath, quiet, async (set) => {
    const { searches } = await identifySearches(set, quiet);
    const found: string[] = [];
    for (const { fingerprint, choices } of searches) {
      found.push(await fingerprint());
      named = { ...(await choices()), ...named };
    }
    return found;
  });
  const { peaks, falsePositives, zCutoff, maskRadiusPx, compatBatch, coarse, background } = options;
  const choices = { peaks, falsePositives, zCutoff, maskRadiusPx, compatBatch, coarse, background };
  const bytes = new TextEncoder().encode(JSON.stringify([prints, choices]));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const hash = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const chosen = Object.entries(choices).map(([name, value]) => [name, JSON.stringify(value) ?? "none"]);
  return { hash, choices: { ...named, ...Object.fromEntries(chosen) } };
}
