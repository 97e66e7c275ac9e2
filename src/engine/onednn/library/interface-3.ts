/** oneDNN's C interface 3.x: primitive descriptors are made in one call, memory descriptors are opaque. */

import type { Pointer } from "../../../foreign/library.ts";
import { attributeMaker, elementwiseCode } from "./attributes.ts";
import { binary, CONVOLUTION_DIRECT, dataTypes, pooling, propagation, REDUCTION_MEAN } from "./constants.ts";
import type { BatchNormalization, Convolution, Descriptors, InnerProduct, Pooling } from "./descriptors.ts";
import type { NativeLibrary } from "./native.ts";
import { beforeAndAfter, bindCalls, int64s, whereThereIs } from "./status.ts";

/** A layout that oneDNN chooses, and blocks of 16 channels (aBcd16b). */
const layoutTags = { any: 1, channelBlocks: 78 } as const;
const eltwise = {
  relu: 32,
  tanh: 33,
  elu: 34,
  sqrt: 37,
  linear: 38,
  softplus: 39,
  exp: 42,
  log: 45,
  sigmoid: 41,
  geluTanh: 43,
  swish: 44,
  clip: 47,
  geluErf: 49,
  hardSwish: 52,
} as const;
const eltwiseCode = elementwiseCode(eltwise);
const normalizationFlags = { globalStatistics: 1, scale: 2, shift: 4, relu: 8 } as const;
const POST_OPERATION_BASE = 32768;
const noDilation = int64s([0, 0]);

/**
 * Descriptors by the interface of oneDNN 3.x, which live until they are destroyed together. It is long because it has an entry for each method of
 * {@link Descriptors}, as C declares the function behind it; what they share are the closures before.
 */
