import { type Command, InvalidArgumentError } from "commander";
import { counted } from "../core/index.ts";
import {
  clusterMapobjects,
  type Experiment,
  editMapobjects,
  type MapobjectEdit,
  openExperiment,
  predictClasses,
  selectMapobjects,
} from "../experiment/index.ts";
import { formatCsv, writeFileAtomic } from "../io/index.ts";
import type { Log } from "../program/index.ts";
import { type IdleRule, tellIdle } from "./idle.ts";
import { addCommon, type CommonArguments, FOLDER, TYPE, urlOf } from "./objectOptions.ts";
import { addUndo, type UndoArguments, withUndo } from "./objectUndo.ts";
import { count, example, index } from "./options.ts";
import { report } from "./report.ts";

/** Adds `vitrine objects cluster|classify DIR`. */
export function addGroups(objects: Command): void {
  addCluster(objects);
  addClassify(objects);
}

interface GroupArguments extends CommonArguments, UndoArguments {
  readonly type: string;
  readonly features: readonly string[];
  readonly timepoint?: number;
  readonly assign?: boolean;
  readonly out?: string;
}

function addOptions(command: Command): Command {
  return addUndo(
    command
      .requiredOption(...TYPE)
      .requiredOption("--features <names>", "features, which all count alike: area,mean", names)
      .option("--timepoint <number>", "of features that differ in time, from 0", index)
      .option("--assign", "keep the groups as classes of the objects; without it nothing is changed")
      .option("--out <file.csv>", "write number and group of each object", csv),
  );
}

interface ClusterArguments extends GroupArguments {
  readonly clusters: number;
  readonly seed: number;
}

/** A group, as it is told. */
interface GroupFacts {
  readonly name: string;
  readonly objects: number;
  readonly means?: Readonly<Record<string, number>>;
}

/** What came of it. */
interface GroupResults {
  readonly type: string;
  readonly groups: readonly GroupFacts[];
  /** Objects without one of the features. */
  readonly leftOut: number;
  /** Objects that got another class. */
  readonly assigned: number;
  readonly file: string | null;
  readonly undo: string | null;
}

function addCluster(objects: Command): void {
  const command = objects
    .command("cluster")
    .description("group objects by their features (k-means); with --assign the groups become classes")
    .argument(...FOLDER)
    .requiredOption("--clusters <number>", "2 to 50", count)
    .option("--seed <number>", "of the starts", index, 0);
  addCommon(addOptions(command), "print the results as JSON")
    .addHelpText(
      "after",
      example("objects cluster screen --type Cells --features area,mean --clusters 3 --assign"),
    )
    .action((dir: string, args: ClusterArguments) =>
      report({ json: args.json ?? false, text: groupText }, async ({ onLog }) => {
        tellIdle(command, RULES, { args, onLog });
        await using experiment = await openFor(dir, args);
        const found = await clusterMapobjects(experiment, {
          ...optionsOf(args),
          ...{ clusters: args.clusters, seed: args.seed },
        });
        const { ids, groupOf, clusters, leftOut } = found;
        tellLeftOut(leftOut, args, onLog);
        const groups = clusters.map(({ objects: size, means }, i) => {
          return { name: `cluster ${i + 1}`, objects: size, means };
        });
        return { ...(await finish(experiment, { args, groups, result: { ids, groupOf } })), leftOut };
      }),
    );
}

interface ClassifyArguments extends GroupArguments {
  readonly neighbours: number;
}

function addClassify(objects: Command): void {
  const command = objects
    .command("classify")
    .description(
      "give objects the class that most of their nearest neighbours have, of those with a class; kept with --assign",
    )
    .argument(...FOLDER)
    .option("--neighbours <number>", "examples that vote, odd at best", count, 5);
  addCommon(addOptions(command), "print the results as JSON")
    .addHelpText("after", example("objects classify screen --type Cells --features area,mean --assign"))
    .action((dir: string, args: ClassifyArguments) =>
      report({ json: args.json ?? false, text: classifyText }, async ({ onLog }) => {
        tellIdle(command, RULES, { args, onLog });
        await using experiment = await openFor(dir, args);
        const found = await predictClasses(experiment, {
          ...optionsOf(args),
          neighbours: args.neighbours,
        });
        const { ids, groupOf, share, classes, leftOut, examples, accuracy } = found;
        tellLeftOut(leftOut, args, onLog);
        const groups = classes.map(({ name }, i) => {
          return { name, objects: groupOf.reduce((sum, group) => sum + Number(group === i), 0) };
        });
        const others = new Set(await selectMapobjects(experiment, { type: args.type, className: null }));
        const result = { ids, groupOf, share, others, colors: classes.map(({ color }) => color) };
        const done = await finish(experiment, { args, groups, result });
        return { ...done, leftOut, examples, accuracy };
      }),
    );
}

