/** A network's backward pass as a program, appended to its forward pass. */
import { INPUT } from "../../../network/graph.ts";
import { elements } from "../../../tensor.ts";
import { bytesPerElement } from "../library/constants.ts";
import { inLayer } from "../library/status.ts";
import { sumGradients } from "../lowering/operations/addition.ts";
import type { Value } from "../program/value.ts";
import type { ForwardProgram, Segment } from "./forward-program.ts";

/** Appends the backward pass of one segment; returns the gradient of what it read, where that is wanted. */
function backwardSegment(
  { fusion, wantsGradient }: ForwardProgram,
  { context, from, to, lowered }: Segment,
  outputGradient: Value,
): Value | undefined {
  const source = from === 0 ? INPUT : fusion.resolve(from - 1);
  const pending = new Map<number, Value[]>();
  const receive = (index: number, gradient: Value | undefined) => {
    if (gradient === undefined || !wantsGradient(index)) return;
    const key = index < from ? source : fusion.resolve(index);
    pending.set(key, [...(pending.get(key) ?? []), gradient]);
  };
  receive(to - 1, outputGradient);
  for (let index = to - 1; index >= from; index--) {
    const gradients = pending.get(index);
    if (gradients === undefined) continue;
    const { node, inputs } = fusion.nodes[index]!;
    const operation = lowered[index]!;
    const [first, second, ...more] = gradients as [Value, ...Value[]];
    const results = inLayer(node, () =>
      operation.backwardOfSum && second && more.length === 0
        ? operation.backwardOfSum(first, second)
        : operation.backward(sumGradients(context, node.name, gradients)),
    );
    for (const [position, input] of inputs.entries()) receive(input, results[position]);
  }
  const atSource = pending.get(source);
  return atSource && sumGradients(context, "input", atSource);
}

/** Appends the backward pass; where `inputGradient` is given, that is its last result. */
export function buildBackward(forward: ForwardProgram, logitGradient: Value, inputGradient?: Value): void {
  const { context, rest, parts } = forward;
  const { program, type } = context;
  const store = (gradient: Value | undefined, firstImage: number) => {
    if (gradient === undefined || inputGradient === undefined) return;
    const { dimensions } = gradient.descriptor;
    const plain = program.rowMajor(dimensions, "f32");
    const offset = firstImage * elements(dimensions.slice(1)) * bytesPerElement.f32;
    program.convert("input gradient", gradient, plain, program.view(inputGradient, plain, offset));
  };
  const atRest = backwardSegment(forward, rest, logitGradient);
  if (parts.length === 0) {
    store(atRest, 0);
    return;
  }
  if (atRest === undefined) return;
  const { dimensions } = atRest.descriptor;
  const joined = program.convert("join", atRest, program.rowMajor(dimensions, type));
  const imageBytes = elements(dimensions.slice(1)) * bytesPerElement[type];
  for (const segment of parts) {
    const { from, images } = segment.part;
    const plain = program.rowMajor([images, ...dimensions.slice(1)], type);
    store(backwardSegment(forward, segment, program.view(joined, plain, from * imageBytes)), from);
  }
}
