/** Generalised-mean pooling. As p changes from step to step, x^p is exp(p log x), all of it in float32. */
import type { GeneralizedMeanPool } from "../../../../network/pooling.ts";
import type { ElementwiseAlgorithm } from "../../library/constants.ts";
import type { Elementwise, PostOperation } from "../../library/descriptors.ts";
import type { Value } from "../../program/value.ts";
import { toType } from "../layout.ts";
import type { LoweringRule } from "../lowering-rule.ts";
import { elementwiseBackward } from "./elementwise.ts";
import { meanOfMaps } from "./pooling.ts";

const LARGEST = 3e38;

/** Lowers generalised-mean pooling: m = mean(x^p), y = m^(1/p). */
export const generalizedMeanPool: LoweringRule<GeneralizedMeanPool> = (context, node, [input]) => {
  const { program, store, batch, mode, type } = context;
  const { name, operation, shape, parameters } = node;
  const { descriptors } = program;
  const inSingles = { ...context, type: "f32" as const };
  const [channels] = shape as readonly [number];
  const power = store.add(parameters[0]!, program.rowMajor([1], "f32"));
  const p = program.view(power.value, program.rowMajor([1, 1, 1, 1], "f32"));
  const apply = (algorithm: ElementwiseAlgorithm, source: Value, [alpha, beta] = [0, 0]): Value => {
    const destination = program.value(source.descriptor);
    const what: Elementwise = { algorithm, alpha, beta, gradientFrom: "destination" };
    const primitive = descriptors.elementwise(what, source.descriptor, mode);
    program.add(`${name} ${algorithm}`, primitive, { source, destination });
    return destination;
  };
  const combine = (algorithm: "add" | "multiply" | "divide", first: Value, second: Value, scale = 1): Value => {
    const destination = program.value(first.descriptor);
    const post: readonly PostOperation[] =
      scale === 1 ? [] : [{ kind: "elementwise", algorithm: "linear", alpha: scale, beta: 0 }];
    const primitive = descriptors.binary(algorithm, first.descriptor, second.descriptor, first.descriptor, post);
    program.add(`${name} ${algorithm}`, primitive, { source: first, source1: second, destination });
    return destination;
  };

  const singles = program.rowMajor(input!.descriptor.dimensions, "f32");
  const clip: Elementwise = { algorithm: "clip", alpha: operation.epsilon, beta: LARGEST, gradientFrom: "destination" };
  const clipped = apply("clip", program.convert(name, input!, singles), [clip.alpha, clip.beta]);
  const logs = apply("log", clipped);
  const powers = apply("exp", combine("multiply", logs, p));
  const means = meanOfMaps(inSingles, name, powers);
  const vectors = program.rowMajor([batch, channels, 1, 1], "f32");
  const mean = program.convert(name, means.output, vectors);
  const exponents = combine("divide", apply("log", mean), p);
  const result = apply("exp", exponents);
  return {
    output: toType(context, name, result),
    backward(incoming) {
      const gradient = program.convert(name, incoming, vectors);
      const weighted = combine("multiply", gradient, result);
      const share = combine("divide", weighted, mean);
      if (power.gradient !== undefined) {
        // dy/dp = y / m mean(x^p (log x - log y)) / p; a difference of two means would lose most of its digits.
        const maps = batch * channels;
        const less = program.view(apply("linear", exponents, [-1, 0]), program.rowMajor([1, maps, 1, 1], "f32"));
        const extent = input!.descriptor.dimensions.slice(2);
        const over = combine("add", program.view(logs, program.rowMajor([1, maps, ...extent], "f32")), less);
        const products = combine("multiply", powers, program.view(over, singles));
        const terms = combine(
          "multiply",
          share,
          program.convert(name, meanOfMaps(inSingles, name, products).output, vectors),
        );
        const one = program.value(p.descriptor);
        const sum: readonly PostOperation[] = [
          { kind: "elementwise", algorithm: "linear", alpha: batch * channels, beta: 0 },
        ];
        program.add(`${name} sum`, descriptors.mean(vectors, one.descriptor, sum), { source: terms, destination: one });
        const whole = store.gradientShare(power, program.rowMajor([1], "f32"));
        const quotient = combine("divide", one, p);
        program.convert(name, program.view(quotient, program.rowMajor([1], "f32")), whole!.descriptor, whole!);
        store.addGradientShare(power, whole);
      }
      const spread = program.convert(name, means.backward(share)[0]!, singles);
      const before = combine("divide", combine("multiply", spread, powers), clipped);
      return [toType({ ...context, type }, name, elementwiseBackward(context, name, clip, before, clipped))];
    },
  };
};
