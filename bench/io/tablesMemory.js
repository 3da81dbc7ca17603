// Reads one table with its numbers and prints the most memory of this process, MiB.
import { readCsvTable, readStar, starTable } from "../../dist/io/index.js";
import { peakMemoryMiB } from "../../test/support/peakMemory.mjs";

const path = process.argv[2];
const table = path.endsWith(".star")
  ? starTable(await readStar(path), "particles")
  : await readCsvTable(path);
const numbers = table.columns.filter((name) => name !== "Micrograph").map((name) => table.numbers(name));
if (numbers.some(({ length }) => length !== table.rows)) throw new Error("rows are missing");
console.log(peakMemoryMiB());
