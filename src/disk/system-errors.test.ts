/** Every error that a system knows is a sentence, with what to do, and without its code. */
import { readFile, rmdir } from "node:fs/promises";
import { resolve } from "node:path";
import { getSystemErrorMap } from "node:util";
import { expect, it } from "vitest";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { readWhole, writeError } from "./files.ts";
import { isSystemError, readSentence, systemSentence } from "./system-errors.ts";

const errors = [...getSystemErrorMap().values()].map(([code, description]) =>
  Object.assign(new Error(`${code}: ${description}, open '/data/a'`), { code, syscall: "open", path: "/data/a" }),
);

it.each(errors.map((error) => [error.code, error] as const))("%s", (code, error) => {
  expect(isSystemError(error)).toBe(true);
  for (const sentence of [
    readSentence("/data/a", error, "give another one"),
    readSentence("/data/a", error, "give another one", "folder"),
    writeError("/data/a", error).message,
    systemSentence(error),
    systemSentence(Object.assign(new Error(error.message), { code, syscall: "write", path: "/data/a" })),
  ]) {
    expect(sentence).toMatch(/^\/data\/a: [^;]+; [^;]+$/);
    expect(sentence).not.toContain(code);
  }
});

it("knows the errors of Node from those of naevus", async () => {
  const error: unknown = await readFile("a\0b").catch((caught: unknown) => caught);
  expect(isSystemError(error)).toBe(true);
  expect(readSentence("a\0b", error, "give another one")).toBe(
    "a\0b: no file can have this name (it holds a NUL character); mend the name",
  );
  expect(isSystemError(new Error("no such file"))).toBe(false);
  expect(isSystemError(Object.assign(new Error("of commander"), { code: "commander.help" }))).toBe(false);
  expect(isSystemError(writeError("a", errors[0]))).toBe(false);
});

it.skipIf(process.platform === "win32")("tells where the working folder is gone", async () => {
  const working = process.cwd();
  const gone = temporaryFolder();
  process.chdir(gone);
  try {
    await rmdir(gone);
    expect(() => resolve("runs")).toThrow(
      expect.toSatisfy(
        (error: Error) =>
          isSystemError(error) &&
          systemSentence(error) === "the folder that this command was started in is gone; change to another one",
      ),
    );
  } finally {
    process.chdir(working);
  }
});

it.skipIf(process.platform === "win32")("tells a device from a file", async () => {
  const error: unknown = await readWhole("/dev/null").catch((caught: unknown) => caught);
  expect(readSentence("/dev/null", error, "give another one")).toBe(
    "/dev/null: a device, not a file; give another one",
  );
});
