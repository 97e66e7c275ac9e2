/** How large a network may be: whoever walks its tree, or computes sizes from it, relies on these. */

/** Layers inside layers: the layers of the network itself are 1 deep. */
export const deepestNesting = 32;

/** Layers in all, those inside others among them. */
export const mostLayers = 5000;

/** Values of a map of one image, or of a parameter: engines and ONNX count in 32 bits. */
export const mostValues = 2 ** 31 - 1;

/** Values of all parameters together. */
export const mostParameters = 2 ** 30;

const tooMany = `layers: more than ${mostLayers} of them, which is the most that a network can have`;

/** What is too much about a tree of layers, or of what should be layers; undefined where its size is within the bounds. */
export function boundsFault(layers: unknown): string | undefined {
  let count = 0;
  const visit = (list: unknown, path: string, depth: number): string | undefined => {
    if (!Array.isArray(list)) return undefined;
    if (depth > deepestNesting) return `${path.slice(0, 60)}…: layers can be nested ${deepestNesting} deep`;
    count += list.length;
    if (count > mostLayers) return tooMany;
    for (const [index, layer] of list.entries()) {
      const branches = Array.isArray(layer?.branches) ? layer.branches : [];
      // An empty branch is drawn as a layer is.
      count += branches.length;
      if (count > mostLayers) return tooMany;
      for (const [name, branch] of [
        ["body", layer?.body],
        ["shortcut", layer?.shortcut],
        ...branches.map((one: unknown, i: number) => [`branches[${i}]`, one] as const),
      ]) {
        const fault = visit(branch, `${path}[${index}].${name}`, depth + 1);
        if (fault !== undefined) return fault;
      }
    }
    return undefined;
  };
  return visit(layers, "layers", 1);
}
