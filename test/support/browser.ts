/** The browser of the tests of pages: one way to start it, one to open a page. */
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { onTestFinished } from "vitest";
import { chromium as executablePath } from "./require.ts";

/** It draws without a graphics card, and needs no large /dev/shm. */
const FLAGS =
  "--no-sandbox --use-angle=swiftshader --enable-unsafe-swiftshader --ignore-gpu-blocklist --disable-dev-shm-usage";
/** Time after which something that never comes is a failure, ms: much more than a busy machine needs. */
const PATIENCE_MS = 90_000;

/** Whoever launches it closes it. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath, args: FLAGS.split(" "), timeout: PATIENCE_MS });
}

/** A page, and what nobody caught there, which fills `errors`. */
export interface OpenedPage {
  readonly page: Page;
  readonly errors: string[];
}

/** {@link openLastingPage} for the test that runs; its end closes the page. */
export async function openPage(
  browser: Browser,
  address: string,
  options: BrowserContextOptions = {},
): Promise<OpenedPage> {
  const opened = await openLastingPage(browser, address, options);
  onTestFinished(() => opened.page.close());
  return opened;
}

/** Opens a page of its own, without cookies and with nothing stored, that stays as long as the browser. */
export async function openLastingPage(
  browser: Browser,
  address: string,
  options: BrowserContextOptions = {},
): Promise<OpenedPage> {
  const page = await browser.newPage(options);
  page.setDefaultTimeout(PATIENCE_MS);
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  await page.goto(address);
  return { page, errors };
}
