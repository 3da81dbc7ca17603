import { type Command, InvalidArgumentError, Option } from "commander";
import {
  CONFIG_PROGRAMS,
  type ConfigProgram,
  configFormat,
  formatConfig,
  readConfig,
  writeConfig,
} from "../match/index.ts";
import { log } from "./watch.ts";

interface ConfigArguments {
  readonly program?: ConfigProgram;
  readonly out?: string;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

/** Adds `vitrine config CONFIG`. */
export function addConfig(program: Command): void {
  program
    .command("config")
    .description("check a program's configuration and write it with every default, as YAML or JSON")
    .argument("<config>", "Leopard-EM configuration, YAML or JSON")
    .addOption(
      new Option("--program <name>", "whose it is; default: told by its fields").choices(CONFIG_PROGRAMS),
    )
    .option("--out <file>", "where it goes, .yaml or .json; default: to stdout", outputPath)
    .option("--overwrite", "replace OUT if it is there")
    .option("--json", "JSON to stdout: the configuration, or with --out the result")
    .action(checkAndWrite);
}

function outputPath(path: string): string {
  try {
    configFormat(path);
    return path;
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

async function checkAndWrite(path: string, args: ConfigArguments): Promise<void> {
  const { out, json = false, overwrite = false } = args;
  const { program, config, ignored } = await readConfig(path, args.program);
  for (const field of ignored) log(`${path} ${field} has no effect here`);
  if (out === undefined) {
    process.stdout.write(formatConfig(config, json ? "json" : "yaml"));
    return;
  }
  await writeConfig(out, config, { overwrite });
  process.stdout.write(
    json
      ? `${JSON.stringify({ path: out, program })}\n`
      : `wrote ${out}: configuration of vitrine ${program}\n`,
  );
}
