/** Stock ONNX Runtime gives the probabilities that the engines give, for many drawn networks and for the named ones at their own size. */
import { describe, it } from "vitest";
import { drawnNetwork } from "../engine/testing/drawn-networks.ts";
import { onednnEngines, onednnMissing, reference } from "../engine/testing/engines-under-test.ts";
import { networks } from "../network/architectures.ts";
import { drawn, expectAgreement, expectAgreementAtStart } from "./testing/runtime-agreement.ts";

describe("ONNX Runtime agrees with the reference engine to 1e-5", () => {
  it("drawn networks", async () => {
    for (const seed of drawn(101, 400)) {
      await expectAgreement(reference.engine, drawnNetwork(seed), 1 + (seed % 3), seed, 1e-5);
    }
  });
});

describe(`ONNX Runtime agrees with oneDNN in float32 to 1e-4${onednnMissing}`, () => {
  const onednn = onednnEngines.find(({ precision }) => precision === "f32")?.engine;

  it
    .skipIf(onednn === undefined)
    .each(["notebook", "resnet18-w32", "efficientnetv2-mini", "vgg11", "resnet50"] as const)(
    "%s at its own image size",
    async (name) => {
      await expectAgreementAtStart(onednn!, networks[name]({ classes: 9 }), 1e-4);
    },
  );

  it.skipIf(onednn === undefined)("drawn networks", async () => {
    for (const seed of drawn(501, 100)) {
      await expectAgreement(onednn!, drawnNetwork(seed), 1 + (seed % 3), seed, 1e-4);
    }
  });
});
