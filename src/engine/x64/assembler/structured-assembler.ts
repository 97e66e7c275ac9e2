/** An assembler whose code is structured: registers have names and scopes, the stack has variables, and jumps are conditions and loops. */
import { Assembler } from "./assembler.ts";
import type { Label, Role } from "./forms.ts";
import type { Mnemonic } from "./instructions.ts";
import {
  type Address,
  at,
  describeOperand,
  type General,
  type Masked,
  type Register,
  rsp,
  type StackPointer,
} from "./operands.ts";
import { Registers } from "./registers.ts";

/** Numbers with a sign. */
export type Comparison = "equal" | "notEqual" | "less" | "greaterOrEqual" | "lessOrEqual" | "greater";
const jumps = {
  equal: "je",
  notEqual: "jne",
  less: "jl",
  greaterOrEqual: "jge",
  lessOrEqual: "jle",
  greater: "jg",
} as const satisfies Record<Comparison, Mnemonic>;
const opposite = {
  equal: "notEqual",
  notEqual: "equal",
  less: "greaterOrEqual",
  greaterOrEqual: "less",
  lessOrEqual: "greater",
  greater: "lessOrEqual",
} as const satisfies Record<Comparison, Comparison>;

/** A comparison that a jump depends on. */
export type Condition = readonly [first: General, is: Comparison, second: General | Address | number];

/** Builds code from conditions and loops. It refuses registers that are not taken, or are read before they are written. */
export class StructuredAssembler extends Assembler {
  readonly registers = new Registers();
  /** Bytes that the stack has grown by since variables were made. */
  #depth = 0;
  #variables: readonly string[] = [];
  #scratchBytes = 0;

  /** Every register must be taken, not yet freed, and written to before it is read. */
  protected override use(mnemonic: Mnemonic, operand: unknown, role: Role): void {
    if (typeof operand !== "object" || operand === null || !("kind" in operand)) return;
    const value = operand as Register | StackPointer | Address | Masked | Label;
    if (value.kind === "label" || value.kind === "stackPointer") return;
    if (value.kind === "masked") {
      this.use(mnemonic, value.mask, "read");
      this.use(mnemonic, value.to, value.others === "keep" && role === "write" ? "readWrite" : role);
    } else if (value.kind === "address") {
      this.use(mnemonic, value.base, "read");
      if (value.index !== undefined) this.use(mnemonic, value.index, "read");
    } else useRegister(mnemonic, value, role);
  }

  override emit(mnemonic: Mnemonic, operands: readonly unknown[]): void {
    if (mnemonic === "vpxord") {
      // A register without itself is zero, whatever it held.
      const [to, first, second] = operands as readonly Register[];
      if (to === first && to === second && to?.holder?.isLive) to.holder.isWritten = true;
    }
    super.emit(mnemonic, operands);
  }

  /** What {@link use} need not see written: an argument of the call, or what a call gave. */
  given(...registers: readonly Register[]): void {
    for (const { holder } of registers) if (holder !== undefined) holder.isWritten = true;
  }

  /** `then` where all conditions hold, else `otherwise`. */
  when(conditions: Condition | readonly Condition[], then: () => void, otherwise?: () => void): void {
    const all = (typeof conditions[1] === "string" ? [conditions] : conditions) as readonly Condition[];
    const [otherwiseStart, end] = [this.label(), this.label()];
    for (const condition of all) this.#jumpUnless(condition, otherwise ? otherwiseStart : end);
    this.registers.scope(then);
    if (otherwise) {
      this.jmp(end);
      this.place(otherwiseStart);
      this.registers.scope(otherwise);
    }
    this.place(end);
  }

  /** The register becomes the number where it is greater. */
  min(register: General, most: number): void {
    this.when([register, "greater", most], () => this.mov(register, BigInt(most)));
  }

  /** `body` so many times, which `counter` counts down to zero; not at all where it is zero or less. */
  repeat(counter: General, times: number | Address, body: () => void): void {
    if (typeof times === "number") this.mov(counter, BigInt(times));
    else this.mov(counter, times);
    const [start, end] = [this.label(), this.label()];
    this.#jumpUnless([counter, "greater", 0], end);
    this.place(start);
    this.registers.scope(body);
    this.sub(counter, 1);
    this.jne(start);
    this.place(end);
  }

