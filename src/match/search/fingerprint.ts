import type { ConfiguredSearch, SearchSet } from "./configuredSearch.ts";
import { hitOptions } from "./results.ts";
import type { SliceOptions } from "./search.ts";
import type { TemplateSource } from "./searchInputs.ts";

/** Values of a micrograph that are hashed at a time: 16 MiB. */
const PIECE = 1 << 22;

/** A search with a name for everything that decides its result. */
export interface IdentifiedSearch extends ConfiguredSearch {
  /**
   * The settings (without paths) and every value of micrograph and template in 64 hexadecimal digits (SHA-256, chained over pieces).
   * Checkpoints and parts carry it, so that those of another search are refused. Sections of the template that nobody has read yet are
   * read for it.
   */
  readonly fingerprint: () => Promise<string>;
  /** What goes into it, each by its name and in few letters, for {@link StateHeader.choices}. */
  readonly choices: () => Promise<Record<string, string>>;
}

/**
 * Gives searches their fingerprints: hashes the micrograph, and the templates while they are read.
 *
 * @param set  its micrograph not released yet
 */
export async function identifySearches(
  { searches, results }: SearchSet,
  slices: SliceOptions,
): Promise<SearchSet<IdentifiedSearch>> {
  const [{ micrograph }] = searches;
  const pixels = await micrographHash(micrograph.image.data);
  const identified = searches.map((search) => {
    const template = new HashedTemplate(search.template);
    const fingerprint = async () => {
      const choices = choicesOf(search, slices);
      let hash = await extend(new Uint8Array(0), new TextEncoder().encode(JSON.stringify(choices)));
      hash = await extend(hash, pixels);
      return hexadecimal(await extend(hash, await template.hash()));
    };
    const choices = async () => ({
      ...namedChoices(choicesOf(search, slices)),
      "pixels of the micrograph": hexadecimal(pixels).slice(0, 12),
      "voxels of the template": hexadecimal(await template.hash()).slice(0, 12),
    });
    return { ...search, template, fingerprint, choices };
  });
  return { searches: identified, results };
}

function choicesOf({ settings, micrograph, template, results }: ConfiguredSearch, slices: SliceOptions) {
  const hits = hitOptions(settings, results);
  const { optics, defocus, pixelSizes, orientations, filters } = settings;
  const { exactSlices = false, templatePadding = 1, sincCorrection = false } = slices;
  return {
    ...{ version: 2, optics, defocus, pixelSizes, orientations, filters },
    ...{ exactSlices, templatePadding, sincCorrection },
    ...{ micrograph: micrograph.shape, template: template.size },
    ...(hits && { hits }),
  };
}

/** Values longer than this, such as those of an MTF, are told apart by their beginning and length. */
const LONGEST_VALUE = 48;

/** `optics.voltageKv: 300` and so on, of every value. */
function namedChoices(choices: object, prefix = ""): Record<string, string> {
  const named = Object.entries(choices).map(([key, value]) => {
    const name = `${prefix}${key}`;
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return namedChoices(value, `${name}.`);
    if (Array.isArray(value) && value.some((entry) => typeof entry === "object"))
      return namedChoices({ ...value }, `${name}.`);
    const text = JSON.stringify(value) ?? "none";
    const short =
      text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}… (${text.length} letters)` : text;
    return { [name]: short };
  });
  return Object.assign({}, ...named);
}

async function micrographHash(data: Float32Array): Promise<Uint8Array> {
  let hash = new Uint8Array(0);
  for (let at = 0; at < data.length; at += PIECE)
    hash = await extend(hash, bytesOf(data.subarray(at, at + PIECE)));
  return hash;
}

/** A template whose sections are hashed as they come, whoever reads them for whatever; in order, each once. */
class HashedTemplate implements TemplateSource {
  readonly name: string;
  readonly size: number;
  readonly #template: TemplateSource;
  #hash = new Uint8Array(0);
  /** The first section that is not hashed yet. */
  #next = 0;
  #hashing: Promise<void> = Promise.resolve();

  constructor(template: TemplateSource) {
    this.name = template.name;
    this.size = template.size;
    this.#template = template;
  }

  async readSections(first: number, count: number): Promise<Float32Array> {
    const sections = await this.#template.readSections(first, count);
    this.#hashing = this.#hashing.then(() => this.#extend(sections, first)); // one reader's after the other's
    await this.#hashing;
    return sections;
  }

  close(): Promise<void> {
    return this.#template.close();
  }

  /** Of all sections; those that were not read are read now. */
  async hash(): Promise<Uint8Array> {
    while (this.#next < this.size) await this.readSections(this.#next, this.#piece());
    return this.#hash;
  }

  /** Sections that are read at a time where nobody else reads them. */
  #piece(): number {
    return Math.min(this.size - this.#next, Math.max(1, Math.floor(PIECE / this.size ** 2)));
  }

  /** Section by section, so that the hash does not depend on how many come at a time. Those after a gap wait for {@link hash}. */
  async #extend(sections: Float32Array, first: number): Promise<void> {
    if (first > this.#next) return;
    const area = this.size ** 2;
    const end = first + sections.length / area;
    for (let z = this.#next; z < end; z++) {
      const at = (z - first) * area;
      this.#hash = await extend(this.#hash, bytesOf(sections.subarray(at, at + area)));
      this.#next = z + 1;
    }
  }
}

async function extend(hash: Uint8Array, bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const joined = new Uint8Array(hash.length + bytes.length);
  joined.set(hash);
  joined.set(bytes, hash.length);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", joined));
}

function hexadecimal(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function bytesOf(data: Float32Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
