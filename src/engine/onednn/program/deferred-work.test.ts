/** Work that is put off is done when something reads its result, and once; or whoever takes it does it. */
import { expect, test } from "vitest";
import type { MemoryDescriptor } from "../library/descriptors.ts";
import { DeferredWork } from "./deferred-work.ts";
import type { Value } from "./value.ts";

const descriptor: MemoryDescriptor = { dimensions: [1], type: "f32", pointer: null };
const value = (): Value => ({ descriptor, storage: { bytes: 4, array: undefined } });

function example() {
  const [input, first, second, other] = [value(), value(), value(), value()];
  const deferred = new DeferredWork();
  const done: string[] = [];
  const work = { kind: "maps", reads: [input], emit: () => void done.push("work") };
  deferred.add([first, second], work);
  return { deferred, done, work, input, first, second, other };
}

test("a reader of any of its results has it done, once for all of them", () => {
  const { deferred, done, first, second, other } = example();
  deferred.emitWritersOf([other]);
  expect(done).toEqual([]);
  deferred.emitWritersOf([second]);
  deferred.emitWritersOf([first]);
  deferred.emitAll();
  expect(done).toEqual(["work"]);
});

test("what it reads is awaited until it is done", () => {
  const { deferred, input, first, other } = example();
  expect(deferred.awaits(input.storage)).toBe(true);
  expect(deferred.awaits(other.storage)).toBe(false);
  deferred.emitWritersOf([first]);
  expect(deferred.awaits(input.storage)).toBe(false);
});

test("it is given away to whoever asks for its kind, and then is not done", () => {
  const { deferred, done, work, first, second } = example();
  expect(deferred.take(first, "convolution")).toBeUndefined();
  expect(deferred.take(first, "maps")).toBe(work);
  expect(deferred.take(second, "maps")).toBeUndefined();
  deferred.emitAll();
  expect(done).toEqual([]);
});

test("what is left is done in the end, in the order in which it was put off", () => {
  const { deferred, done, other } = example();
  deferred.add([other], { kind: "convolution", reads: [], emit: () => void done.push("later") });
  deferred.emitAll();
  expect(done).toEqual(["work", "later"]);
});
