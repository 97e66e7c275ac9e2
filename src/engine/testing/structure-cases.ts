/** Conformance cases of layers that join or scale what others compute, and of normalisations. */
import {
  averagePool,
  batchNorm,
  concatenate,
  conv2d,
  dense,
  dropout,
  flatten,
  gate,
  globalAveragePool,
  maxPool,
  normalize,
  relu,
  residual,
  sigmoid,
} from "../../network/layer.ts";
import { groupNorm, layerNorm, layerScale } from "../../network/normalization.ts";
import { type ConformanceCase, convNorm, deep, head, single } from "./conformance-case.ts";

const concatenations: readonly ConformanceCase[] = [
  single(
    "concatenation of whole blocks of channels",
    [3, 6, 7],
    [concatenate([[conv2d(16, 3)], [conv2d(32, 1)]]), ...head()],
  ),
  single(
    "concatenation whose last branch ends within a block",
    [3, 5, 6],
    [concatenate([[conv2d(32, 3)], [conv2d(5, 1)]]), conv2d(16, 3), ...head()],
  ),
  single(
    "concatenation of odd counts",
    [3, 5, 6],
    [concatenate([[conv2d(5, 3)], [conv2d(7, 1)], [maxPool(3, { stride: 1, padding: 1 })]]), ...head()],
  ),
  single("concatenation with the input", [16, 5, 4], [concatenate([[], [conv2d(16, 3)]]), conv2d(16, 1), ...head()]),
  single("concatenation of the input with itself", [3, 4, 4], [concatenate([[], []]), ...head()]),
  single("concatenation of one branch", [3, 4, 4], [concatenate([[conv2d(4, 3)]]), ...head()]),
  single(
    "concatenation of vectors",
    [1, 1, 12],
    [flatten(), concatenate([[dense(7), sigmoid()], [], [dense(3)]]), dense(4)],
  ),
  single(
    "concatenation of two poolings of the same maps",
    [6, 4, 5],
    [concatenate([[globalAveragePool()], [maxPool([4, 5]), flatten()]]), dense(4)],
  ),
  single(
    "concatenation of flattened maps",
    [5, 3, 4],
    [
      concatenate([
        [conv2d(3, 3), flatten()],
        [averagePool(2, { stride: [1, 2] }), flatten()],
      ]),
      dense(4),
    ],
  ),
  single(
    "concatenation of vectors as logits",
    [3, 4, 4],
    [concatenate([[globalAveragePool()], [flatten(), dense(3)]])],
  ),
  single(
    "concatenation in a concatenation",
    [3, 5, 5],
    [concatenate([[concatenate([[conv2d(4, 3)], []]), conv2d(9, 1)], [conv2d(4, 1)]]), ...head()],
  ),
  single(
    "concatenation in a residual layer and a gate",
    [4, 5, 5],
    [
      residual([concatenate([[conv2d(3, 3)], [conv2d(1, 1)]])]),
      gate([globalAveragePool(), concatenate([[dense(3)], [dense(1)]]), sigmoid()]),
      ...head(),
    ],
  ),
  single(
    "concatenation with dropout and stochastic depth",
    [4, 5, 5],
    [concatenate([[dropout(0.3)], [residual([conv2d(4, 3)], [], { stochasticDepth: 0.4 })]]), ...head()],
    { batch: 8, options: { seed: 3 } },
  ),
  single(
    "concatenation of bytes",
    [3, 6, 6],
    [normalize([0.5, 0.4, 0.6], [0.2, 0.25, 0.3]), concatenate([[], [conv2d(5, 3)]]), ...head()],
  ),
  single("concatenation, batch 1", [16, 5, 5], [concatenate([[conv2d(16, 3)], []]), relu(), ...head()], { batch: 1 }),
  deep(
    "two layers of a dense block",
    [3, 8, 8],
    [
      ...convNorm(32, 3),
      relu(),
      concatenate([[], [...convNorm(32, 1), relu(), conv2d(16, 3, { bias: false })]]),
      concatenate([
        [],
        [batchNorm(), relu(), conv2d(32, 1, { bias: false }), batchNorm(), relu(), conv2d(16, 3, { bias: false })],
      ]),
      batchNorm(),
      relu(),
      conv2d(32, 1),
      averagePool(2),
      globalAveragePool(),
      dense(5),
    ],
    { bf16GradientError: 0.1 },
  ),
  deep(
    "an Inception block",
    [3, 8, 8],
    [
      normalize([0.5, 0.5, 0.5], [0.25, 0.25, 0.25]),
      ...convNorm(12, 3),
      relu(),
      concatenate([
        [...convNorm(6, 1), relu()],
        [...convNorm(4, 1), relu(), ...convNorm(8, 3), relu()],
        [...convNorm(2, 1), relu(), ...convNorm(3, 5), relu()],
        [maxPool(3, { stride: 1, padding: 1 }), ...convNorm(4, 1), relu()],
      ]),
      maxPool(2),
      globalAveragePool(),
      dense(5),
    ],
    { bf16GradientError: 0.1 },
  ),
  deep(
    "frozen concatenation before the same",
    [3, 6, 6],
    [
      concatenate([[...convNorm(16, 3), relu()], [conv2d(4, 1)]]),
      concatenate([[...convNorm(16, 3), relu()], []]),
      ...head(),
    ],
    { frozen: 1 },
  ),
];