export function descriptors3(library: NativeLibrary, engine: bigint): Descriptors {
  const call = bindCalls(library);
  const destroyPrimitiveDescriptor = library.bind("dnnl_primitive_desc_destroy", "i", "p");
  const destroyMemoryDescriptor = library.bind("dnnl_memory_desc_destroy", "i", "p");
  let primitives: bigint[] = [];
  let memories: bigint[] = [];
  const make = (name: string, parameters: string, ...values: readonly (Pointer | number)[]) => {
    const descriptor = call.create(`dnnl_${name}_primitive_desc_create`, parameters, ...values);
    primitives.push(descriptor);
    return descriptor;
  };
  const { attributes, destroy } = attributeMaker(library, {
    eltwise,
    appendEltwise: (calls, chain, algorithm, scale, shift) =>
      calls.run("dnnl_post_ops_append_eltwise", "piff", chain, algorithm, scale, shift),
    // Zero point 0, the destination's own type.
    appendSum: (calls, chain, scale) => calls.run("dnnl_post_ops_append_sum", "pfii", chain, scale, 0, 0),
  });
  const geometry = ({ stride, dilation, padding }: Convolution) =>
    [int64s(stride), int64s(dilation.map((step) => step - 1)), ...beforeAndAfter(padding)] as const;
  const tensors = ({ source, weights, destination }: InnerProduct) =>
    [source.pointer, weights.pointer, destination.pointer] as const;
  const bias = ({ bias }: InnerProduct) => bias?.pointer ?? null;
  const windows = ({ stride, kernel, padding }: Pooling) =>
    [int64s(stride), int64s(kernel), noDilation, ...beforeAndAfter(padding)] as const;
  const affine = normalizationFlags.scale | normalizationFlags.shift;
  const flags = ({ globalStatistics, fuseRelu, isPlain = false }: BatchNormalization) =>
    (isPlain ? 0 : affine) |
    (globalStatistics ? normalizationFlags.globalStatistics : 0) |
    (fuseRelu ? normalizationFlags.relu : 0);

  return {
    memory(dimensions, type, layout) {
      const dims = int64s(dimensions);
      const common = [dimensions.length, dims, dataTypes[type]] as const;
      const pointer =
        typeof layout === "string"
          ? call.create("dnnl_memory_desc_create_with_tag", "ipii", ...common, layoutTags[layout])
          : call.create("dnnl_memory_desc_create_with_strides", "ipip", ...common, int64s(layout));
      memories.push(pointer);
      return { dimensions, type, pointer };
    },
    part: (whole, dimensions, offsets) =>
      whereThereIs(() => {
        const values = [whole.pointer, int64s(dimensions), int64s(offsets)] as const;
        const pointer = call.create("dnnl_memory_desc_create_submemory", "ppp", ...values);
        memories.push(pointer);
        return { dimensions, type: whole.type, pointer };
      }),
    convolution(what, mode, post) {
      const [source, weights, destination] = tensors(what);
      const operands = [source, weights, bias(what), destination] as const;
      const head = [engine, propagation[mode], CONVOLUTION_DIRECT] as const;
      return make("convolution_forward", "piippppppppp", ...head, ...operands, ...geometry(what), attributes(post));
    },
    convolutionBackwardData: (what, hint) =>
      make(
        "convolution_backward_data",
        "pippppppppp",
        engine,
        CONVOLUTION_DIRECT,
        ...tensors(what),
        ...geometry(what),
        hint,
        null,
      ),
    convolutionBackwardWeights(what, hint) {
      const [source, weights, destination] = tensors(what);
      const operands = [source, weights, bias(what), destination] as const;
      const head = [engine, CONVOLUTION_DIRECT] as const;
      return make("convolution_backward_weights", "pipppppppppp", ...head, ...operands, ...geometry(what), hint, null);
    },
    innerProduct(what, mode, post) {
      const [source, weights, destination] = tensors(what);
      const operands = [source, weights, bias(what), destination] as const;
      return make("inner_product_forward", "pippppp", engine, propagation[mode], ...operands, attributes(post));
    },
    innerProductBackwardData: (what, hint) =>
      make("inner_product_backward_data", "pppppp", engine, ...tensors(what), hint, null),
    innerProductBackwardWeights(what, hint) {
      const [source, weights, destination] = tensors(what);
      const operands = [source, weights, bias(what), destination] as const;
      return make("inner_product_backward_weights", "ppppppp", engine, ...operands, hint, null);
    },
    pooling: (what, mode) =>
      make(
        "pooling_forward",
        "piipppppppp",
        engine,
        propagation[mode],
        pooling[what.algorithm],
        what.source.pointer,
        what.destination.pointer,
        ...windows(what),
        null,
      ),
    poolingBackward: (what, hint) =>
      make(
        "pooling_backward",
        "pippppppppp",
        engine,
        pooling[what.algorithm],
        what.source.pointer,
        what.destination.pointer,
        ...windows(what),
        hint,
        null,
      ),
    batchNormalization(what, mode) {
      const data = what.data.pointer;
      const head = [engine, propagation[mode], data, data] as const;
      return make("batch_normalization_forward", "pippfup", ...head, what.epsilon, flags(what), null);
    },
    batchNormalizationBackward(what, hint) {
      const data = what.data.pointer;
      const head = [engine, propagation.backward, data, data, data] as const;
      return make("batch_normalization_backward", "pipppfupp", ...head, what.epsilon, flags(what), hint, null);
    },
    batchNormalizationBackwardReadsShift: false,
    layerNormalization({ data: { pointer }, statistics, epsilon }, mode) {
      const head = [engine, propagation[mode], pointer, pointer, statistics.pointer] as const;
      return make("layer_normalization_forward", "pipppfup", ...head, epsilon, affine, null);
    },
    layerNormalizationBackward({ data: { pointer }, statistics, epsilon }, hint) {
      const head = [engine, propagation.backward, pointer, pointer, pointer, statistics.pointer] as const;
      return make("layer_normalization_backward", "pippppfupp", ...head, epsilon, affine, hint, null);
    },
    elementwise(what, { pointer }, mode) {
      const head = [engine, propagation[mode], eltwiseCode(what), pointer, pointer] as const;
      return make("eltwise_forward", "piippffp", ...head, what.alpha, what.beta, null);
    },
    elementwiseBackward(what, { pointer }, hint) {
      const head = [engine, eltwiseCode(what), pointer, pointer, pointer] as const;
      return make("eltwise_backward", "pipppffpp", ...head, what.alpha, what.beta, hint, null);
    },
    binary: (algorithm, first, second, destination, post) =>
      make(
        "binary",
        "pipppp",
        engine,
        binary[algorithm],
        first.pointer,
        second.pointer,
        destination.pointer,
        attributes(post),
      ),
    mean: (source, destination, post) =>
      make("reduction", "pippffp", engine, REDUCTION_MEAN, source.pointer, destination.pointer, 0, 0, attributes(post)),
    reorder: (from, to) => make("reorder", "ppppp", from.pointer, engine, to.pointer, engine, null),
    postOperationArgument: (index) => (POST_OPERATION_BASE * (index + 1)) | 2,
    dispose() {
      for (const descriptor of primitives) destroyPrimitiveDescriptor(descriptor);
      for (const descriptor of memories) destroyMemoryDescriptor(descriptor);
      destroy();
      primitives = [];
      memories = [];
    },
  };
}
