/** Activations as oneDNN has them. */
import type { Activation } from "../../../../network/layer.ts";
import type { Elementwise } from "../../library/descriptors.ts";
import type { Value } from "../../program/value.ts";
import { toType } from "../layout.ts";
import type { Lowered, LoweringContext, LoweringRule } from "../lowering-rule.ts";
import { elementwiseBackward, elementwiseForward, rectifier } from "./elementwise.ts";

const fromSource = (algorithm: Elementwise["algorithm"], alpha = 0, beta = 0): Elementwise => ({
  algorithm,
  alpha,
  beta,
  gradientFrom: "source",
});
const fromDestination = (algorithm: Elementwise["algorithm"], alpha = 0, beta = 0): Elementwise => ({
  ...fromSource(algorithm, alpha, beta),
  gradientFrom: "destination",
});

type Functions = { readonly [K in Activation["kind"]]: (layer: Extract<Activation, { kind: K }>) => Elementwise };

const functions: Omit<Functions, "hardSigmoid"> = {
  relu: () => rectifier(0),
  sigmoid: () => fromDestination("sigmoid"),
  leakyRelu: ({ slope }) => rectifier(slope),
  relu6: () => fromDestination("clip", 0, 6),
  elu: ({ alpha }) => fromDestination("elu", alpha),
  silu: () => fromSource("swish", 1),
  gelu: ({ approximate }) => fromSource(approximate === "tanh" ? "geluTanh" : "geluErf"),
  // 2.x has the factors built in.
  hardSwish: () => fromSource("hardSwish", 1 / 6, 1 / 2),
  tanh: () => fromDestination("tanh"),
  softplus: () => fromSource("softplus", 1),
};

const functionOf = (layer: Exclude<Activation, { kind: "hardSigmoid" }>): Elementwise =>
  (functions[layer.kind] as (layer: Activation) => Elementwise)(layer);

/** Lowers an activation as a primitive of its own. */
export const activation: LoweringRule<Activation> = (context, { name, operation }, [input]) => {
  const source = toType(context, name, input!);
  if (operation.kind === "hardSigmoid") return hardSigmoid(context, name, source);
  const what = functionOf(operation);
  const output = elementwiseForward(context, name, what, source);
  const kept = what.gradientFrom === "source" ? source : output;
  return { output, backward: (gradient) => [elementwiseBackward(context, name, what, gradient, kept)] };
};

/** Without a primitive in 2.x: (x + x) / 12 + 1/2 in its bounds; the gradient is that of bounds for x, divided by 6. */
function hardSigmoid(context: LoweringContext, name: string, source: Value): Lowered {
  const { program, mode } = context;
  const { descriptors } = program;
  const { descriptor } = source;
  const output = program.value(descriptor);
  const sum = descriptors.binary("add", descriptor, descriptor, descriptor, [
    { kind: "linear", scale: 1 / 12, shift: 1 / 2 },
    { kind: "elementwise", algorithm: "clip", alpha: 0, beta: 1 },
  ]);
  program.add(`${name} forward`, sum, { source, source1: source, destination: output });
  return {
    output,
    backward(gradient) {
      const bounded = elementwiseBackward(context, name, fromSource("clip", -3, 3), gradient, source);
      const sixth = descriptors.elementwise(fromSource("linear", 1 / 6), bounded.descriptor, mode);
      program.add(`${name} sixth`, sixth, { source: bounded, destination: bounded });
      return [bounded];
    },
  };
}
