/** Convolutions on AMX by kernels of our own, together with the batch normalisation before and after them. */
import { type ConvolutionShape, servesConvolution } from "../../../../x64/kernels/amx-convolution/geometry.ts";
import type { Value } from "../../../program/value.ts";
import { tapMajor } from "../amx-weight-gradient.ts";
import type { ConvolutionSite, KernelLowering, PutOffConvolution } from "../sites.ts";
import type { DeferredConvolution, DeferredMaps } from "./deferred.ts";
import { addConvolution } from "./instructions.ts";

/** Plain convolutions in training: square windows without dilation, as much padding on each side as keeps the size, stride 1 or 2, bfloat16. */
export const amxConvolution: KernelLowering<"convolution"> = {
  needs: "AMX",
  serves(site) {
    const { kind, mode, type, hasBias, relu, isOutput, weights, stride, padding, dilation } = site;
    if (kind !== "convolution" || mode !== "training" || hasBias || relu || isOutput || type !== "bf16") return false;
    const kernel = weights.slice(2);
    const size = kernel[0]!;
    const shapes = shapesOf(site);
    return (
      kernel.length === 2 &&
      kernel[1] === size &&
      stride.every((each) => each === shapes.forward.stride) &&
      padding.every((border) => 2 * border === size - 1) &&
      dilation.every((step) => step === 1) &&
      servesConvolution(shapes.forward) &&
      servesConvolution(shapes.backward)
    );
  },
  lower(site): PutOffConvolution {
    const { forward, backward } = shapesOf(site);
    return {
      forward: (value) => putOff(site, forward, backward, value),
      backwardData: (gradient, then) => putOff(site, backward, forward, gradient, then),
    };
  },
};

/** Of what the forward and the backward direction read. */
function shapesOf({ input, weights, stride }: ConvolutionSite) {
  const [, , height, width] = input as readonly [number, number, number, number];
  const [filters, channels, kernel] = weights as readonly [number, number, number];
  const [step] = stride;
  const layer = { kernel, stride: step === 2 ? 2 : 1 } as const;
  const forward = { ...layer, channels, filters, height, width, direction: "forward" } as const;
  const backward = {
    ...layer,
    channels: filters,
    filters: channels,
    height: height / step,
    width: width / step,
    direction: "backward",
  } as const;
  return { forward, backward };
}

/** Puts a convolution off that reads maps of `shape`; returns where its result will be. */
function putOff(
  site: ConvolutionSite,
  shape: ConvolutionShape,
  resultShape: ConvolutionShape,
  from: Value,
  then?: () => void,
): Value {
  const { program, name, type, batch, weight } = site;
  const { forward } = shapesOf(site);
  const mapsOf = ({ channels, height, width }: ConvolutionShape) =>
    program.channelsLast([batch, channels, height, width], type);
  const maps = program.convert(name, from, mapsOf(shape));
  const made = program.takeDeferred<DeferredMaps>(maps, "maps");
  const output = program.value(mapsOf(resultShape));
  const weights = program.convert(`${name}.weight`, weight.value, tapMajor(program, site.weights));
  const operand = { maps, made };
  const convolution = { program, name, batch, shape, resultShape, forward, operand, weights, output };
  const deferred: DeferredConvolution = {
    kind: "convolution",
    reads: made?.maps ?? [maps],
    shape,
    operand,
    weights,
    then,
    emit(work, projection) {
      addConvolution(convolution, work, projection);
      then?.();
      projection?.then?.();
    },
  };
  program.defer(made ? [maps, output] : [output], deferred);
  return output;
}
