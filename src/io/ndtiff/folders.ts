import { listFolder, makeFolder, makeNewFolder } from "#files";
import { VitrineError } from "../../core/index.ts";
import { within } from "./format.ts";

/**
 * Makes the folder of the next dataset of this name: `name_N`, N one more than the largest number there is, from 1. Of several
 * programs that ask at once each gets its own.
 *
 * @param directory  where datasets lie; made if it is not there
 * @returns          the path of the new folder
 * @throws {VitrineError} range: a name that is no file name; storage
 *
 * Source: the rule of ndstorage and NDTiffStorage, which do not tell upper from lower case and ignore what follows the number.
 */
export async function nextDatasetFolder(directory: string, name: string): Promise<string> {
  if (name === "" || /[/\\\0]/.test(name)) throw badName(name);
  await makeFolder(directory);
  for (;;) {
    const folder = within(directory, `${name}_${1 + (await largestNumber(directory, name))}`);
    try {
      await makeNewFolder(folder);
      return folder;
    } catch (error) {
      // another program was faster: its folder counts now
      if (!(error instanceof VitrineError && error.code === "exists")) throw error;
    }
  }
}

async function largestNumber(directory: string, name: string): Promise<number> {
  const start = `${name}_`.toLowerCase();
  const numbers = (await listFolder(directory)).flatMap((entry) => {
    if (!entry.toLowerCase().startsWith(start)) return [];
    const digits = /^\d+/.exec(entry.slice(start.length));
    return digits === null ? [] : [Number(digits[0])];
  });
  return numbers.reduce((largest, number) => Math.max(largest, number), 0);
}

function badName(name: string): VitrineError {
  return new VitrineError({
    code: "range",
    at: "nextDatasetFolder name",
    expected: "a name without slashes",
    found: JSON.stringify(name),
  });
}
