/** Every primitive that the named networks need has an implementation of its own in oneDNN, not the plain loops that are there for completeness. */
import { describe, expect, test } from "vitest";
import { networks } from "../../../network/architectures.ts";
import { buildGraph, type Graph } from "../../../network/graph.ts";
import { harmonicConv2d } from "../../../network/harmonic-conv2d.ts";
import {
  batchNorm,
  conv2d,
  dense,
  globalAveragePool,
  type Layer,
  normalize,
  residual,
  sigmoid,
} from "../../../network/layer.ts";
import type { Precision } from "../../engine.ts";
import { adam } from "../../optimizer.ts";
import { activations } from "../../testing/activation-cases.ts";
import { onednnEngines, onednnMissing } from "../../testing/engines-under-test.ts";
import { vectorKernels } from "../../testing/kernels-under-test.ts";
import { onednnEngine } from "../onednn-engine.ts";

/** `ref:any`, `simple:any` and, `x64:gemm:jit` or `gemm:ref`, convolutions through a matrix product, which write their windows out. */
const slow = /^(ref|simple:)|(^|:)gemm/;
/** Copies of a layout's blocks into their place among others, which no loop does faster. */
const blockCopy = /branch \d+( backward)? reorder$/;
/** Below this nothing is slow: the logits of a batch take about 1 KiB. */
const smallBytes = 2 ** 16;

/** One of each family. */
const names = [
  "notebook",
  "resnet18-w32",
  "efficientnetv2-mini",
  "vgg11",
  "resnet50",
  "efficientnetv2-b0",
  "mobilenetv3-small",
  "mobilenetv3-large",
] as const;

/** Dense layers are matrix products. */
const isDense = (graph: Graph, label: string): boolean =>
  graph.nodes.some(({ name, operation: { kind } }) => kind === "dense" && label.startsWith(`${name} `));

function instructionsOf(graph: Graph, precision: Precision, batch = 32) {
  const plan = onednnEngine().trainingPlan(graph, { batch, precision, optimizer: adam() });
  const instructions = Array.from({ length: plan.sections.update.to }, (_, index) => plan.instruction(index));
  plan.dispose();
  return instructions;
}

describe.skipIf(onednnEngines.length === 0)(`oneDNN${onednnMissing}`, () => {
  // A suite that is skipped is collected all the same, where there may be no library to open.
  const instructionSet = onednnEngines[0]?.engine.description.instructionSet ?? "none";
  const precisions = onednnEngines.map(({ precision }) => precision);

  test
    .skipIf(!/AVX-512|AMX/.test(instructionSet))
    .each(names.flatMap((name) => precisions.map((precision) => [name, precision] as const)))(
    "trains %s in %s without a slow primitive",
    (name, precision) => {
      const graph = buildGraph(networks[name]({ classes: 9 }));
      const instructions = instructionsOf(graph, precision);
      expect(instructions.length).toBeGreaterThan(graph.nodes.length);
      const found = instructions.filter(
        ({ label, implementation, bytes }) =>
          slow.test(implementation) && bytes >= smallBytes && !blockCopy.test(label) && !isDense(graph, label),
      );
      expect(found.map(({ label, implementation }) => `${label}: ${implementation}`)).toEqual([]);
    },
  );

  const depthwise = ([5, 7] as const).flatMap((kernel) =>
    ([1, 2] as const).flatMap((stride) =>
      ([64, 40] as const).flatMap((channels) =>
        precisions.map((precision) => [kernel, stride, channels, precision] as const),
      ),
    ),
  );

  test.skipIf(vectorKernels === undefined).each(depthwise)(
    "trains depthwise convolutions of %i at stride %i of %i channels in %s without a slow primitive",
    (kernel, stride, channels, precision) => {
      const graph = buildGraph({
        name: "depthwise",
        input: { channels: 3, height: 28, width: 28 },
        layers: [
          conv2d(channels, 1),
          conv2d(channels, kernel, { stride, padding: "same", groups: channels }),
          globalAveragePool(),
          dense(9),
        ],
      });
      const instructions = instructionsOf(graph, precision);
      const found = instructions.filter(
        ({ implementation, bytes }) => slow.test(implementation) && bytes >= smallBytes,
      );
      expect(found.map(({ label, implementation }) => `${label}: ${implementation}`)).toEqual([]);
      const own = instructions.filter(({ label }) => label === "1 backward weights");
      expect(own.map(({ implementation }) => implementation)).toEqual([
        expect.stringMatching(/^kernel: \d columns of depthwise weight gradients/),
      ]);
      // oneDNN 2.x's own convolutions have the maps in the layout that the kernel reads.
      if (!/oneDNN 2/.test(onednnEngines[0]!.engine.description.library)) return;
      const reorders = instructions.map(({ label }) => label).filter((label) => /^1 .*reorder$/.test(label));
      expect(reorders.filter((label) => !/weight/.test(label))).toEqual([]);
    },
  );

  test("takes Winograd's algorithm, where there is one, if the maps of a batch outweigh its transforms of the weights", () => {
    const { library } = onednnEngines[0]!.engine.description;
    const winograd = /AVX-512|AMX/.test(instructionSet) && library.includes("oneDNN 2") ? "Winograd" : "direct";
    const algorithmOf = (side: number, batch: number): string => {
      const graph = buildGraph({
        name: "one convolution",
        input: { channels: 3, height: side, width: side },
        layers: [conv2d(16, 1), conv2d(16, 3, { padding: "same" }), globalAveragePool(), dense(2)],
      });
      const instructions = instructionsOf(graph, "f32", batch);
      const own = instructions.filter(({ label }) => /^1 (forward|backward data|backward weights)$/.test(label));
      expect(own).toHaveLength(3);
      return own.every(({ implementation }) => implementation.includes("wino")) ? "Winograd" : "direct";
    };
    expect(algorithmOf(16, 4)).toBe(winograd);
    expect(algorithmOf(4, 32)).toBe(winograd);
    expect(algorithmOf(4, 4)).toBe("direct");
    expect(algorithmOf(2, 64)).toBe("direct");
  });

  const between = (layer: Layer) =>
    buildGraph({
      name: "between",
      input: { channels: 3, height: 32, width: 32 },
      layers: [
        normalize(),
        harmonicConv2d(32, 3, { bias: false }),
        batchNorm(),
        layer,
        conv2d(48, 3),
        layer,
        residual([harmonicConv2d(48, 3, { frequencies: 3 }), batchNorm(), layer]),
        globalAveragePool(),
        dense(9),
      ],
    });

  test
    .skipIf(!/AVX-512|AMX/.test(instructionSet))
    .each(activations.flatMap(([name, layer]) => precisions.map((precision) => [name, precision, layer] as const)))(
    "trains %s in %s between harmonic convolutions without a slow primitive or another reorder than sigmoid's",
    (_, precision, layer) => {
      const instructions = instructionsOf(between(layer), precision);
      const found = instructions.filter(
        ({ implementation, bytes }) => slow.test(implementation) && bytes >= smallBytes,
      );
      expect(found.map(({ label, implementation }) => `${label}: ${implementation}`)).toEqual([]);
      const reorders = (all: typeof instructions) =>
        all.map(({ label }) => label).filter((label) => / reorder$/.test(label));
      expect(reorders(instructions)).toEqual(reorders(instructionsOf(between(sigmoid()), precision)));
    },
  );
});
