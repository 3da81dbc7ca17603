import type { OmeQuantity } from "./model.ts";
import { attribute, numberOf, type Xml } from "./xml.ts";

/** The schema's default for a place without a unit: somewhere, in something. */
export const NO_UNIT = "reference frame";

/** A number with the unit that stands beside it. @param missing  the schema's default unit */
export function quantityOf(xml: Xml, name: string, missing: string): OmeQuantity | undefined {
  const value = numberOf(xml, name);
  return value === undefined ? undefined : { value, unit: attribute(xml, `${name}Unit`) ?? missing };
}
