/** Conformance cases of harmonic convolutions: all frequencies and some, in groups, frozen, and where the batch runs in parts. */
import { harmonicConv2d } from "../../network/harmonic-conv2d.ts";
import { batchNorm, conv2d, dense, flatten, maxPool, normalize, relu } from "../../network/layer.ts";
import { type ConformanceCase, deep, head, single } from "./conformance-case.ts";

/** In bf16 the weights that are formed are rounded, so that more values pass a rectifier's zero than with weights that bf16 holds. */
export const harmonicCases: readonly ConformanceCase[] = [
  single("harmonic conv2d", [3, 8, 8], [harmonicConv2d(8, 3), ...head()]),
  single("harmonic conv2d of 3 frequencies", [4, 7, 9], [harmonicConv2d(6, 3, { frequencies: 3 }), ...head()]),
  single("harmonic conv2d of means", [4, 7, 9], [harmonicConv2d(6, 3, { frequencies: 1 }), ...head()]),
  single(
    "harmonic conv2d, oblong, stride 2",
    [3, 9, 8],
    [harmonicConv2d(5, [5, 3], { frequencies: 4, stride: 2, bias: false }), ...head()],
  ),
  single("harmonic conv2d in groups", [6, 6, 5], [harmonicConv2d(9, 3, { groups: 3, frequencies: 3 }), ...head()]),
  single("harmonic conv2d, depthwise", [16, 6, 6], [harmonicConv2d(16, 3, { groups: 16 }), ...head()]),
  single("harmonic conv2d, 17 to 33 channels", [17, 6, 6], [harmonicConv2d(33, 3, { frequencies: 4 }), ...head()]),
  deep(
    "harmonic conv2d, batchNorm and relu",
    [16, 8, 8],
    [
      harmonicConv2d(32, 3, { bias: false, frequencies: 3 }),
      batchNorm(),
      relu(),
      harmonicConv2d(16, 3),
      relu(),
      ...head(),
    ],
    { bf16GradientError: 0.1 },
  ),
  deep(
    "frozen harmonic conv2d before another",
    [3, 8, 8],
    [harmonicConv2d(6, 3), relu(), harmonicConv2d(8, 3, { frequencies: 2 }), relu(), ...head()],
    { frozen: 2, bf16GradientError: 0.1 },
  ),
  deep(
    "uint8 notebook of harmonic convolutions",
    [3, 20, 20],
    [
      normalize(),
      ...[4, 8].flatMap((filters) => [harmonicConv2d(filters, 3, { frequencies: 3 }), relu(), maxPool(2)]),
      conv2d(12, 3),
      flatten(),
      dense(9),
    ],
    { bf16GradientError: 0.1 },
  ),
];
