/** A network that a caller gives, or a function of the caller's gives: what is none at all is told, with what it is and the cure. */
import { ArgumentError } from "../errors.ts";
import { networkNames } from "../network/architectures.ts";
import type { Network } from "../network/layer.ts";
import type { NetworkSource } from "../network/network-source.ts";
import { valueInWords } from "../text/value-in-words.ts";
import { isIterable } from "./arguments.ts";

const has = <K extends string>(value: object, ...keys: readonly K[]): value is { readonly [N in K]: unknown } =>
  keys.every((key) => key in value);

const example = "{ name, input: imageInput(128), layers: [normalize(), ...] }";

/** What is wrong with an object that has not the form of a network, and the cure. */
function fault(value: object): string {
  if (value instanceof Promise) return valueInWords(value);
  if (isIterable(value)) return `${valueInWords(value)}; if it holds the layers, give ${example}`;
  if (has(value, "class_name", "config") || has(value, "keras_version")) {
    return "Keras's description of a model; write its layers by the functions of naevus/network, which docs/coming-from-keras.md lists beside Keras's";
  }
  if (has(value, "nodes", "parameters", "network")) return "a graph; give its network (graph.network)";
  if (has(value, "kind")) return `one layer (${valueInWords(value.kind)}); give ${example}`;
  if (has(value, "default")) return "a module; give its default export";
  const lacking = ["name", "input", "layers"].filter((key) => !(key in value));
  return `${valueInWords(value)} without ${lacking.join(", ")}; such as ${example}`;
}

const isClass = (value: unknown): boolean =>
  typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));

/** Throws a sentence where a value is an object, or a class, and has not the form of a network. Its layers are checked by whoever builds it. */
function expectForm(value: unknown, expectedOf: string): void {
  const ways = `${expectedOf}, got `;
  if (isClass(value)) throw new ArgumentError(`${ways}a class; give what it makes, or (options) => new ...(options)`);
  if (typeof value !== "object" || value === null || has(value, "name", "input", "layers")) return;
  throw new ArgumentError(ways + fault(value));
}

/** A source of networks whose form is checked, what a function gives with it. Throws ArgumentError. */
export function expectNetwork(source: NetworkSource | undefined, of: string): NetworkSource | undefined {
  expectForm(source, `${of}: expected one of ${networkNames.join(", ")}, a network, or a function that gives one`);
  if (typeof source !== "function") return source;
  return async (options): Promise<Network> => {
    const network: unknown = await source(options);
    const expected = `${of}: expected the function to give a network`;
    if (typeof network !== "object" || network === null) {
      throw new ArgumentError(`${expected}, got ${valueInWords(network)}; such as ${example}`);
    }
    expectForm(network, expected);
    return network as Network;
  };
}
