/** Stock ONNX Runtime, native and in WebAssembly, gives the probabilities that the engines give, for every layer kind and every named network. */
import { describe, it } from "vitest";
import { conformanceCases } from "../engine/testing/conformance-cases.ts";
import { drawnNetwork } from "../engine/testing/drawn-networks.ts";
import { onednnEngines, onednnMissing, reference } from "../engine/testing/engines-under-test.ts";
import { imageInput } from "../network/architectures.ts";
import { smallNetworks } from "../network/small-networks.ts";
import { drawn, expectAgreement, expectAgreementAtStart } from "./testing/runtime-agreement.ts";

describe("ONNX Runtime agrees with the reference engine to 1e-5", () => {
  it.each(conformanceCases)("$name", async ({ name, input, layers, batch }) => {
    await expectAgreement(reference.engine, { name, input, layers }, batch, 1, 1e-5);
  });

  it.each(smallNetworks)("$name", async (small) => {
    await expectAgreementAtStart(reference.engine, small, 1e-5);
  });

  it.each(smallNetworks)("$name for images that are no squares", async (small) => {
    await expectAgreementAtStart(reference.engine, { ...small, input: imageInput([40, 36]) }, 1e-5);
  });

  it("drawn networks", async () => {
    for (const seed of drawn(1, 30)) {
      await expectAgreement(reference.engine, drawnNetwork(seed), 1 + (seed % 3), seed, 1e-5);
    }
  });
});

describe(`ONNX Runtime agrees with oneDNN in float32 to 1e-4${onednnMissing}`, () => {
  const onednn = onednnEngines.find(({ precision }) => precision === "f32")?.engine;

  it.skipIf(onednn === undefined).each(conformanceCases)("$name", async ({ name, input, layers, batch }) => {
    await expectAgreement(onednn!, { name, input, layers }, batch, 1, 1e-4);
  });

  it.skipIf(onednn === undefined)("drawn networks", async () => {
    for (const seed of drawn(31, 15)) {
      await expectAgreement(onednn!, drawnNetwork(seed), 1 + (seed % 3), seed, 1e-4);
    }
  });
});
