/** Machine code for x86-64 with AVX-512 and AMX: a method per instruction of the table, which refuses what the processor cannot do. */
import { encode, type Jump } from "./encode.ts";
import type { Feature } from "./features.ts";
import type { Form, Label, Length, Role } from "./forms.ts";
import { type Instructions, instructions, type Mnemonic, mnemonics } from "./instructions.ts";
import { describeOperand, type Register } from "./operands.ts";

/** Machine code, and the features of a processor that runs it. */
export interface Code {
  readonly bytes: Uint8Array;
  readonly features: ReadonlySet<Feature>;
}

/** A method for each row of the table, that emits it; they are put on the prototype below. */
const Methods = class {} as new () => Instructions;

/** Builds machine code. It has a method for every instruction, which throws where the operands do not fit. */
export class Assembler extends Methods {
  readonly #bytes: number[] = [];
  readonly #jumps: Jump[] = [];
  readonly #labels = new Set<Label>();
  readonly #features = new Set<Feature>();

  /** @throws where a jump goes to a label that was not placed */
  finish(): Code {
    const bytes = new Uint8Array(this.#bytes);
    const view = new DataView(bytes.buffer);
    for (const { position, label } of this.#jumps) {
      if (label.position === undefined) throw new Error("a jump to a label that was not placed");
      view.setInt32(position, label.position - (position + 4), true);
    }
    return { bytes, features: new Set(this.#features) };
  }

  label(): Label {
    const label: Label = { kind: "label", position: undefined };
    this.#labels.add(label);
    return label;
  }

  /** @throws where the label has a place already, or is another assembler's */
  place(label: Label): void {
    this.#own(label);
    if (label.position !== undefined) throw new Error("the label was placed before");
    label.position = this.#bytes.length;
  }

  /** @throws {TypeError} where the instruction has no form with such operands; the message says what it expects */
  emit(mnemonic: Mnemonic, operands: readonly unknown[]): void {
    const { form, length } = chooseForm(mnemonic, operands);
    // Sources are read before destinations are written.
    for (let index = 0; index < operands.length; index++) {
      const { role } = form.operands[index]!;
      if (role !== "write") this.use(mnemonic, operands[index], role);
    }
    for (let index = 0; index < operands.length; index++) {
      if (form.operands[index]!.role === "write") this.use(mnemonic, operands[index], "write");
    }
    const jump = encode(this.#bytes, form, operands, length);
    if (jump !== undefined) {
      this.#own(jump.label);
      this.#jumps.push(jump);
    }
    if (form.feature === undefined) return;
    this.#features.add(form.feature);
    if (form.encoding.kind === "evex" && length < 512) this.#features.add("avx512vl");
  }

  /** Called for every operand before an instruction is emitted; may throw. */
  protected use(_mnemonic: Mnemonic, _operand: unknown, _role: Role): void {}

  #own(label: Label): void {
    if (!this.#labels.has(label)) throw new Error("the label is another assembler's");
  }
}

for (const mnemonic of mnemonics) {
  Object.defineProperty(Methods.prototype, mnemonic, {
    value(this: Assembler, ...operands: unknown[]) {
      this.emit(mnemonic, operands);
    },
  });
}

interface Choice {
  readonly form: Form;
  readonly length: Length;
}

/** What each instruction can be. */
const choices = new Map<Mnemonic, readonly Choice[]>(
  mnemonics.map((mnemonic) => {
    const forms: readonly Form[] = instructions[mnemonic];
    return [mnemonic, forms.flatMap((form) => form.lengths.map((length) => ({ form, length })))];
  }),
);

/** @throws {TypeError} where no form takes the operands */
function chooseForm(mnemonic: Mnemonic, operands: readonly unknown[]): Choice {
  const all = choices.get(mnemonic)!;
  for (const choice of all) if (refusedOperand(choice.form, operands, choice.length) === undefined) return choice;
  const reasons = all.map(({ form, length }) => reasonOf(form, operands, length));
  throw new TypeError(
    `${mnemonic} ${operands.map(describeOperand).join(", ")}: ${[...new Set(reasons)].join(", or ")}`,
  );
}

/** The position of the first operand that a form does not take, or -1 where it is all of them together; undefined where it takes all. */
function refusedOperand(form: Form, operands: readonly unknown[], length: Length): number | undefined {
  if (operands.length !== form.operands.length) return -1;
  for (let index = 0; index < operands.length; index++) {
    if (!form.operands[index]!.kind.accepts(operands[index], length)) return index;
  }
  return form.isDistinct && hasTwice(operands as readonly Register[]) ? -1 : undefined;
}

const hasTwice = (registers: readonly Register[]): boolean =>
  registers.some(({ code }, index) => registers.findIndex((other) => other.code === code) < index);

function reasonOf(form: Form, operands: readonly unknown[], length: Length): string {
  const count = form.operands.length;
  if (operands.length !== count) return `it has ${count} operands`;
  const index = refusedOperand(form, operands, length)!;
  return index < 0
    ? "its operands must all differ"
    : `operand ${index + 1} must be ${form.operands[index]!.kind.expects(length)}`;
}
