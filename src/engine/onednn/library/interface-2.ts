/** oneDNN's C interface 2.x: an operation is described in a struct of its own first, memory descriptors are structs. */

import type { Pointer } from "../../../foreign/library.ts";
import { attributeMaker, elementwiseCode } from "./attributes.ts";
import { binary, CONVOLUTION_DIRECT, dataTypes, pooling, propagation, REDUCTION_MEAN } from "./constants.ts";
import type {
  BatchNormalization,
  Convolution,
  Descriptors,
  InnerProduct,
  Pooling,
  PrimitiveDescriptor,
} from "./descriptors.ts";
import type { NativeLibrary } from "./native.ts";
import { beforeAndAfter, bindCalls, int64s, UnimplementedError, whereThereIs } from "./status.ts";

const CONVOLUTION_WINOGRAD = 2;
const VECTOR_CHANNELS = 16;
/** A layout that oneDNN chooses, and blocks of 16 channels (aBcd16b). */
const layoutTags = { any: 1, channelBlocks: 69 } as const;
const eltwise = {
  relu: 31,
  tanh: 47,
  elu: 63,
  sqrt: 111,
  linear: 127,
  softplus: 159,
  exp: 191,
  log: 239,
  sigmoid: 175,
  geluTanh: 207,
  swish: 223,
  clip: 16,
  geluErf: 48,
  hardSwish: 112,
} as const;
const eltwiseCode = elementwiseCode(eltwise);
const normalizationFlags = { globalStatistics: 1, relu: 4, scale: 8, shift: 16 } as const;
const POST_OPERATION_BASE = 16384;

// Larger than the structs of 2.6 (696 bytes; 5,976 for the largest operation), which the library fills in.
const MEMORY_DESCRIPTOR_BYTES = 1024;
const OPERATION_DESCRIPTOR_BYTES = 16384;

/**
 * What Winograd's transforms of a weight take, in the time of so many multiplications of the algorithms. Measured on Zen 4 with 64 to 512 channels: with 1,730 multiplications fewer a
 * weight, Winograd takes 0.9 to 1.4 times as long as the direct algorithm, with 2,400 fewer 0.9 times, with 3,500 fewer 0.5 to 0.7 times.
 */
const WEIGHT_TRANSFORMS = 1900;

/** Whether Winograd takes less time for result maps of such dimensions: 36 multiplications a weight and tile of 4x4, filled or not. */
function winogradPays([images, , height, width]: readonly number[]): boolean {
  const tiles = images! * Math.ceil(height! / 4) * Math.ceil(width! / 4);
  return 36 * tiles + WEIGHT_TRANSFORMS < 9 * images! * height! * width!;
}

/**
 * Winograd's F(4x4, 3x3) (Lavin and Gray 2016) takes 2.25 to 4 times fewer multiplications than the direct algorithm. 2.x
 * has it in float32 for AVX-512, and it pays from a full vector of input channels on where the maps of a batch are large enough. Where it has not,
 * and for all other convolutions, the direct one is made.
 */
function fastest(
  { weights, stride, dilation, padding, source, destination }: Convolution,
  make: (algorithm: number) => PrimitiveDescriptor,
): PrimitiveDescriptor {
  const kernel = weights.dimensions;
  const suits =
    kernel.length === 4 &&
    kernel[1]! >= VECTOR_CHANNELS &&
    kernel[2] === 3 &&
    kernel[3] === 3 &&
    stride.every((step) => step === 1) &&
    dilation.every((step) => step === 1) &&
    padding[0] === padding[2] &&
    padding[1] === padding[3] &&
    [source, weights, destination].every(({ type }) => type === "f32") &&
    winogradPays(destination.dimensions);
  if (!suits) return make(CONVOLUTION_DIRECT);
  try {
    return make(CONVOLUTION_WINOGRAD);
  } catch (error) {
    if (error instanceof UnimplementedError) return make(CONVOLUTION_DIRECT);
    throw error;
  }
}

/**
 * Descriptors by the interface of oneDNN 2.x, which live until they are destroyed together. It is long because it has an entry for each method of
 * {@link Descriptors}, as C declares the function behind it; what they share are the closures before.
 */
