/** The grouped bootstrap holds the truth of the main figures in about 95 % of many simulated test sets. */
import { expect, it } from "vitest";
import { Random } from "../random.ts";
import { clusterBootstrap } from "./cluster-bootstrap.ts";
import type { Counts } from "./ranking.ts";

it("holds the mean of lesions with 1 to 6 photographs", () => {
  const random = Random.of(1);
  const runs = 1000;
  let covered = 0;
  for (let run = 0; run < runs; run++) {
    const groups: number[] = [];
    const values: number[] = [];
    for (let lesion = 0; lesion < 80; lesion++) {
      const own = random.normal();
      for (let photograph = random.integer(6); photograph >= 0; photograph--) {
        groups.push(lesion);
        values.push(own + random.normal());
      }
    }
    const statistic = (counts: Counts) => {
      let sum = 0;
      let whole = 0;
      counts.forEach((count, image) => {
        sum += count * values[image]!;
        whole += count;
      });
      return sum / whole;
    };
    const [low, high] = clusterBootstrap({ groups, statistic, replicates: 400, random }).interval!;
    if (low <= 0 && high >= 0) covered += 1;
  }
  // The standard error of a coverage of 95 % in 1,000 runs is 0.7 points.
  expect(covered / runs).toBeGreaterThan(0.925);
  expect(covered / runs).toBeLessThan(0.97);
});
