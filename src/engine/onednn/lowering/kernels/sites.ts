/** The sites of a plan that kernels of our own may take over from oneDNN: what a kernel has to know there, and what it gives. */
import type { GraphNode } from "../../../../network/graph.ts";
import type { BatchNorm, HeightWidth, ResolvedMaxPool, Sides } from "../../../../network/layer.ts";
import type { Optimizer } from "../../../optimizer.ts";
import type { MemoryDescriptor } from "../../library/descriptors.ts";
import type { Parameter } from "../../program/parameter-store.ts";
import type { Program } from "../../program/program.ts";
import type { Value } from "../../program/value.ts";
import type { Lowered, LoweringContext, NodeContext } from "../lowering-rule.ts";
import type { FlatArrays, OptimizerUpdate } from "../optimizer/optimizer-update.ts";
import type { WeightGradient } from "../weight-gradient.ts";

type Context = Pick<LoweringContext, "program" | "batch" | "mode" | "type">;

/** input * scale + shift, a number of each per channel. */
export interface NormalizeSite extends Context {
  readonly name: string;
  readonly input: Value;
  readonly scale: readonly number[];
  readonly shift: readonly number[];
}

/** A max pooling and the maps that it reads. */
export interface MaxPoolSite extends Context {
  readonly node: GraphNode<ResolvedMaxPool>;
  readonly source: Value;
  /** The gradient is also masked by the rectifier before the pooling. */
  readonly maskGradient: boolean;
}

/** A batch normalisation, with the sum and the rectifier that follow it. */
export interface BatchNormalizationSite extends Context, Pick<NodeContext, "relu" | "ownsInput" | "ownsShortcut"> {
  readonly node: GraphNode<BatchNorm>;
  readonly scale: Parameter;
  readonly shift: Parameter;
  /** Of the batch in training where the node is not frozen, else the running ones. */
  readonly mean: Value;
  readonly variance: Value;
  readonly runningMean: Value;
  readonly source: Value;
  /** What is added to its result. */
  readonly shortcut: Value | undefined;
}

/** Which of oneDNN's primitives would compute a layer with a matrix of weights. */
export type WeightedKind = "convolution" | "innerProduct";

/** Dimensions as oneDNN has them. */
export interface ConvolutionSite extends Context, Pick<NodeContext, "relu" | "isOutput"> {
  readonly name: string;
  readonly kind: WeightedKind;
  readonly input: readonly number[];
  readonly weights: readonly number[];
  readonly stride: HeightWidth;
  readonly padding: Sides;
  readonly dilation: HeightWidth;
  readonly hasBias: boolean;
  readonly weight: Parameter;
}

/** Both directions of a convolution whose instructions are put off. */
export interface PutOffConvolution {
  /** The result, channels last; its instructions are put off so that a normalisation can join them. */
  forward(input: Value): Value;
  /** The gradient of the input, likewise. `then` adds what shall follow it. */
  backwardData(gradient: Value, then: () => void): Value;
}

/** The maps as the forward pass has them. */
export interface WeightGradientSite {
  readonly program: Program;
  readonly name: string;
  readonly kind: WeightedKind;
  readonly source: MemoryDescriptor;
  readonly weights: readonly number[];
  readonly destination: MemoryDescriptor;
  readonly bias: MemoryDescriptor | undefined;
  readonly stride: HeightWidth;
  readonly padding: Sides;
  readonly dilation: HeightWidth;
  /** What oneDNN would compute it by. */
  implementation(): string;
}

/** An optimizer and the flat arrays that it updates. */
export interface OptimizerSite {
  readonly program: Program;
  readonly optimizer: Optimizer;
  readonly arrays: FlatArrays;
}

/** Each kind of site with what a kernel gives there. */
export interface KernelSites {
  readonly normalize: { readonly site: NormalizeSite; readonly result: Value };
  readonly maxPool: { readonly site: MaxPoolSite; readonly result: Lowered };
  readonly batchNormalization: { readonly site: BatchNormalizationSite; readonly result: Lowered };
  readonly convolution: { readonly site: ConvolutionSite; readonly result: PutOffConvolution };
  readonly weightGradient: { readonly site: WeightGradientSite; readonly result: WeightGradient };
  readonly optimizer: { readonly site: OptimizerSite; readonly result: OptimizerUpdate };
}

/** A kernel of ours as lowering sees it. */
export interface KernelLowering<K extends keyof KernelSites> {
  /** Kernels for maps need AMX to pay, as they work on channels-last maps, the layout of its convolutions. */
  readonly needs: "AVX-512" | "AMX";
  /** Whether it can do the work of a site, on a processor that has what it needs. */
  serves(site: KernelSites[K]["site"]): boolean;
  /** Appends its instructions to the program; only where it serves the site. */
  lower(site: KernelSites[K]["site"]): KernelSites[K]["result"];
}
