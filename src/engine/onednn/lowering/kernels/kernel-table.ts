/** All kernels of our own, by the kind of site that they serve: a new one is added here and nowhere else. */
import { amxConvolution } from "./amx-convolution/amx-convolution.ts";
import { amxWeightGradient } from "./amx-weight-gradient.ts";
import { batchNormalizationKernels } from "./batch-normalization/batch-normalization.ts";
import { depthwiseWeightGradient } from "./depthwise-weight-gradient.ts";
import { maxPoolKernels } from "./max-pool.ts";
import { normalizeBytes } from "./normalize-bytes.ts";
import { optimizerKernels } from "./optimizer.ts";
import type { KernelLowering, KernelSites } from "./sites.ts";

/** The first that serves a site does its work. */
const kernels: { readonly [K in keyof KernelSites]: readonly KernelLowering<K>[] } = {
  normalize: [normalizeBytes],
  maxPool: [maxPoolKernels],
  batchNormalization: [batchNormalizationKernels],
  convolution: [amxConvolution],
  weightGradient: [amxWeightGradient, depthwiseWeightGradient],
  optimizer: [optimizerKernels],
};

/** The work of a site by a kernel of ours; undefined where none serves it, so that oneDNN's primitives must. */
export function byKernel<K extends keyof KernelSites>(
  kind: K,
  site: KernelSites[K]["site"],
): KernelSites[K]["result"] | undefined {
  const { runtime } = site.program;
  const runs = { "AVX-512": runtime.kernels !== undefined, AMX: runtime.mapKernels !== undefined };
  const candidates: readonly KernelLowering<K>[] = kernels[kind];
  return candidates.find((kernel) => runs[kernel.needs] && kernel.serves(site))?.lower(site);
}
