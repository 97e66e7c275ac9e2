/** What an operation becomes in ONNX. */
import type { Initializer, OnnxNode } from "./onnx-format.ts";

/** The ONNX nodes that stand for one operation, and the constants that they need besides the parameters. */
export interface Lowered {
  readonly nodes: readonly OnnxNode[];
  /** Name of the tensor with the result. */
  readonly output: string;
  readonly constants?: readonly Initializer[];
}
