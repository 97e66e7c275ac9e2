/** Stock ONNX Runtime gives the probabilities that the engines give, for many random networks and for the named ones at their own size. */
import fc from "fast-check";
import { describe, it } from "vitest";
import { onednnEngines, onednnMissing, reference } from "../engine/testing/engines-under-test.ts";
import { networkNames } from "../network/architectures.ts";
import { anyNetwork, expectAgreement, expectAgreementAtStart, size } from "./testing/runtime-agreement.ts";

describe("ONNX Runtime agrees with the reference engine to 1e-5", () => {
  it("random networks", async () => {
    await fc.assert(
      fc.asyncProperty(anyNetwork, size(1, 3), fc.nat(), async (network, batch, seed) => {
        await expectAgreement(reference.engine, network, batch, seed, 1e-5);
      }),
      { numRuns: 400, seed: 3 },
    );
  });
});

describe(`ONNX Runtime agrees with oneDNN in float32 to 1e-4${onednnMissing}`, () => {
  const onednn = onednnEngines.find(({ precision }) => precision === "f32")?.engine;

  it.skipIf(onednn === undefined).each(networkNames)("%s at its own image size", async (name) => {
    await expectAgreementAtStart(onednn!, name, undefined, 1e-4);
  });

  it.skipIf(onednn === undefined)("random networks", async () => {
    await fc.assert(
      fc.asyncProperty(anyNetwork, size(1, 3), fc.nat(), async (network, batch, seed) => {
        await expectAgreement(onednn!, network, batch, seed, 1e-4);
      }),
      { numRuns: 100, seed: 4 },
    );
  });
});
