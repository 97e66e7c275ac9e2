// The lock file is whole: `npm ci` refuses one that lacks a package for another platform, and a registry may have left some out.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

test("package-lock.json has an entry for every dependency, those of other platforms included", () => {
  const lock = JSON.parse(readFileSync(new URL("../package-lock.json", import.meta.url), "utf8"));
  const packages = lock.packages as Record<string, Record<"dependencies" | "optionalDependencies", object>>;
  const missing = Object.entries(packages).flatMap(([place, { dependencies, optionalDependencies }]) =>
    Object.keys({ ...dependencies, ...optionalDependencies })
      .filter((name) => !(`node_modules/${name}` in packages) && !(`${place}/node_modules/${name}` in packages))
      .map((name) => `${place} needs ${name}`),
  );
  expect(missing).toEqual([]);
});
