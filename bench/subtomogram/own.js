// The same alignment in a process of its own, for the memory that it takes: the questions of peer.py, a line of JSON each.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { createPool } from "vitrine/compute";
import { PccAlignment, ZnccAlignment } from "vitrine/subtomogram/models";

const state = {};

function floats(folder, name) {
  const { buffer, byteOffset, byteLength } = readFileSync(`${folder}/${name}`);
  return new Float32Array(buffer, byteOffset, byteLength / 4);
}

async function make({ folder, box, model, rotations, mask, tilt, maxShift, cutoff }) {
  const shape = [box, box, box];
  const kind = model === "zncc" ? ZnccAlignment : PccAlignment;
  const templates = [{ data: floats(folder, "template"), shape }];
  const given = { templates, mask: mask ? { data: floats(folder, "mask"), shape } : undefined };
  const params = { rotations: rotations ?? undefined, cutoff, tilt: tilt ? [-60, 60] : undefined };
  state.pool = await createPool({ workers: 2, callingThread: true });
  const aligned = kind.create(given, { ...params, compat: true });
  state.prepared = await aligned.prepare(state.pool, { maxShiftsPx: [maxShift, maxShift, maxShift] });
  const [boxes, quaternions] = [floats(folder, "boxes"), readFileSync(`${folder}/quaternions`)];
  const turns = new Float64Array(quaternions.buffer, quaternions.byteOffset, quaternions.byteLength / 8);
  state.boxes = Array.from({ length: turns.length / 4 }, (_, i) => ({
    image: { data: boxes.subarray(i * box ** 3, (i + 1) * box ** 3), shape },
    rotation: [...turns.subarray(4 * i, 4 * i + 4)],
  }));
  return {};
}

/** As the peer's: maxRSS has that of the process which started this one. */
function peakBytes() {
  const kilobytes = /^VmHWM:\s+(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"));
  return 1024 * Number(kilobytes[1]);
}

async function answerTo(request) {
  if ("folder" in request) return make(request);
  if ("peak" in request) return { bytes: peakBytes() };
  await state.prepared.align(state.boxes.slice(0, request.count));
  return {};
}

for await (const line of createInterface({ input: process.stdin }))
  process.stdout.write(`${JSON.stringify(await answerTo(JSON.parse(line)))}\n`);
await state.pool?.dispose();
