/** What an operating system leaves behind in folders, which is no content of theirs. */

const clutter = new Set(["thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx"]);

/** Whether a name is hidden (it begins with a dot) or one of the system's own. */
export const isClutter = (name: string): boolean => name.startsWith(".") || clutter.has(name.toLowerCase());
