/** The largest single allocation asked for since the last reset, in bytes; importing this module starts the watch. */
export const largest = { bytes: 0 };

type BufferClass = new (...args: never[]) => object;

function watch(name: string, bytesPerElement: number): void {
  const original: BufferClass = Reflect.get(globalThis, name);
  const watched: BufferClass = new Proxy(original, {
    construct(target, args: unknown[], newTarget): object {
      const [first] = args;
      if (typeof first === "number") largest.bytes = Math.max(largest.bytes, first * bytesPerElement);
      return Reflect.construct(target, args, newTarget === watched ? target : newTarget);
    },
  });
  Reflect.set(globalThis, name, watched);
}

for (const [name, bytes] of Object.entries({
  ArrayBuffer: 1,
  SharedArrayBuffer: 1,
  Int8Array: 1,
  Uint8Array: 1,
  Int16Array: 2,
  Uint16Array: 2,
  Int32Array: 4,
  Uint32Array: 4,
  Float32Array: 4,
  Float64Array: 8,
  BigInt64Array: 8,
  BigUint64Array: 8,
  Array: 8,
})) {
  watch(name, bytes);
}
