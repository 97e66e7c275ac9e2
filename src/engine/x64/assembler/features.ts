/** Features of x86-64 processors beyond those that all of them have, by the names that Linux gives them in /proc/cpuinfo. */

/** The features that instructions of the table need. */
export const features = [
  "3dnowprefetch",
  "avx",
  "avx512f",
  "avx512bw",
  "avx512vl",
  "avx512_bf16",
  "amx_tile",
  "amx_bf16",
] as const;
/** The name of a feature. */
export type Feature = (typeof features)[number];

/** The features in the text of /proc/cpuinfo; those of its first processor, as all have the same. */
export function featuresOf(cpuinfo: string): ReadonlySet<Feature> {
  const flags = new Set(/^flags\s*:(.*)$/m.exec(cpuinfo)?.[1]?.trim().split(/\s+/) ?? []);
  return new Set(features.filter((feature) => flags.has(feature)));
}

/** Those that are needed and not there, in the order of {@link features}. */
export const missingFeatures = (needed: ReadonlySet<Feature>, present: ReadonlySet<Feature>): readonly Feature[] =>
  features.filter((feature) => needed.has(feature) && !present.has(feature));
