/** Which library is taken, and what is said where none can be. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { EngineError } from "../../../errors.ts";
import { installAdvice } from "./install-advice.ts";
import { isSupported, loadNative, type NativeLibrary, searchedLibraries } from "./native.ts";

const library = (file: string, version: string, openMp = true): NativeLibrary => {
  const [major, minor, patch] = version.split(".").map(Number) as [number, number, number];
  const locate = (name: string) => (name === "omp_get_max_threads" && !openMp ? null : 1n);
  return { file, version: { major, minor, patch }, locate, bind: () => () => 0 };
};

const thrown = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(EngineError);
    return (error as Error).message;
  }
  throw new Error("nothing was thrown");
};

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("a library that cannot be loaded", () => {
  it("is blamed on NAEVUS_ONEDNN where that names it", () => {
    vi.stubEnv("NAEVUS_ONEDNN", "/none/libdnnl.so");
    const message = thrown(() => loadNative(undefined, undefined));
    expect(message).toMatch(/Tried: \/none\/libdnnl\.so \(.+\)\.\nCorrect or unset NAEVUS_ONEDNN, which names that/);
  });

  it("brings the commands that install one", () => {
    const message = thrown(() => loadNative("/none/libdnnl.so", undefined));
    expect(message).toMatch(/Tried: \/none\/libdnnl\.so [\s\S]*oneDNN can be installed with:\n/);
  });

  it("is one whose OpenMP is missing", () => {
    const message = thrown(() => loadNative("/x.so", undefined, (file) => library(file, "3.7.2", false)));
    expect(message).toContain("Tried: /x.so (built without OpenMP).");
  });

  it("is not looked for elsewhere where nothing can be opened at all", () => {
    const broken = new EngineError("koffi is missing");
    const open = () => {
      throw broken;
    };
    expect(() => loadNative("/x.so", undefined, open)).toThrow(broken);
  });
});

describe("the version", () => {
  it.each(["2.0.0", "2.2.4", "2.5.9", "1.9.0", "4.0.0"])("%s is refused, with file, reason and range", (version) => {
    const message = thrown(() => loadNative("/old/libdnnl.so.2", undefined, (file) => library(file, version)));
    const word = version.startsWith("4") ? "new" : "old";
    expect(message).toContain(`/old/libdnnl.so.2 (oneDNN ${version}, which is too ${word})`);
    expect(message).toContain("(2.6, 2.7 and 3.x are supported)");
    expect(message).toContain(installAdvice());
  });

  it.each(["2.6.3", "2.7.0", "3.1.1", "3.12.1"])("%s is taken", (version) => {
    expect(loadNative("/x.so", undefined, (file) => library(file, version)).version.minor).toBe(
      Number(version.split(".")[1]),
    );
  });

  it("is asked of the package as of the library", () => {
    expect(
      [
        { major: 2, minor: 2 },
        { major: 2, minor: 6 },
        { major: 3, minor: 0 },
      ].map(isSupported),
    ).toEqual([false, true, true]);
  });

  it.runIf(process.platform === "linux")("that is too old does not end the search", () => {
    vi.stubEnv("NAEVUS_ONEDNN", "");
    const files = searchedLibraries();
    const [first, last] = [files[0]!, files.at(-1)!];
    expect(first).not.toBe(last);
    const open = (file: string) => library(file, file === last ? "2.6.3" : "2.2.4");
    expect(loadNative(undefined, undefined, open).file).toBe(last);
  });
});
