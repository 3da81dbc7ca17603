/** A unit as `size` x 10^`power` meters or seconds. */
interface Unit {
  readonly of: "meter" | "second";
  readonly power: number;
  readonly size?: number;
}

const PREFIXES: Readonly<Record<string, number>> = {
  yocto: -24,
  zepto: -21,
  atto: -18,
  femto: -15,
  pico: -12,
  nano: -9,
  micro: -6,
  milli: -3,
  centi: -2,
  deci: -1,
  "": 0,
  deca: 1,
  hecto: 2,
  kilo: 3,
  mega: 6,
  giga: 9,
  tera: 12,
  peta: 15,
  exa: 18,
  zetta: 21,
  yotta: 24,
};

function prefixed(of: Unit["of"]): [string, Unit][] {
  return Object.entries(PREFIXES).map(([prefix, power]) => [prefix + of, { of, power }]);
}

/** NGFF's list of units of space and time. */
const UNITS: ReadonlyMap<string, Unit> = new Map<string, Unit>([
  ...prefixed("meter"),
  ...prefixed("second"),
  ["angstrom", { of: "meter", power: -10 }],
  ["inch", { of: "meter", power: -2, size: 2.54 }],
  ["foot", { of: "meter", power: -2, size: 30.48 }],
  ["yard", { of: "meter", power: -2, size: 91.44 }],
  ["mile", { of: "meter", power: 0, size: 1609.344 }],
  ["parsec", { of: "meter", power: 16, size: 3.085677581491367 }],
  ["minute", { of: "second", power: 0, size: 60 }],
  ["hour", { of: "second", power: 0, size: 3600 }],
  ["day", { of: "second", power: 0, size: 86400 }],
]);

/** Signs and words of OME-XML, ImageJ and Micro-Manager. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  m: "meter",
  cm: "centimeter",
  mm: "millimeter",
  um: "micrometer",
  micron: "micrometer",
  nm: "nanometer",
  pm: "picometer",
  Å: "angstrom",
  A: "angstrom",
  a: "angstrom",
  ang: "angstrom",
  in: "inch",
  ft: "foot",
  s: "second",
  sec: "second",
  ms: "millisecond",
  us: "microsecond",
  ns: "nanosecond",
  min: "minute",
  h: "hour",
  hr: "hour",
  d: "day",
};

/** The UDUNITS-2 name, in the singular, of what a file calls a unit (`µm`, `microns`, `sec`); undefined for any other word. */
export function unitName(text: string): string | undefined {
  // the compatibility form makes one of the two signs of micro, and of the two of Å
  const word = text.trim().normalize("NFKC").replace("μ", "u");
  const singular =
    word.length > 3
      ? word
          .toLowerCase()
          .replace(/s$/, "")
          .replace(/metre$/, "meter")
      : word;
  if (UNITS.has(singular)) return singular;
  // some programs shout: NM, UM
  return (
    OTHER_NAMES[word] ??
    OTHER_NAMES[singular] ??
    (word.length === 2 ? OTHER_NAMES[word.toLowerCase()] : undefined)
  );
}

/** What a value is in another unit; undefined where one is no unit, or they measure different things. */
export function convertUnit(value: number, from: string, to: string): number | undefined {
  const [given, wanted] = [UNITS.get(from), UNITS.get(to)];
  if (given === undefined || wanted?.of !== given.of) return undefined;
  const scaled = (value * (given.size ?? 1)) / (wanted.size ?? 1);
  const power = given.power - wanted.power;
  // whole powers of ten are exact, so that 1.5 Å are 0.15 nm and not 0.15000000000000002
  return power < 0 ? scaled / 10 ** -power : scaled * 10 ** power;
}
