/** Small pictures of numbers in one answer. */
import type { Answer } from "../route.ts";

/** The media type: length of the JSON (4 bytes, little-endian), JSON, and from the next multiple of 8 float32 pictures one after the other. */
export const PICTURES = "application/vnd.vitrine.pictures";

/** A picture in C order. */
export interface Picture {
  readonly name: string;
  /** (height, width), or more in front. */
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

/** @param facts  what else the JSON says, beside `pictures`: name and shape of each */
export function picturesAnswer(facts: object, pictures: readonly Picture[]): Answer {
  const said = { ...facts, pictures: pictures.map(({ name, shape }) => ({ name, shape })) };
  const head = new TextEncoder().encode(JSON.stringify(said));
  let at = 8 * Math.ceil((4 + head.length) / 8);
  const body = new Uint8Array(at + 4 * pictures.reduce((sum, { data }) => sum + data.length, 0));
  const view = new DataView(body.buffer);
  view.setUint32(0, head.length, true);
  body.set(head, 4);
  for (const { data } of pictures)
    for (let i = 0; i < data.length; i++, at += 4) view.setFloat32(at, data[i], true);
  return { type: PICTURES, body };
}
