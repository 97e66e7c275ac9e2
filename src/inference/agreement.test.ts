/** Stock ONNX Runtime, native and in WebAssembly, gives the probabilities that the engines give, for every layer kind and every named network. */
import fc from "fast-check";
import { describe, it } from "vitest";
import { conformanceCases } from "../engine/testing/conformance-cases.ts";
import { onednnEngines, onednnMissing, reference } from "../engine/testing/engines-under-test.ts";
import { networkNames } from "../network/architectures.ts";
import { anyNetwork, expectAgreement, expectAgreementAtStart, size } from "./testing/runtime-agreement.ts";

describe("ONNX Runtime agrees with the reference engine to 1e-5", () => {
  it.each(conformanceCases)("$name", async ({ name, input, layers, batch }) => {
    await expectAgreement(reference.engine, { name, input, layers }, batch, 1, 1e-5);
  });

  it.each(networkNames)("%s", async (name) => {
    await expectAgreementAtStart(reference.engine, name, 32, 1e-5);
  });

  it.each(networkNames)("%s for images that are no squares", async (name) => {
    await expectAgreementAtStart(reference.engine, name, [24, 40], 1e-5);
  });

  it("random networks", async () => {
    await fc.assert(
      fc.asyncProperty(anyNetwork, size(1, 3), fc.nat(), async (network, batch, seed) => {
        await expectAgreement(reference.engine, network, batch, seed, 1e-5);
      }),
      { numRuns: 30, seed: 1 },
    );
  });
});

describe(`ONNX Runtime agrees with oneDNN in float32 to 1e-4${onednnMissing}`, () => {
  const onednn = onednnEngines.find(({ precision }) => precision === "f32")?.engine;

  it.skipIf(onednn === undefined).each(conformanceCases)("$name", async ({ name, input, layers, batch }) => {
    await expectAgreement(onednn!, { name, input, layers }, batch, 1, 1e-4);
  });

  it.skipIf(onednn === undefined)("random networks", async () => {
    await fc.assert(
      fc.asyncProperty(anyNetwork, size(1, 3), fc.nat(), async (network, batch, seed) => {
        await expectAgreement(onednn!, network, batch, seed, 1e-4);
      }),
      { numRuns: 15, seed: 2 },
    );
  });
});
