/** The known name that a mistyped one probably stands for. */

/** Levenshtein's edit distance (1966), ignoring case. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substitution, previous[j]! + 1, row[j - 1]! + 1));
    }
    previous = row;
  }
  return previous[b.length]!;
}

const plain = (name: string): string => name.toLowerCase().replace(/[-_\s]/g, "");

/** The nearest of `names`, or undefined where more than a third of the letters would have to change. */
export function nearestName(given: string, names: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let smallest = Math.max(1, Math.ceil(given.length / 3)) + 1;
  const letters = plain(given);
  for (const name of names) {
    const known = plain(name);
    // Each letter that one has more is a change: a text of megabytes is not compared.
    if (Math.abs(letters.length - known.length) >= smallest) continue;
    const distance = editDistance(letters, known);
    if (distance < smallest) {
      nearest = name;
      smallest = distance;
    }
  }
  return nearest;
}
