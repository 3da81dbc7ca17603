import { VitrineError } from "../../core/index.ts";
import { type ByteReader, byteReader } from "./bytes.ts";

/** A name of a module of Python: a class or function, which is never loaded. */
export interface PickleGlobal {
  readonly kind: "global";
  /** `numpy.dtype`, `torch.FloatStorage`. */
  readonly name: string;
}

/** An object of a class that is not known here, with what it was made of; nothing of the class is run. */
export interface PickleObject {
  readonly kind: "object";
  /** `cryolike.likelihoods.interface.cross_correlation_full_return.CrossCorrelationReturn` */
  readonly name: string;
  readonly items: readonly unknown[];
  /** Its attributes, where the pickle has them. */
  state?: unknown;
}

/** What makes values of the names that a reader knows. All of them are pure: nothing of the pickle is run. */
export interface PickleMakers {
  /** Of a call `name(...parameters)`; undefined where the name is not known. */
  make(name: string, parameters: readonly unknown[], at: string): unknown;
  /** Gives a value that {@link make} made its state, in place; false where it takes none. */
  build(value: unknown, state: unknown, at: string): boolean;
  /** Of what lies outside the pickle. */
  persistent(id: unknown, at: string): unknown;
}

/** Deeper or longer, a pickle is no file of arrays. */
const MOST_VALUES = 10_000_000;

/**
 * Reads a pickle of Python (protocols 0 to 5, without their oldest opcodes) as plain values: null, booleans, numbers, texts, bytes as
 * `Uint8Array`, lists and tuples as arrays, dictionaries as maps, sets as sets. Classes and functions are names alone; a call of one
 * that `makers` do not know is refused, and so nothing of the file is ever run.
 *
 * @throws {VitrineError} format: no pickle, or damaged; unsupported: a call of a function that is not known, with its name
 * Source: Python's `pickletools`, which describes every opcode.
 */
export function parsePickle(bytes: Uint8Array, at: string, makers: PickleMakers): unknown {
  return new Machine(byteReader(bytes, at), makers, at).run();
}

const MARK = Symbol("mark");

/** A stack, a memo, and one opcode after the other. */
class Machine {
  readonly #reader: ByteReader;
  readonly #makers: PickleMakers;
  readonly #at: string;
  readonly #memo = new Map<number, unknown>();
  #stack: unknown[] = [];
  #values = 0;

  constructor(reader: ByteReader, makers: PickleMakers, at: string) {
    this.#reader = reader;
    this.#makers = makers;
    this.#at = at;
  }

