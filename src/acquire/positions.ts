import {
  didYouMean,
  nearestName,
  type OptionKeys,
  requireKnownOptions,
  VitrineError,
} from "../core/index.ts";
import { parseJsonText, readText } from "../io/index.ts";
import type { PlanPosition } from "./events/planPositions.ts";
import { type MultiStagePosition, parsePositionList, type StagePosition } from "./events/positionList.ts";
import type { MicroscopeCore } from "./microscope.ts";

/** How a position list is read. */
export interface PositionListOptions {
  /** As tiles: their rows and columns in the grid that Micro-Manager made are their axes (default false). */
  readonly asTiles?: boolean;
  /**
   * Where the microscope has none of the list's stages, its own XY stage and focus drive go there instead (default false: an error). For a
   * simulated one, which can hit nothing.
   */
  readonly onOwnStages?: boolean;
  /** Gets what is not used, or guessed. */
  readonly onLog?: (message: string, kind: "warning" | "note") => void;
}

const KEYS: OptionKeys<PositionListOptions> = { asTiles: true, onOwnStages: true, onLog: true };

/**
 * Reads a position list of Micro-Manager 1.4 or 2 (`.pos`) for a microscope. As in Micro-Manager, each stage of a place is moved by its
 * label: the microscope's XY stage is x and y, its focus drive z, all others `stage_positions`.
 *
 * @returns the places in the order of the list, for `parsePlan`, or for events of one's own
 * @throws {VitrineError} missing, storage: the file; format: another form; missing: a place without the microscope's XY stage;
 *   unsupported: a second XY stage; exists: two tiles at one row and column
 *
 * @example
 * const positions = await readPositionList("wells.pos", microscope.core);
 * acquisition.acquire(parsePlan({ channel_group: "Channel", channels: ["DAPI"] }, "plan", { positions }));
 */
export async function readPositionList(
  path: string,
  core: Pick<MicroscopeCore, "getXYStageDevice" | "getFocusDevice" | "getLoadedDevices">,
  options: PositionListOptions = {},
): Promise<readonly PlanPosition[]> {
  requireKnownOptions("readPositionList", options, KEYS);
  const { asTiles = false, onOwnStages = false, onLog } = options;
  const list = parsePositionList(parseJsonText(await readText(path), path), path);
  const [xy, focus, loaded] = await Promise.all([
    core.getXYStageDevice(),
    core.getFocusDevice(),
    core.getLoadedDevices(),
  ]);
  const own = { xy, focus };
  const isForeign = onOwnStages && !namesOf(list).some((device) => loaded.includes(device));
  const missing = namesOf(list).filter((device) => !loaded.includes(device));
  if (isForeign) onLog?.(foreignText(path, missing, own), "warning");
  else if (missing[0] !== undefined) throw noStage(path, missing[0], loaded);
  const unused = [...new Set(list.flatMap(({ properties }) => Object.keys(properties)))];
  if (unused.length > 0)
    onLog?.(`${path}: properties of positions are not used: ${unused.join(", ")}`, "warning");
  const places = list.map((place, i) => {
    const at = `${path} position ${i}${place.label === "" ? "" : ` (${place.label})`}`;
    const position = toPosition(isForeign ? renamed(place, own) : place, own, at);
    return asTiles ? { ...position, row: place.row, column: place.column } : position;
  });
  if (asTiles) requireGrid(places, path);
  return places;
}

/** Labels of the stages that x and y, and z, move. */
interface OwnStages {
  readonly xy: string;
  readonly focus: string;
}

function namesOf(list: readonly MultiStagePosition[]): string[] {
  return [...new Set(list.flatMap(({ stages }) => stages.map(({ device }) => device)))];
}

function foreignText(path: string, missing: readonly string[], { xy, focus }: OwnStages): string {
  const names = missing.join(", ");
  return `${path}: this microscope has no ${names}: ${xy} and ${focus} move to x, y and z, and other stages stay`;
}

function noStage(at: string, device: string, loaded: readonly string[]): VitrineError {
  const hint = "Take the configuration that the list was made with, or rename the stage in the list";
  const found = `${device}${didYouMean(nearestName(device, loaded))}`;
  return new VitrineError({ code: "missing", at, expected: "stages of this microscope", found, hint });
}

/** The place with the list's default stages, or its first ones, under the microscope's labels, and no others. */
function renamed(place: MultiStagePosition, { xy, focus }: OwnStages): MultiStagePosition {
  const { stages, xyStage, zStage } = place;
  const ofAxes = (axes: number) => stages.filter(({ um }) => um.length === axes);
  const nameOf = (given: string, axes: number) => (given === "" ? ofAxes(axes)[0]?.device : given);
  const labels = new Map([
    [nameOf(xyStage, 2), xy],
    [nameOf(zStage, 1), focus],
  ]);
  const rename = ({ device, um }: StagePosition) => {
    const label = labels.get(device);
    return label === undefined ? [] : [{ device: label, um }];
  };
  return { ...place, stages: stages.flatMap(rename) };
}

function toPosition({ label, stages }: MultiStagePosition, own: OwnStages, at: string): PlanPosition {
  const planes = stages.filter(({ um }) => um.length === 2);
  const xy = planes.find(({ device }) => device === own.xy);
  if (xy === undefined) throw withoutStage(at, own.xy, planes);
  const other = planes.find((stage) => stage !== xy);
  if (other !== undefined) throw secondStage(at, own.xy, other.device);
  const single = stages.filter(({ um }) => um.length === 1);
  const z = single.find(({ device }) => device === own.focus)?.um[0];
  const others = single.filter(({ device }) => device !== own.focus);
  return {
    label,
    x: xy.um[0],
    y: xy.um[1],
    ...(z !== undefined && { z }),
    ...(others.length > 0 && { stage_positions: others.map(({ device, um }) => [device, um[0]] as const) }),
  };
}

function withoutStage(at: string, xy: string, planes: readonly StagePosition[]): VitrineError {
  const expected = xy === "" ? "a microscope with an XY stage" : `x and y of the microscope's XY stage ${xy}`;
  const found =
    planes.length === 0 ? "no x and y" : `those of ${planes.map(({ device }) => device).join(", ")}`;
  const hint = "Add its x and y, or make the list's stage the microscope's";
  return new VitrineError({ code: "missing", at, expected, found, hint });
}

function secondStage(at: string, xy: string, device: string): VitrineError {
  const hint = `Remove ${device} from the list`;
  return new VitrineError({
    code: "unsupported",
    at,
    expected: `one XY stage, ${xy}`,
    found: `${device} too`,
    hint,
  });
}

function requireGrid(places: readonly PlanPosition[], at: string): void {
  const seen = new Map<string, number>();
  for (const [i, { row, column }] of places.entries()) {
    const key = `row ${row}, column ${column}`;
    const first = seen.get(key);
    seen.set(key, i);
    if (first === undefined) continue;
    const hint =
      "Save one grid a list, as Micro-Manager's Create Grid makes it, or leave the overlap of tiles out";
    const found = `positions ${first} and ${i} at ${key}`;
    throw new VitrineError({ code: "exists", at, expected: "one tile a row and column", found, hint });
  }
}
