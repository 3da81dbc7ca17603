import { readText, readXml, type Xml } from "../../io/index.ts";

/** The XML of a file of metadata. @throws {VitrineError} missing, storage: the file; format: not well-formed */
export async function readXmlFile(path: string): Promise<Xml> {
  return readXml(await readText(path), path);
}

/** All elements of a name at or below another, in the order of the file; those of one name do not lie in each other. */
export function elements(xml: Xml, name: string): readonly Xml[] {
  return xml.name === name ? [xml] : xml.children.flatMap((child) => elements(child, name));
}

/** An attribute with or without a prefix; undefined where it is not there or empty. */
export function attribute(xml: Xml | undefined, name: string): string | undefined {
  const key = Object.keys(xml?.attributes ?? {}).find((key) => key === name || key.endsWith(`:${name}`));
  const value = key === undefined ? "" : (xml?.attributes[key].trim() ?? "");
  return value === "" ? undefined : value;
}

/** {@link attribute} as a finite number. */
export function attributeNumber(xml: Xml | undefined, name: string): number | undefined {
  return numberOf(attribute(xml, name));
}

/** The text of the first element of a name directly within; undefined where it is not there or empty. */
export function textOf(xml: Xml | undefined, name: string): string | undefined {
  const text = xml?.children.find((child) => child.name === name)?.text.trim();
  return text === "" ? undefined : text;
}

/** {@link textOf} as a finite number. */
export function numberIn(xml: Xml | undefined, name: string): number | undefined {
  return numberOf(textOf(xml, name));
}

/** Some programs write numbers as the country of their computer does: `1,5`. */
function numberOf(text: string | undefined): number | undefined {
  const number = Number(text?.replace(/^([-+]?\d*),(\d+(?:E[-+]?\d+)?)$/i, "$1.$2") ?? Number.NaN);
  return Number.isFinite(number) ? number : undefined;
}
