// Canonical JSON: docs/format.md section 2, in one pass.
//
// Promises that a text is accepted only in its one spelling, and gives the text of each member of the outermost object
// besides its value: a body is signed as it stands.
"use strict";

/** One way in which a log is wrong, by the name it has everywhere. */
class Fault extends Error {
  constructor(kind, expected, found) {
    super(`${kind}: expected ${expected}, found ${found}`);
    Object.assign(this, { kind, expected, found });
  }
}
const demand = (holds, kind, expected, found) => {
  if (!holds) throw new Fault(kind, expected, found);
};

const Canonical = (() => {
  const MAX_DEPTH = 16;

  const ESCAPES = { '"': '"', "\\": "\\", b: "\b", t: "\t", n: "\n", f: "\f", r: "\r" };

  /** Parses canonical JSON or throws; `spans` are the texts of the members of the outermost object. */
  function parse(text) {
    let at = 0;
    const spans = {};
    const no = (why) => { throw new Fault("not_canonical", "canonical JSON", `${why} at character ${at}`); };
    const take = (c) => (text[at] === c ? at++ : no(`no ${c}`));
    function string() {
      take('"');
      let value = "";
      for (;;) {
        const c = text[at++];
        if (c === undefined) no("an open string");
        if (c === '"') return value;
        if (c < " ") no("a raw control character");
        if (c !== "\\") { value += c; continue; }
        const e = text[at++];
        if (e in ESCAPES) { value += ESCAPES[e]; continue; }
        const hex = /^00[01][0-9a-f]$/.test(text.slice(at, at + 4)) ? parseInt(text.slice(at, at + 4), 16) : -1;
        if (e !== "u" || hex < 0 || "\b\t\n\f\r".includes(String.fromCharCode(hex))) no("another escape");
        value += String.fromCharCode(hex);
        at += 4;
      }
    }
    function number() {
      const digits = /^-?(0|[1-9][0-9]{0,15})/.exec(text.slice(at, at + 18));
      if (!digits || digits[0] === "-0" || /[0-9.eE]/.test(text[at + digits[0].length] ?? "")) no("no integer");
      at += digits[0].length;
      const value = Number(digits[0]);
      return Number.isSafeInteger(value) ? value : no("an integer beyond 2^53-1");
    }
    function word(spelled, value) {
      return text.startsWith(spelled, at) ? ((at += spelled.length), value) : no("no value");
    }
    function value(depth) {
      if ((text[at] === "{" || text[at] === "[") && depth > MAX_DEPTH) {
        throw new Fault("limit_exceeded", `at most ${MAX_DEPTH} levels`, "more");
      }
      switch (text[at]) {
        case "{": {
          const object = {};
          let last = null;
          at++;
          while (text[at] !== "}") {
            if (last !== null) take(",");
            const name = string();
            if (last !== null && !(last < name)) no(`member ${JSON.stringify(name)} out of order`);
            take(":");
            const begin = at;
            // Not an assignment: a member named __proto__ must be one like any other.
            Object.defineProperty(object, name, { value: value(depth + 1), enumerable: true });
            if (depth === 1) spans[name] = text.slice(begin, at);
            last = name;
          }
          at++;
          return object;
        }
        case "[": {
          const list = [];
          at++;
          while (text[at] !== "]") {
            if (list.length) take(",");
            list.push(value(depth + 1));
          }
          at++;
          return list;
        }
        case '"': return string();
        case "t": return word("true", true);
        case "f": return word("false", false);
        case "n": return word("null", null);
        default: return number();
      }
    }
    const parsed = value(1);
    if (at !== text.length) no("more after the value");
    return { value: parsed, spans };
  }

  /** Whether two values are the same JSON; canonical values have their members in one order. */
  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

  return { parse, same };
})();
