/** The self-test passes where the engine does, and says what fails where it does not. */
import { describe, expect, it } from "vitest";
import { smallNetworks } from "../network/small-networks.ts";
import type { ImmediateEngine } from "./engine.ts";
import type { Descriptors } from "./onednn/library/descriptors.ts";
import { type Runtime, sharedRuntime } from "./onednn/library/runtime.ts";
import { UnimplementedError } from "./onednn/library/status.ts";
import { engineOn } from "./onednn/onednn-engine.ts";
import { type SelfTestResult, selfTest } from "./self-test.ts";
import { onednnEngines, onednnMissing, reference } from "./testing/engines-under-test.ts";

const failed = (results: readonly SelfTestResult[]) => results.filter(({ problem }) => problem !== undefined);

describe("an engine that computes something else", () => {
  const engine = (change: (plans: ImmediateEngine) => Partial<ImmediateEngine>): ImmediateEngine => ({
    ...reference.engine,
    ...change(reference.engine),
  });

  it("is found by its logits", async () => {
    const wrong = engine(({ inferencePlan }) => ({
      inferencePlan(graph, options) {
        const plan = inferencePlan(graph, options);
        return Object.assign(plan, { infer: () => new Float32Array(options.batch * graph.classes).fill(1) });
      },
    }));
    const results = await selfTest(wrong);
    expect(results.map(({ network }) => network)).toEqual(smallNetworks.map(({ name }) => name));
    for (const { problem } of results) expect(problem).toMatch(/^its logits differ from the reference engine's by \d+/);
  });

  it("is found by weights that are no numbers after a step", async () => {
    const wrong = engine(({ trainingPlan }) => ({
      trainingPlan: (graph, options) => Object.assign(trainingPlan(graph, options), { update: () => false }),
    }));
    for (const { problem } of await selfTest(wrong)) expect(problem).toBe("a training step gives no finite numbers");
  });
});

describe.runIf(onednnEngines.length > 0)(`oneDNN${onednnMissing}`, () => {
  it("trains and judges with every network in every precision", async () => {
    const { engine } = onednnEngines[0]!;
    const results = await selfTest(engine);
    expect(failed(results)).toEqual([]);
    expect(results).toHaveLength(smallNetworks.length * engine.description.precisions.length);
  });

  /** The library as it would be without an operation in some type of numbers. */
  const without = (operation: "batchNormalization" | "poolingBackward", types: readonly string[]): Runtime => {
    const runtime = sharedRuntime(undefined, undefined);
    const missing =
      (call: Descriptors[typeof operation]) =>
      (...values: Parameters<typeof call>) => {
        const [what] = values as unknown as [{ data?: { type: string }; source?: { type: string } }];
        if (types.includes((what.data ?? what.source)!.type)) throw new UnimplementedError("has no such operation (f)");
        return (call as (...values: unknown[]) => bigint)(...values);
      };
    const descriptors = () => {
      const all = runtime.descriptors();
      return { ...all, [operation]: missing(all[operation]) };
    };
    return { ...runtime, kernels: undefined, mapKernels: undefined, descriptors };
  };

  it("that lacks an operation is named with layer, reason and cure", async () => {
    const runtime = without("batchNormalization", ["f32", "bf16"]);
    const problems = failed(await selfTest(engineOn(runtime)));
    const normalizing = smallNetworks.flatMap(({ name, layers }) =>
      layers.some(({ kind }) => kind === "batchNorm" || kind === "layerNorm") ? [name] : [],
    );
    expect(normalizing).toContain("resnet18-w32");
    expect(new Set(problems.map(({ network }) => network))).toEqual(new Set(normalizing));
    for (const { network, precision, problem } of problems) {
      const cure = `${precision === "bf16" ? "take --precision f32, or " : ""}take another version of oneDNN, or --engine reference`;
      expect(problem).toContain(
        `${runtime.description.library}: judging ${network} in ${precision} cannot be had, layer `,
      );
      expect(problem).toMatch(/cannot be had, layer \S+ \((?:batchNorm|layerNorm|layerScale)\): it has no such/);
      expect(problem).toContain(`(f); ${cure}`);
    }
  });

  it("that lacks an operation for gradients alone is found by the training step", async () => {
    const problems = failed(await selfTest(engineOn(without("poolingBackward", ["f32"]))));
    expect(problems.map(({ network }) => network)).toContain("notebook");
    for (const { precision, problem } of problems) {
      expect(precision).toBe("f32");
      expect(problem).toMatch(
        /: training \S+ in f32 cannot be had, layer \S+ \((?:max|globalAverage)Pool\): it has no/,
      );
    }
  });
});
