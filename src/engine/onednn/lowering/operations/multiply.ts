/** Where a gate's factors meet what they scale: a factor for each channel, each place or each value of an image. */
import type { Multiply } from "../../../../network/layer.ts";
import { factorsAre, type Shape } from "../../../../network/shape.ts";
import type { PostOperation } from "../../library/descriptors.ts";
import type { Program } from "../../program/program.ts";
import type { Value } from "../../program/value.ts";
import { asVectors, toType, unflatten } from "../layout.ts";
import type { LoweringRule } from "../lowering-rule.ts";
import { meanOverMap } from "./pooling.ts";
import { scaling } from "./scaling.ts";

/** Lowers the product of a gate's input and its factors. */
export const multiply: LoweringRule<Multiply> = (context, node, inputs, place) => {
  const [shape, factors] = node.inputShapes as readonly [Shape, Shape];
  return { channel: perChannel, place: perPlace, value: perValue }[factorsAre(shape, factors)!](
    context,
    node,
    inputs,
    place,
  );
};

/** Appends products in the layout of their first factor, over which the second one may be broadcast. */
const productMaker =
  (program: Program, name: string) =>
  (label: string, from: Value, by: Value, post: readonly PostOperation[] = []): Value => {
    const { descriptor } = from;
    const to = program.value(descriptor);
    const multiply = program.descriptors.binary("multiply", descriptor, by.descriptor, descriptor, post);
    program.add(`${name} ${label}`, multiply, { source: from, source1: by, destination: to });
    return to;
  };

/** The factors have the shape of the input. */
const perValue: LoweringRule<Multiply> = (context, { name }, inputs, place) => {
  const { program } = context;
  const [source, gate] = inputs.map((input) => toType(context, name, input)) as [Value, Value];
  const { descriptor } = source;
  const factors = program.convert(name, gate, descriptor);
  const product = productMaker(program, name);
  return {
    output: product("forward", source, factors),
    backward(incoming) {
      const gradient = program.convert(name, incoming, descriptor);
      const [toInput, toGate] = place.wantsGradient;
      return [
        toInput ? product("backward", gradient, factors) : undefined,
        toGate ? product("factors backward", gradient, source) : undefined,
      ];
    },
  };
};

/** One factor for each place: channels-last maps seen as one image, whose channels are the places of all images. */
const perPlace: LoweringRule<Multiply> = (context, { name, shape }, [input, gate], place) => {
  const { program, batch, type } = context;
  const [channels, height, width] = shape as readonly [number, number, number];
  const count = batch * height * width;
  const layout = program.channelsLast([batch, ...shape], type);
  const places = program.rowMajor([1, count, channels, 1], type);
  const toPlaces = (value: Value) => program.view(program.convert(name, value, layout), places);
  const maps = [batch, 1, height, width];
  const perMap = program.rowMajor(maps, "f32");
  const numbers = program.rowMajor([count], "f32");
  const perChannel = program.rowMajor([1, count, 1, 1], "f32");
  const factors = program.convert(name, gate!, perMap);
  const source = toPlaces(input!);
  const output = productMaker(program, name)("forward", source, program.view(factors, perChannel));
  return {
    output: program.view(output, layout),
    backward(incoming) {
      const ofFactors = program.value(numbers);
      const { backward } = scaling(context, name, places, program.view(factors, numbers));
      const ofInput = backward(source, toPlaces(incoming), ofFactors);
      const [toInput, toGate] = place.wantsGradient;
      return [
        toInput ? program.view(ofInput, layout) : undefined,
        toGate ? program.convert(name, program.view(ofFactors, perMap), program.rowMajor(maps, type)) : undefined,
      ];
    },
  };
};

/** One factor for each channel. */
const perChannel: LoweringRule<Multiply> = (context, { name, shape }, [input, gate], place) => {
  const { program, batch, type } = context;
  const [channels, ...extent] = shape as readonly [number, ...number[]];
  const isMap = extent.length > 0;
  const source = toType(context, name, isMap ? input! : asVectors(context, name, input!));
  const { descriptor } = source;
  const vectors = program.rowMajor([batch, channels], type);
  const single = program.rowMajor([batch, channels, ...extent.map(() => 1)], type);
  const mean = isMap ? meanOverMap(context, descriptor, single.dimensions) : undefined;
  // Broadcasting is fast only where both operands have the same layout, which is the one that pooling the maps gives.
  const factorLayout = mean ? program.chosen(mean, "destination", single) : single;
  const rows = program.convert(name, asVectors(context, name, gate!), vectors);
  const factors = program.convert(name, program.view(rows, single), factorLayout);
  const product = productMaker(program, name);
  /** The sum of gradient x input over each channel's map: the mean of as many times the products. */
  const factorGradient = (gradient: Value): Value => {
    if (!mean) return product("factors backward", gradient, source);
    const area = extent.reduce((count, size) => count * size, 1);
    const products = product("factors backward", gradient, source, [{ kind: "linear", scale: area, shift: 0 }]);
    const sums = program.value(factorLayout);
    program.add(`${name} factors sum`, mean, { source: products, destination: sums });
    return program.view(program.convert(name, sums, single), vectors);
  };
  const shaped = (value: Value, { descriptor }: Value) => unflatten(context, name, value, descriptor.dimensions);
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
