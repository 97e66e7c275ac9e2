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
