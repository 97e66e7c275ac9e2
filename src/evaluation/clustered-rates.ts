/** Rates with both of their intervals: Wilson's, and the bootstrap's that knows which images belong together. */
import type { Estimates } from "./cluster-bootstrap.ts";
import type { DiagnosticRates } from "./diagnostic-rates.ts";
import type { Rates } from "./main-figures.ts";
import type { Interval, Proportion } from "./proportion.ts";

export interface ClusteredProportion extends Proportion {
  /** The grouped bootstrap's 95 % interval; for a handful of images, or a rate of 0 or 1, Wilson's is the one to trust. */
  readonly clusteredInterval: Interval | null;
}

export type ClusteredRates = { readonly [Name in keyof DiagnosticRates]: ClusteredProportion };

/** Joins the rates of images with the bootstrap's estimates of the same rates. */
export function clusteredRates(rates: DiagnosticRates, estimates: Estimates<Rates>): ClusteredRates {
  const join = (name: keyof DiagnosticRates): ClusteredProportion => ({
    ...rates[name],
    clusteredInterval: estimates[name].interval,
  });
  return {
    sensitivity: join("sensitivity"),
    specificity: join("specificity"),
    ppv: join("ppv"),
    npv: join("npv"),
  };
}
