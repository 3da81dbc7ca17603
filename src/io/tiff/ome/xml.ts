import { parseXml, XmlElement } from "@rgrove/parse-xml";
import { VitrineError } from "../../../core/index.ts";

/** An element by its name without prefix. */
export interface Xml {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Xml[];
  readonly text: string;
}

/** Elements within one another; OME-XML has a dozen. */
const MOST_DEPTH = 64;

/** Parses XML; entities that it defines itself are not expanded. @throws {VitrineError} format: not well-formed */
export function readXml(text: string, at: string): Xml {
  try {
    const { root } = parseXml(text.replace(/^\uFEFF/, ""), { ignoreUndefinedEntities: true });
    if (root !== null) return elementOf(root, 0);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const found = message.split("\n")[0];
    throw new VitrineError({ code: "format", at, expected: "well-formed XML", found }, { cause });
  }
  throw new VitrineError({ code: "format", at, expected: "an element of XML", found: "none" });
}

/** Elements of a name, at any place directly within. */
export function within(xml: Xml | undefined, name: string): readonly Xml[] {
  return xml?.children.filter((child) => child.name === name) ?? [];
}

/** An attribute; undefined where it is not there or empty. */
export function attribute(xml: Xml | undefined, name: string): string | undefined {
  if (xml === undefined || !Object.hasOwn(xml.attributes, name)) return undefined;
  const value = xml.attributes[name].trim();
  return value === "" ? undefined : value;
}

/** A finite number of an attribute. */
export function numberOf(xml: Xml | undefined, name: string): number | undefined {
  const text = attribute(xml, name);
  const value = text === undefined ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : undefined;
}

/** A whole number of at least 0 of an attribute. */
export function indexOf(xml: Xml | undefined, name: string): number | undefined {
  const value = numberOf(xml, name);
  return value !== undefined && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function elementOf(element: XmlElement, depth: number): Xml {
  if (depth > MOST_DEPTH) throw new Error(`more than ${MOST_DEPTH} elements within one another`);
  const children = element.children.filter((child) => child instanceof XmlElement);
  return {
    name: element.name.replace(/^.*:/, ""),
    attributes: element.attributes,
    children: children.map((child) => elementOf(child, depth + 1)),
    text: children.length > 0 ? "" : element.text,
  };
}
