/** Where the files of a step lie, and what its first one says. */
import { join, resolve } from "node:path";
import { z } from "zod";
import { VitrineError } from "../core/index.ts";
import { type Identity, identityOf } from "./identity.ts";
import { readStateJson } from "./stateFiles.ts";
import type { IdentityParts, Json } from "./step.ts";

/** The version of this layout. One that a program does not know is refused: it would misread its states. */
export const LAYOUT = 1;

/** Folders of a step, each with one folder a phase. */
export const FOLDERS = [
  "batches",
  "logs",
  "results",
  "ends",
  "heartbeats",
  "checkpoints",
  "scratch",
] as const;

/** A phase as a process of its own, or a person with only the folder, needs to know it. */
export interface PhaseRecord {
  readonly name: string;
  readonly unit: string;
  /** A file URL. */
  readonly module: string;
  readonly export: string;
  readonly batches: number;
  /** Of all its batches together, in `unit`. */
  readonly work: number;
}

/** What `step.json` says; written last, so that whoever sees it sees all batches. */
export interface StepRecord {
  readonly layout: typeof LAYOUT;
  readonly name: string;
  readonly parts: IdentityParts;
  readonly options: Json;
  readonly phases: readonly PhaseRecord[];
  /** The folder to which paths in batches are relative: that in which the step was made. Absent in steps of earlier versions. */
  readonly workingDirectory?: string;
  readonly collect?: { readonly module: string; readonly export: string };
}

/** A step's folder, read. */
export interface StepFolder {
  readonly path: string;
  readonly record: StepRecord;
  readonly identity: Identity;
}

/** Names of steps, phases and files become names of files. */
export const NAME = /^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}$/;

const JSON_VALUE: z.ZodType<Json> = z.json();
const TARGET = z.strictObject({ module: z.string(), export: z.string() });
const RECORD = z.strictObject({
  layout: z.literal(LAYOUT),
  name: z.string().regex(NAME),
  parts: z.record(z.string(), JSON_VALUE),
  options: JSON_VALUE,
  phases: z
    .array(
      TARGET.extend({
        name: z.string().regex(NAME),
        unit: z.string(),
        batches: z.int().nonnegative(),
        work: z.number().nonnegative(),
      }),
    )
    .min(1),
  workingDirectory: z.string().optional(),
  collect: TARGET.optional(),
});

/** The file of a batch in one of the folders; `ending` with its dot. */
export function batchFile(
  step: string,
  folder: (typeof FOLDERS)[number],
  {
    phase,
    index,
    ending = ".json",
  }: { readonly phase: string; readonly index: number; readonly ending?: string },
): string {
  return join(step, folder, phase, `${index}${ending}`);
}

/**
 * Reads what a step's folder is.
 *
 * @throws {VitrineError} missing: no step there; unsupported: of another layout; format: no such file as the engine writes
 */
export async function readStepFolder(path: string): Promise<StepFolder> {
  const found = await findStepFolder(path);
  if (found !== undefined) return found;
  throw new VitrineError({
    code: "missing",
    at: path,
    expected: "the folder of a step, with its step.json",
    found: "none",
    hint: "Name the folder of one step, inside the directory of jobs",
  });
}

/** As {@link readStepFolder}; undefined if there is no step. */
export async function findStepFolder(place: string): Promise<StepFolder | undefined> {
  const path = resolve(place); // tasks may begin in another folder
  const at = join(path, "step.json");
  const value = await readStateJson(at);
  if (value === undefined) return undefined;
  requireLayout(value, at);
  const record = parseState(value, RECORD, at);
  const { collect, workingDirectory, ...rest } = record;
  const whole: StepRecord = {
    ...rest,
    ...(workingDirectory !== undefined && { workingDirectory }),
    ...(collect !== undefined && { collect }),
  };
  return { path, record: whole, identity: await identityOf(record.parts) };
}

function requireLayout(value: unknown, at: string): void {
  const layout = typeof value === "object" && value !== null && "layout" in value ? value.layout : undefined;
  if (layout === LAYOUT) return;
  const version = typeof layout === "number" ? `version ${layout}` : "no version";
  const isNewer = typeof layout === "number" && layout > LAYOUT;
  throw new VitrineError({
    code: "unsupported",
    at: `${at} layout`,
    expected: `version ${LAYOUT} of job directories`,
    found: version,
    hint: isNewer
      ? "A newer vitrine made it: use that one, or another directory"
      : "An older vitrine made it: finish with that one, or take another directory",
  });
}

/** Checks a file of state. @throws {VitrineError} format: says where the first thing is wrong */
export function parseState<T>(value: unknown, schema: z.ZodType<T>, at: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new VitrineError({
    code: "format",
    at: [at, issue.path.join(".")].join(" ").trimEnd(),
    expected: "what the engine wrote",
    found: issue.message.charAt(0).toLowerCase() + issue.message.slice(1),
    hint: "Remove it and resubmit: its batch runs again",
  });
}