  run(): unknown {
    for (;;) {
      const code = this.#reader.byte();
      if (code === STOP) return this.#pop();
      if (this.#values++ > MOST_VALUES) throw this.#damaged(`at most ${MOST_VALUES} opcodes`, "more");
      const step = STEPS[code];
      if (step === undefined) throw this.#damaged("an opcode of a pickle", `the byte ${code}`);
      step(this);
    }
  }

  get reader(): ByteReader {
    return this.#reader;
  }

  push(value: unknown): void {
    this.#stack.push(value);
  }

  pop(): unknown {
    return this.#pop();
  }

  /** The values above the last mark, which goes too. */
  popMark(): unknown[] {
    const mark = this.#stack.lastIndexOf(MARK);
    if (mark < 0) throw this.#damaged("a mark", "none");
    const values = this.#stack.slice(mark + 1);
    this.#stack.length = mark;
    return values;
  }

  top(): unknown {
    if (this.#stack.length === 0) throw this.#damaged("a value", "an empty stack");
    return this.#stack[this.#stack.length - 1];
  }

  remember(index: number): void {
    this.#memo.set(index, this.top());
  }

  memoize(): void {
    this.remember(this.#memo.size);
  }

  recall(index: number): void {
    if (!this.#memo.has(index)) throw this.#damaged("a value that was kept", `number ${index}`);
    this.push(this.#memo.get(index));
  }

  call(): void {
    const parameters = this.#array(this.#pop());
    const { name } = this.#global(this.#pop());
    const made = this.#makers.make(name, parameters, this.#at);
    if (made === undefined) throw this.#refused(name);
    this.push(made);
  }

  /** A call of protocol 0, of the values above the mark. */
  instance(name: string): void {
    const parameters = this.popMark();
    this.push({ kind: "global", name } satisfies PickleGlobal);
    this.push(parameters);
    this.call();
  }

  /** An object of a class, of parameters; one that is not known stays a name with its items. */
  create(): void {
    const items = this.#array(this.#pop());
    const { name } = this.#global(this.#pop());
    this.push(
      this.#makers.make(name, items, this.#at) ?? ({ kind: "object", name, items } satisfies PickleObject),
    );
  }

  build(): void {
    const state = this.#pop();
    const value = this.#pop();
    if (isPickleObject(value)) {
      value.state = state;
      this.push(value);
      return;
    }
    if (!this.#makers.build(value, state, this.#at))
      throw this.#damaged("a value that takes a state", typeof value);
    this.push(value);
  }

  append(values: readonly unknown[]): void {
    const list = this.top();
    if (Array.isArray(list)) list.push(...values);
    else throw this.#damaged("a list", typeof list);
  }

  add(values: readonly unknown[]): void {
    const set = this.top();
    if (!(set instanceof Set)) throw this.#damaged("a set", typeof set);
    for (const value of values) set.add(value);
  }

  setItems(values: readonly unknown[]): void {
    const map = this.top();
    if (!(map instanceof Map)) throw this.#damaged("a dictionary", typeof map);
    for (let i = 0; i + 1 < values.length; i += 2) map.set(values[i], values[i + 1]);
  }

  persistent(): void {
    this.push(this.#makers.persistent(this.#pop(), this.#at));
  }

  stackGlobal(): void {
    const name = this.#pop();
    this.push({ kind: "global", name: `${this.#pop()}.${name}` } satisfies PickleGlobal);
  }

  mark(): void {
    this.#stack.push(MARK);
  }

  #pop(): unknown {
    const value = this.top();
    this.#stack.pop();
    if (value === MARK) throw this.#damaged("a value", "a mark");
    return value;
  }

  #array(value: unknown): readonly unknown[] {
    if (Array.isArray(value)) return value;
    throw this.#damaged("a tuple of parameters", typeof value);
  }

  #global(value: unknown): PickleGlobal {
    if (isGlobal(value)) return value;
    throw this.#damaged("a class or function", typeof value);
  }

  #refused(name: string): VitrineError {
    const expected = "tensors, arrays and plain containers";
    const hint = "Save the tensors alone: a file is read here without running anything of it";
    return new VitrineError({
      code: "unsupported",
      at: this.#at,
      expected,
      found: `a call of ${name}`,
      hint,
    });
  }

  #damaged(expected: string, found: string): VitrineError {
    const at = `${this.#at} byte ${this.#reader.place()}`;
    return new VitrineError({ code: "format", at, expected, found, hint: "The file is damaged" });
  }
}

/** @internal Whether it is a class or function by its name. */
export function isGlobal(value: unknown): value is PickleGlobal {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "global";
}

function isPickleObject(value: unknown): value is PickleObject {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "object";
}

const STOP = 0x2e;

type Step = (machine: Machine) => void;

const code = (character: string) => character.charCodeAt(0);

/** By the byte of the opcode. */
const STEPS: Readonly<Record<number, Step>> = {
  128: ({ reader }) => void reader.byte(),
  149: ({ reader }) => void reader.skip(8),
  [code("(")]: (m) => m.mark(),
  [code("0")]: (m) => void m.pop(),
  [code("1")]: (m) => void m.popMark(),
  [code("2")]: (m) => m.push(m.top()),
  [code("N")]: (m) => m.push(null),
  136: (m) => m.push(true),
  137: (m) => m.push(false),
  [code("I")]: (m) => m.push(booleanOr(m.reader)),
  [code("L")]: (m) => m.push(narrow(m.reader.integerLine())),
  [code("F")]: (m) => m.push(Number(m.reader.line())),
  [code("J")]: (m) => m.push(m.reader.int32()),
  [code("K")]: (m) => m.push(m.reader.byte()),
  [code("M")]: (m) => m.push(m.reader.uint16()),
  138: (m) => m.push(narrow(m.reader.long(m.reader.byte()))),
  139: (m) => m.push(narrow(m.reader.long(m.reader.length4()))),
  [code("G")]: (m) => m.push(m.reader.float64()),
  [code("X")]: (m) => m.push(m.reader.text(m.reader.length4())),
  140: (m) => m.push(m.reader.text(m.reader.byte())),
  141: (m) => m.push(m.reader.text(m.reader.length8())),
  [code("V")]: (m) => m.push(m.reader.line()),
  [code("S")]: (m) => m.push(unquoted(m.reader.line())),
  [code("U")]: (m) => m.push(m.reader.bytes(m.reader.byte())),
  [code("T")]: (m) => m.push(m.reader.bytes(m.reader.length4())),
  [code("C")]: (m) => m.push(m.reader.bytes(m.reader.byte())),
  [code("B")]: (m) => m.push(m.reader.bytes(m.reader.length4())),
  142: (m) => m.push(m.reader.bytes(m.reader.length8())),
  150: (m) => m.push(m.reader.bytes(m.reader.length8())),
  [code(")")]: (m) => m.push([]),
  [code("]")]: (m) => m.push([]),
  [code("}")]: (m) => m.push(new Map()),
  143: (m) => m.push(new Set()),
  [code("t")]: (m) => m.push(m.popMark()),
  [code("l")]: (m) => m.push(m.popMark()),
  [code("d")]: (m) => pushItems(m, m.popMark()),
  145: (m) => m.push(new Set(m.popMark())),
  133: (m) => m.push([m.pop()]),
  134: (m) => m.push([m.pop(), m.pop()].reverse()),
  135: (m) => m.push([m.pop(), m.pop(), m.pop()].reverse()),
  [code("a")]: (m) => m.append([m.pop()]),
  [code("e")]: (m) => m.append(m.popMark()),
  144: (m) => m.add(m.popMark()),
  [code("s")]: (m) => m.setItems([m.pop(), m.pop()].reverse()),
  [code("u")]: (m) => m.setItems(m.popMark()),
  [code("p")]: (m) => m.remember(Number(m.reader.line())),
  [code("q")]: (m) => m.remember(m.reader.byte()),
  [code("r")]: (m) => m.remember(m.reader.length4()),
  148: (m) => m.memoize(),
  [code("g")]: (m) => m.recall(Number(m.reader.line())),
  [code("h")]: (m) => m.recall(m.reader.byte()),
  [code("j")]: (m) => m.recall(m.reader.length4()),
  [code("c")]: (m) => m.push({ kind: "global", name: `${m.reader.line()}.${m.reader.line()}` }),
  147: (m) => m.stackGlobal(),
  [code("R")]: (m) => m.call(),
  [code("i")]: (m) => m.instance(`${m.reader.line()}.${m.reader.line()}`),
  129: (m) => m.create(),
  [code("b")]: (m) => m.build(),
  [code("Q")]: (m) => m.persistent(),
};

function pushItems(machine: Machine, values: readonly unknown[]): void {
  machine.push(new Map());
  machine.setItems(values);
}

/** A text as Python writes it in quotes. */
function unquoted(line: string): string {
  const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r" };
  return line
    .slice(1, -1)
    .replace(/\\(?:x([0-9a-f]{2})|(.))/gi, (_, hex: string | undefined, character: string) =>
      hex === undefined ? (escapes[character] ?? character) : String.fromCharCode(Number.parseInt(hex, 16)),
    );
}

/** An integer; protocol 0 has booleans as 00 and 01. */
function booleanOr(reader: ByteReader): number | bigint | boolean {
  const place = reader.place();
  const value = narrow(reader.integerLine());
  const isBoolean = reader.place() - place === 3 && (value === 0 || value === 1);
  return isBoolean ? value === 1 : value;
}

/** A number where it holds the value exactly. */
function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
