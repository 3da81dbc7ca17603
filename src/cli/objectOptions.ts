/** Options that the commands of map objects share. */
import { type Command, InvalidArgumentError } from "commander";
import { type Experiment, type MapWindow, windowOfPart } from "../experiment/index.ts";
import { databaseOption } from "./database.ts";
import { index, numberIn } from "./options.ts";

/** The first argument of all of them. */
export const FOLDER = ["<dir>", "the experiment's folder"] as const;
/** The option that all but few have. */
export const TYPE = ["--type <name>", "type of the objects: Cells, Nuclei"] as const;

/** What {@link addCommon} parses to. */
export interface CommonArguments {
  readonly database?: string;
  readonly json?: boolean;
}

/** What {@link addPart} parses to. */
export interface PartArguments {
  readonly plate?: string;
  readonly well?: string;
  readonly site?: number;
}

/** What {@link addPlane} parses to. */
export interface PlaneArguments {
  readonly timepoint?: number;
  readonly zplane?: number;
}

/** The options that name a time point and z plane. */
export function addPlane(command: Command, of: string): Command {
  return command
    .option("--timepoint <number>", `time point of ${of}, from 0`, index)
    .option("--zplane <number>", `z plane of ${of}, from 0`, index);
}

/** The options that name a part of the map. */
export function addPart(command: Command): Command {
  return command
    .option("--plate <name>", "a plate; default: the only one")
    .option("--well <name>", "a well of the plate: B03")
    .option("--site <number>", "a site of the well, from 0", index);
}

/** The options of all of them. */
export function addCommon(command: Command, json: string): Command {
  return command.addOption(databaseOption()).option("--json", json);
}

/** As experiments are opened. */
export function urlOf({ database }: CommonArguments) {
  return database === undefined ? {} : { databaseUrl: database };
}

/** As the library has it. */
export function planeOf({ timepoint, zplane }: PlaneArguments): PlaneArguments {
  return { ...(timepoint !== undefined && { timepoint }), ...(zplane !== undefined && { zplane }) };
}

/** Whether a part is named. */
export function isPart({ plate, well, site }: PartArguments): boolean {
  return plate !== undefined || well !== undefined || site !== undefined;
}

/** As the library has it. */
export function partOf({ plate, well, site }: PartArguments): PartArguments {
  return {
    ...(plate !== undefined && { plate }),
    ...(well !== undefined && { well }),
    ...(site !== undefined && { site }),
  };
}

/** The window that is named, or that of the part. */
export async function windowFor(
  experiment: Experiment,
  args: PartArguments & { readonly window?: MapWindow },
): Promise<MapWindow | undefined> {
  if (args.window !== undefined) return args.window;
  return isPart(args) ? windowOfPart(experiment, partOf(args)) : undefined;
}

function numbers(text: string, count: number): number[] {
  const values = text.split(",").map(numberIn);
  return values.length === count && values.every(Number.isFinite) ? values : [];
}

/** Reads `y,x`. */
export function pair(text: string): [number, number] {
  const [y, x] = numbers(text, 2);
  if (x !== undefined) return [y, x];
  throw new InvalidArgumentError("Expected two numbers: y,x.");
}

/** Reads `y,x,height,width`. */
export function window(text: string): MapWindow {
  const [y, x, height, width] = numbers(text, 4);
  if (width !== undefined && height >= 0 && width >= 0) return { y, x, height, width };
  throw new InvalidArgumentError("Expected y,x,height,width.");
}
