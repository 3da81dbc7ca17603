/** Functions that the tests of src/jobs run in processes of their own. */
import { renameSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

export const notAFunction = 3;

export function add(results, index, { param1, param2 }) {
  results[index] = param1 + param2;
}

export async function record(first, second, results, index, kwargs) {
  await sleep(1);
  results[`job${index}`] = { first, second, kwargs, pid: process.pid };
}

export function storeArrays(results, index, { data }) {
  results[`doubled${index}`] = data.map((value) => 2 * value);
  results[`map${index}`] = new Map([["key", new Float64Array([index])]]);
}

export function storeMany(results, index) {
  if (index === 1) return;
  results.a = index;
  results.b = index;
  delete results.a;
}

export function storePrototype(results) {
  Object.assign(results, JSON.parse('{"__proto__":{"polluted":true}}'));
  results.constructor = 5;
}

/** Job 0 waits for job 1's word and answers; job 1 waits for the answer: both see each other's writes. */
export async function talk(results, index) {
  if (index === 1) results.question = 20;
  const wanted = index === 0 ? "question" : "answer";
  while (results[wanted] === undefined) await sleep(2);
  if (index === 0) results.answer = results.question + 1;
}

/** Each job waits for the one before it and writes the same key; all report what they see at the end. */
export async function writeInTurn(results, index, { count }) {
  while (index > 0 && results.last !== index - 1) await sleep(2);
  results.last = index;
  while (results.last !== count - 1) await sleep(2);
  results[`seen${index}`] = results.last;
}

/** Changes a stored value inside: only the assignment that follows is shared. */
export function changeInside(results) {
  results.lost = [1];
  results.lost.push(2);
  results.kept = [1];
  results.kept.push(2);
  results.kept = [...results.kept];
}

export function storeFunction(results) {
  results.bad = { f: () => 1 };
}

export function storeSymbolKey(results) {
  results[Symbol("s")] = 1;
}

export function fail(_results, index, { failing }) {
  if (index === failing) throw new RangeError("defocus too high", { cause: new TypeError("inner") });
  return new Promise(() => setInterval(() => undefined, 1000));
}

export function reject() {
  return Promise.reject("a text");
}

export async function failLater() {
  setTimeout(() => {
    throw new Error("from a timer");
  }, 5);
  await sleep(60_000);
}

export async function failWithFault(_results, _index, { core }) {
  const { VitrineError } = await import(core);
  throw new VitrineError({ code: "format", at: "a.mrc header.mode", expected: "0", found: "77" });
}

export function exitEarly(_results, _index, { code }) {
  process.exit(code);
}

/** Writes its process id to a file and then waits to be ended. */
export async function announceAndWait(_results, index, { pidFile }) {
  writeFileSync(`${pidFile}.${index}.part`, String(process.pid));
  renameSync(`${pidFile}.${index}.part`, `${pidFile}.${index}`);
  await sleep(60_000);
}

export function leaveTimer(results, index) {
  setInterval(() => undefined, 1000);
  results[index] = "done";
}
