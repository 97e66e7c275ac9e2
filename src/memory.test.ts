/** Which errors say that memory could not be had. */
import { expect, test } from "vitest";
import { MemoryError } from "./errors.ts";
import { lacksMemory, needingMemory } from "./memory.ts";

const caught = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error;
  }
};

test("what V8, libvips and ONNX Runtime say is told apart from other failures", () => {
  expect(lacksMemory(caught(() => new ArrayBuffer(Number.MAX_SAFE_INTEGER)))).toBe(true);
  for (const message of [
    "WebAssembly.Memory(): could not allocate memory",
    "Input buffer has corrupt header: vips_tracked: out of memory -- size == 381MB",
    "std::bad_alloc",
  ]) {
    expect(lacksMemory(new Error(message)), message).toBe(true);
  }
  expect(lacksMemory(new Error("premature end of JPEG file"))).toBe(false);
  expect(lacksMemory("out of memory")).toBe(false);
});

test("the error says what memory was for and what to do, and is said once", () => {
  const fails = () => needingMemory("the inner", "close it", () => new ArrayBuffer(Number.MAX_SAFE_INTEGER));
  const error = caught(() => needingMemory("the outer", "open it", fails));
  expect(error).toBeInstanceOf(MemoryError);
  expect((error as Error).message).toMatch(/^the inner got no memory \(Array buffer allocation failed\); close it$/);
  expect(caught(() => needingMemory("any", "none", () => JSON.parse("{")))).toBeInstanceOf(SyntaxError);
});
