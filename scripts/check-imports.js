/** Refuses imports against the pipeline's direction, cycles between files, foreign runtimes outside their folder, and code loaded where it must not be. */
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

/**
 * The same inside rooms that have several folders; the files directly in such a room may import all of it.
 *
 * @type {Readonly<Record<string, readonly string[]>>}
 */
const folders = {
  image: ["decoding", "augmentation", "store"],
  acquire: ["isic-archive", "phantom"],
  network: ["architectures", "json"],
  engine: ["reference", "x64", "onednn", "profile"],
  "engine/x64": ["assembler", "kernels"],
  "engine/x64/kernels": ["amx-convolution", "amx-weight-gradient"],
  "engine/onednn": ["library", "program", "lowering", "plan"],
  "engine/onednn/lowering": ["optimizer", "kernels", "operations"],
  "engine/onednn/lowering/kernels": ["amx-convolution", "batch-normalization"],
  evaluation: ["intervals", "scores", "curves", "calibration", "decisions", "comparison", "judgement"],
  report: ["html", "charts", "network", "audit", "show", "study"],
  run: ["folder", "data", "models"],
  study: ["words", "steps"],
  cli: ["options", "terminal", "modules", "commands"],
};

/**
 * Rooms that a room may not use, though they come before it: it imports none of their files, and loading it loads none, whatever imports
 * them in between. A report draws what was computed elsewhere.
 *
 * @type {Readonly<Record<string, readonly string[]>>}
 */
const strangers = { report: ["engine", "training", "onnx", "inference", "run"] };

/**
 * Folders that only some files may load, directly or through others; whoever loads them may be loaded by `cli/main.ts` alone. A module of a
 * network is a user's own code, which no command runs that is given a run or a model of somebody else's.
 *
 * @type {Readonly<Record<string, readonly string[]>>}
 */
const guarded = {
  "cli/modules/": ["cli/main.ts", "cli/commands/network.ts", "cli/commands/study.ts", "cli/commands/train.ts"],
};

/** Folders that stand after the whole pipeline: nothing in it may import them. */
const outside = ["bench"];

/** The public interfaces and the program of threads, which may import all and which nothing inside imports. */
const interfaces = ["index.ts", "browser.ts", "naevus-worker.ts"];

/** The folder of the other public interfaces. */
const subpaths = "library/subpaths/";

/** Folders of what is no part of the product, which have no place in an order. */
const unordered = ["testing", "reference-numbers", "__snapshots__"];

/** Foreign runtimes, and the one folder that may import each. */
export const owners = /** @type {Readonly<Record<string, string>>} */ ({
  koffi: "foreign",
  "onnxruntime-node": "inference",
  "onnxruntime-web": "inference",
  "#onnxruntime-web": "inference",
  "onnxruntime-common": "inference",
  sharp: "image",
});

/**
 * Every import of a source text: its specifier, its line, and whether it is of types alone, which load nothing.
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
      isType: /^\s*(?:import|export)\s+type\b/.test(match[0]),
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
  if (file.startsWith(subpaths)) return pipeline.length;
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
 * Folders of a room that stand beside others and have no place in its order.
 *
 * @param {readonly string[]} files
 */
function withoutPlace(files) {
  /** @type {Map<string, Set<string>>} */
  const inside = new Map();
  for (const file of files) {
    const parts = file.split("/").slice(0, -1);
    for (let depth = 1; depth < parts.length; depth++) {
      const room = parts.slice(0, depth).join("/");
      const folder = parts[depth] ?? "";
      if (unordered.includes(folder) || unordered.includes(parts[depth - 1] ?? "")) break;
      inside.set(room, (inside.get(room) ?? new Set()).add(folder));
    }
  }
  return [...inside].flatMap(([room, found]) =>
    found.size > 1 || folders[room]
      ? [...found].filter((folder) => !folders[room]?.includes(folder)).map((folder) => `${room}/${folder}/`)
      : [],
  );
}

/**
 * The shortest way by which loading a file of `room` loads one of `strange` rooms, as a list of files, or undefined.
 *
 * @param {string} room
 * @param {readonly string[]} strange
 * @param {ReadonlyMap<string, readonly string[]>} loads
 */
function strangeLoad(room, strange, loads) {
  const trails = [...loads.keys()]
    .filter((file) => file.startsWith(`${room}/`) && !isProof(file))
    .map((file) => [file]);
  const seen = new Set();
  for (const trail of trails) {
    const file = trail.at(-1) ?? "";
    if (seen.has(file)) continue;
    seen.add(file);
    if (strange.includes(file.split("/")[0] ?? "")) return trail;
    for (const next of loads.get(file) ?? []) trails.push([...trail, next]);
  }
  return undefined;
}

/**
 * The files that may not load a guarded folder and do, each with the file through which it does.
 *
 * @param {string} folder
 * @param {readonly string[]} allowed
 * @param {ReadonlyMap<string, readonly string[]>} loads
 */
function unguardedLoads(folder, allowed, loads) {
  const reaching = new Set([...loads.keys()].filter((file) => file.startsWith(folder)));
  /** @type {[file: string, through: string][]} */
  const found = [];
  for (const target of reaching) {
    for (const [file, targets] of loads) {
      // The bench is no part of the product: it measures how long the whole command line takes to load.
      const isOutside = outside.includes(file.split("/")[0] ?? "");
      if (reaching.has(file) || isProof(file) || isOutside || !targets.includes(target)) continue;
      reaching.add(file);
      if (!allowed.includes(file)) found.push([file, target]);
    }
  }
  return found;
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
  const loads = new Map();
  for (const file of files) {
    const [folder = ""] = file.split("/");
    const known = !file.includes("/") || [...pipeline, ...outside, "testing"].includes(folder);
    if (!known)
      problems.push(
        `${file}: the folder ${folder}/ has no place in the pipeline; give it one in scripts/check-imports.js`,
      );
    const targets = [];
    const loaded = [];
    for (const { specifier, line, isType } of importsOf(readFileSync(path.join(sourceFolder, file), "utf8"))) {
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
      if (!isType) loaded.push(target);
      // A test may use any part of the product to prove its own.
      const problem = known && !isProof(file) ? objection(file, target) : undefined;
      if (problem) problems.push(`${where}: ${problem}`);
    }
    edges.set(file, targets);
    loads.set(file, loaded);
  }
  for (const folder of withoutPlace(files)) {
    problems.push(
      `${folder} stands beside other folders and has no place among them; give it one in scripts/check-imports.js`,
    );
  }
  for (const [room, strange] of Object.entries(strangers)) {
    const trail = strangeLoad(room, strange, loads);
    // Of a file that imports a stranger itself, its line is told above.
    if (trail && trail.length > 2) problems.push(`${room}/ may not load ${trail.at(-1)}: ${trail.join(" -> ")}`);
  }
  for (const [folder, allowed] of Object.entries(guarded)) {
    for (const [file, through] of unguardedLoads(folder, allowed, loads)) {
      problems.push(`${file}: only ${allowed.join(", ")} may load ${folder}, and ${through} does`);
    }
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
