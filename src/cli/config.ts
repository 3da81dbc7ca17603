import { type Command, InvalidArgumentError, Option } from "commander";
import {
  CONFIG_PROGRAMS,
  type ConfigProgram,
  configFormat,
  formatConfig,
  type ProgramYaml,
  readConfig,
  warnOfImplausible,
  writeConfig,
} from "../match/index.ts";
import type { Log } from "../program/index.ts";
import { example } from "./options.ts";
import { report } from "./report.ts";

interface ConfigArguments {
  readonly program?: ConfigProgram;
  readonly out?: string;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

/** Adds `vitrine config CONFIG`. */
export function addConfig(cli: Command): void {
  cli
    .command("config")
    .addHelpText("after", example("config config.yaml --out complete.json"))
    .description("check a program's configuration and write it with every default, as YAML or JSON")
    .argument("<config>", "Leopard-EM configuration, YAML or JSON")
    .addOption(
      new Option("--program <name>", "whose it is; default: told by its fields").choices(CONFIG_PROGRAMS),
    )
    .option("--out <file>", "where it goes, .yaml or .json; default: to stdout", outputPath)
    .option("--overwrite", "replace OUT if it is there")
    .option("--json", "print the result as JSON: the configuration, or with --out where it is")
    .action(checkAndWrite);
}

function outputPath(path: string): string {
  try {
    configFormat(path);
    return path;
  } catch {
    throw new InvalidArgumentError("Expected a path that ends with .yaml, .yml or .json.");
  }
}

async function checkAndWrite(path: string, args: ConfigArguments): Promise<void> {
  const { out, json = false, overwrite = false } = args;
  const read = async (onLog: Log) => {
    if (overwrite && out === undefined) onLog("--overwrite has no effect here without --out", "warning");
    const found = await readConfig(path, args.program);
    for (const field of found.ignored) onLog(`${path} ${field} has no effect here`, "warning");
    warnOfImplausible(found.values, onLog);
    return found;
  };
  if (out === undefined) {
    const text = (config: ProgramYaml) => formatConfig(config, "yaml");
    return report({ json, text }, async ({ onLog }) => (await read(onLog)).config);
  }
  const text = ({ program }: { readonly program: ConfigProgram }) =>
    `wrote ${out}: configuration of vitrine ${program}\n`;
  return report({ json, text }, async ({ onLog }) => {
    const { program, config } = await read(onLog);
    await writeConfig(out, config, { overwrite });
    return { path: out, program };
  });
}
