/** Dunnett's critical values beside the published tables, and Student's where there is one comparison. */
import { describe, expect, it } from "vitest";
import { dunnettCriticalValue } from "./dunnett.ts";

describe("Dunnett's critical value", () => {
  it.each([
    // Dunnett 1964, two-sided, 95 %.
    [0.95, 2, 5, 3.03],
    [0.95, 6, 5, 3.73],
    [0.95, 6, 10, 3.07],
    [0.95, 9, 20, 2.95],
    // Student's, two-sided.
    [0.95, 1, 1, 12.706],
    [0.95, 1, 4, 2.776],
    [0.99, 1, 24, 2.797],
    [0.95, 1, 1000, 1.962],
  ])(
    "at %f of %i comparisons with %i degrees of freedom is that of the tables",
    (level, comparisons, freedom, value) => {
      expect(Math.abs(dunnettCriticalValue(level, comparisons, freedom) / value - 1)).toBeLessThan(0.004);
    },
  );

  it("is infinite without a degree of freedom, and refuses what is no level", () => {
    expect(dunnettCriticalValue(0.95, 3, 0)).toBe(Number.POSITIVE_INFINITY);
    expect(() => dunnettCriticalValue(1, 3, 4)).toThrow(/a level between 0 and 1/);
    expect(() => dunnettCriticalValue(0.95, 0, 4)).toThrow(/at least one comparison/);
  });
});
