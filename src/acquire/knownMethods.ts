/** Words that methods of MMCore begin with, before a capital letter or, in Python's spelling, an underscore. */
const VERB =
  /^(get|set|is|has|wait|start|stop|snap|pop|load|unload|clear|initialize|prepare|define|delete|rename|enable|display|update|register|detect|device|system|full|incremental)[A-Z_]/;

/**
 * A microscope's methods, where a name that looks like one of MMCore's and is not there is a method too: `unknown` answers it. What
 * a typing error calls would else be "not a function", without a word of what there is.
 *
 * @param unknown  called with the name and the arguments
 */
export function withUnknownMethods<Core extends object>(
  core: Core,
  unknown: (name: string, args: readonly unknown[]) => Promise<unknown>,
): Core {
  const bound = new WeakMap<object, unknown>();
  return new Proxy(core, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value === "function") {
        // private fields are the target's, not the proxy's
        if (!bound.has(value)) bound.set(value, value.bind(target));
        return bound.get(value);
      }
      const isUnknown = value === undefined && typeof name === "string" && VERB.test(name);
      return isUnknown ? (...args: readonly unknown[]) => unknown(name, args) : value;
    },
  });
}

/** The names of an object's methods, those of its class too. */
export function methodNames(object: object): readonly string[] {
  const prototype: unknown = Object.getPrototypeOf(object);
  const inherited =
    typeof prototype === "object" && prototype !== null && prototype !== Object.prototype
      ? Object.getOwnPropertyNames(prototype)
      : [];
  return [...Object.keys(object), ...inherited].filter((name) => name !== "constructor");
}
