import { VitrineError } from "../../core/index.ts";
import { listFolder } from "../../io/index.ts";
import type { MatchSettings } from "../config/config.ts";

/** One of several pieces of a search, counted from 1. */
export interface Part {
  readonly index: number;
  readonly count: number;
}

/** Reads `2/8`. @throws {VitrineError} format */
export function parsePart(text: string, at = "--part"): Part {
  const [, index, count] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).map(Number);
  if (index >= 1 && index <= count) return { index, count };
  throw new VitrineError({
    code: "format",
    at,
    expected: "I/N with I from 1 to N, as 2/8",
    found: JSON.stringify(text),
  });
}

/** The blocks of a part; those of all parts follow each other. */
export function partRange(
  { index, count }: Part,
  blockCount: number,
): { firstBlock: number; lastBlock: number } {
  const border = (i: number) => Math.floor((blockCount * i) / count);
  return { firstBlock: border(index - 1), lastBlock: border(index) };
}

/** Folder of the parts of a search. */
export function partsFolder({ results }: MatchSettings): string {
  return `${results.mip}.parts`;
}

/** File of a finished part. */
export function partPath(settings: MatchSettings, { index, count }: Part): string {
  return `${partsFolder(settings)}/part-${index}-of-${count}.state`;
}

/** Where a run keeps what it has done so far. */
export function checkpointPath(settings: MatchSettings, part: Part | undefined): string {
  return part === undefined ? `${settings.results.mip}.checkpoint` : `${partPath(settings, part)}.checkpoint`;
}

/**
 * The finished parts of a search, in order.
 *
 * @throws {VitrineError} missing: no parts, or some of them; exists: parts of several divisions
 */
export async function findParts(settings: MatchSettings): Promise<Part[]> {
  const folder = partsFolder(settings);
  const parts = (await listFolder(folder)).flatMap((name) => {
    const [, index, count] = (/^part-(\d+)-of-(\d+)\.state$/.exec(name) ?? []).map(Number);
    return count === undefined ? [] : [{ index, count }];
  });
  const counts = [...new Set(parts.map((part) => part.count))];
  if (counts.length > 1) {
    const found = `parts of ${counts.sort((a, b) => a - b).join(" and of ")}`;
    const hint = "Remove those that do not belong to this search";
    throw new VitrineError({ code: "exists", at: folder, expected: "parts of one division", found, hint });
  }
  const [count = 0] = counts;
  const missing = Array.from({ length: count }, (_, i) => i + 1).filter(
    (index) => !parts.some((part) => part.index === index),
  );
  if (count > 0 && missing.length === 0) return parts.sort((a, b) => a.index - b.index);
  throw new VitrineError({
    code: "missing",
    at: folder,
    expected: count === 0 ? "parts of a search" : `parts 1 to ${count}`,
    found: count === 0 ? "none" : `all but ${missing.join(", ")}`,
    hint: "Run vitrine match CONFIG.yaml --part I/N for each of them first",
  });
}
