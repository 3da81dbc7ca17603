import { type Command, InvalidArgumentError } from "commander";
import {
  type Comparison,
  type Experiment,
  editMapobjects,
  type FeatureCondition,
  type MapobjectEdit,
  type MapWindow,
  openExperiment,
  selectMapobjects,
} from "../experiment/index.ts";
import { parseJsonText, readText } from "../io/index.ts";
import { type IdleRule, tellIdle } from "./idle.ts";
import {
  addCommon,
  addPart,
  type CommonArguments,
  FOLDER,
  isPart,
  type PartArguments,
  TYPE,
  urlOf,
  window,
  windowFor,
} from "./objectOptions.ts";
import { addUndo, type UndoArguments, withUndo } from "./objectUndo.ts";
import { example, index } from "./options.ts";
import { report } from "./report.ts";

/** Adds `vitrine objects assign|remove|edit DIR`. */
export function addEdits(objects: Command): void {
  addAssign(objects);
  addRemove(objects);
  addEdit(objects);
}

interface ChangeArguments extends CommonArguments, UndoArguments {
  readonly dryRun?: boolean;
}

interface SelectionArguments extends ChangeArguments, PartArguments {
  readonly type: string;
  readonly ids?: readonly number[];
  readonly where?: readonly FeatureCondition[];
  readonly ofClass?: string;
  readonly window?: MapWindow;
  readonly timepoint?: number;
}

/** Which objects: all that is given holds. */
function addSelection(command: Command): Command {
  return addPart(
    command
      .requiredOption(...TYPE)
      .option("--ids <numbers>", "numbers of objects: 3,7-9", ids)
      .option("--where <condition>", 'a feature\'s value: "area>=300"; given again, all hold', condition)
      .option("--of-class <name>", "objects that have this class")
      .option("--window <y,x,height,width>", "objects that meet a part of the map, pixels", window)
      .option("--timepoint <number>", "of outlines and of features that differ in time, from 0", index),
  );
}

function addChange(command: Command): Command {
  return addUndo(command).option("--dry-run", "tell what would change, and change nothing");
}

const RULES: readonly IdleRule<ChangeArguments>[] = [
  { options: ["undo"], isIdle: ({ dryRun }) => dryRun === true, why: "with --dry-run: nothing is changed" },
  {
    options: ["overwrite"],
    isIdle: ({ undo }) => undo === undefined,
    why: "without --undo: no file is written",
  },
];

function isSelection(args: SelectionArguments): boolean {
  const { ids: numbers, where, ofClass, window: part } = args;
  return [numbers, where, ofClass, part].some((given) => given !== undefined) || isPart(args);
}

/** Numbers of the objects that are meant. */
async function selected(experiment: Experiment, args: SelectionArguments): Promise<number[]> {
  const part = await windowFor(experiment, args);
  const found = await selectMapobjects(experiment, {
    type: args.type,
    ...(args.ids !== undefined && { ids: args.ids }),
    ...(args.where !== undefined && { features: args.where }),
    ...(args.ofClass !== undefined && { className: args.ofClass }),
    ...(part !== undefined && { window: part }),
    ...(args.timepoint !== undefined && { timepoint: args.timepoint }),
  });
  return [...found];
}

/** What a change did, or would do. */
interface ChangeResults {
  readonly type: string;
  readonly ids: readonly number[];
  readonly isDryRun: boolean;
  readonly undo: string | null;
}

/** Selects, and changes what was selected. */
function change(
  command: Command,
  {
    dir,
    args,
    text,
  }: { readonly dir: string; readonly args: SelectionArguments; readonly text: (count: string) => string },
  editOf: (ids: readonly number[]) => Omit<MapobjectEdit, "type">,
): Promise<void> {
  if (!isSelection(args))
    command.error(
      "error: expected --ids, --where, --of-class or --window, or --plate, --well or --site: which objects are meant",
    );
  const sentence = ({ ids: changed, isDryRun, undo, type }: ChangeResults) => {
    const count = `${changed.length} ${changed.length === 1 ? "object" : "objects"} of ${type}`;
    return `${isDryRun ? "dry run: " : ""}${text(count)}\n${undo === null ? "" : `${undo}\n`}`;
  };
  return report({ json: args.json ?? false, text: sentence }, async ({ onLog }) => {
    tellIdle(command, RULES, { args, onLog });
    await using experiment = await openExperiment(dir, urlOf(args));
    const found = await selected(experiment, args);
    if (found.length === 0) onLog(`no object of ${args.type} is as said: nothing is changed`, "warning");
    const edit = { type: args.type, ...(found.length > 0 && editOf(found)) };
    await keep(experiment, edit, args);
    return resultsOf({ type: args.type, ids: found }, args);
  });
}

function keep(experiment: Experiment, edit: MapobjectEdit, args: ChangeArguments) {
  const { dryRun: isDryRun = false } = args;
  return isDryRun
    ? editMapobjects(experiment, edit, { isDryRun })
    : withUndo(args, () => editMapobjects(experiment, edit));
}

