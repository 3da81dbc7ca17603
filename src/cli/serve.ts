import type { Command } from "commander";
import { type ExportSiteReport, exportSite, type Server, startServer } from "../server/index.ts";
import { databaseOption, refuseIdleDatabase } from "./database.ts";
import { type IdleRule, tellIdle } from "./idle.ts";
import { abortOnSignals, raised } from "./interrupt.ts";
import { example, portNumber } from "./options.ts";
import { log, report } from "./report.ts";

interface ServeArguments {
  readonly host: string;
  readonly port: number;
  readonly tokenFile?: string;
  readonly database?: string;
  readonly readOnly?: boolean;
  readonly objects?: string;
  readonly once?: boolean;
  readonly export?: string;
  readonly json?: boolean;
}

/** What is printed once the server answers. */
interface Serving {
  /** To open in a browser. */
  readonly address: string;
  readonly host: string;
  readonly port: number;
  readonly roots: readonly string[];
}

/** Adds `vitrine serve [PATH...]`. */
export function addServe(cli: Command): void {
  const command = cli
    .command("serve")
    .hook("preAction", (command) => refuseIdleDatabase(command, command.args))
    .addHelpText("after", example("serve screen micrograph.mrc --port 8080"))
    .description("show files, folders and experiments in a browser, until Ctrl-C")
    .argument(
      "[path...]",
      "files, folders, addresses of OME-Zarr stores (https://…); nothing else is read. Default: this folder",
    )
    .option(
      "--host <name>",
      "listen on; any that other machines reach demands the token in the address",
      "127.0.0.1",
    )
    .option("--port <port>", "0: one that is free", portNumber, 0)
    .option(
      "--token-file <file>",
      "with --host: keeps the token (mode 600; made if missing), so that open pages go on after a restart",
    )
    .addOption(databaseOption())
    .option("--read-only", "change nothing that is served: annotations last until the server ends")
    .option("--objects <table>", "CSV or Parquet with a row a label: label images begin coloured by it")
    .option("--once", "end as soon as the server answers")
    .option("--export <dir>", "write page and data as files that any web server can hand out, and end")
    .option("--json", "print the address as JSON, as soon as the server answers")
    .action(async (paths: string[], args: ServeArguments) => {
      const served = paths.length > 0 ? paths : ["."];
      if (args.export !== undefined) return exportTo(args.export, served, { command, args });
      // before the server, so that a Ctrl-C right after the address is not lost
      using interrupt = abortOnSignals();
      const servers: Server[] = [];
      try {
        await report({ json: args.json ?? false, text: servingText }, async ({ onLog }) => {
          const server = await startServer(served, optionsOf(args));
          servers.push(server);
          tellIdle(command, rulesOf(server), { args, onLog });
          return servingOf(server);
        });
        if (args.once !== true) await raised(interrupt.signal);
      } finally {
        for (const server of servers) await server.close();
      }
    });
}

const RULES: readonly IdleRule<ServeArguments>[] = [
  {
    options: ["host", "port", "once", "tokenFile", "readOnly", "objects"],
    isIdle: (args) => args.export !== undefined,
    why: "with --export, which serves nothing",
  },
];

function rulesOf({ token }: Server): readonly IdleRule<ServeArguments>[] {
  const why = "without --host: this machine alone reaches the page, without a token";
  return [{ options: ["tokenFile"], isIdle: () => token === undefined, why }];
}

function exportTo(
  directory: string,
  paths: readonly string[],
  { command, args }: { readonly command: Command; readonly args: ServeArguments },
): Promise<void> {
  const { database, json = false } = args;
  return report({ json, text: exportText }, ({ signal, onProgress, onLog }) => {
    tellIdle(command, RULES, { args, onLog });
    const url = database === undefined ? {} : { databaseUrl: database };
    return exportSite(paths, directory, { ...url, signal, onProgress, onLog });
  });
}

function exportText({ directory, files, bytes, parts }: ExportSiteReport): string {
  const of = parts.map((part) => `${part.what} ${mebibytes(part.bytes)}`).join(", ");
  return `wrote ${files} files of data, ${mebibytes(bytes)} (${of}), and the page to ${directory}\n`;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

function optionsOf({ host, port, database, tokenFile, readOnly, objects }: ServeArguments) {
  const onError = (error: unknown) =>
    log(error instanceof Error ? (error.stack ?? error.message) : String(error));
  const kept = tokenFile === undefined ? {} : { tokenFile };
  const shown = { ...(readOnly && { isReadOnly: true }), ...(objects !== undefined && { objects }) };
  return { host, port, onError, ...kept, ...shown, ...(database !== undefined && { databaseUrl: database }) };
}

function servingOf({ address, host, port, roots }: Server): Serving {
  return { address, host, port, roots };
}

function servingText({ address }: Serving): string {
  return `${address}\n`;
}
