import { z } from "zod";
import { axesKey, describeAxes } from "../core/index.ts";
import { type JsonObject, type JsonValue, parseJsonText, parseYaml, readText } from "../io/index.ts";
import { Hardware } from "./engine/hardware.ts";
import type { AcquisitionEvent } from "./events/event.ts";
import { type FieldUm, lacksField } from "./events/gridField.ts";
import { parsePlan } from "./events/parsePlan.ts";
import type { PlanPosition } from "./events/planPositions.ts";
import type { MicroscopeCore } from "./microscope.ts";

/** Of a longer plan, this many events are looked at before it runs. */
const LOOKED_AT = 100_000;

/** A plan that was read and checked as far as that goes without a microscope. */
export interface PlanFile {
  readonly path: string;
  readonly value: unknown;
  /** What the plan says of all its images, in the dataset's summary. */
  readonly summary: JsonObject;
  /** Places of a list, where the plan has none of its own. */
  readonly positions?: readonly PlanPosition[];
}

/**
 * Reads a plan: JSON where the name ends so, else YAML, of which JSON is a part.
 *
 * @throws {VitrineError} missing, storage: the file; format: neither; what {@link parsePlan} throws
 */
export async function readPlan(path: string): Promise<PlanFile> {
  const text = await readText(path);
  const value = path.toLowerCase().endsWith(".json")
    ? parseJsonText(text, path)
    : parseYaml(text, z.unknown(), path);
  const size: FieldUm = [1, 1]; // any will do to find what is wrong
  parsePlan(value, path, { fieldUm: size });
  return { path, value, summary: summaryOf(value) };
}

/** The plan with places of a list as its positions. @throws {VitrineError} as {@link parsePlan} with `positions` */
export function planAt(plan: PlanFile, positions: readonly PlanPosition[]): PlanFile {
  const names = positions.map(({ label }) => (label === "" ? null : label));
  return { ...plan, positions, summary: { ...plan.summary, PositionNames: names } };
}

/**
 * The plan's events for a microscope: what its camera sees is the size of tiles whose plan does not say it, after what `setup` sets.
 *
 * @throws {VitrineError} undeterminable: such tiles, and a microscope that does not know its pixel size; whatever a device refuses
 */
export async function eventsFor(
  { value, path, positions }: PlanFile,
  core: MicroscopeCore,
  timing: ConstructorParameters<typeof Hardware>[1],
): Promise<Iterable<AcquisitionEvent>> {
  if (!lacksField(value)) return parsePlan(value, path, { positions });
  const [first] = parsePlan(value, path, { fieldUm: [1, 1] });
  if (first?.no_image === true) await new Hardware(core, timing).setAllButFocus([first]);
  return parsePlan(value, path, { positions, fieldUm: await fieldOfView(core) });
}

/** Undefined where the microscope does not know its pixel size. */
async function fieldOfView(core: MicroscopeCore): Promise<FieldUm | undefined> {
  const pixelSizeUm = await core.getPixelSizeUm();
  if (!(pixelSizeUm > 0)) return undefined;
  return [pixelSizeUm * (await core.getImageWidth()), pixelSizeUm * (await core.getImageHeight())];
}

/** Says that images will replace each other; undefined where none of the first events have equal axes. */
export function equalAxesWarning(events: Iterable<AcquisitionEvent>): string | undefined {
  const seen = new Set<string>();
  let [looked, equal] = [0, 0];
  let example: AcquisitionEvent | undefined;
  for (const event of events) {
    if (event.special !== undefined || event.no_image === true || event.autofocus !== undefined) continue;
    if (++looked > LOOKED_AT) break;
    const key = axesKey(event.axes);
    if (seen.has(key)) {
      equal++;
      example ??= event;
    }
    seen.add(key);
  }
  if (example === undefined) return undefined;
  const what = `${equal} of ${Math.min(looked, LOOKED_AT)} events have the axes of an earlier one`;
  return `${what} (${describeAxes(example.axes)}): of their images the dataset keeps the last; name positions and channels apart`;
}

/** Metadata of a useq sequence, and names in the order of their numbers. */
function summaryOf(plan: unknown): JsonObject {
  if (typeof plan !== "object" || plan === null || Array.isArray(plan)) return {};
  const { metadata, channels, stage_positions: positions } = plan as Readonly<Record<string, JsonValue>>;
  const channelNames = namesIn(channels, "config");
  const positionNames = namesIn(positions, "name");
  return {
    ...(isFilled(metadata) && { metadata }),
    ...(channelNames !== undefined && { ChNames: channelNames }),
    ...(positionNames !== undefined && { PositionNames: positionNames }),
  };
}

function isFilled(value: JsonValue | undefined): value is JsonObject {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length > 0
  );
}

/** Names of a list of texts, or of objects that have them under a key; undefined where none has one. */
function namesIn(list: JsonValue | undefined, key: string): readonly (string | null)[] | undefined {
  if (!Array.isArray(list)) return undefined;
  const items: readonly JsonValue[] = list;
  const names = items.map((item) => (typeof item === "string" ? item : nameIn(item, key)));
  return names.some((name) => name !== null) ? names : undefined;
}

function nameIn(item: JsonValue, key: string): string | null {
  if (typeof item !== "object" || item === null || Array.isArray(item)) return null;
  const name: unknown = Reflect.get(item, key);
  return typeof name === "string" ? name : null;
}
