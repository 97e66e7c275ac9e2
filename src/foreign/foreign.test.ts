/** Libraries of the system, called: functions, addresses, strings and the environment. */
import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { setLibraryEnvironment } from "./environment.ts";
import { bindMath, bindSystem, openLibrary } from "./library.ts";
import { addressOf, readIntegers, readString } from "./memory.ts";

describe.runIf(process.platform === "linux")("foreign libraries", () => {
  test("a function is called with numbers and addresses", () => {
    const from = Float32Array.of(1, 2, 3);
    const to = new Float32Array(3);
    bindSystem("memcpy", "p", "ppz")(addressOf(to), from, from.byteLength);
    expect([...to]).toEqual([1, 2, 3]);
  });

  test("a mathematical function gives an integer", () => {
    expect(bindMath("fegetround", "i", "")()).toBe(0);
  });

  test("what stands at an address is read", () => {
    expect(readString(addressOf(Buffer.from("text\0more")))).toBe("text");
    expect(readIntegers(addressOf(Int32Array.of(3, -7, 9)), 2)).toEqual([3, -7]);
  });

  test("a pinned library tells where its functions are, and where it has none", () => {
    const library = openLibrary("libm.so.6");
    expect(library.locate("fegetround")).toBeTypeOf("bigint");
    expect(library.locate("no_such_function")).toBeNull();
    expect(library.bind("fegetround", "i", "")()).toBe(0);
  });

  test("a library that is not there is an error", () => {
    expect(() => openLibrary("/none/lib.so")).toThrow();
  });

  test("a variable reaches the environment", () => {
    setLibraryEnvironment("NAEVUS_FOREIGN_TEST", "7");
    expect(execFileSync("printenv", ["NAEVUS_FOREIGN_TEST"], { encoding: "utf8" })).toBe("7\n");
  });
});
