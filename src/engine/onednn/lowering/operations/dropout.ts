/** Dropout of values, of channels or of whole images: a mask of zeros and ones, and a primitive that scales. */
import type { Dropout } from "../../../../network/layer.ts";
import { dropoutMask } from "../../../dropout.ts";
import { bytesPerElement } from "../../library/constants.ts";
import type { PostOperation } from "../../library/descriptors.ts";
import type { Value } from "../../program/value.ts";
import { toType } from "../layout.ts";
import type { LoweringRule } from "../lowering-rule.ts";
import { meanOverMap } from "./pooling.ts";

/** Lowers dropout: a product with a fresh mask in training, nothing in inference and where it is frozen. */
export const dropout: LoweringRule<Dropout> = (context, { name, operation, frozen, shape }, [input], place) => {
  const { program, mode, type, batch, beforeForward } = context;
  if (mode === "inference" || frozen) return { output: input!, backward: (gradient) => [gradient] };
  const source = toType(context, name, input!);
  const { descriptor } = source;
  // Layouts block channels, never images, so that an image is one stretch of memory. Seen as the channels of a single image, all of them
  // are scaled by the primitive that broadcasts a number per channel, the only fast one for this.
  const imageValues = program.runtime.byteLength(descriptor) / bytesPerElement[type] / batch;
  const perImage = operation.per === "image" ? program.rowMajor([1, batch, imageValues, 1], type) : undefined;
  const seen = perImage ?? descriptor;
  // A factor for each channel is broadcast fast in the layout that pooling the maps gives.
  const perChannel =
    operation.per === "channel" && shape.length > 1 ? program.rowMajor([batch, shape[0]!, 1, 1], type) : undefined;
  const channelLayout =
    perChannel && program.chosen(meanOverMap(context, descriptor, perChannel.dimensions), "destination", perChannel);
  const maskDimensions = perImage ? [1, batch, 1, 1] : (perChannel ?? descriptor).dimensions;
  const { value: canonical, array } = program.host(maskDimensions);
  beforeForward.push((updates) => {
    dropoutMask(array, operation.rate, [place.seed, updates, place.index]);
    // The mask is 0 or 1, exact in bf16; the primitive scales.
    for (let i = 0; i < array.length; i++) array[i] = array[i] === 0 ? 0 : 1;
  });
  const mask = perImage ? canonical : program.convert(`${name} mask`, canonical, channelLayout ?? descriptor);
  const post: PostOperation = { kind: "linear", scale: 1 / (1 - operation.rate), shift: 0 };
  const masked = (label: string, from: Value) => {
    const to = program.value(descriptor);
    const multiply = program.descriptors.binary("multiply", seen, mask.descriptor, seen, [post]);
    program.add(`${name} ${label}`, multiply, {
      source: program.view(from, seen),
      source1: mask,
      destination: program.view(to, seen),
    });
    return to;
  };
  return {
    output: masked("forward", source),
    backward: (gradient) => [masked("backward", program.convert(name, gradient, descriptor))],
  };
};
