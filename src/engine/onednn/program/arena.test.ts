/** Storages that are alive together never overlap; those that are not share memory. */
import { expect, test } from "vitest";
import type { MemoryDescriptor } from "../library/descriptors.ts";
import { layOutArena } from "./arena.ts";
import type { Instruction } from "./instruction.ts";
import type { Storage, Value } from "./value.ts";

const descriptor: MemoryDescriptor = { dimensions: [1], type: "f32", pointer: null };
const valueIn = (storage: Storage): Value => ({ descriptor, storage });
const storage = (bytes: number, array?: Uint8Array): Storage => ({ bytes, array });

const instruction = (reads: readonly Storage[], writes: readonly Storage[]): Instruction => ({
  kind: "calculation",
  label: "",
  prepare: () => () => {},
  reads: reads.map(valueIn),
  writes: writes.map(valueIn),
});

test("a chain shares memory between every second map", () => {
  const [a, b, c, d] = [1000, 1000, 1000, 1000].map((bytes) => storage(bytes)) as [Storage, Storage, Storage, Storage];
  const program = [instruction([], [a]), instruction([a], [b]), instruction([b], [c]), instruction([c], [d])];
  const { bytes, offsets } = layOutArena([a, b, c, d], program);
  expect(offsets.get(a)).toBe(offsets.get(c));
  expect(offsets.get(b)).toBe(offsets.get(d));
  expect(Math.abs(offsets.get(a)! - offsets.get(b)!)).toBeGreaterThanOrEqual(1000);
  expect(bytes).toBeGreaterThanOrEqual(2000);
  expect(bytes).toBeLessThan(2 * 1000 + 2 * 64 * 1024);
});

test("a value that is read at the end keeps its place until then", () => {
  const storages = [64, 5000, 300, 70_000].map((bytes) => storage(bytes));
  const [kept, ...others] = storages as [Storage, ...Storage[]];
  const program = [
    instruction([], storages.slice(0, 1)),
    ...others.map((one) => instruction([], [one])),
    instruction([kept], []),
  ];
  const { offsets } = layOutArena(storages, program);
  for (const other of others) {
    const [from, to] = [offsets.get(other)!, offsets.get(other)! + other.bytes];
    expect(from >= offsets.get(kept)! + kept.bytes || to <= offsets.get(kept)!).toBe(true);
  }
});

test("memory of its own and what no instruction uses have no place in it", () => {
  const [own, unused] = [storage(100, new Uint8Array(100)), storage(100)];
  const { bytes, offsets } = layOutArena([own, unused], [instruction([own], [own])]);
  expect(bytes).toBe(0);
  expect(offsets.size).toBe(0);
});
