import { z } from "zod";
import { VitrineError } from "../../core/index.ts";
import { fileExists, parseYaml, readFileBytes, writeFileAtomic } from "../../io/index.ts";
import { withSearches } from "../search/configuredSearch.ts";
import { identifySearches } from "../search/fingerprint.ts";
import { refuseExisting } from "../search/searchRun.ts";
import type { ManyOptions, MicrographReport, PlannedTarget } from "./manyProgram.ts";

/** How far searches of several micrographs have come. */
export interface ManyRecord {
  /** What computed the finished ones; null where none is. */
  readonly kernels: string | null;
  /** By the suffixes of their targets. */
  readonly done: Readonly<Record<string, { readonly identity: string; readonly report: MicrographReport }>>;
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
      report: z.strictObject({
        micrographPath: z.string(),
        configPath: z.string(),
        particles: z.int().min(0),
        zCutoff: z.number(),
        correlations: z.int().min(0),
        files: z.array(z.string()),
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
  for (const [suffix, { identity }] of Object.entries(record.done)) {
    const one = planned.find(({ target }) => target.suffix === suffix);
    if (one !== undefined && (await searchIdentity(one)) === identity) continue;
    const hint = "Restore configuration and inputs, or start again with --overwrite";
    const expected = "searches of these configurations and micrographs";
    throw new VitrineError({ code: "format", at, expected, found: `another of ${suffix.slice(1)}`, hint });
  }
  return record;
}

/** What decides about the results of a search in 64 hexadecimal digits: settings and inputs, and how particles are chosen. */
export async function searchIdentity({ target, options }: PlannedTarget): Promise<string> {
  const { onLog: _, ...quiet } = options;
  const prints = await withSearches(target.configPath, quiet, async (set) => {
    const { searches } = await identifySearches(set, quiet);
    const found: string[] = [];
    for (const { fingerprint } of searches) found.push(await fingerprint());
    return found;
  });
  const { peaks, falsePositives, zCutoff, maskRadiusPx, compatBatch, coarse, background } = options;
  const choices = { peaks, falsePositives, zCutoff, maskRadiusPx, compatBatch, coarse, background };
  const bytes = new TextEncoder().encode(JSON.stringify([prints, choices]));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
