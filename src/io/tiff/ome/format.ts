import type { PixelType } from "../../../core/index.ts";
import type { JsonObject, JsonValue } from "../../dataset/dataset.ts";
import type { SourceAxis, SourceChannel } from "../../source/source.ts";

/** An axis, the distance of its neighbours and the place of the first, in its unit. */
export interface OmeAxis {
  readonly axis: SourceAxis;
  readonly scale: number;
  readonly start: number;
}

/** A plate whose fields are series. */
export interface OmePlateContent {
  readonly name?: string;
  readonly rows: number;
  readonly columns: number;
  /** Where each series is, from 0. */
  readonly fields: readonly { readonly rowIndex: number; readonly columnIndex: number }[];
}

/** What OME-XML says of the images of a file, which are alike. */
export interface OmeContent {
  /** One a series. */
  readonly names: readonly string[];
  readonly dtype: PixelType;
  readonly sizes: Readonly<Record<"X" | "Y" | "Z" | "C" | "T", number>>;
  readonly samples: number;
  /** `XYZCT` and its like. */
  readonly order: string;
  /** By the letters of dimensions; one a series. */
  readonly axes: readonly Readonly<Partial<Record<"X" | "Y" | "Z" | "T", OmeAxis>>>[];
  /** Whose fields the series are. */
  readonly plate?: OmePlateContent;
  /** Fewer than those of the type. */
  readonly significantBits?: number;
  readonly channels: readonly SourceChannel[];
  /** Of the reader's own: `AcquisitionDate`, `Description`, `StageLabel`, `Planes`; one a series. */
  readonly metadata: readonly JsonObject[];
}

const NAMESPACE = "http://www.openmicroscopy.org/Schemas/OME/2016-06";
const TYPES: Readonly<Partial<Record<PixelType, string>>> = { float32: "float", float64: "double" };

/** Signs of OME of the units that NGFF names otherwise. */
const SIGNS: Readonly<Record<string, string>> = {
  meter: "m",
  centimeter: "cm",
  millimeter: "mm",
  micrometer: "µm",
  nanometer: "nm",
  picometer: "pm",
  angstrom: "Å",
  inch: "in",
  second: "s",
  millisecond: "ms",
  microsecond: "µs",
  nanosecond: "ns",
  minute: "min",
  hour: "h",
  day: "d",
};

/** Whether OME-XML has a sign for a unit. */
export function isOmeUnit(unit: string): boolean {
  return Object.hasOwn(SIGNS, unit);
}

/** Formats OME-XML, 2016-06. */
export function formatOmeXml(content: OmeContent): string {
  const images = content.names.map((_, series) => imageXml(content, series));
  const schema = `xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="${NAMESPACE} ${NAMESPACE}/ome.xsd"`;
  return `<?xml version="1.0" encoding="UTF-8"?><OME xmlns="${NAMESPACE}" ${schema} Creator="vitrine">${plateXml(content)}${images.join("")}</OME>`;
}

/** Wells in the order of their first field, each with its fields as samples. */
function plateXml({ plate }: OmeContent): string {
  if (plate === undefined) return "";
  const wells = new Map<
    string,
    { readonly place: OmePlateContent["fields"][number]; readonly series: number[] }
  >();
  plate.fields.forEach((place, series) => {
    const key = `${place.rowIndex} ${place.columnIndex}`;
    const well = wells.get(key) ?? { place, series: [] };
    wells.set(key, well);
    well.series.push(series);
  });
  const inside = [...wells.values()].map(({ place: { rowIndex, columnIndex }, series }, i) => {
    const samples = series.map((index) =>
      element(
        "WellSample",
        { ID: `WellSample:0:${i}:${index}`, Index: index },
        element("ImageRef", { ID: `Image:${index}` }),
      ),
    );
    return element("Well", { ID: `Well:0:${i}`, Column: columnIndex, Row: rowIndex }, samples.join(""));
  });
  const { name, rows, columns } = plate;
  const naming = { RowNamingConvention: "letter", ColumnNamingConvention: "number" };
  const said = {
    ID: "Plate:0",
    ...(name !== undefined && { Name: name }),
    ...naming,
    Rows: rows,
    Columns: columns,
  };
  return element("Plate", said, inside.join(""));
}

function imageXml(content: OmeContent, series: number): string {
  const { metadata, names } = content;
  const { AcquisitionDate: date, Description: description, StageLabel: label } = metadata[series] ?? {};
  const inside = [
    typeof date === "string" ? `<AcquisitionDate>${escaped(date)}</AcquisitionDate>` : "",
    typeof description === "string" ? `<Description>${escaped(description)}</Description>` : "",
    isObject(label) ? element("StageLabel", pick(label, STAGE)) : "",
    pixelsXml(content, series),
  ];
  return element("Image", { ID: `Image:${series}`, Name: names[series] }, inside.join(""));
}

