/** The forward pass of a batch normalisation by kernels: sums, a few numbers per channel, and maps that may be put off. */
import { normalizeKernel, statisticsKernel } from "../../../../x64/kernels/batch-normalization.ts";
import type { Program } from "../../../program/program.ts";
import { floats, type Value } from "../../../program/value.ts";
import type { DeferredConvolution, DeferredMaps } from "../amx-convolution/deferred.ts";
import type { BatchNormalizationSite } from "../sites.ts";
import { type ChannelWork, rowOf } from "./channel-work.ts";

/** `site.shortcut` has the layout of `site.source`. Returns where the result will be. */
export function addForward(site: BatchNormalizationSite, work: ChannelWork): Value {
  const { program, source, shortcut, runningMean, ownsShortcut, relu } = site;
  const { channels, coefficients, sums, sumBytes } = work;
  const scaled = shortcut && ownsShortcut ? takeNormalization(program, shortcut) : undefined;
  const convolution = program.takeDeferred<DeferredConvolution>(source, "convolution");
  if (convolution) {
    convolution.emit({ sink: { kind: "statistics" }, coefficients: runningMean, sums, sumBytes, maps: [] });
  } else work.pass("statistics", statisticsKernel(channels), [source], 0, { rows: runningMean, writesSums: true });
  work.addSums(convolution ? "convolution" : "pass");
  addCoefficients(site, work, scaled?.coefficients);

  const output = program.value(source.descriptor);
  const shape = { relu, shortcut: scaled ? "scaled" : shortcut !== undefined } as const;
  const addend = scaled ? scaled.maps[0]! : shortcut;
  const operands = addend ? [source, addend] : [source];
  const normalized: DeferredMaps = {
    kind: "maps",
    source: { kind: "normalize", ...shape },
    coefficients,
    maps: operands,
    reads: operands,
    emit: () => work.pass("normalize", normalizeKernel(channels, shape), [output, ...operands], 1),
  };
  program.defer([output], normalized);
  return output;
}

/** Appends statistics and coefficients from the sums; `ofShortcut` are those of a shortcut that is normalised on the way. */
function addCoefficients(site: BatchNormalizationSite, work: ChannelWork, ofShortcut: Value | undefined): void {
  const { program, node, scale, shift, mean, variance, runningMean } = site;
  const { channels, pixels, coefficients, totals } = work;
  const { epsilon } = node.operation;
  const reads = [totals, scale.value, shift.value, ...(ofShortcut ? [ofShortcut] : [])];
  const writes = [coefficients, mean, variance];
  program.addCalculation(`${node.name} coefficients`, { reads, writes }, () => {
    const [means, variances, pivots] = [floats(mean), floats(variance), floats(runningMean)];
    const [weights, biases] = [floats(scale.value), floats(shift.value)];
    const [scales, shifts, meanRow, shortcutScales] = [
      work.row("scale"),
      work.row("shift"),
      work.row("mean"),
      work.row("shortcutScale"),
    ];
    const further = ofShortcut && {
      scales: rowOf(ofShortcut, "scale", channels),
      shifts: rowOf(ofShortcut, "shift", channels),
    };
    const [sum, squares] = work.totalsOfChannels();
    return () => {
      for (let channel = 0; channel < channels; channel++) {
        const offset = sum[channel]! / pixels;
        means[channel] = pivots[channel]! + offset;
        variances[channel] = Math.max(0, squares[channel]! / pixels - offset * offset);
        scales[channel] = weights[channel]! / Math.sqrt(variances[channel]! + epsilon);
        shifts[channel] = biases[channel]! - means[channel]! * scales[channel]!;
      }
      meanRow.set(means);
      if (further === undefined) return;
      shortcutScales.set(further.scales);
      for (let channel = 0; channel < channels; channel++) shifts[channel]! += further.shifts[channel]!;
    };
  });
}

/** A shortcut that is nothing but a normalisation which was put off: the caller's to do now. */
function takeNormalization(program: Program, shortcut: Value): DeferredMaps | undefined {
  const deferred = program.takeDeferred<DeferredMaps>(shortcut, "maps");
  if (deferred === undefined) return undefined;
  const { source } = deferred;
  if (source.kind === "normalize" && !source.relu && !source.shortcut) return deferred;
  deferred.emit();
  return undefined;
}
