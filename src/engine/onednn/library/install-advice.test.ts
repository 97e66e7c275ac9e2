/** What to type is said for this system alone where it is known. */
import { expect, it } from "vitest";
import { installAdvice, installCommands, nameIn } from "./install-advice.ts";

it.each([
  ['PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=debian\n', "debian 12"],
  ['NAME="Ubuntu"\nVERSION_ID="22.04"\nVERSION="22.04.5 LTS"\nID=ubuntu\nID_LIKE=debian\n', "ubuntu 22.04"],
  ["NAME=Fedora Linux\nID=fedora\nVERSION_ID=42\n", "fedora 42"],
  ["ID=arch\n", "arch "],
])("a distribution's name in %j", (text, name) => {
  expect(nameIn(text)).toBe(name);
});

it.each([
  ["debian 12", /^ {2}Debian 12: sudo apt-get install libdnnl2$/m],
  ["ubuntu 22.04", /^ {2}Ubuntu 22\.04 \(its own is too old, .*: curl /m],
  ["fedora 42", /dnf install onednn/],
])("%s gets its own command", (name, command) => {
  expect(installAdvice(name)).toMatch(command);
  expect(installAdvice(name).split("\n")).toHaveLength(2);
});

it.each(["debian 11", "arch ", "", "win32"])("%s gets them all", (name) => {
  expect(installAdvice(name).split("\n")).toHaveLength(1 + installCommands.length);
});
