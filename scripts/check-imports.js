/** Refuses imports against the pipeline's direction, cycles between files, and foreign runtimes outside their folder. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** Rooms in the order the data flows; a file may import from its own room and from those before it. */
export const pipeline = [
  "text",
  "disk",
  "formats",
  "foreign",
  "dataset",
  "image",
  "acquire",
  "near-duplicates",
  "audit",
  "network",
  "engine",
  "training",
  "distributed",
  "evaluation",
  "onnx",
  "inference",
  "explanation",
  "run",
  "tune",
  "study",
  "report",
  "library",
  "server",
  "web",
  "cli",
];

/** The same inside rooms that have folders; the files directly in such a room may import all of it. */
const folders = {
  image: ["decoding", "augmentation", "store"],
  engine: ["reference", "x64", "onednn", "profile"],
  "engine/onednn": ["library", "program", "lowering", "plan"],
  evaluation: ["intervals", "scores", "curves", "calibration", "decisions", "comparison", "judgement"],
  report: ["html", "charts", "audit", "show", "study"],
  run: ["folder", "data", "models"],
};

/**
 * Rooms that a room may not use, though they come before it. A report draws what was computed elsewhere.
 *
 * @type {Readonly<Record<string, readonly string[]>>}
 */
const strangers = { report: ["engine", "training", "onnx", "inference", "run"] };

/** Folders that stand after the whole pipeline: nothing in it may import them. */
const outside = ["bench"];

/** The public interfaces, which may import all and which nothing inside imports. */
const interfaces = ["index.ts", "browser.ts"];

/** Foreign runtimes, and the one folder that may import each. */
export const owners = /** @type {Readonly<Record<string, string>>} */ ({
  koffi: "foreign",
  "onnxruntime-node": "inference",
  "onnxruntime-web": "inference",
  "onnxruntime-common": "inference",
  sharp: "image",
});

/**
 * Every import of a source text, of types as well: its specifier and its line.
 *
 * @param {string} source
 */
export function importsOf(source) {
  // Comments and template literals become blanks of the same length, so that positions still give lines.
  const text = source.replace(
    /("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|`(?:[^`\\]|\\[\s\S])*`|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
    (whole, string) => string ?? whole.replace(/[^\n]/g, " "),
  );
  const statement = /^[ \t]*(?:import\s*|(?:import|export)\b[^"'`;=()]*?\bfrom\s*)["']([^"']+)["']/gm;
  const call = /\bimport\s*\(\s*["']([^"']+)["']/g;
  /** @param {RegExp} pattern */
  const found = (pattern) =>
    [...text.matchAll(pattern)].map((match) => ({
      specifier: match[1] ?? "",
      line: text.slice(0, match.index).split("\n").length,
    }));
  return [...found(statement), ...found(call)];
}

/** @param {string} specifier */
const packageName = (specifier) =>
  specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");

/**
 * Fast tests, slow proofs and what only they use may use any part to prove their own.
 *
 * @param {string} file
 */
const isProof = (file) => /\.(?:test|proof)\.ts$|(?:^|\/)(?:testing|reference-numbers)\//.test(file);

/**
 * Whether `target` is a test's own file, which is no part of the product.
 *
 * @param {string} target
 */
const isTesting = (target) => /(?:^|\/)testing\//.test(target);

/**
 * The place of a file in the order: leaves of src/ come first, the public interfaces and the bench last.
 *
 * @param {string} file
 */
function rank(file) {
  const [folder = "", ...rest] = file.split("/");
  if (rest.length === 0) return interfaces.includes(file) ? pipeline.length : -1;
  if (outside.includes(folder)) return pipeline.length + 1;
  return pipeline.indexOf(folder);
}

/**
 * Whether `target` comes later than `file` inside a room that both stand in.
 *
 * @param {string} file
 * @param {string} target
 */
function isLaterInside(file, target) {
  return Object.entries(folders).some(([room, order]) => {
    if (!file.startsWith(`${room}/`) || !target.startsWith(`${room}/`)) return false;
    /** @param {string} path */
    const place = (path) => order.indexOf(path.slice(room.length + 1).split("/")[0] ?? "");
    return place(file) >= 0 && place(target) > place(file);
  });
}

/**
 * Why `file` may not import `target`; undefined where it may.
 *
 * @param {string} file
 * @param {string} target
 */
function objection(file, target) {
  if (isTesting(target)) return `${target} is only for tests`;
  if (rank(target) > rank(file) || isLaterInside(file, target)) return `${target} comes later in the pipeline`;
  const [room = ""] = file.split("/");
  const [stranger = ""] = target.split("/");
  return strangers[room]?.includes(stranger) ? `${room}/ may not import ${stranger}/` : undefined;
}

/**
 * The first cycle among `edges` (file to files) as a list of files that ends where it began, or undefined.
 *
 * @param {ReadonlyMap<string, readonly string[]>} edges
 */
function findCycle(edges) {
  const done = new Set();
  /** @type {(file: string, trail: readonly string[]) => string[] | undefined} */
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

/**
 * Sentences about all that is wrong under a source folder; none where all is well.
 *
 * @param {string} sourceFolder
 */
export function checkImports(sourceFolder) {
  const files = readdirSync(sourceFolder, { recursive: true })
    .map((file) => String(file).split(path.sep).join("/"))
    .filter((file) => /\.tsx?$/.test(file))
    .sort();
  /** @type {string[]} */
  const problems = [];
  const edges = new Map();
  for (const file of files) {
    const [folder = ""] = file.split("/");
    const known = !file.includes("/") || [...pipeline, ...outside, "testing"].includes(folder);
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
      const problem = known && !isProof(file) ? objection(file, target) : undefined;
      if (problem) problems.push(`${where}: ${problem}`);
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
