/** A glyph: how wide it is, and its strokes as M(ove), L(ine) and Q(uadratic curve) commands. */
type Glyph = readonly [width: number, path: string];

/** Height of a capital letter in the glyphs' units; the baseline is y = 12, lower-case letters start at y = 4. */
const CAP_HEIGHT = 12;
const SPACING = 3.1;

const BOWL_LEFT = "M6.2 8Q6.2 4 3.1 4Q0 4 0 8Q0 12 3.1 12Q6.2 12 6.2 8";
const BOWL_RIGHT = "M0 8Q0 4 3.1 4Q6.2 4 6.2 8Q6.2 12 3.1 12Q0 12 0 8";
const RING = "M4 0Q0 0 0 6Q0 12 4 12Q8 12 8 6Q8 0 4 0";
const HOOKED_S = "M6.8 2.4Q6 0 3.5 0Q0.4 0 0.4 2.9Q0.4 5.1 3.5 5.8Q7 6.6 7 9.1Q7 12 3.5 12Q0.7 12 0 9.4";
const DOT = "M0 11.7L0 12";

/** Strokes of ASCII 33 to 126 and of a few signs of microscopy; digits are all equally wide. */
const GLYPHS: Readonly<Record<string, Glyph>> = {
  "!": [0, `M0 0L0 8${DOT}`],
  '"': [2.6, "M0 0L0 3M2.6 0L2.6 3"],
  "#": [8, "M2.6 0L1.4 12M6.6 0L5.4 12M0.4 4L8 4M0 8L7.6 8"],
  $: [7, `${HOOKED_S}M3.5 -1.5L3.5 13.5`],
  "%": [
    10,
    "M8.4 0L1.6 12M2.2 0Q0 0 0 2.6Q0 5.2 2.2 5.2Q4.4 5.2 4.4 2.6Q4.4 0 2.2 0M7.8 6.8Q5.6 6.8 5.6 9.4Q5.6 12 7.8 12Q10 12 10 9.4Q10 6.8 7.8 6.8",
  ],
  "&": [
    8,
    "M8 12L2.2 4.2Q1 2.4 1.4 1.4Q2 0 3.6 0Q5.4 0 5.4 2Q5.4 3.6 2.6 5.4Q0 7 0 9.2Q0 12 3.2 12Q6.6 12 8 7",
  ],
  "'": [0, "M0 0L0 3"],
  "(": [3, "M3 -1Q0 2 0 6.5Q0 11 3 14"],
  ")": [3, "M0 -1Q3 2 3 6.5Q3 11 0 14"],
  "*": [5, "M2.5 0L2.5 6M0 1.5L5 4.5M5 1.5L0 4.5"],
  "+": [7, "M3.5 3L3.5 10M0 6.5L7 6.5"],
  ",": [0.8, "M0.8 11.6L0.8 12.2L0 14"],
  "-": [4.5, "M0 7.5L4.5 7.5"],
  ".": [0, DOT],
  "/": [5, "M5 -0.5L0 13"],
  "0": [7, "M3.5 0Q0 0 0 6Q0 12 3.5 12Q7 12 7 6Q7 0 3.5 0"],
  "1": [7, "M1.2 2.8L4.2 0L4.2 12"],
  "2": [7, "M0.3 3.2Q0.3 0 3.5 0Q6.8 0 6.8 3Q6.8 5 4.6 7.2L0 12L7 12"],
  "3": [7, "M0.5 0L6.5 0L3.2 4.8Q7 4.8 7 8.4Q7 12 3.5 12Q0.8 12 0 9.8"],
  "4": [7, "M5.2 12L5.2 0L0 8.5L7 8.5"],
  "5": [7, "M6.4 0L1.2 0L0.6 5.4Q2 4.5 3.5 4.5Q7 4.5 7 8.2Q7 12 3.4 12Q0.8 12 0 10"],
  "6": [7, "M5.8 0.3Q0 1.4 0 8Q0 12 3.5 12Q7 12 7 8.2Q7 4.6 3.6 4.6Q0.4 4.6 0 8"],
  "7": [7, "M0 0L7 0L2.5 12"],
  "8": [
    7,
    "M3.5 5.5Q0.5 5.5 0.5 2.8Q0.5 0 3.5 0Q6.5 0 6.5 2.8Q6.5 5.5 3.5 5.5Q0 5.5 0 8.8Q0 12 3.5 12Q7 12 7 8.8Q7 5.5 3.5 5.5",
  ],
  "9": [7, "M1.2 11.7Q7 10.6 7 4Q7 0 3.5 0Q0 0 0 3.8Q0 7.4 3.4 7.4Q6.6 7.4 7 4"],
  ":": [0, `M0 5.2L0 5.5${DOT}`],
  ";": [0.8, "M0.8 5.2L0.8 5.5M0.8 11.6L0.8 12.2L0 14"],
  "<": [6, "M6 3L0 6.5L6 10"],
  "=": [7, "M0 4.8L7 4.8M0 8.4L7 8.4"],
  ">": [6, "M0 3L6 6.5L0 10"],
  "?": [6, "M0 2.6Q0.4 0 3 0Q6 0 6 2.8Q6 4.6 4.2 5.8Q3 6.6 3 8.2M3 11.7L3 12"],
  "@": [
    11,
    "M7.6 7.6Q7.6 4 5.4 4Q3.2 4 3.2 6.8Q3.2 9.4 5.2 9.4Q7.4 9.4 7.6 6.2L7.6 4.2M7.6 7Q7.6 9.4 9.2 9.4Q11 9.4 11 6Q11 0 5.6 0Q0 0 0 6.6Q0 13 5.6 13Q7.8 13 9.2 12",
  ],
  A: [8, "M0 12L4 0L8 12M1.5 7.8L6.5 7.8"],
  B: [7, "M0 5.7L0 12L3.8 12Q7 12 7 8.8Q7 5.7 3.8 5.7L0 5.7L0 0L3.6 0Q6.4 0 6.4 2.8Q6.4 5.7 3.6 5.7"],
  C: [7.5, "M7.5 2.4Q6.6 0 4 0Q0 0 0 6Q0 12 4 12Q6.6 12 7.5 9.6"],
  D: [8, "M0 0L0 12L3 12Q8 12 8 6Q8 0 3 0L0 0"],
  E: [6.5, "M6.5 0L0 0L0 12L6.5 12M0 5.8L5.6 5.8"],
  F: [6.5, "M6.5 0L0 0L0 12M0 5.8L5.6 5.8"],
  G: [8, "M7.6 2.4Q6.6 0 4 0Q0 0 0 6Q0 12 4 12Q8 12 8 7.5L8 6.6L4.6 6.6"],
  H: [7.5, "M0 0L0 12M7.5 0L7.5 12M0 5.8L7.5 5.8"],
  I: [0, "M0 0L0 12"],
  J: [5, "M5 0L5 8.5Q5 12 2.4 12Q0 12 0 9"],
  K: [7, "M0 0L0 12M7 0L0 7.2M2.8 4.4L7 12"],
  L: [6, "M0 0L0 12L6 12"],
  M: [9, "M0 12L0 0L4.5 8L9 0L9 12"],
  N: [7.5, "M0 12L0 0L7.5 12L7.5 0"],
  O: [8, RING],
  P: [7, "M0 12L0 0L3.8 0Q7 0 7 3.4Q7 6.8 3.8 6.8L0 6.8"],
  Q: [8, `${RING}M5 9L8 13`],
  R: [7, "M0 12L0 0L3.8 0Q7 0 7 3.4Q7 6.8 3.8 6.8L0 6.8M3.6 6.8L7 12"],
  S: [7, HOOKED_S],
  T: [8, "M0 0L8 0M4 0L4 12"],
  U: [7.5, "M0 0L0 8Q0 12 3.75 12Q7.5 12 7.5 8L7.5 0"],
  V: [8, "M0 0L4 12L8 0"],
  W: [11, "M0 0L2.75 12L5.5 1.5L8.25 12L11 0"],
  X: [7.5, "M0 0L7.5 12M7.5 0L0 12"],
  Y: [8, "M0 0L4 6L8 0M4 6L4 12"],
  Z: [7, "M0 0L7 0L0 12L7 12"],
  "[": [2.6, "M2.6 -1L0 -1L0 14L2.6 14"],
  "\\": [5, "M0 -0.5L5 13"],
  "]": [2.6, "M0 -1L2.6 -1L2.6 14L0 14"],
  "^": [5, "M0 3.4L2.5 0L5 3.4"],
  _: [7, "M0 14L7 14"],
  "`": [1.8, "M0 0L1.8 2.2"],
  a: [6, "M0.6 5.6Q1.4 4 3.2 4Q6 4 6 7L6 12M6 7.4Q4.8 7.3 3 7.6Q0 8 0 9.9Q0 12 2.5 12Q5.4 12 6 9"],
  b: [6.2, `M0 0L0 12${BOWL_RIGHT}`],
  c: [5.6, "M5.6 5.8Q5 4 3 4Q0 4 0 8Q0 12 3 12Q5 12 5.6 10.2"],
  d: [6.2, `M6.2 0L6.2 12${BOWL_LEFT}`],
  e: [6, "M0 7.8L6 7.8Q6 4 3.1 4Q0 4 0 8Q0 12 3.2 12Q5.2 12 5.8 10.4"],
  f: [4, "M4 0.2Q1.6 -0.4 1.6 2.6L1.6 12M0 4.2L3.8 4.2"],
  g: [6.2, `${BOWL_LEFT}M6.2 4L6.2 12.5Q6.2 16 3 16Q1 16 0.4 14.6`],
  h: [6, "M0 0L0 12M0 7.4Q0.8 4 3.4 4Q6 4 6 7L6 12"],
  i: [0, "M0 4L0 12M0 0.9L0 1.2"],
  j: [2, "M2 4L2 13.4Q2 16 0 15.8M2 0.9L2 1.2"],
  k: [5.6, "M0 0L0 12M5.4 4L0 9M2.2 7L5.6 12"],
  l: [0, "M0 0L0 12"],
  m: [9.6, "M0 4L0 12M0 7Q0.6 4 2.8 4Q4.8 4 4.8 6.8L4.8 12M4.8 7Q5.4 4 7.6 4Q9.6 4 9.6 6.8L9.6 12"],
  n: [6, "M0 4L0 12M0 7.4Q0.8 4 3.4 4Q6 4 6 7L6 12"],
  o: [6.2, BOWL_RIGHT],
  p: [6.2, `M0 4L0 16${BOWL_RIGHT}`],
  q: [6.2, `M6.2 4L6.2 16${BOWL_LEFT}`],
  r: [3.8, "M0 4L0 12M0 7.6Q0.6 4 3.8 4.1"],
  s: [5.4, "M5.2 5.7Q4.6 4 2.7 4Q0.3 4 0.3 6Q0.3 7.5 2.7 7.9Q5.4 8.4 5.4 10Q5.4 12 2.7 12Q0.5 12 0 10.2"],
  t: [4, "M1.6 1L1.6 10Q1.6 12.2 4 11.8M0 4.2L3.8 4.2"],
  u: [6, "M0 4L0 9Q0 12 2.7 12Q5.2 12 6 8.6M6 4L6 12"],
  v: [6, "M0 4L3 12L6 4"],
  w: [8.6, "M0 4L2.2 12L4.3 5L6.4 12L8.6 4"],
  x: [5.6, "M0 4L5.6 12M5.6 4L0 12"],
  y: [6, "M0 4L3 12M6 4L3 12L2.2 14.4Q1.6 16 0 15.8"],
  z: [5.4, "M0 4L5.4 4L0 12L5.4 12"],
  "{": [3.6, "M3.6 -1Q1.6 -1 1.6 1.5L1.6 4.5Q1.6 6.5 0 6.5Q1.6 6.5 1.6 8.5L1.6 11.5Q1.6 14 3.6 14"],
  "|": [0, "M0 -1L0 14"],
  "}": [3.6, "M0 -1Q2 -1 2 1.5L2 4.5Q2 6.5 3.6 6.5Q2 6.5 2 8.5L2 11.5Q2 14 0 14"],
  "~": [7, "M0 7.6Q1.6 4.6 3.5 6.5Q5.4 8.4 7 5.4"],
  Å: [
    8,
    "M0 12L4 2.2L8 12M1.6 8.6L6.4 8.6M4 -2.6Q2.4 -2.6 2.4 -1Q2.4 0.6 4 0.6Q5.6 0.6 5.6 -1Q5.6 -2.6 4 -2.6",
  ],
  µ: [6, "M0 4L0 16M0 9Q0 12 2.7 12Q5.2 12 6 8.6M6 4L6 12"],
  "°": [3.4, "M1.7 0Q0 0 0 1.7Q0 3.4 1.7 3.4Q3.4 3.4 3.4 1.7Q3.4 0 1.7 0"],
  "×": [5.6, "M0 4.6L5.6 10.2M5.6 4.6L0 10.2"],
  "−": [6, "M0 6.5L6 6.5"],
  "–": [6, "M0 7.5L6 7.5"],
  σ: [6.8, "M6.8 4.2L3.1 4.2Q0 4.2 0 8.1Q0 12 3.1 12Q6.2 12 6.2 8.1Q6.2 5.4 4.2 4.2"],
  φ: [7.2, "M3.6 4Q0 4 0 8Q0 12 3.6 12Q7.2 12 7.2 8Q7.2 4 3.6 4M3.6 1.5L3.6 15.5"],
  θ: [6, "M3 0Q0 0 0 6Q0 12 3 12Q6 12 6 6Q6 0 3 0M0 6L6 6"],
  ψ: [7.2, "M0 4L0 7.5Q0 12 3.6 12Q7.2 12 7.2 7.5L7.2 4M3.6 1.5L3.6 15.5"],
};

