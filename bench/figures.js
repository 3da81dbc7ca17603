// What every part of a bench needs to print its figures.

/** Middle of a list; the mean of the middle two where their number is even. */
export function median(list) {
  const sorted = [...list].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

/** The value that a share `p` (0 to 1) of the list does not exceed. */
export function percentile(list, p) {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(p * sorted.length) - 1)];
}

/** A number in three significant digits, without exponent. */
export function digits(value) {
  if (!Number.isFinite(value)) return "-";
  const whole = Math.max(0, Math.floor(Math.log10(Math.abs(value) || 1)));
  return value.toFixed(Math.max(0, 2 - whole));
}

/** Prints a table in Markdown; `rows` are arrays of text or numbers. */
export function printTable(head, rows) {
  const text = [head, ...rows].map((row) =>
    row.map((cell) => (typeof cell === "number" ? digits(cell) : cell)),
  );
  const widths = head.map((_, column) => Math.max(3, ...text.map((row) => row[column].length)));
  const line = (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(" | ")} |`;
  console.log(line(text[0]));
  console.log(`|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`);
  for (const row of text.slice(1)) console.log(line(row));
}

/** Whether a figure holds its bar; `atMost` for figures that should be small. */
export function verdict(value, bar, { atMost = false } = {}) {
  return (atMost ? value <= bar : value >= bar) ? "pass" : "falls short";
}
