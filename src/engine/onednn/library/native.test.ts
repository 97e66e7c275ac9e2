/** What is said where oneDNN cannot be loaded. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { EngineError } from "../../../errors.ts";
import { loadNative } from "./native.ts";

describe("a library that cannot be loaded", () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it("is blamed on NAEVUS_ONEDNN where that names it", () => {
    vi.stubEnv("NAEVUS_ONEDNN", "/none/libdnnl.so");
    const load = () => loadNative(undefined, undefined);
    expect(load).toThrow(EngineError);
    expect(load).toThrow(
      /Tried: \/none\/libdnnl\.so \(.+\)\.\nCorrect or unset NAEVUS_ONEDNN, which names that file\.$/,
    );
  });

  it("brings the commands that install one", () => {
    expect(() => loadNative("/none/libdnnl.so", undefined)).toThrow(
      /Tried: \/none\/libdnnl\.so [\s\S]*apt-get install/,
    );
  });
});