/** What stands for a character that the font has not: an empty box. */
const UNKNOWN: Glyph = [6, "M0 0L6 0L6 12L0 12L0 0"];
const SPACE_ADVANCE = 5;

/** A broken line; points in pixels. */
export type Polyline = readonly (readonly [x: number, y: number])[];

/** Width of one line of text in pixels; `size` is the height of a capital letter. */
export function textWidth(text: string, size: number): number {
  const units = [...text].reduce((sum, character) => sum + advanceOf(character), 0);
  return (Math.max(0, units - SPACING) * size) / CAP_HEIGHT;
}

/**
 * Strokes of one line of text: the font is drawn with a round pen, so it is clear at any size and needs no font file.
 *
 * @param text  one line; a character that the font has not becomes an empty box
 * @param at    left end of the baseline and height of a capital letter, pixels
 * @returns     one group of lines per visible character
 */
export function textStrokes(
  text: string,
  { x, y, size }: { readonly x: number; readonly y: number; readonly size: number },
): Polyline[][] {
  const scale = size / CAP_HEIGHT;
  const groups: Polyline[][] = [];
  let left = x;
  for (const character of text) {
    if (character !== " ") {
      const [, path] = GLYPHS[character] ?? UNKNOWN;
      groups.push(flatten(path, (px, py) => [left + px * scale, y + (py - CAP_HEIGHT) * scale]));
    }
    left += advanceOf(character) * scale;
  }
  return groups;
}

function advanceOf(character: string): number {
  return character === " " ? SPACE_ADVANCE : (GLYPHS[character] ?? UNKNOWN)[0] + SPACING;
}

const CURVE_STEPS = 8;

function flatten(path: string, place: (x: number, y: number) => readonly [number, number]): Polyline[] {
  const lines: (readonly [number, number])[][] = [];
  let [fromX, fromY] = [0, 0];
  for (const [, command, values] of path.matchAll(/([MLQ])([^MLQ]+)/g)) {
    const [a, b, c, d] = values.trim().split(/\s+/).map(Number);
    if (command === "M") lines.push([place(a, b)]);
    else if (command === "L") lines.at(-1)?.push(place(a, b));
    else
      for (let step = 1; step <= CURVE_STEPS; step++) {
        const t = step / CURVE_STEPS;
        const at = (p: number, q: number, r: number) => (1 - t) ** 2 * p + 2 * t * (1 - t) * q + t * t * r;
        lines.at(-1)?.push(place(at(fromX, a, c), at(fromY, b, d)));
      }
    [fromX, fromY] = command === "Q" ? [c, d] : [a, b];
  }
  return lines;
}