function resultsOf(
  what: Pick<ChangeResults, "type" | "ids">,
  { dryRun: isDryRun = false, undo }: ChangeArguments,
): ChangeResults {
  return { ...what, isDryRun, undo: isDryRun ? null : (undo ?? null) };
}

interface AssignArguments extends SelectionArguments {
  readonly class?: string | false;
  readonly color?: string;
}

function addAssign(objects: Command): void {
  const command = objects
    .command("assign")
    .description("give objects a class, or take it away")
    .argument(...FOLDER)
    .option("--class <name>", "the class that they get")
    .option("--no-class", "take their classes away")
    .option("--color <hex>", "of the class, six hexadecimal digits: E69F00", color);
  addCommon(addChange(addSelection(command)), "print the results as JSON")
    .addHelpText(
      "after",
      example('objects assign screen --type Cells --class large --color E69F00 --where "area>=300"'),
    )
    .action((dir: string, args: AssignArguments) => {
      const { class: name, color: hex } = args;
      if (name === undefined) command.error("error: expected --class <name> or --no-class");
      if (name === false && hex !== undefined)
        command.error("error: --color has no class to be of with --no-class");
      const className = name === false ? null : name!;
      const text = (count: string) =>
        className === null ? `${count} without a class` : `${count} in class ${className}`;
      return change(command, { dir, args, text }, (found) => ({
        classify: [{ className, ...(hex !== undefined && { classColor: hex }), ids: found }],
      }));
    });
}

function addRemove(objects: Command): void {
  const command = objects
    .command("remove")
    .description("remove objects of a type, with their outlines and features; delete removes the whole type")
    .argument(...FOLDER);
  addCommon(addChange(addSelection(command)), "print the results as JSON")
    .addHelpText("after", example('objects remove screen --type Cells --where "area<20" --undo undo.json'))
    .action((dir: string, args: SelectionArguments) =>
      change(command, { dir, args, text: (count) => `${count} removed` }, (found) => ({ remove: found })),
    );
}

/** What an edit of a file did. */
interface EditResults extends Omit<ChangeResults, "ids"> {
  readonly added: readonly number[];
  readonly changed: number;
  readonly removed: number;
  readonly classified: number;
}

function addEdit(objects: Command): void {
  const command = objects
    .command("edit")
    .description("add, change, remove and classify objects as a file says, all or nothing; also an --undo")
    .argument(...FOLDER)
    .argument("<file>", ".json: type, and add, change, remove, classify, as docs/objects.md has it");
  addCommon(addChange(command), "print the results as JSON")
    .addHelpText("after", example("objects edit screen undo.json"))
    .action((dir: string, path: string, args: ChangeArguments) =>
      report({ json: args.json ?? false, text: editText }, async ({ onLog }): Promise<EditResults> => {
        tellIdle(command, RULES, { args, onLog });
        // it parses the edit itself
        const edit = parseJsonText(await readText(path), path) as MapobjectEdit;
        await using experiment = await openExperiment(dir, urlOf(args));
        const { added } = await keep(experiment, edit, args);
        const { ids: _, ...rest } = resultsOf({ type: edit.type, ids: [] }, args);
        const { change: changes = [], remove = [], classify = [] } = edit;
        const classified = classify.reduce((sum, one) => sum + one.ids.length, 0);
        return { ...rest, added, changed: changes.length, removed: remove.length, classified };
      }),
    );
}

function editText({ type, added, changed, removed, classified, isDryRun, undo }: EditResults): string {
  const done = `${added.length} added, ${changed} changed, ${removed} removed, ${classified} classified`;
  return `${isDryRun ? "dry run: " : ""}${type}: ${done}\n${undo === null ? "" : `${undo}\n`}`;
}

/** Most numbers that a range may name: what is meant is a few, not a slip of the keys. */
const MOST_IDS = 1_000_000;

function ids(text: string): readonly number[] {
  const all = text.split(",").flatMap((part) => {
    const [, from, to = from] = /^\s*(\d{1,9})(?:-(\d{1,9}))?\s*$/.exec(part) ?? [];
    const [first, last] = [Number(from ?? Number.NaN), Number(to ?? Number.NaN)];
    if (!(first >= 1 && last >= first && last - first < MOST_IDS))
      throw new InvalidArgumentError("Expected numbers of objects, from 1: 3,7-9.");
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
  return [...new Set(all)];
}

function condition(text: string, before: readonly FeatureCondition[] = []): readonly FeatureCondition[] {
  const [, feature, comparison, value] = /^(.+?)\s*(<=|>=|<|>|=)\s*([-+.\deE]+)$/.exec(text) ?? [];
  if (feature !== undefined && Number.isFinite(Number(value)))
    return [
      ...before,
      { feature: feature.trim(), comparison: comparison as Comparison, value: Number(value) },
    ];
  throw new InvalidArgumentError('Expected a feature with a limit: "area>=300".');
}

function color(text: string): string {
  if (/^[0-9A-Fa-f]{6}$/.test(text)) return text;
  throw new InvalidArgumentError("Expected six hexadecimal digits: E69F00.");
}
