import type { Pool } from "../../src/compute/index.ts";
import { createTiles } from "../../src/pyramid/index.ts";

interface Box {
  readonly y: number;
  readonly x: number;
  readonly height: number;
  readonly width: number;
}

interface Image extends Box {
  readonly window: Box | null;
}

/** What comes of blocks that an encoder puts together from sites. */
type Part =
  | { readonly kind: "begin"; readonly box: Box }
  | { readonly kind: "pixels" }
  | {
      readonly kind: "site";
      readonly site: { readonly image: Image; readonly data: Uint8Array | Uint16Array };
    }
  | { readonly kind: "end" };

/** The 8-bit pixels of blocks before they are tiles, as the kernel puts them together. @param lookup  for 16 bits: what each value becomes */
export async function* shownBlocks(
  pool: Pool,
  parts: AsyncIterable<Part>,
  lookup?: Uint8Array,
): AsyncGenerator<{ readonly box: Box; readonly pixels: Uint8Array }> {
  let sites: Extract<Part, { kind: "site" }>["site"][] = [];
  let box: Box | undefined;
  for await (const part of parts) {
    if (part.kind === "begin") [box, sites] = [part.box, []];
    else if (part.kind === "site") sites.push(part.site);
    else if (part.kind === "end" && box !== undefined)
      yield { box, pixels: await shown(pool, { box, sites, lookup }) };
  }
}

async function shown(
  pool: Pool,
  {
    box,
    sites,
    lookup,
  }: {
    readonly box: Box;
    readonly sites: readonly Extract<Part, { kind: "site" }>["site"][];
    readonly lookup: Uint8Array | undefined;
  },
): Promise<Uint8Array> {
  const { height, width } = box;
  const sizes = sites.map(({ image }) => ({ height: image.height, width: image.width }));
  const largest = sizes.reduce(
    (most, size) => (size.height * size.width > most.height * most.width ? size : most),
    { height: 1, width: 1 },
  );
  const type = lookup === undefined ? "uint8" : "uint16";
  const plan = createTiles(pool, { height, width, levels: 1, type, site: largest });
  try {
    if (lookup !== undefined) plan.set("lookup", lookup);
    for (const { image, data } of sites) {
      plan.set("site", data);
      const place = { y: image.y - box.y, x: image.x - box.x };
      const site = { height: image.height, width: image.width };
      await plan.run({ place, site, ...(image.window !== null && { window: image.window }) });
    }
    await plan.run({ quality: 50 });
    const pixels = new Uint8Array(height * width);
    plan.read("last", pixels);
    return pixels;
  } finally {
    plan.dispose();
  }
}
