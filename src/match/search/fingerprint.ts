import type { Image } from "../../core/index.ts";
import type { MatchSettings } from "../config/config.ts";
import type { SliceOptions } from "./search.ts";
import type { TemplateSource } from "./searchInputs.ts";

/** Values that are hashed at a time: 16 MiB. */
const PIECE = 1 << 22;

/**
 * A name for everything that decides the result of a search: the settings (without paths) and every value of micrograph and template.
 * Checkpoints and parts carry it, so that those of another search are refused.
 *
 * @returns 64 hexadecimal digits (SHA-256, chained over pieces)
 */
export async function searchFingerprint(inputs: {
  readonly settings: MatchSettings;
  readonly micrograph: Image;
  readonly template: TemplateSource;
  readonly slices: SliceOptions;
}): Promise<string> {
  const { settings, micrograph, template, slices } = inputs;
  const { optics, defocus, pixelSizes, orientations, filters } = settings;
  const choices = { version: 1, optics, defocus, pixelSizes, orientations, filters, ...withDefaults(slices) };
  const shapes = { micrograph: micrograph.shape, template: template.size };
  let hash = await extend(new Uint8Array(0), new TextEncoder().encode(JSON.stringify({ choices, shapes })));
  for (let at = 0; at < micrograph.data.length; at += PIECE) {
    hash = await extend(hash, bytesOf(micrograph.data.subarray(at, at + PIECE)));
  }
  const sections = Math.max(1, Math.floor(PIECE / template.size ** 2));
  for (let z = 0; z < template.size; z += sections) {
    const piece = await template.readSections(z, Math.min(sections, template.size - z));
    hash = await extend(hash, bytesOf(piece));
  }
  return [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function withDefaults({ exactSlices = false, templatePadding = 1, sincCorrection = false }: SliceOptions) {
  return { exactSlices, templatePadding, sincCorrection };
}

async function extend(hash: Uint8Array, bytes: Uint8Array): Promise<Uint8Array> {
  const joined = new Uint8Array(hash.length + bytes.length);
  joined.set(hash);
  joined.set(bytes, hash.length);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", joined));
}

function bytesOf(data: Float32Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
