// The entries of the package as Node loads them, from dist/.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { nodeProblem } from "../bin/node-version.js";

const root = path.resolve(import.meta.dirname, "..");
const { exports, main, types, typesVersions } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
const entries = Object.keys(exports)
  .filter((name) => !name.endsWith(".json"))
  .map((name) => name.replace(".", "naevus"));

/** What a program of CommonJS prints, as JSON. */
const printed = (program: string) => {
  const { stdout, stderr } = spawnSync(process.execPath, ["-e", program], { cwd: root, encoding: "utf8" });
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout);
};

test("each entry can be required: no module that it loads awaits at its top level", () => {
  const required = printed(`
    const wrong = ${JSON.stringify(entries)}.flatMap((name) => {
      try { return Object.keys(require(name)).length >= 0 ? [] : [name]; } catch (error) { return [name + ": " + error.message]; }
    });
    console.log(JSON.stringify(wrong));`);
  expect(required).toEqual([]);
});

test("each entry refuses a Node that is too old, in the command line's words", () => {
  const messages = printed(`
    Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.18.3" } });
    Promise.allSettled(${JSON.stringify(entries)}.map((name) => import(name))).then((results) =>
      console.log(JSON.stringify(results.map(({ reason }) => reason && [reason.code, reason.message]))));`);
  expect(messages).toEqual(entries.map(() => ["ERR_NAEVUS_INSTALLATION", nodeProblem("20.18.3")]));
});

test("resolvers that know no exports find the same files", () => {
  expect({ default: main, types }).toEqual(exports["."]);
  const { "*": places } = typesVersions as { "*": Record<string, [string]> };
  for (const name of entries.filter((entry) => entry !== "naevus")) {
    const own = name.slice("naevus/".length);
    const [place] = places[own] ?? places["*"]!;
    expect(place.replace("*", own)).toBe(exports[`./${own}`].types);
  }
});