  /** The same at least once, with a counter in memory. */
  repeatInMemory(counter: Address, times: number, body: () => void): void {
    if (times < 1) throw new RangeError(`a loop that runs at least once cannot run ${times} times`);
    this.assign(counter, BigInt(times));
    const start = this.label();
    this.place(start);
    this.registers.scope(body);
    this.increase(counter, -1);
    this.jne(start);
  }

  /** `body`, and again while the condition that it gives holds. */
  doWhile(body: () => Condition): void {
    const start = this.label();
    this.place(start);
    this.registers.scope(() => {
      this.#jumpIf(body(), start);
    });
  }

  /** `body` again and again, until a condition holds where it says `leaveIf`. */
  loop(body: (leaveIf: (condition: Condition) => void) => void): void {
    const [start, end] = [this.label(), this.label()];
    this.place(start);
    this.registers.scope(() => body((condition) => this.#jumpIf(condition, end)));
    this.jmp(start);
    this.place(end);
  }

  #jumpIf([first, is, second]: Condition, target: Label): void {
    if (typeof second === "number") this.cmp(first, second);
    else this.cmp(first, second);
    this[jumps[is]](target);
  }

  #jumpUnless([first, is, second]: Condition, target: Label): void {
    this.#jumpIf([first, opposite[is], second], target);
  }

  /** A place in memory becomes a number, or what another one holds. */
  assign(to: Address, value: Address | bigint): void {
    this.registers.scope(() => {
      const { held } = this.registers.general("held");
      if (typeof value === "bigint") this.mov(held, value);
      else this.mov(held, value);
      this.mov(to, held);
    });
  }

  /** Adds to memory; the flags are the sum's. */
  increase(place: Address, by: number): void {
    this.registers.scope(() => {
      const { held } = this.registers.general("held");
      this.mov(held, place);
      if (by < 0) this.sub(held, -by);
      else this.add(held, by);
      this.mov(place, held);
    });
  }

  /** From now on the top of the stack is bytes that code may use as it likes, then variables of 8 bytes. */
  declareVariables(names: readonly string[], scratchBytes: number): void {
    if (new Set(names).size < names.length) throw new Error("two variables have one name");
    this.#variables = names;
    this.#scratchBytes = scratchBytes;
    this.#depth = 0;
  }

  /** A variable, wherever rsp is by now. */
  variable(name: string): Address {
    const index = this.#variables.indexOf(name);
    if (index < 0) throw new Error(`there is no variable '${name}'`);
    return at(rsp, this.#depth + this.#scratchBytes + 8 * index);
  }

  /** Bytes that are free between two instructions; @throws beyond them */
  scratch(offset: number): Address {
    if (offset < 0 || offset >= this.#scratchBytes) throw new RangeError(`there is no scratch byte ${offset}`);
    return at(rsp, this.#depth + offset);
  }

  /** Room on the stack while `body` runs, which is told where each byte of it is. */
  onStack(bytes: number, body: (place: (offset: number) => Address) => void): void {
    this.sub(rsp, bytes);
    this.#depth += bytes;
    body((offset) => at(rsp, offset));
    this.add(rsp, bytes);
    this.#depth -= bytes;
  }

  /** Keeps what a register holds while `body` uses it for something else. */
  saving(register: General, body: () => void): void {
    this.push(register);
    this.#depth += 8;
    body();
    this.pop(register);
    this.#depth -= 8;
  }
}

function useRegister(mnemonic: Mnemonic, register: Register, role: Role): void {
  const { holder } = register;
  if (holder === undefined) throw new Error(`${mnemonic}: ${describeOperand(register)} was not taken`);
  const { name, isLive, isWritten } = holder;
  if (!isLive) {
    throw new Error(`${mnemonic}: '${name}' no longer has ${describeOperand(register)}, as its scope has ended`);
  }
  if (role !== "write" && !isWritten) {
    throw new Error(`${mnemonic}: '${name}' (${describeOperand(register)}) is read before anything is written to it`);
  }
  if (role !== "read") holder.isWritten = true;
}
