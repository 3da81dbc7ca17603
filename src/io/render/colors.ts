import { VitrineError } from "../../core/index.ts";
import type { ImageSource } from "../source/source.ts";
import type { Rgb } from "./canvas.ts";

/** Of mixed channels without colours of their own: pairs that the colour-blind can tell come first. */
const MIXED = ["00FF00", "FF00FF", "00FFFF", "FFFF00", "FF0000", "0000FF", "FFFFFF"];
const WHITE = "FFFFFF";

/**
 * Colours of channels: those that are asked for, else white for a single one, else those of the file where they differ, else a
 * row of its own.
 *
 * @param indices  of the channels that are drawn into one picture
 * @throws {VitrineError} range: no colour, or another number of them
 */
export function colorsOf(
  source: ImageSource,
  indices: readonly number[],
  chosen?: readonly string[],
): string[] {
  if (chosen !== undefined) return checkColors(chosen, indices.length);
  if (indices.length === 1) return [WHITE];
  const own = indices.map((index) => source.channels[index]?.color?.toUpperCase());
  const differ = new Set(own).size === own.length && own.every((color) => color !== undefined);
  return indices.map((_, i) => (differ ? own[i] : undefined) ?? MIXED[i % MIXED.length]);
}

/** The colour of six hexadecimal digits. */
export function rgbOf(color: string): Rgb {
  const value = Number.parseInt(color, 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** A colour for each object, the same at every place; 0 is the background. */
export function labelColor(label: number): Rgb {
  if (label === 0 || !Number.isFinite(label)) return [0, 0, 0];
  // steps of the golden ratio give neighbours distant hues
  const hue = (label * 0.618033988749895) % 1;
  const part = (offset: number) => {
    const angle = Math.abs((((hue + offset) % 1) + 1) % 1) * 6;
    return Math.round(255 * (0.35 + 0.65 * Math.min(1, Math.max(0, Math.abs(angle - 3) - 1))));
  };
  return [part(0), part(-1 / 3), part(1 / 3)];
}

function checkColors(colors: readonly string[], count: number): string[] {
  const plain = colors.map((color) => color.replace(/^#/, "").toUpperCase());
  const wrong = plain.find((color) => !/^[\dA-F]{6}$/.test(color));
  const at = "renderPicture(options).colors";
  const expected = "six hexadecimal digits, as 00FF00";
  if (wrong !== undefined) throw new VitrineError({ code: "range", at, expected, found: wrong });
  if (plain.length === count) return plain;
  const found = `${plain.length}`;
  throw new VitrineError({ code: "range", at, expected: `${count}, one a channel that is drawn`, found });
}
