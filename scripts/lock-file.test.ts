// The lock file is whole: `npm ci` refuses one that lacks a package for another platform, and a registry may have left some out.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const locks = ["package-lock.json", "docs/package-lock.json", "notebooks/package-lock.json"];

test.each(locks)("%s has an entry for every dependency, those of other platforms included", (file) => {
  const lock = JSON.parse(readFileSync(new URL(`../${file}`, import.meta.url), "utf8"));
  const packages = lock.packages as Record<string, Record<"dependencies" | "optionalDependencies", object>>;
  const missing = Object.entries(packages).flatMap(([place, { dependencies, optionalDependencies }]) =>
    Object.keys({ ...dependencies, ...optionalDependencies })
      .filter((name) => !(`node_modules/${name}` in packages) && !(`${place}/node_modules/${name}` in packages))
      .map((name) => `${place} needs ${name}`),
  );
  expect(missing).toEqual([]);
});

/** What `npm install naevus` brings: the packages of the lock file that no development dependency alone asks for. */
const production = (): [string, Record<string, unknown>][] => {
  const lock = JSON.parse(readFileSync(new URL("../package-lock.json", import.meta.url), "utf8"));
  const packages = Object.entries(lock.packages as Record<string, Record<string, unknown>>);
  return packages.filter(([place, { dev }]) => place !== "" && !dev);
};

test("no package that users install has an install script, which may fail, and which package managers refuse to run", () => {
  const scripted = production().filter(([, { hasInstallScript }]) => hasInstallScript);
  expect(scripted.map(([place]) => place)).toEqual([]);
});
