/** Chooses which of many problems are listed one by one: some of every kind, before more of one. */
import type { Problem } from "./dataset.ts";

/**
 * At most `most` of the problems, in their order: the first of every message, then the second ones, and so on. So hundreds of files that
 * are no images do not hide the class that is left out.
 */
export function someProblems(problems: readonly Problem[], most: number): readonly Problem[] {
  const before = new Map<string, number>();
  const ranked = problems.map((problem, index) => {
    const rank = before.get(problem.message) ?? 0;
    before.set(problem.message, rank + 1);
    return { problem, index, rank };
  });
  return ranked
    .sort((a, b) => a.rank - b.rank || a.index - b.index)
    .slice(0, most)
    .sort((a, b) => a.index - b.index)
    .map(({ problem }) => problem);
}
