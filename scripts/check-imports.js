/** Refuses imports against the pipeline's direction, cycles between files, and foreign runtimes outside their folder. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** Folders in the order the data flows; a file may import from its own folder and from those before it. */
export const pipeline = [
  "dataset",
  "image",
  "audit",
  "network",
  "engine",
  "training",
  "evaluation",
  "explanation",
  "onnx",
  "inference",
  "run",
  "report",
  "server",
  "cli",
];

/** Folders that stand after the whole pipeline: nothing in it may import them. */
const outside = ["bench"];

/** Foreign runtimes, and the one folder (for engine: subfolder) that may import each. */
export const owners = {
  koffi: "engine/onednn",
  "onnxruntime-node": "inference",
  "onnxruntime-web": "inference",
  "onnxruntime-common": "inference",
  sharp: "image",
};

/** Every import of a source text, of types as well: its specifier and its line. */
export function importsOf(source) {
  // Comments and template literals become blanks of the same length, so that positions still give lines.
  const text = source.replace(
    /("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|`(?:[^`\\]|\\[\s\S])*`|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
    (whole, string) => string ?? whole.replace(/[^\n]/g, " "),
  );
  const statement = /^[ \t]*(?:import\s*|(?:import|export)\b[^"'`;=()]*?\bfrom\s*)["']([^"']+)["']/gm;
  const call = /\bimport\s*\(\s*["']([^"']+)["']/g;
  const found = (pattern) =>
    [...text.matchAll(pattern)].map((match) => ({
      specifier: match[1],
      line: text.slice(0, match.index).split("\n").length,
    }));
  return [...found(statement), ...found(call)];
}

const packageName = (specifier) =>
  specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");

/** Fast tests and slow proofs may use any part to prove their own. */
const isProof = (file) => /\.(?:test|proof)\.ts$/.test(file);

/** The place of a file in the order: leaves of src/ come first, index.ts and the bench last. */
function rank(file) {
  const [folder, ...rest] = file.split("/");
  if (rest.length === 0) return file === "index.ts" ? pipeline.length : -1;
  if (outside.includes(folder)) return pipeline.length + 1;
  return pipeline.indexOf(folder);
}

/** The first cycle among `edges` (file to files) as a list of files that ends where it began, or undefined. */
function findCycle(edges) {
  const done = new Set();
  const visit = (file, trail) => {
    if (trail.includes(file)) return [...trail.slice(trail.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const next of edges.get(file) ?? []) {
      const cycle = visit(next, [...trail, file]);
      if (cycle) return cycle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of edges.keys()) {
    const cycle = visit(file, []);
    if (cycle) return cycle;
  }
  return undefined;
}

/** Sentences about all that is wrong under a source folder; none where all is well. */
export function checkImports(sourceFolder) {
  const files = readdirSync(sourceFolder, { recursive: true })
    .map((file) => String(file).split(path.sep).join("/"))
    .filter((file) => /\.tsx?$/.test(file))
    .sort();
  const problems = [];
  const edges = new Map();
  for (const file of files) {
    const folder = file.split("/")[0];
    const known = !file.includes("/") || pipeline.includes(folder) || outside.includes(folder);
    if (!known)
      problems.push(
        `${file}: the folder ${folder}/ has no place in the pipeline; give it one in scripts/check-imports.js`,
      );
    const targets = [];
    for (const { specifier, line } of importsOf(readFileSync(path.join(sourceFolder, file), "utf8"))) {
      const where = `${file}:${line}`;
      if (!specifier.startsWith(".")) {
        const owner = owners[packageName(specifier)];
        if (owner && !file.startsWith(`${owner}/`) && !isProof(file)) {
          problems.push(`${where}: only ${owner}/ may import ${packageName(specifier)}`);
        }
        continue;
      }
      const target = path.posix.join(path.posix.dirname(file), specifier);
      if (target.startsWith("..")) {
        // A test may look at the scripts and the recorded numbers beside src/; the product is only what stands in src/.
        if (!isProof(file)) problems.push(`${where}: ${specifier} stands outside src/`);
        continue;
      }
      if (!existsSync(path.join(sourceFolder, target))) {
        problems.push(`${where}: ${specifier} does not exist`);
        continue;
      }
      targets.push(target);
      // A test may use any part of the product to prove its own.
      if (known && !isProof(file) && rank(target) > rank(file)) {
        problems.push(`${where}: ${target} comes later in the pipeline`);
      }
    }
    edges.set(file, targets);
  }
  const cycle = findCycle(edges);
  if (cycle) problems.push(`cycle: ${cycle.join(" -> ")}`);
  return problems;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const problems = checkImports(path.resolve(import.meta.dirname, "../src"));
  for (const problem of problems) console.error(`check-imports: ${problem}`);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
