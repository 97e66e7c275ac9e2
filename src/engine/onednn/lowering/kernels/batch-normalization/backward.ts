/** The backward pass of a batch normalisation by kernels: sums over gradients, a few numbers per channel, and maps that may be put off. */
import { gradientSumsKernel, inputGradientKernel } from "../../../../x64/kernels/batch-normalization.ts";
import { floats, type Value } from "../../../program/value.ts";
import { type DeferredMaps, takeConvolution } from "../amx-convolution/deferred.ts";
import type { BatchNormalizationSite } from "../sites.ts";
import type { ChannelWork } from "./channel-work.ts";

/** From one or two gradients of its output; gives those of its inputs. */
export function addBackward(
  site: BatchNormalizationSite,
  work: ChannelWork,
  output: Value,
  gradients: readonly Value[],
): readonly Value[] {
  const { program, source, shortcut, relu, ownsInput } = site;
  const mask = relu ? (shortcut ? "output" : "input") : "none";
  const { masked, stores } = addGradientSums(site, work, output, gradients, mask);
  addGradientCoefficients(site, work);

  const inputGradient = ownsInput ? source : program.value(source.descriptor);
  const shape = { mask: stores || mask !== "input" ? "none" : "input" } as const;
  const maps = [source, masked];
  const deferred: DeferredMaps = {
    kind: "maps",
    source: { kind: "inputGradient", ...shape },
    coefficients: work.coefficients,
    maps,
    reads: maps,
    emit: () =>
      work.pass("input gradient", inputGradientKernel(work.channels, shape), [inputGradient, source, masked], 1),
  };
  program.defer([inputGradient], deferred);
  return shortcut ? [inputGradient, masked] : [inputGradient];
}

/** Appends the sums over the gradient, by the convolution that makes it where one does; `masked` is the whole gradient. */
function addGradientSums(
  { program, node, source, shortcut, relu }: BatchNormalizationSite,
  work: ChannelWork,
  output: Value,
  gradients: readonly Value[],
  mask: "output" | "input" | "none",
): { readonly masked: Value; readonly stores: boolean } {
  const { channels, coefficients, sums, sumBytes } = work;
  const incoming = gradients.map((gradient) => program.convert(node.name, gradient, source.descriptor));
  const convolved = takeConvolution(program, incoming);
  const [first, second] = convolved ? [convolved.gradient, convolved.other] : [incoming[0]!, incoming[1]];
  const stores = second !== undefined || (relu && shortcut !== undefined);
  const shape = { mask, second: second !== undefined, stores } as const;
  const others = [source, ...(second ? [second] : []), ...(mask === "output" ? [output] : [])];
  if (convolved) {
    // A line that was just read is written without being fetched once more.
    const into = second && program.mayOverwrite(second) ? second : undefined;
    const sink = { kind: "gradientSums", ...shape } as const;
    convolved.convolution.emit({ sink, coefficients, sums, sumBytes, maps: others, into }, convolved.projection);
    work.addSums("convolution");
    return { masked: into ?? first, stores };
  }
  const masked = stores ? program.value(source.descriptor) : first;
  const kernel = gradientSumsKernel(channels, shape);
  work.pass("gradient sums", kernel, [masked, first, ...others], stores ? 1 : 0, { writesSums: true });
  work.addSums("pass");
  return { masked, stores };
}

/** Appends the gradients of scale and shift, and the coefficients of the input's, from the sums. */
function addGradientCoefficients(site: BatchNormalizationSite, work: ChannelWork): void {
  const { program, node, scale, shift, mean, variance } = site;
  const { channels, pixels, coefficients, totals } = work;
  const { epsilon } = node.operation;
  const reads = [totals, mean, variance];
  const writes = [coefficients, scale.gradient!, shift.gradient!];
  program.addCalculation(`${node.name} gradient coefficients`, { reads, writes }, () => {
    const [means, variances, scales] = [floats(mean), floats(variance), work.row("scale")];
    const [scaleGradients, shiftGradients] = [floats(scale.gradient!), floats(shift.gradient!)];
    const [sum, products] = work.totalsOfChannels();
    const [ofGradient, ofInput, constant] = [work.row("ofGradient"), work.row("ofInput"), work.row("constant")];
    return () => {
      for (let channel = 0; channel < channels; channel++) {
        const inverse = 1 / Math.sqrt(variances[channel]! + epsilon);
        shiftGradients[channel] = sum[channel]!;
        scaleGradients[channel] = products[channel]! * inverse;
        // scale (g - mean of g - (x - mean) / deviation * mean of g (x - mean) / deviation)
        const slope = (-scales[channel]! * inverse * inverse * products[channel]!) / pixels;
        ofGradient[channel] = scales[channel]!;
        ofInput[channel] = slope;
        constant[channel] = (-scales[channel]! * sum[channel]!) / pixels - slope * means[channel]!;
      }
    };
  });
}
