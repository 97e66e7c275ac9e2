/** What is said where koffi has no part for a system, and that the package lists its parts. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { EngineError } from "../errors.ts";
import { koffiSystems, loadKoffi } from "./koffi.ts";

it("is installed for the systems that are named, in the version whose types are used", () => {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  const { optionalDependencies, devDependencies } = JSON.parse(text) as Record<string, Record<string, string>>;
  const parts = Object.entries(optionalDependencies!).filter(([name]) => name.startsWith("@koromix/koffi-"));
  const expected = koffiSystems.map((system) => [`@koromix/koffi-${system}`, devDependencies!.koffi]);
  expect(parts.sort()).toEqual(expected.sort());
});

it("is an engine error where a system has none", () => {
  const load = () => loadKoffi("plan9-mips");
  expect(load).toThrow(EngineError);
  expect(load).toThrow(
    /^native libraries cannot be called: there is no koffi for plan9-mips, only for linux-x64, .+; choose the/,
  );
});

it("is an engine error where it is not installed", () => {
  const other = koffiSystems.find((system) => !system.startsWith(process.platform))!;
  const load = () => loadKoffi(other);
  expect(load).toThrow(EngineError);
  expect(load).toThrow(`the package @koromix/koffi-${other} is not installed; install naevus again on this system`);
});
