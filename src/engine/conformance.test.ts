/** Every engine must compute what the reference engine computes: logits, loss, gradients, running statistics, updates. */

import { describe, expect, test } from "vitest";
import { conformanceCases } from "./testing/conformance-cases.ts";
import { differences } from "./testing/differences.ts";
import { drawnCase } from "./testing/drawn-networks.ts";
import { onednnEngines, onednnMissing } from "./testing/engines-under-test.ts";

describe(`oneDNN${onednnMissing}`, () => {
  test.skipIf(onednnEngines.length === 0)(
    "is compared with the reference, in bf16 too where that is its default",
    () => {
      const titles = onednnEngines.map(({ title }) => title);
      const bf16 = onednnEngines[0]!.engine.description.defaultPrecision === "bf16";
      expect(titles).toEqual(expect.arrayContaining(bf16 ? ["onednn f32", "onednn bf16"] : ["onednn f32"]));
    },
  );
});

describe.each(onednnEngines)("$title computes what the reference computes", (tested) => {
  test.each(conformanceCases.map((each) => [each.name, each] as const))("%s", async (_, each) => {
    const seeds = each.deep && tested.precision === "bf16" ? [1, 2, 3, 4, 5] : [1];
    expect((await differences(tested, each, seeds)).join(", ")).toBe("");
  });
});

const drawn = Array.from({ length: 200 }, (_, index) => index + 1);

describe.each(onednnEngines.filter(({ precision }) => precision === "f32"))("$title", (tested) => {
  test.each(drawn)("computes what the reference computes in drawn network %i", async (seed) => {
    const each = drawnCase(seed);
    // Rounding moves, rarely, a value across a rectifier's zero or past another one of a window: in one batch of four it does not.
    let found = "";
    for (const batch of [1, 2, 3, 4]) {
      found = (await differences(tested, each, [batch], 5e-4)).join();
      if (found === "") return;
    }
    expect(found).toBe("");
  });
});
