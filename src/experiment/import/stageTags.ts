/** Where the stage was and how large a pixel is, as microscopes write it into the text of a TIFF file or its OME-XML. */
import { VitrineError } from "../../core/index.ts";
import { convertUnit, type JsonObject, readXml, unitName } from "../../io/index.ts";
import { attribute, elements } from "./xml.ts";

/** What a file says beside its pixels. */
export interface StageTags {
  /** (y, x) of the stage, µm, y down. */
  readonly positionUm?: readonly [number, number];
  readonly pixelSizeUm?: number;
}

/**
 * Reads them from what a source tells beside its pixels: OME's planes (y taken as down; positions in another unit than of
 * length, as "reference frame", are none), MetaSeries' XML (absolute, y down), MetaMorph's tags of stacks (y down).
 */
export function stageTags(metadata: JsonObject): StageTags {
  const { ImageDescription: text, Planes: planes, MetaMorph: stack } = metadata;
  if (Array.isArray(planes)) return omePlane(planes[0]);
  const stage = metaMorphStage(stack);
  if (stage !== undefined) return { positionUm: stage };
  return typeof text === "string" && text.includes("<MetaData") ? metaSeries(text) : {};
}

/** Of the first plane, which is that of its stack: one site, whose stage moves along z. */
function metaMorphStage(stack: unknown): readonly [number, number] | undefined {
  const positions: unknown = new Map<string, unknown>(Object.entries(stack ?? {})).get("stagePositions");
  const [x, y]: unknown[] = Array.isArray(positions) && Array.isArray(positions[0]) ? positions[0] : [];
  return typeof x === "number" && typeof y === "number" ? [y, x] : undefined;
}

function omePlane(plane: unknown): StageTags {
  const said = new Map(Object.entries(plane ?? {}));
  const um = (name: string) => {
    const [value, unit] = [said.get(name), unitName(String(said.get(`${name}Unit`)))];
    return typeof value === "number" && unit !== undefined
      ? convertUnit(value, unit, "micrometer")
      : undefined;
  };
  const [y, x] = [um("PositionY"), um("PositionX")];
  return y === undefined || x === undefined ? {} : { positionUm: [y, x] };
}

function metaSeries(text: string): StageTags {
  const said = propertiesOf(text);
  const number = (...ids: string[]) =>
    ids.map((id) => Number(said.get(id) ?? Number.NaN)).find(Number.isFinite);
  const y = number("stage-position-y", "ImageXpress Micro Y");
  const x = number("stage-position-x", "ImageXpress Micro X");
  const size = number("spatial-calibration-x");
  return {
    ...(y !== undefined && x !== undefined && { positionUm: [y, x] as const }),
    ...(size !== undefined && size > 0 && { pixelSizeUm: size }),
  };
}

/** `<prop id="stage-position-x" value="12"/>`; a text that is no XML tells nothing. */
function propertiesOf(text: string): Map<string, string> {
  try {
    const xml = readXml(text.replaceAll("\u0000", "").trim(), "ImageDescription");
    const props = [...elements(xml, "prop"), ...elements(xml, "custom-prop")];
    return new Map(props.map((prop) => [attribute(prop, "id") ?? "", attribute(prop, "value") ?? ""]));
  } catch (error) {
    if (error instanceof VitrineError && error.code === "format") return new Map();
    throw error;
  }
}
