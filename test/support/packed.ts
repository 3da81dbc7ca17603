import { execFile } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const execute = promisify(execFile);
const root = fileURLToPath(new URL("../..", import.meta.url));

/** The package's package.json. */
export const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** An empty folder with the tarball of the built package in it. */
export interface Packed extends Disposable {
  readonly folder: string;
  readonly tarball: string;
  /** What the tarball holds. */
  readonly paths: readonly string[];
}

/** Packs the built package. The built files are there already; a second build would change them under tests that run beside this one. */
export async function packPackage(): Promise<Packed> {
  const folder = mkdtempSync(join(tmpdir(), "vitrine-pack-"));
  const pack = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder];
  const [{ files, filename }] = JSON.parse((await execute("npm", pack, { cwd: root })).stdout);
  writeFileSync(join(folder, "package.json"), '{ "type": "module", "private": true }');
  return {
    folder,
    tarball: join(folder, filename),
    paths: files.map(({ path }: { path: string }) => path),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Unpacks the tarball as npm would install it; what it depends on, and `others`, are links to what the repository has. */
export async function unpack({ folder, tarball }: Packed, others: readonly string[] = []): Promise<void> {
  const modules = join(folder, "node_modules");
  mkdirSync(modules);
  await execute("tar", ["xzf", tarball, "-C", modules]);
  renameSync(join(modules, "package"), join(modules, manifest.name));
  for (const name of [...Object.keys(manifest.dependencies), ...others]) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(root, "node_modules", name), join(modules, name));
  }
}
