/** Activations in ONNX's operators: by their own where operator set 17 has one, else composed. */
import { geluCube, geluFactor } from "../network/activations.ts";
import type { Activation } from "../network/layer.ts";
import type { Lowered } from "./lowered.ts";
import type { Attribute, Initializer, OnnxNode } from "./onnx-format.ts";

/** Writes the nodes of one layer, in the order in which they run. */
class Formula {
  readonly nodes: OnnxNode[] = [];
  readonly constants: Initializer[] = [];
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  /** A node with a name of its own, or the last, which has the layer's. */
  node(
    part: string | undefined,
    operator: string,
    inputs: readonly string[],
    attributes: Record<string, Attribute> = {},
  ): string {
    const name = part === undefined ? this.#name : `${this.#name}/${part}`;
    this.nodes.push({ name, operator, inputs, outputs: [name], attributes });
    return name;
  }

  constant(part: string, value: number): string {
    const name = `${this.#name}/${part}`;
    this.constants.push({ name, shape: [], data: [value] });
    return name;
  }
}

type Rule<A extends Activation> = (formula: Formula, x: string, layer: A) => string;

const single =
  (operator: string): Rule<Activation> =>
  (formula, x) =>
    formula.node(undefined, operator, [x]);

const rules: { readonly [K in Activation["kind"]]: Rule<Extract<Activation, { kind: K }>> } = {
  relu: single("Relu"),
  sigmoid: single("Sigmoid"),
  leakyRelu: (formula, x, { slope }) => formula.node(undefined, "LeakyRelu", [x], { alpha: { float: slope } }),
  relu6: (formula, x) =>
    formula.node(undefined, "Clip", [x, formula.constant("least", 0), formula.constant("most", 6)]),
  elu: (formula, x, { alpha }) => formula.node(undefined, "Elu", [x], { alpha: { float: alpha } }),
  silu: (formula, x) => formula.node(undefined, "Mul", [x, formula.node("gate", "Sigmoid", [x])]),
  gelu(formula, x, { approximate }) {
    const [one, half] = [formula.constant("one", 1), formula.constant("half", 0.5)];
    const bent = approximate === "tanh" ? approximateBend(formula, x) : exactBend(formula, x);
    const weighted = formula.node("weighted", "Mul", [x, formula.node("sum", "Add", [bent, one])]);
    return formula.node(undefined, "Mul", [weighted, half]);
  },
  hardSwish: single("HardSwish"),
  hardSigmoid: (formula, x) =>
    formula.node(undefined, "HardSigmoid", [x], { alpha: { float: 1 / 6 }, beta: { float: 0.5 } }),
  tanh: single("Tanh"),
  softplus: single("Softplus"),
};

/** erf(x / sqrt(2)) */
function exactBend(formula: Formula, x: string): string {
  return formula.node("bent", "Erf", [formula.node("scaled", "Div", [x, formula.constant("root", Math.SQRT2)])]);
}

/** tanh(factor (x + cube x x x)) */
function approximateBend(formula: Formula, x: string): string {
  const square = formula.node("square", "Mul", [x, x]);
  const cube = formula.node("cube", "Mul", [square, x]);
  const small = formula.node("small", "Mul", [cube, formula.constant("part", geluCube)]);
  const inner = formula.node("inner", "Add", [x, small]);
  return formula.node("bent", "Tanh", [formula.node("scaled", "Mul", [inner, formula.constant("factor", geluFactor)])]);
}

/** The nodes of an activation of `input`, of which the last is called `name`. */
export function lowerActivation(name: string, input: string, layer: Activation): Lowered {
  const formula = new Formula(name);
  const output = (rules[layer.kind] as Rule<Activation>)(formula, input, layer);
  return { nodes: formula.nodes, output, constants: formula.constants };
}