const normalizations: readonly ConformanceCase[] = [
  single("batchNorm of vectors", [1, 1, 12], [flatten(), dense(20), batchNorm({ momentum: 0.3 }), dense(4)], {
    batch: 6,
  }),
  single("batchNorm of means", [17, 3, 4], [globalAveragePool(), batchNorm(), dense(4)], { batch: 5 }),
  single("batchNorm of flattened maps", [5, 3, 4], [flatten(), batchNorm({ epsilon: 1e-3 }), dense(4)], { batch: 5 }),
  single("batchNorm of vectors as logits", [1, 1, 12], [flatten(), dense(5), batchNorm()], { batch: 5 }),
  deep(
    "batchNorm of vectors and relu, in a residual layer and a gate",
    [4, 5, 5],
    [
      gate([globalAveragePool(), dense(4), batchNorm(), sigmoid()]),
      globalAveragePool(),
      dense(16),
      batchNorm(),
      relu(),
      residual([dense(16), batchNorm()]),
      relu(),
      residual([batchNorm()], [dense(16)]),
      dense(5),
    ],
    { batch: 8, bf16GradientError: 0.1 },
  ),
  deep(
    "frozen batchNorm of vectors",
    [1, 1, 12],
    [flatten(), dense(9), batchNorm(), relu(), dense(8), batchNorm(), dense(4)],
    {
      frozen: 4,
      batch: 6,
      bf16GradientError: 0.1,
    },
  ),
  single("layerNorm", [5, 4, 3], [layerNorm(), ...head()]),
  single(
    "layerNorm of whole blocks of channels",
    [3, 5, 4],
    [conv2d(32, 3), layerNorm({ epsilon: 1e-3 }), conv2d(16, 1), ...head()],
  ),
  single("layerNorm of vectors", [1, 1, 12], [flatten(), dense(20), layerNorm(), dense(4)]),
  single("layerNorm of flattened maps", [5, 3, 4], [flatten(), layerNorm(), dense(4)]),
  single("layerNorm of means, batch 1", [16, 3, 4], [globalAveragePool(), layerNorm(), dense(4)], { batch: 1 }),
  single("layerNorm as logits", [5, 1, 1], [flatten(), layerNorm()]),
  single("groupNorm", [6, 4, 5], [groupNorm(3), ...head()]),
  single("groupNorm of one group", [5, 4, 3], [groupNorm(1, { epsilon: 1e-3 }), ...head()]),
  single("groupNorm of single channels, batch 1", [5, 4, 3], [groupNorm(5), ...head()], { batch: 1 }),
  single("groupNorm of whole blocks of channels", [3, 5, 4], [conv2d(32, 3), groupNorm(2), conv2d(16, 1), ...head()]),
  single("groupNorm of vectors", [1, 1, 12], [flatten(), dense(20), groupNorm(4), dense(4)]),
  single("groupNorm of means", [16, 3, 4], [globalAveragePool(), groupNorm(2), dense(4)]),
  single("groupNorm of flattened maps", [4, 3, 4], [flatten(), groupNorm(6), dense(4)]),
  single("layerScale", [5, 4, 3], [layerScale(), ...head()]),
  single(
    "layerScale of whole blocks of channels, twice",
    [16, 4, 3],
    [layerScale(), conv2d(32, 1), layerScale(), ...head()],
  ),
  single("layerScale of vectors", [1, 1, 12], [flatten(), layerScale(), dense(4), layerScale()]),
  deep(
    "a block of ConvNeXt",
    [3, 8, 8],
    [
      conv2d(16, 2, { stride: 2, padding: 0 }),
      layerNorm(),
      residual([conv2d(16, 7, { groups: 16 }), layerNorm(), conv2d(32, 1), relu(), conv2d(16, 1), layerScale()], [], {
        stochasticDepth: 0.2,
      }),
      globalAveragePool(),
      layerNorm(),
      dense(5),
    ],
    { batch: 6, options: { seed: 5 }, bf16GradientError: 0.1 },
  ),
  deep(
    "a residual block with groupNorm",
    [8, 6, 6],
    [
      residual(
        [conv2d(16, 3, { stride: 2 }), groupNorm(4), relu(), conv2d(16, 3), groupNorm(4)],
        [conv2d(16, 1, { stride: 2 }), groupNorm(4)],
      ),
      relu(),
      globalAveragePool(),
      dense(5),
    ],
    { bf16GradientError: 0.1 },
  ),
  deep(
    "frozen normalisations before the same",
    [4, 5, 5],
    [
      conv2d(16, 3),
      layerNorm(),
      groupNorm(2),
      layerScale(),
      relu(),
      conv2d(16, 3),
      layerNorm(),
      groupNorm(2),
      layerScale(),
      relu(),
      ...head(),
    ],
    { frozen: 5, bf16GradientError: 0.1 },
  ),
  single("frozen batchNorm of vectors, batch 1", [1, 1, 12], [flatten(), batchNorm(), dense(4)], {
    frozen: 2,
    batch: 1,
  }),
];

