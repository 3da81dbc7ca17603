import { type Xml, xmlAttribute, xmlNumber } from "../../io/index.ts";

/** All elements of a name below another, in the order of the file; those of one name do not lie in each other. */
export function elements(xml: Xml, name: string): readonly Xml[] {
  return xml.name === name ? [xml] : xml.children.flatMap((child) => elements(child, name));
}

/** The text of the first element of a name directly within; undefined where it is not there or empty. */
export function textOf(xml: Xml | undefined, name: string): string | undefined {
  const text = xml?.children.find((child) => child.name === name)?.text.trim();
  return text === "" ? undefined : text;
}

/** {@link textOf} as a finite number. */
export function numberIn(xml: Xml | undefined, name: string): number | undefined {
  const text = textOf(xml, name);
  return text === undefined || !Number.isFinite(Number(text)) ? undefined : Number(text);
}

/** An attribute as text, as {@link xmlAttribute}, and as a number. */
export { xmlAttribute as attribute, xmlNumber as attributeNumber };
