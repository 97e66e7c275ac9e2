/** What a layer's function takes as options, checked for programs without types: a name that nothing reads would change the network silently. */
import { NetworkError } from "../errors.ts";
import { nameList } from "../text/name-list.ts";
import { valueInWords } from "../text/value-in-words.ts";
import { unknownField } from "./other-names.ts";

/**
 * The options themselves, where each has a name that the function knows.
 *
 * @throws NetworkError that names the function, and what to write instead
 */
export function knownOptions<T extends object>(builder: string, options: T, names: readonly string[]): T {
  const takes = `it takes ${nameList(names)}`;
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    const example = `${names[0]}: …`;
    throw new NetworkError(
      `${builder}: expected its options as an object, such as { ${example} }, got ${valueInWords(options)}; ${takes}, and an activation is a layer of its own`,
    );
  }
  const unknown = Object.keys(options).filter((name) => !names.includes(name));
  if (unknown.length === 0) return options;
  throw new NetworkError(unknown.map((name) => `${builder}: ${unknownField("option", name, names, takes)}`).join("\n"));
}
