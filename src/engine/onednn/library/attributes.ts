/** Primitive attributes: the post-operations, written through either C interface. */

import type { NativeFunction, Pointer } from "../../../foreign/library.ts";
import { binary, type ElementwiseAlgorithm, elementwiseFromDestination } from "./constants.ts";
import type { Elementwise, MemoryDescriptor, PostOperation } from "./descriptors.ts";
import type { NativeLibrary } from "./native.ts";
import { bindCalls, type Calls } from "./status.ts";

/** How the versions differ: the numbers of the elementwise algorithms and two argument lists. */
export interface AttributeDialect {
  readonly eltwise: { readonly [A in ElementwiseAlgorithm]: number };
  readonly appendEltwise: (call: Calls, chain: bigint, algorithm: number, scale: number, shift: number) => void;
  readonly appendSum: (call: Calls, chain: bigint, scale: number) => void;
}

/** The code of a function for its own primitives, from a version's codes of all algorithms. */
export const elementwiseCode =
  (codes: AttributeDialect["eltwise"]) =>
  ({ algorithm, gradientFrom }: Elementwise): number =>
    gradientFrom === "destination" && isFromDestination(algorithm)
      ? elementwiseFromDestination[algorithm]
      : codes[algorithm];

const isFromDestination = (algorithm: ElementwiseAlgorithm): algorithm is keyof typeof elementwiseFromDestination =>
  algorithm in elementwiseFromDestination;

/** Makes attributes for a list of post-operations; null where there are none. `destroy` frees those made so far. */
export function attributeMaker(library: NativeLibrary, dialect: AttributeDialect) {
  const call = bindCalls(library);
  const destroyAttributes: NativeFunction = library.bind("dnnl_primitive_attr_destroy", "i", "p");
  const destroyChain: NativeFunction = library.bind("dnnl_post_ops_destroy", "i", "p");
  let made: bigint[] = [];

  const append: {
    readonly [K in PostOperation["kind"]]: (chain: bigint, post: Extract<PostOperation, { kind: K }>) => void;
  } = {
    relu: (chain) => dialect.appendEltwise(call, chain, dialect.eltwise.relu, 0, 0),
    elementwise: (chain, { algorithm, alpha, beta }) =>
      dialect.appendEltwise(call, chain, dialect.eltwise[algorithm], alpha, beta),
    sqrt: (chain) => dialect.appendEltwise(call, chain, dialect.eltwise.sqrt, 0, 0),
    linear: (chain, { scale, shift }) => dialect.appendEltwise(call, chain, dialect.eltwise.linear, scale, shift),
    sum: (chain, { scale }) => dialect.appendSum(call, chain, scale),
    binary: (chain, { algorithm, operand }: { algorithm: keyof typeof binary; operand: MemoryDescriptor }) =>
      call.run("dnnl_post_ops_append_binary", "pip", chain, binary[algorithm], operand.pointer),
  };

  return {
    attributes(posts: readonly PostOperation[]): Pointer {
      if (posts.length === 0) return null;
      const chain = call.create("dnnl_post_ops_create", "");
      for (const post of posts) (append[post.kind] as (chain: bigint, post: PostOperation) => void)(chain, post);
      const attributes = call.create("dnnl_primitive_attr_create", "");
      made.push(attributes);
      call.run("dnnl_primitive_attr_set_post_ops", "pp", attributes, chain);
      destroyChain(chain);
      return attributes;
    },
    destroy(): void {
      for (const attributes of made) destroyAttributes(attributes);
      made = [];
    },
  };
}
