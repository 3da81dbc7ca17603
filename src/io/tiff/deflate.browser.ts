/** Deflate in a page, whose own has no levels; Node's is deflate.node.ts. */

/** Packs bytes by the platform's zlib; they are not changed, nor by the caller meanwhile. */
export async function deflate(bytes: Uint8Array): Promise<Uint8Array> {
  const packer = new Blob([bytes.slice()]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(packer).arrayBuffer());
}
