/** Values of a module taken as plain data: what JSON could hold, so that a network can be printed, compared and stored. */
import { types } from "node:util";

/** Something in a value that is no plain data. */
export class NoPlainData extends Error {
  override readonly name = "NoPlainData";
}

/** Many more than a network of 5,000 layers has; a value that shares its parts can have billions as seen from its root. */
const most = 1_000_000;

/**
 * A copy made of objects and arrays alone; properties without a value are left out, as JSON does.
 *
 * @throws NoPlainData with the path of a function, an accessor, a proxy, an instance of a class, a cycle or a hole
 */
export function plainData(value: unknown, root: string): unknown {
  let count = 0;
  const above: object[] = [];
  const refuse = (path: string, what: string): never => {
    throw new NoPlainData(`${path} is ${what}`);
  };
  const copy = (part: unknown, path: string): unknown => {
    if (++count > most) refuse(root, `of more than ${most.toLocaleString("en-US")} values`);
    if (typeof part !== "object" || part === null) return isPlain(part) ? part : refuse(path, kindOf(part));
    if (types.isProxy(part)) return refuse(path, "a proxy");
    if (above.includes(part)) return refuse(path, "a part of itself");
    if (above.length > 200) return refuse(path, "nested too deep");
    const isArray = Array.isArray(part);
    const prototype = Object.getPrototypeOf(part);
    if (isArray ? prototype !== Array.prototype : prototype !== null && prototype !== Object.prototype) {
      return refuse(path, kindOf(part));
    }
    above.push(part);
    const entry = (key: string | number): unknown => {
      const place = typeof key === "number" ? `${path}[${key}]` : `${path}.${key}`;
      const property = Object.getOwnPropertyDescriptor(part, key);
      if (!property) return refuse(place, "a hole in an array");
      return "value" in property ? copy(property.value, place) : refuse(place, "a getter");
    };
    const whole = isArray
      ? Array.from(part, (_, index) => entry(index))
      : Object.fromEntries(
          Object.keys(part)
            .map((key) => [key, entry(key)] as const)
            .filter(([, item]) => item !== undefined),
        );
    above.pop();
    return whole;
  };
  return copy(value, root);
}

const isPlain = (value: unknown): boolean =>
  ["string", "number", "boolean", "undefined", "object"].includes(typeof value);

/** What a value is, with its article. */
export function kindOf(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (typeof value !== "object") return typeof value === "bigint" ? "a BigInt" : `a ${typeof value}`;
  if (types.isProxy(value)) return "a proxy";
  if (Array.isArray(value)) return "an array";
  if (types.isPromise(value)) return "a promise, which it did not await";
  const maker: unknown = Object.getPrototypeOf(value)?.constructor?.name;
  return maker === "Object" || typeof maker !== "string" ? "an object" : `an instance of ${maker}`;
}