/** The mean over the channels at each place. */
const channelMean = (channels: number) => [conv2d(channels, 1), sigmoid(), conv2d(1, 1)];

const gates: readonly ConformanceCase[] = [
  single("gate of places", [5, 4, 3], [gate([conv2d(1, 3), sigmoid()]), ...head()]),
  single(
    "gate of places of whole blocks of channels",
    [3, 5, 4],
    [conv2d(32, 3), gate([conv2d(1, 3), sigmoid()]), conv2d(16, 1), ...head()],
  ),
  single("gate of places, batch 1", [16, 4, 3], [gate(channelMean(4)), ...head()], { batch: 1 }),
  single("gate of values", [5, 4, 3], [gate([conv2d(5, 3), sigmoid()]), ...head()]),
  single("gate of nothing on maps: the square", [16, 4, 3], [conv2d(16, 1), gate([]), ...head()]),
  single(
    "gate of channels as maps of one pixel",
    [6, 4, 3],
    [gate([averagePool([4, 3]), conv2d(6, 1), sigmoid()]), ...head()],
  ),
  single("gate of places of one channel", [1, 4, 3], [gate([conv2d(1, 3)]), ...head()]),
  deep(
    "channel and spatial attention in a residual layer",
    [3, 8, 8],
    [
      ...convNorm(16, 3),
      relu(),
      residual([
        conv2d(16, 3),
        gate([globalAveragePool(), dense(4), relu(), dense(16), sigmoid()]),
        gate([concatenate([channelMean(4), [conv2d(1, 1)]]), conv2d(1, 7), sigmoid()]),
      ]),
      relu(),
      globalAveragePool(),
      dense(5),
    ],
    { bf16GradientError: 0.1 },
  ),
  single(
    "dropout of channels",
    [20, 5, 4],
    [dropout(0.4, { per: "channel" }), conv2d(6, 3), dropout(0.3, { per: "channel" }), ...head()],
    {
      batch: 4,
      options: { seed: 7 },
    },
  ),
  single("dropout of channels of vectors", [1, 1, 30], [flatten(), dropout(0.4, { per: "channel" }), dense(4)], {
    options: { seed: 7 },
  }),
  single(
    "dropout of channels of flattened maps and of means",
    [6, 3, 4],
    [
      concatenate([
        [flatten(), dropout(0.4, { per: "channel" })],
        [globalAveragePool(), dropout(0.4, { per: "channel" })],
      ]),
      dense(4),
    ],
    { options: { seed: 7 } },
  ),
  single("frozen dropout of channels", [4, 4, 3], [dropout(0.4, { per: "channel" }), conv2d(6, 3), ...head()], {
    frozen: 1,
  }),
];

/** The cases of this file. */
export const structureCases: readonly ConformanceCase[] = [...concatenations, ...normalizations, ...gates];
