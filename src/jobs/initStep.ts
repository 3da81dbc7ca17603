import { join, resolve } from "node:path";
import { type OptionKeys, requireKnownOptions, VitrineError } from "../core/index.ts";
import { cleanupStep } from "./cleanup.ts";
import { changedParts, differingParts, identityOf } from "./identity.ts";
import {
  batchFile,
  findStepFolder,
  LAYOUT,
  NAME,
  type PhaseRecord,
  readStepFolder,
  type StepFolder,
  type StepRecord,
} from "./layout.ts";
import { writeState } from "./stateFiles.ts";
import type { IdentityParts, Json, Phase, Step } from "./step.ts";
import { targetUrl } from "./target.ts";

/** Where a step's states go, and whose they are. */
export interface StepPlace {
  /** Of jobs; the step has a folder of its name in it. */
  readonly directory: string;
  readonly identity: IdentityParts;
  /** Given to every batch and to `collect`. */
  readonly options?: Json;
  /** What to do with states that are there: go on from those of the same identity, begin anew, or refuse (default). */
  readonly existing?: "resume" | "overwrite";
}

/** Keys of {@link StepPlace}. */
export const PLACE_KEYS: OptionKeys<StepPlace> = {
  directory: true,
  identity: true,
  options: true,
  existing: true,
};

/** What of a step is needed to make its batches. */
export type Batches = Pick<Step, "name" | "phases" | "collectTarget"> & {
  init(phase: string): AsyncIterable<Json> | Iterable<Json>;
};

/**
 * Makes the batches of a step and writes them into its folder.
 *
 * @throws {VitrineError} exists: a step is there, which `existing` does not allow, or of another identity: says which parts differ;
 *   unsupported: of another layout; type: a name that cannot be a file's; missing: a phase's module; storage
 */
export async function initStep(step: Batches, place: StepPlace): Promise<StepFolder> {
  requireKnownOptions("initStep", place, PLACE_KEYS);
  requireNames(step);
  const path = resolve(place.directory, step.name);
  const found = place.existing === "overwrite" ? undefined : await findStepFolder(path);
  if (found !== undefined) return await reuse(found, place);
  if (place.existing === "overwrite") await cleanupStep(path);
  const phases: PhaseRecord[] = [];
  for (const phase of step.phases) phases.push(await writeBatches(step, phase, path));
  const { identity: parts, options = null } = place;
  const collect = step.collectTarget && {
    module: targetUrl(step.collectTarget, `${step.name} collectTarget`),
    export: step.collectTarget.export,
  };
  const record: StepRecord = {
    layout: LAYOUT,
    name: step.name,
    parts,
    options,
    phases,
    workingDirectory: process.cwd(),
    ...(collect && { collect }),
  };
  await writeState(join(path, "step.json"), JSON.parse(JSON.stringify(record)));
  return readStepFolder(path);
}

async function reuse(found: StepFolder, { identity, existing }: StepPlace): Promise<StepFolder> {
  const names = differingParts(found.identity, await identityOf(identity));
  if (names.length === 0 && existing === "resume") return found;
  const isOther = names.length > 0;
  const changed = changedParts(found.record.parts, JSON.parse(JSON.stringify(identity)), names);
  throw new VitrineError({
    code: "exists",
    at: found.path,
    expected: isOther ? "states of the same work" : "no states, or leave to go on from them",
    found: isOther ? `those of another ${changed.join(", another ")}` : "those of the same work",
    hint: isOther ? "Overwrite them, or take another directory" : "Resume from them, or overwrite them",
  });
}

async function writeBatches(step: Batches, phase: Phase, path: string): Promise<PhaseRecord> {
  const module = targetUrl(phase.target, `${step.name} ${phase.name} target`);
  let batches = 0;
  let work = 0;
  for await (const value of step.init(phase.name)) {
    const size = phase.work?.(value) ?? 1;
    await writeState(
      batchFile(path, "batches", { phase: phase.name, index: batches }),
      { work: size, value },
      false,
    );
    batches++;
    work += size;
  }
  return { name: phase.name, unit: phase.unit, module, export: phase.target.export, batches, work };
}

function requireNames({ name, phases }: Batches): void {
  const names = phases.map((phase) => phase.name);
  const wrong =
    [name, ...names].find((one) => !NAME.test(one)) ?? names.find((one, i) => names.indexOf(one) !== i);
  if (wrong === undefined && phases.length > 0) return;
  throw new VitrineError({
    code: "type",
    at: `step ${name}`,
    expected: "phases with different names of letters, digits, - and _",
    found: wrong === undefined ? "no phase" : JSON.stringify(wrong),
  });
}
