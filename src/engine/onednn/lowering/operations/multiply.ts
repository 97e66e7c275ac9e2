/** Where a gate's factors meet what they scale: one factor for each channel of an image. */
import type { Multiply } from "../../../../network/layer.ts";
import type { PostOperation } from "../../library/descriptors.ts";
import type { Value } from "../../program/value.ts";
import { asVectors, toType, unflatten } from "../layout.ts";
import type { LoweringRule } from "../lowering-rule.ts";
import { meanOverMap } from "./pooling.ts";

/** Lowers the product of maps and a gate's factors. */
export const multiply: LoweringRule<Multiply> = (context, { name, shape }, [input, gate], place) => {
  const { program, batch, type } = context;
  const { descriptors } = program;
  const [channels, ...extent] = shape as readonly [number, ...number[]];
  const isMap = extent.length > 0;
  const source = toType(context, name, isMap ? input! : asVectors(context, name, input!));
  const { descriptor } = source;
  const vectors = program.rowMajor([batch, channels], type);
  const perChannel = program.rowMajor([batch, channels, ...extent.map(() => 1)], type);
  const mean = isMap ? meanOverMap(context, descriptor, perChannel.dimensions) : undefined;
  // Broadcasting is fast only where both operands have the same layout, which is the one that pooling the maps gives.
  const factorLayout = mean ? program.chosen(mean, "destination", perChannel) : perChannel;
  const rows = program.convert(name, asVectors(context, name, gate!), vectors);
  const factors = program.convert(name, program.view(rows, perChannel), factorLayout);
  const product = (label: string, from: Value, by: Value, post: readonly PostOperation[] = []) => {
    const to = program.value(descriptor);
    const multiply = descriptors.binary("multiply", descriptor, by.descriptor, descriptor, post);
    program.add(`${name} ${label}`, multiply, { source: from, source1: by, destination: to });
    return to;
  };
  /** The sum of gradient x input over each channel's map: the mean of as many times the products. */
  const factorGradient = (gradient: Value): Value => {
    if (!mean) return product("factors backward", gradient, source);
    const area = extent.reduce((count, size) => count * size, 1);
    const products = product("factors backward", gradient, source, [{ kind: "linear", scale: area, shift: 0 }]);
    const sums = program.value(factorLayout);
    program.add(`${name} factors sum`, mean, { source: products, destination: sums });
    return program.view(program.convert(name, sums, perChannel), vectors);
  };
  /** Vectors in the form of an input that is kept as feature maps, as a flattened one is. */
  const shaped = (value: Value, { descriptor: { dimensions } }: Value) =>
    dimensions.length === value.descriptor.dimensions.length ? value : unflatten(context, name, value, dimensions);
  return {
    output: product("forward", source, factors),
    backward(incoming) {
      const gradient = program.convert(name, incoming, descriptor);
      const [toInput, toGate] = place.wantsGradient;
      return [
        toInput ? shaped(product("backward", gradient, factors), input!) : undefined,
        toGate ? shaped(factorGradient(gradient), gate!) : undefined,
      ];
    },
  };
};
