/** The numbers of oneDNN's C interface that are the same in versions 2 and 3. */

/** Types of the numbers in tensors, with oneDNN's codes. */
export const dataTypes = { bf16: 2, f32: 3, u8: 6 } as const;
/** The name of a type of numbers. */
export type DataType = keyof typeof dataTypes;
/** The size of a number of each type. */
export const bytesPerElement: { readonly [T in DataType]: number } = { bf16: 2, f32: 4, u8: 1 };

/** oneDNN's codes of what a primitive is for: a forward pass with or without a later backward pass, or that. */
export const propagation = { training: 64, inference: 96, backward: 128 } as const;

/** oneDNN's code of the convolution algorithm that works on the maps as they are. */
export const CONVOLUTION_DIRECT = 1;
/** oneDNN's codes of pooling algorithms; the average is over the values of the map alone, or with zeros for the padding. */
export const pooling = { max: 511, averageIncludePadding: 767, averageExcludePadding: 1023 } as const;
/** What a pooling computes of its windows. */
export type PoolingAlgorithm = keyof typeof pooling;
/** oneDNN's code of the reduction to a mean. */
export const REDUCTION_MEAN = 0x2fff6;
/** oneDNN's codes of operations on two tensors. */
export const binary = { add: 131056, multiply: 131057, divide: 131060 } as const;
/** oneDNN's codes of functions whose gradient is computed from their result, so that their input need not be kept. */
export const elementwiseFromDestination = { relu: 256, tanh: 257, elu: 258, sigmoid: 260, clip: 262 } as const;
/** A function of one tensor, element by element. */
export type ElementwiseAlgorithm =
  | keyof typeof elementwiseFromDestination
  | "sqrt"
  | "exp"
  | "log"
  | "linear"
  | "swish"
  | "geluErf"
  | "geluTanh"
  | "hardSwish"
  | "softplus";
/** An operation on two tensors, element by element. */
export type BinaryAlgorithm = keyof typeof binary;

/** Argument indices of a primitive. */
export const argument = {
  source: 1,
  source1: 2,
  destination: 17,
  weights: 33,
  bias: 41,
  mean: 49,
  variance: 50,
  scale: 51,
  shift: 52,
  workspace: 64,
  diffSource: 129,
  diffDestination: 145,
  diffWeights: 161,
  diffBias: 169,
  diffScale: 255,
  diffShift: 256,
} as const;

/** What a primitive descriptor can be asked for. */
export const query = {
  implementation: 8,
  source: 129,
  diffSource: 130,
  weights: 131,
  diffWeights: 132,
  destination: 133,
  diffDestination: 134,
  workspace: 135,
} as const;
/** A tensor that a primitive descriptor can be asked about. */
export type DescriptorQuery = Exclude<keyof typeof query, "implementation">;

/** Instruction sets by the number that `dnnl_get_effective_cpu_isa` gives, newest last; 2.x and 3.x agree on these. */
export const instructionSets: readonly (readonly [code: number, name: string])[] = [
  [0x1, "SSE4.1"],
  [0x3, "AVX"],
  [0x7, "AVX2"],
  [0x27, "AVX-512"],
  [0x67, "AVX-512 VNNI"],
  [0xe7, "AVX-512 BF16"],
  [0x1ef, "AVX-512 FP16"],
  [0x3e7, "AMX"],
  [0xfef, "AMX"],
  [0x1fef, "AMX FP16"],
];
