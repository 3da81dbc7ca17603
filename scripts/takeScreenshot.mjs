// Makes the README's picture anew: the viewer on the tour's map, in Chromium. The package must be built.
//
//   node scripts/takeScreenshot.mjs [FOLDER of an earlier tour --dir]
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { startServer } from "vitrine/server";

const root = fileURLToPath(new URL("..", import.meta.url));
const picture = join(root, "docs", "viewer.jpg");
const SOFTWARE = "--no-sandbox --use-angle=swiftshader --enable-unsafe-swiftshader --ignore-gpu-blocklist";
const MOST_BYTES = 200_000;

const [given] = process.argv.slice(2);
const scratch = mkdtempSync(join(tmpdir(), "vitrine-picture-"));
const folder = given ?? join(scratch, "tour");
if (given === undefined)
  execFileSync(process.execPath, [join(root, "bin", "vitrine.js"), "tour", "--once", "--dir", folder], {
    stdio: "inherit",
  });
const server = await startServer([folder]);
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: SOFTWARE.split(" ") });
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 760 }, colorScheme: "dark" });
  await page.goto(server.address);
  await page.getByRole("button", { name: /Map it/ }).click();
  await page.getByText("Nuclei").first().waitFor();
  // tiles and objects come one after the other: the picture is taken when it changes no more
  let last = Buffer.alloc(0);
  for (let same = 0; same < 4; ) {
    await page.waitForTimeout(1000);
    const shot = await page.screenshot();
    same = shot.equals(last) ? same + 1 : 0;
    last = shot;
  }
  await page.screenshot({ path: picture, type: "jpeg", quality: 80 });
} finally {
  await browser.close();
  await server.close();
  rmSync(scratch, { recursive: true, force: true });
}
const { size } = statSync(picture);
if (size > MOST_BYTES) throw new Error(`${picture}: expected at most ${MOST_BYTES} bytes, found ${size}`);
process.stdout.write(`wrote ${picture}, ${size} bytes\n`);
