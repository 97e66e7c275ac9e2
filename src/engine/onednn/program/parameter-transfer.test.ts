/** Parameters go in and come out as they were, and the second time nothing is compiled. */
import { describe, expect, test } from "vitest";
import { onednnEngines, onednnMissing } from "../../testing/engines-under-test.ts";
import { alignedBytes } from "../library/memory.ts";
import { sharedRuntime } from "../library/runtime.ts";
import { ParameterTransfer } from "./parameter-transfer.ts";
import { Program } from "./program.ts";
import { asFloats } from "./value.ts";

describe.skipIf(onednnEngines.length === 0)(`parameters in and out of a plan${onednnMissing}`, () => {
  test("each direction is compiled once for a layout", () => {
    const shared = sharedRuntime(undefined, undefined);
    let compiled = 0;
    const createPrimitive: typeof shared.createPrimitive = (descriptor) => {
      compiled++;
      return shared.createPrimitive(descriptor);
    };
    const program = new Program({ ...shared, createPrimitive });
    const transfer = new ParameterTransfer(program);
    // Columns first.
    const kept = program.descriptors.memory([2, 3], "f32", [1, 2]);
    const [canonical, place, back] = [24, 24, 24].map(alignedBytes) as [Uint8Array, Uint8Array, Uint8Array];
    for (const values of [
      [1, 2, 3, 4, 5, 6],
      [7, 8, 9, 10, 11, 12],
    ]) {
      asFloats(canonical).set(values);
      transfer.run("in", kept, canonical, place);
      transfer.run("out", kept, back, place);
      expect([...asFloats(place)]).toEqual([0, 3, 1, 4, 2, 5].map((index) => values[index]));
      expect([...asFloats(back)]).toEqual(values);
    }
    expect(compiled).toBe(2);
    program.dispose();
  });
});