export function descriptors2(library: NativeLibrary, engine: bigint): Descriptors {
  const call = bindCalls(library);
  const destroyPrimitiveDescriptor = library.bind("dnnl_primitive_desc_destroy", "i", "p");
  let primitives: bigint[] = [];
  const keep = (descriptor: bigint) => {
    primitives.push(descriptor);
    return descriptor;
  };
  const make = (
    name: string,
    parameters: string,
    values: readonly (Pointer | number)[],
    { hint = null, attributes = null }: { hint?: Pointer; attributes?: Pointer } = {},
  ) => {
    const operation = new Uint8Array(OPERATION_DESCRIPTOR_BYTES);
    call.run(`dnnl_${name}_desc_init`, `p${parameters}`, operation, ...values);
    return keep(call.create("dnnl_primitive_desc_create", "pppp", operation, attributes, engine, hint));
  };
  const { attributes, destroy } = attributeMaker(library, {
    eltwise,
    appendEltwise: (calls, chain, algorithm, scale, shift) =>
      calls.run("dnnl_post_ops_append_eltwise", "pfiff", chain, 1, algorithm, scale, shift),
    appendSum: (calls, chain, scale) => calls.run("dnnl_post_ops_append_sum", "pf", chain, scale),
  });
  const geometry = ({ stride, dilation, padding }: Convolution) =>
    [int64s(stride), int64s(dilation.map((step) => step - 1)), ...beforeAndAfter(padding)] as const;
  const tensors = ({ source, weights, destination }: InnerProduct) =>
    [source.pointer, weights.pointer, destination.pointer] as const;
  const withBias = ({ source, weights, bias, destination }: InnerProduct) =>
    [source.pointer, weights.pointer, bias?.pointer ?? null, destination.pointer] as const;
  const windows = ({ algorithm, source, destination, stride, kernel, padding }: Pooling) =>
    [
      pooling[algorithm],
      source.pointer,
      destination.pointer,
      int64s(stride),
      int64s(kernel),
      ...beforeAndAfter(padding),
    ] as const;
  const affine = normalizationFlags.scale | normalizationFlags.shift;
  const flags = ({ globalStatistics, fuseRelu, isPlain = false }: BatchNormalization) =>
    (isPlain ? 0 : affine) |
    (globalStatistics ? normalizationFlags.globalStatistics : 0) |
    (fuseRelu ? normalizationFlags.relu : 0);

  return {
    memory(dimensions, type, layout) {
      const pointer = new Uint8Array(MEMORY_DESCRIPTOR_BYTES);
      const common = [pointer, dimensions.length, int64s(dimensions), dataTypes[type]] as const;
      if (typeof layout === "string") call.run("dnnl_memory_desc_init_by_tag", "pipii", ...common, layoutTags[layout]);
      else call.run("dnnl_memory_desc_init_by_strides", "pipip", ...common, int64s(layout));
      return { dimensions, type, pointer };
    },
    part: (whole, dimensions, offsets) =>
      whereThereIs(() => {
        const pointer = new Uint8Array(MEMORY_DESCRIPTOR_BYTES);
        const values = [pointer, whole.pointer, int64s(dimensions), int64s(offsets)] as const;
        call.run("dnnl_memory_desc_init_submemory", "pppp", ...values);
        return { dimensions, type: whole.type, pointer };
      }),
    convolution: (what, mode, post) =>
      fastest(what, (algorithm) => {
        const values = [propagation[mode], algorithm, ...withBias(what), ...geometry(what)];
        return make("dilated_convolution_forward", "iipppppppp", values, { attributes: attributes(post) });
      }),
    convolutionBackwardData: (what, hint) =>
      fastest(what, (algorithm) =>
        make("dilated_convolution_backward_data", "ippppppp", [algorithm, ...tensors(what), ...geometry(what)], {
          hint,
        }),
      ),
    convolutionBackwardWeights: (what, hint) =>
      fastest(what, (algorithm) =>
        make("dilated_convolution_backward_weights", "ipppppppp", [algorithm, ...withBias(what), ...geometry(what)], {
          hint,
        }),
      ),
    innerProduct: (what, mode, post) =>
      make("inner_product_forward", "ipppp", [propagation[mode], ...withBias(what)], { attributes: attributes(post) }),
    innerProductBackwardData: (what, hint) => make("inner_product_backward_data", "ppp", tensors(what), { hint }),
    innerProductBackwardWeights: (what, hint) =>
      make("inner_product_backward_weights", "pppp", withBias(what), { hint }),
    pooling: (what, mode) => make("pooling_forward", "iipppppp", [propagation[mode], ...windows(what)]),
    poolingBackward: (what, hint) => make("pooling_backward", "ipppppp", windows(what), { hint }),
    batchNormalization(what, mode) {
      const values = [propagation[mode], what.data.pointer, what.epsilon, flags(what)];
      return make("batch_normalization_forward", "ipfu", values);
    },
    batchNormalizationBackward(what, hint) {
      const data = what.data.pointer;
      const values = [propagation.backward, data, data, what.epsilon, flags(what)];
      return make("batch_normalization_backward", "ippfu", values, { hint });
    },
    batchNormalizationBackwardReadsShift: true,
    layerNormalization({ data, statistics, epsilon }, mode) {
      const values = [propagation[mode], data.pointer, statistics.pointer, epsilon, affine];
      return make("layer_normalization_forward", "ippfu", values);
    },
    layerNormalizationBackward({ data, statistics, epsilon }, hint) {
      const values = [propagation.backward, data.pointer, data.pointer, statistics.pointer, epsilon, affine];
      return make("layer_normalization_backward", "ipppfu", values, { hint });
    },
    elementwise: (what, { pointer }, mode) =>
      make("eltwise_forward", "iipff", [propagation[mode], eltwiseCode(what), pointer, what.alpha, what.beta]),
    elementwiseBackward(what, { pointer }, hint) {
      const values = [eltwiseCode(what), pointer, pointer, what.alpha, what.beta];
      return make("eltwise_backward", "ippff", values, { hint });
    },
    binary(algorithm, first, second, destination, post) {
      const values = [binary[algorithm], first.pointer, second.pointer, destination.pointer];
      return make("binary", "ippp", values, { attributes: attributes(post) });
    },
    mean: (source, destination, post) =>
      make("reduction", "ippff", [REDUCTION_MEAN, source.pointer, destination.pointer, 0, 0], {
        attributes: attributes(post),
      }),
    reorder(from, to) {
      const values = [from.pointer, engine, to.pointer, engine, null] as const;
      return keep(call.create("dnnl_reorder_primitive_desc_create", "ppppp", ...values));
    },
    postOperationArgument: (index) => (POST_OPERATION_BASE * (index + 1)) | 2,
    dispose() {
      for (const descriptor of primitives) destroyPrimitiveDescriptor(descriptor);
      destroy();
      primitives = [];
    },
  };
}
