/** bfloat16 must be no further from float64 than PyTorch's autocast is: in each kind of layer, and in a network of each family. */
import { describe, expect, test } from "vitest";
import { bf16ErrorsOf, bf16Faults } from "./testing/bf16-errors.ts";
import { enginesUnderTest } from "./testing/engines-under-test.ts";
import { layerRecords } from "./testing/layer-records.ts";

const { cases, salts } = layerRecords();

/** The last case of each kind, which has the most channels, and all families. The proof has every third case, and each layer of the families. */
const ofEachKind = new Map(cases.map((record) => [record.name.split(" ")[0], record])).values();
const families = cases.filter(({ name }) => name.startsWith("family"));

describe.each(enginesUnderTest.filter(({ precision }) => precision === "bf16"))(
  "$title beside autocast",
  ({ engine }) => {
    test.each([...new Set([...ofEachKind, ...families])])("$name", (record) => {
      expect(bf16Faults(bf16ErrorsOf(engine, record, salts), record)).toEqual([]);
    });
  },
);
