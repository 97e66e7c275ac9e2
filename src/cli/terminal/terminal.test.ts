/** The process's own terminal: names that are printed cannot steer it. */
import { afterEach, expect, it, vi } from "vitest";
import { printMessage, printText, processTerminal } from "./terminal.ts";

afterEach(() => vi.restoreAllMocks());

it.each(["stdout", "stderr"] as const)("writes no control characters of a line to %s", (stream) => {
  const written: string[] = [];
  vi.spyOn(process[stream], "write").mockImplementation((text) => written.push(String(text)) > 0);
  const terminal = processTerminal();
  const print = stream === "stdout" ? terminal.out : terminal.error;
  print("Train/\u001b[2J\u009b31m\u202ered\n\ta\u200f: left out");
  print(JSON.stringify({ class: "\u009b" }));
  expect(written).toEqual(["Train/\\u001b[2J\\u009b31m\\u202ered\\n\\ta\\u200f: left out\n", '{"class":"\\u009b"}\n']);
});

it("draws over what it drew before", () => {
  const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  processTerminal().out("a", 3);
  expect(write.mock.calls).toEqual([["\u001b[3A\u001b[Ja\n"]]);
});

it("prints a text of several lines as they are", () => {
  const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  printText(processTerminal().out, "a\n\nb");
  expect(write.mock.calls).toEqual([["a\n"], ["\n"], ["b\n"]]);
});

it("sets in what follows a message's first line, which a name with a line feed may have made", () => {
  const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  printMessage(processTerminal().error, "naevus: a\nnaevus: forged: not there");
  expect(write.mock.calls).toEqual([["naevus: a\n"], ["  naevus: forged: not there\n"]]);
});
