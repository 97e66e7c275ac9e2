/** A program that uses every entry of the package, for what compiles and runs it: the functions that each entry has to give. */

/**
 * What each entry has to give, beside whatever else it gives.
 *
 * @type {Record<string, string[]>}
 */
export const entries = {
  naevus: [
    "audit",
    "compare",
    "crossValidate",
    "evaluate",
    "loadModel",
    "openDataset",
    "predict",
    "resume",
    "study",
    "train",
  ],
  "naevus/augmentation": ["Augmenter", "policies"],
  "naevus/browser": ["fit", "referenceEngine"],
  "naevus/charts": ["barChart", "drawChart"],
  "naevus/dataset": ["foldsOf", "readMetadata", "writePhantomDataset"],
  "naevus/engine": ["adam", "referenceEngine", "selectEngine"],
  "naevus/evaluation": ["evaluateClassification", "formatEvaluation"],
  "naevus/image": ["decodeImage", "packImages"],
  "naevus/network": ["buildGraph", "conv2d", "networks"],
  "naevus/onnx": ["onnxModel", "openModel"],
  "naevus/runs": ["follow", "judge", "readEvaluation"],
  "naevus/study": [],
};

/**
 * A program that takes every entry, by `import` or by TypeScript's `import = require()`, and refuses to run where one lacks a function.
 *
 * @param {"import" | "require"} by
 */
export function program(by) {
  const names = Object.keys(entries);
  const taken = names.map((name, i) =>
    by === "import" ? `import * as n${i} from "${name}";` : `import n${i} = require("${name}");`,
  );
  const wanted = names.map((name, i) => `[n${i}, ${JSON.stringify(entries[name])}]`);
  return `import type { Dataset, SettingsInput } from "naevus";
import type { Network } from "naevus/network";
${taken.join("\n")}
export const network: Network = n${names.indexOf("naevus/network")}.networks.notebook({ classes: 9 });
export const settings: SettingsInput = { network: "notebook", epochs: 1 };
export const namesOf = ({ classes }: Dataset): readonly string[] => classes;
const wanted: [object, string[]][] = [${wanted.join(", ")}];
for (const [entry, names] of wanted) for (const name of names) if (!(name in entry)) throw new Error(name + " is missing");
`;
}
