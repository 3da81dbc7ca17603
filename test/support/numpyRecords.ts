/** A row of a structured array: text, float32 numbers, or unsigned ones. */
export type NumpyRow = Readonly<
  Record<string, string | readonly number[] | { readonly u4: readonly number[] } | { readonly u8: number }>
>;

const TEXT = 40;

/** A structured array as numpy.save writes it, 1.0. */
export function numpyRecords(rows: readonly NumpyRow[]): Uint8Array {
  const fields = Object.entries(rows[0]).map(([name, value]) => ({ name, ...typeOf(value) }));
  const size = fields.reduce((sum, { width }) => sum + width, 0);
  const descr = fields.map(
    ({ name, type, count }) => `('${name}', ${type}${count > 1 ? `, (${count},)` : ""})`,
  );
  const head = `{'descr': [${descr.join(", ")}], 'fortran_order': False, 'shape': (${rows.length},), }\n`;
  const bytes = new Uint8Array(10 + head.length + rows.length * size);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, head.length & 255, head.length >> 8]);
  bytes.set(new TextEncoder().encode(head), 10);
  const view = new DataView(bytes.buffer);
  rows.forEach((row, i) => {
    let at = 10 + head.length + i * size;
    for (const { name, width } of fields) {
      put(view, at, row[name]);
      at += width;
    }
  });
  return bytes;
}

function typeOf(value: NumpyRow[string]): { type: string; width: number; count: number } {
  if (typeof value === "string") return { type: `'|S${TEXT}'`, width: TEXT, count: 1 };
  if ("u8" in value) return { type: "'<u8'", width: 8, count: 1 };
  const [type, list] = "u4" in value ? ["'<u4'", value.u4] : ["'<f4'", value];
  return { type, width: 4 * list.length, count: list.length };
}

function put(view: DataView, at: number, value: NumpyRow[string]): void {
  if (typeof value === "string")
    new TextEncoder().encode(value).forEach((byte, i) => {
      view.setUint8(at + i, byte);
    });
  else if ("u8" in value) view.setBigUint64(at, BigInt(value.u8), true);
  else if ("u4" in value)
    value.u4.forEach((number, i) => {
      view.setUint32(at + 4 * i, number, true);
    });
  else
    value.forEach((number, i) => {
      view.setFloat32(at + 4 * i, number, true);
    });
}
