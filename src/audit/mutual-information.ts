/** How much two ways to divide the same things agree, beyond what chance gives. */

/** Logarithms of factorials, up to `count`. */
function logFactorials(count: number): Float64Array {
  const result = new Float64Array(count + 1);
  for (let i = 2; i <= count; i++) result[i] = result[i - 1]! + Math.log(i);
  return result;
}

const entropy = (counts: readonly number[], total: number): number =>
  counts.reduce((sum, count) => (count > 0 ? sum - (count / total) * Math.log(count / total) : sum), 0);

/**
 * Adjusted mutual information of two labellings (Vinh, Epps and Bailey 2010, with the arithmetic mean of the entropies): 1 where they
 * are the same division, 0 where they agree as by chance.
 */
export function adjustedMutualInformation(a: readonly number[], b: readonly number[]): number {
  const total = a.length;
  const [sizeA, sizeB] = [1 + Math.max(...new Set(a)), 1 + Math.max(...new Set(b))];
  const table = Array.from({ length: sizeA }, () => new Array<number>(sizeB).fill(0));
  for (let i = 0; i < total; i++) table[a[i]!]![b[i]!]!++;
  const rows = table.map((row) => row.reduce((sum, value) => sum + value, 0));
  const columns = Array.from({ length: sizeB }, (_, j) => table.reduce((sum, row) => sum + row[j]!, 0));
  const [entropyA, entropyB] = [entropy(rows, total), entropy(columns, total)];
  if (entropyA === 0 && entropyB === 0) return 1;
  let information = 0;
  let expected = 0;
  const logs = logFactorials(total);
  rows.forEach((row, i) => {
    columns.forEach((column, j) => {
      const both = table[i]![j]!;
      if (both > 0) information += (both / total) * Math.log((total * both) / (row * column));
      // The hypergeometric distribution of the cell when rows and columns are given.
      for (let n = Math.max(1, row + column - total); n <= Math.min(row, column); n++) {
        const logChance =
          logs[row]! +
          logs[column]! +
          logs[total - row]! +
          logs[total - column]! -
          logs[total]! -
          logs[n]! -
          logs[row - n]! -
          logs[column - n]! -
          logs[total - row - column + n]!;
        expected += (n / total) * Math.log((total * n) / (row * column)) * Math.exp(logChance);
      }
    });
  });
  return (information - expected) / ((entropyA + entropyB) / 2 - expected);
}
