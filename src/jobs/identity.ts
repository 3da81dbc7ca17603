import { VitrineError } from "../core/index.ts";
import type { IdentityParts, Json } from "./step.ts";

/** Hashes (SHA-256, hexadecimal) of the parts of an identity, by name. */
export type Identity = Readonly<Record<string, string>>;

/** JSON of one spelling: keys in order, no spaces. Equal data have equal texts. */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`).join(",")}}`;
}

/** The hash of bytes, or of data as {@link canonicalJson}. */
export async function hashOf(content: Uint8Array | Json): Promise<string> {
  const bytes = content instanceof Uint8Array ? content : new TextEncoder().encode(canonicalJson(content));
  const digest = await crypto.subtle.digest("SHA-256", new Uint8Array(bytes));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The identity of parts that a caller names. */
export async function identityOf(parts: IdentityParts): Promise<Identity> {
  const names = Object.keys(parts).sort();
  const hashes = await Promise.all(names.map((name) => hashOf(parts[name])));
  return Object.fromEntries(names.map((name, i) => [name, hashes[i]]));
}

/** Names of the parts in which two identities differ, one that only one of them has included; none if they are the same. */
export function differingParts(a: Identity, b: Identity): string[] {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
  return names.filter((name) => a[name] !== b[name]);
}

/** Most changes that a message names. */
const MOST_NAMED = 4;

/** Values longer than this are told by their beginning. */
const LONGEST_VALUE = 60;

/** A hash tells a reader nothing. */
const HASH = /^[0-9a-f]{32,}$/;

/**
 * The parts that differ, each with the values in it that have changed: `options (zCutoff 3.5, now 4)`. Parts that are only known by their
 * hashes are left out where another one tells more.
 */
export function changedParts(before: IdentityParts, now: IdentityParts, names: readonly string[]): string[] {
  const parts = names.map((name) => {
    const changes = changesOf(before[name] ?? null, now[name] ?? null);
    const told = changes.slice(0, MOST_NAMED).join("; ");
    const more = changes.length > MOST_NAMED ? `; and ${changes.length - MOST_NAMED} more` : "";
    return { name, text: told === "" ? "" : ` (${told}${more})` };
  });
  const telling = parts.filter(({ text }) => text !== "");
  return (telling.length > 0 ? telling : parts).map(({ name, text }) => `${name}${text}`);
}

function changesOf(before: Json, now: Json, key = ""): string[] {
  if (canonicalJson(before) === canonicalJson(now)) return [];
  const [a, b] = [membersOf(before), membersOf(now)];
  if (a !== undefined && b !== undefined) {
    const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
    const name = (one: string) => (key === "" ? one : `${key}${one.startsWith("--") ? " " : "."}${one}`);
    return keys.flatMap((one) => changesOf(a[one] ?? null, b[one] ?? null, name(one)));
  }
  if ([before, now].some((value) => typeof value === "string" && HASH.test(value))) return [];
  return [`${key === "" ? "" : `${key} `}${valueText(before)}, now ${valueText(now)}`];
}

function membersOf(value: Json): { readonly [key: string]: Json } | undefined {
  if (value === null || typeof value !== "object") return undefined;
  return Object.fromEntries(Object.entries<Json>(value));
}

function valueText(value: Json): string {
  if (value === null) return "none";
  const text = typeof value === "string" ? value : canonicalJson(value);
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}

/** @throws {VitrineError} format: what lies at `at` is of another identity; says which parts differ */
export function requireSameIdentity(found: Identity, expected: Identity, at: string): void {
  const names = differingParts(found, expected);
  if (names.length === 0) return;
  throw new VitrineError({
    code: "format",
    at,
    expected: "work of the same configuration, inputs, version and kernels",
    found: `another ${names.join(", another ")}`,
    hint: "Take another directory, or start anew over what is there",
  });
}
