import { expect, it } from "vitest";
import { javascriptRuntime } from "./javascript-runtime.ts";

it("calls each by its own name", () => {
  const versions = { ...process.versions, node: "26.3.0" };
  expect(javascriptRuntime(versions)).toBe("Node v26.3.0");
  expect(javascriptRuntime({ ...versions, bun: "1.4.5" })).toBe("bun 1.4.5");
  expect(javascriptRuntime({ ...versions, deno: "2.9.6" })).toBe("Deno 2.9.6");
  expect(javascriptRuntime()).toBe(`Node ${process.version}`);
});
