/** The package's entry points, read from the exports of package.json: what a program imports, and the source file behind it. */
import { readFileSync } from "node:fs";
import path from "node:path";

export const root = path.resolve(import.meta.dirname, "..");

/**
 * The compiled file that an entry of `exports` leads to, whatever conditions it stands under; undefined for JSON files.
 *
 * @param {unknown} entry
 * @returns {string | undefined}
 */
function compiledFile(entry) {
  if (typeof entry === "string") return /^\.\/dist\/.*\.js$/.test(entry) ? entry : undefined;
  return Object.values(entry ?? {})
    .map(compiledFile)
    .find((file) => file !== undefined);
}

/** Every entry point as `{ name, source }`: `naevus/network` and its path under src/, the main one first. */
export function entryPoints() {
  const { name, exports } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  return Object.entries(exports).flatMap(([subpath, entry]) => {
    const compiled = compiledFile(entry);
    if (compiled === undefined) return [];
    return [
      {
        name: path.posix.join(name, subpath),
        source: path.join(root, compiled.replace("./dist/", "src/").replace(/\.js$/, ".ts")),
      },
    ];
  });
}
