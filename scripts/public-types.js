/** Finds types that the public interface names and does not export, and exports that nobody described, from the compiled declarations. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.resolve(import.meta.dirname, "..");

/**
 * What `export { a, type b as c } from "./x.js"` and `import ... from` say: the names there, those here, and the file.
 *
 * @param {string} text
 * @param {"import" | "export"} keyword
 * @returns {{ name: string, alias: string, from: string }[]}
 */
function namesFrom(text, keyword) {
  const pattern = new RegExp(`^${keyword}\\s+(?:type\\s+)?\\{([^}]*)\\}\\s*from\\s*"([^"]+)";`, "gm");
  return [...text.matchAll(pattern)].flatMap(([, list = "", from = ""]) =>
    list
      .split(",")
      .map((one) => one.trim().replace(/^type\s+/, ""))
      .filter((one) => one !== "")
      .map((one) => {
        const [name = "", alias = name] = one.split(/\s+as\s+/);
        return { name, alias, from };
      }),
  );
}

/**
 * @param {string} from
 * @param {string} specifier
 */
const declarationFile = (from, specifier) =>
  path.resolve(path.dirname(from), specifier.replace(/\.(?:js|ts)$/, ".d.ts"));

/** @typedef {{ comment: string, text: string }} Declaration */
/** @typedef {{ declarations: Map<string, Declaration>, imports: Map<string, { name: string, from: string }> }} Declarations */
/** @typedef {{ file: string, name: string }} Declared */

/** @type {Map<string, Declarations>} */
const files = new Map();

/**
 * The top-level declarations of a `.d.ts` file, by name, each with its own comment; and what the file imports.
 *
 * @param {string} file
 * @returns {Declarations}
 */
function readDeclarations(file) {
  const known = files.get(file);
  if (known) return known;
  const text = readFileSync(file, "utf8");
  /** @type {Map<string, Declaration>} */
  const declarations = new Map();
  const start =
    /^((?:\/\*\*(?:[^*]|\*(?!\/))*\*\/\s*)?)(?:export\s+)?(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(interface|type|class|function|const|let)\s+([A-Za-z_$][\w$]*)/gm;
  const found = [...text.matchAll(start)];
  for (const [i, match] of found.entries()) {
    const [, comment = "", , name = ""] = match;
    const own = text.slice(match.index + comment.length, found[i + 1]?.index);
    const before = declarations.get(name);
    declarations.set(name, {
      comment: before?.comment || comment,
      text: (before?.text ?? "") + own.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^import[^;]*;$/gm, ""),
    });
  }
  const imports = new Map(namesFrom(text, "import").map(({ name, alias, from }) => [alias, { name, from }]));
  for (const { name, alias, from } of namesFrom(text, "export")) imports.set(alias, { name, from });
  const result = { declarations, imports };
  files.set(file, result);
  return result;
}

/**
 * Where a name of a file is declared; undefined for what comes from a package.
 *
 * @param {string} file
 * @param {string} name
 * @returns {Declared | undefined}
 */
function declarationOf(file, name) {
  const { declarations, imports } = readDeclarations(file);
  if (declarations.has(name)) return { file, name };
  const imported = imports.get(name);
  if (!imported?.from.startsWith(".")) return undefined;
  return declarationOf(declarationFile(file, imported.from), imported.name);
}

/**
 * Every type that a declaration names.
 *
 * @param {Declared} declared
 * @returns {string[]}
 */
function typesNamedBy({ file, name }) {
  const { declarations, imports } = readDeclarations(file);
  // Text in quotes names nothing, and neither do members, which end in a colon.
  const text = (declarations.get(name)?.text ?? "").replace(/"(?:[^"\\]|\\.)*"/g, '""');
  const inline = [...text.matchAll(/import\(("[^"]*")\)\.(\w+)/g)].map(([, , one = ""]) => one);
  const words = text.match(/(?<![.\w$#])[A-Z]\w*/g) ?? [];
  return [...new Set([...words, ...inline])].filter(
    (word) => word !== name && (declarations.has(word) || imports.get(word)?.from.startsWith(".")),
  );
}

/**
 * What is wrong with the public interface: a sentence for each type that an exported signature names and no entry exports, and for each
 * exported name without a docstring.
 *
 * @returns {string[]}
 */
export function checkPublicTypes() {
  const { exports } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  /** @type {{ types?: string }[]} */
  const given = Object.values(exports);
  const entries = given.flatMap(({ types }) => (types === undefined ? [] : [path.join(root, types)]));
  const missing = entries.filter((entry) => !existsSync(entry));
  if (missing.length > 0) return missing.map((entry) => `${entry}: not there; build first`);
  /** @type {Map<string, Declared>} */
  const published = new Map();
  for (const entry of entries) {
    for (const alias of exportedNames(entry)) {
      const declared = declarationOf(entry, alias);
      if (declared) published.set(`${declared.file} ${declared.name}`, declared);
    }
  }
  /** @type {Set<string>} */
  const problems = new Set();
  for (const declared of published.values()) {
    const where = `${path.relative(path.join(root, "dist"), declared.file)}: ${declared.name}`;
    if (!readDeclarations(declared.file).declarations.get(declared.name)?.comment)
      problems.add(`${where} has no docstring`);
    for (const word of typesNamedBy(declared)) {
      const named = declarationOf(declared.file, word);
      if (named && !published.has(`${named.file} ${named.name}`)) {
        problems.add(`${where} names the type ${word}, which no entry exports`);
      }
    }
  }
  return [...problems].sort();
}

/**
 * The names that an entry exports.
 *
 * @param {string} entry
 */
function exportedNames(entry) {
  const text = readFileSync(entry, "utf8");
  const own = [...readDeclarations(entry).declarations.keys()];
  return [...namesFrom(text, "export").map(({ alias }) => alias), ...own];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const problems = checkPublicTypes();
  for (const problem of problems) console.error(`public-types: ${problem}`);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
