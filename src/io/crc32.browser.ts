/** CRC-32 in a page; Node's own is in crc32.node.ts. */

/** CRC-32 of IEEE 802.3, as zip and PNG use it. */
export function crc32(bytes: Uint8Array): number {
  crcTable ??= buildCrcTable();
  let crc = -1;
  for (let i = 0; i < bytes.length; i++) crc = crcTable[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}

let crcTable: Int32Array | undefined;

function buildCrcTable(): Int32Array {
  return Int32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    return crc;
  });
}