const RULES: readonly IdleRule<GroupArguments>[] = [
  { options: ["undo"], isIdle: ({ assign }) => assign !== true, why: "without --assign: nothing is changed" },
  {
    options: ["overwrite"],
    isIdle: ({ out, undo }) => out === undefined && undo === undefined,
    why: "without --out or --undo: no file is written",
  },
];

function openFor(dir: string, { assign = false, ...args }: GroupArguments): Promise<Experiment> {
  return openExperiment(dir, { ...urlOf(args), ...(!assign && { isReadOnly: true }) });
}

function optionsOf({ type, features, timepoint }: GroupArguments) {
  return { type, features, ...(timepoint !== undefined && { timepoint }) };
}

/** Objects in groups. */
interface Grouped {
  readonly ids: Uint32Array;
  readonly groupOf: Int32Array;
  readonly share?: Float32Array;
  /** Those that have not got their group already; default all. */
  readonly others?: ReadonlySet<number>;
  /** Of the groups. */
  readonly colors?: readonly (string | null)[];
}

interface Finished {
  readonly args: GroupArguments;
  readonly groups: readonly GroupFacts[];
  readonly result: Grouped;
}

/** Writes what was found, and keeps it where that is asked for. */
async function finish(
  experiment: Experiment,
  { args, groups, result }: Finished,
): Promise<Omit<GroupResults, "leftOut">> {
  const { type, assign = false, out, overwrite = false } = args;
  const edit = editOf({ type, groups, result });
  if (out !== undefined) {
    const text = new TextEncoder().encode(tableText(groups, result));
    await writeFileAtomic(out, text, { overwrite });
  }
  if (!assign) return { type, groups, assigned: 0, file: out ?? null, undo: null };
  await withUndo(args, () => editMapobjects(experiment, edit));
  const assigned = (edit.classify ?? []).reduce((sum, { ids }) => sum + ids.length, 0);
  return { type, groups, assigned, file: out ?? null, undo: args.undo ?? null };
}

function editOf({
  type,
  groups,
  result,
}: Pick<Finished, "groups" | "result"> & { readonly type: string }): MapobjectEdit {
  const classify = groups.flatMap(({ name }, group) => {
    const { others, colors } = result;
    const ids = [...result.ids].filter((id, i) => result.groupOf[i] === group && (others?.has(id) ?? true));
    return ids.length === 0 ? [] : [{ className: name, classColor: colors?.[group] ?? null, ids }];
  });
  return { type, classify };
}

function tableText(groups: readonly GroupFacts[], { ids, groupOf, share }: Grouped): string {
  const rows = [...ids].map((id, i) => ({
    id: `${id}`,
    class: groups[groupOf[i]].name,
    ...(share && { share: `${Number(share[i].toFixed(6))}` }),
  }));
  return formatCsv(["id", "class", ...(share ? ["share"] : [])], rows);
}

function groupText({ type, groups, ...done }: GroupResults): string {
  const lines = groups.map(({ name, objects, means = {} }) => {
    const of = Object.entries(means).map(([feature, mean]) => `${feature} ${Number(mean.toPrecision(4))}`);
    return `${type} ${name}: ${counted(objects, "object")}${of.length > 0 ? `; means ${of.join(", ")}` : ""}\n`;
  });
  return lines.join("") + doneText(done);
}

function classifyText(
  results: GroupResults & { readonly examples: number; readonly accuracy: number },
): string {
  const { examples, accuracy } = results;
  return `${groupText(results)}learned from ${counted(examples, "example")}; the others tell ${Math.round(100 * accuracy)} % of them right\n`;
}

function tellLeftOut(count: number, { type, features }: GroupArguments, onLog: Log): void {
  if (count === 0) return;
  const sentence = count === 1 ? "1 object lacks" : `${count} objects lack`;
  onLog(`${type}: ${sentence} one of the features ${features.join(", ")}: in no group`, "warning");
}

function doneText({ assigned, file, undo }: Pick<GroupResults, "assigned" | "file" | "undo">): string {
  const kept =
    assigned > 0 ? `${counted(assigned, "object")} got ${assigned === 1 ? "its" : "their"} class\n` : "";
  return [kept, ...[file, undo].map((path) => (path === null ? "" : `${path}\n`))].join("");
}

function names(text: string): readonly string[] {
  const all = text.split(",").map((name) => name.trim());
  if (all.every((name) => name !== "")) return all;
  throw new InvalidArgumentError("Expected names of features, separated by commas: area,mean.");
}

function csv(text: string): string {
  if (/\.csv$/i.test(text)) return text;
  throw new InvalidArgumentError("Expected a file that ends in .csv.");
}