const STAGE = ["Name", "X", "XUnit", "Y", "YUnit", "Z", "ZUnit"];
const PLANE = [
  "TheZ",
  "TheT",
  "TheC",
  "DeltaT",
  "DeltaTUnit",
  "ExposureTime",
  "ExposureTimeUnit",
  "PositionX",
  "PositionXUnit",
  "PositionY",
  "PositionYUnit",
  "PositionZ",
  "PositionZUnit",
];

function pixelsXml(content: OmeContent, series: number): string {
  const { sizes, order, dtype, samples, channels } = content;
  const axes = content.axes[series];
  const count = sizes.C / samples;
  const planes = count * sizes.Z * sizes.T;
  const { Planes: told } = content.metadata[series] ?? {};
  const attributes = {
    ID: `Pixels:${series}`,
    DimensionOrder: order,
    Type: TYPES[dtype] ?? dtype,
    ...(content.significantBits !== undefined && { SignificantBits: content.significantBits }),
    ...Object.fromEntries(Object.entries(sizes).map(([letter, size]) => [`Size${letter}`, size])),
    ...distance("PhysicalSizeX", axes.X),
    ...distance("PhysicalSizeY", axes.Y),
    ...distance("PhysicalSizeZ", axes.Z),
    ...distance("TimeIncrement", axes.T),
  };
  const inside = [
    ...Array.from({ length: count }, (_, c) =>
      channelXml(channels[c] ?? {}, `Channel:${series}:${c}`, samples),
    ),
    element("TiffData", { IFD: series * planes, PlaneCount: planes }),
    ...(Array.isArray(told)
      ? told.filter(isObject).map((plane) => element("Plane", pick(plane, PLANE)))
      : placedPlanes(content, axes)),
  ];
  return element("Pixels", attributes, inside.join(""));
}

/** Positions of all planes, where the image begins anywhere but at 0. */
function placedPlanes({ sizes, samples }: OmeContent, axes: OmeContent["axes"][number]): string[] {
  const isAtZero = [axes.X, axes.Y, axes.Z].every(
    (axis) => distance("", axis)[""] === undefined || axis?.start === 0,
  );
  if (isAtZero) return [];
  const planes: string[] = [];
  for (let t = 0; t < sizes.T; t++)
    for (let c = 0; c < sizes.C / samples; c++)
      for (let z = 0; z < sizes.Z; z++) {
        const at = { TheZ: z, TheT: t, TheC: c };
        const places = { ...position("X", axes.X), ...position("Y", axes.Y), ...position("Z", axes.Z, z) };
        planes.push(element("Plane", { ...at, ...places }));
      }
  return planes;
}

function position(letter: string, axis: OmeAxis | undefined, index = 0): Record<string, JsonValue> {
  const { [letter]: step, ...unit } = distance(letter, axis);
  if (axis === undefined || step === undefined) return {};
  return {
    [`Position${letter}`]: Number((axis.start + index * axis.scale).toPrecision(12)),
    [`Position${letter}Unit`]: unit[`${letter}Unit`],
  };
}

/** A step of 1 without a unit says nothing. */
function distance(name: string, measured: OmeAxis | undefined): Record<string, JsonValue> {
  const { axis, scale = 1 } = measured ?? {};
  const unit = axis?.unit;
  if (unit === undefined || !isOmeUnit(unit)) return {};
  return { [name]: scale, [`${name}Unit`]: SIGNS[unit] };
}

function channelXml(
  { name, color, emissionNm, excitationNm }: SourceChannel,
  id: string,
  samples: number,
): string {
  return element("Channel", {
    ID: id,
    ...(name !== undefined && { Name: name }),
    SamplesPerPixel: samples,
    // a signed number of 32 bits, opaque
    ...(color !== undefined && { Color: (Number.parseInt(color, 16) << 8) | 255 | 0 }),
    ...(emissionNm !== undefined && { EmissionWavelength: emissionNm, EmissionWavelengthUnit: "nm" }),
    ...(excitationNm !== undefined && { ExcitationWavelength: excitationNm, ExcitationWavelengthUnit: "nm" }),
  });
}

function element(name: string, attributes: Readonly<Record<string, JsonValue>>, inside = ""): string {
  const all = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(String(value))}"`);
  return inside === "" ? `<${name}${all.join("")}/>` : `<${name}${all.join("")}>${inside}</${name}>`;
}

function pick(from: JsonObject, names: readonly string[]): Record<string, JsonValue> {
  const known = names.filter((name) => typeof from[name] === "number" || typeof from[name] === "string");
  return Object.fromEntries(known.map((name) => [name, from[name]]));
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const SIGNS_OF_XML: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

/** Signs with a meaning, line breaks, and U+FFFD for what XML cannot hold at all. */
function escaped(text: string): string {
  const signs = Array.from(text, (sign) => {
    const code = sign.codePointAt(0) ?? 0;
    if (code === 9 || code === 10 || code === 13) return `&#${code};`;
    const isNone = code < 32 || (code >= 0xd800 && code <= 0xdfff) || code === 0xfffe || code === 0xffff;
    return isNone ? "\ufffd" : (SIGNS_OF_XML[sign] ?? sign);
  });
  return signs.join("");
}
