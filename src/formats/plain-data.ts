/** Data as JSON can hold them, copied from a value of any origin: no getters, classes, cycles or keys that name a prototype. */

/** A place in data: keys of objects and indices of lists. */
export type DataPath = readonly (string | number)[];

/** A place as people write it: `layers[3].body[0].kernel`. */
export const pathInWords = (path: DataPath): string =>
  path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    return text === "" ? key : `${text}.${key}`;
  }, "");

/** What is not data, and where. */
export class PlainDataError extends Error {
  override readonly name = "PlainDataError";
  readonly path: DataPath;
  readonly reason: string;
  /** Whether objects and lists are nested beyond the limit. */
  readonly isTooDeep: boolean;

  constructor(path: DataPath, reason: string) {
    super(`${pathInWords(path)}: ${reason}`);
    this.path = path;
    this.reason = reason;
    this.isTooDeep = reason === tooDeep;
  }
}

const tooDeep = "nested too deeply";

/** How much data may be given. */
export interface DataLimits {
  /** Objects and lists inside each other. */
  readonly depth: number;
  /** Values in all. */
  readonly values: number;
}

const prototypeKeys: readonly string[] = ["__proto__", "constructor", "prototype"];

/**
 * A copy of plain objects, lists, text, numbers, booleans and null, however often a part is shared. A key whose value is undefined is left out.
 *
 * @throws PlainDataError at the first place that holds something else, or too much; the value's own code never runs (but that of a Proxy)
 */
export function plainData(value: unknown, { depth, values }: DataLimits): unknown {
  let left = values;
  // No deeper than the limit, which the stack holds.
  const copy = (part: unknown, path: DataPath): unknown => {
    if (--left < 0) throw new PlainDataError(path, `too much: more than ${values} values in all`);
    if (typeof part === "bigint" || typeof part === "function" || typeof part === "symbol") {
      throw new PlainDataError(path, `expected data, got a ${typeof part}`);
    }
    if (typeof part !== "object" || part === null) return part;
    if (path.length >= depth) throw new PlainDataError(path, tooDeep);
    if (Array.isArray(part)) {
      if (part.length > left) throw new PlainDataError(path, `too much: more than ${values} values in all`);
      return Array.from({ length: part.length }, (_, index) => copy(ownValue(part, index, path), [...path, index]));
    }
    const prototype: unknown = Object.getPrototypeOf(part);
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
      throw new PlainDataError(path, "expected data, got an instance of a class");
    }
    const entries = Object.keys(part).flatMap((key) => {
      if (prototypeKeys.includes(key)) throw new PlainDataError(path, `the key ${key} is not allowed`);
      const own = ownValue(part, key, path);
      return own === undefined ? [] : [[key, copy(own, [...path, key])] as const];
    });
    return Object.fromEntries(entries);
  };
  try {
    return copy(value, []);
  } catch (error) {
    if (error instanceof PlainDataError) throw error;
    throw new PlainDataError([], "expected data, got a Proxy that cannot be read");
  }
}

function ownValue(holder: object, key: string | number, path: DataPath): unknown {
  const property = Object.getOwnPropertyDescriptor(holder, key);
  if (property?.get || property?.set) throw new PlainDataError([...path, key], "expected data, got a getter");
  return property?.value;
}
