// The page: moves between dates, verifies the entries it carries, lists the audit trail, saves figures.
//
// What stands in the sections was written by `trial report` and escaped there; what comes from entries or files is put
// in as text, never as markup.
"use strict";
(async () => {
  const $ = (id) => document.getElementById(id);
  const make = (tag, text, attributes = {}) => {
    const element = document.createElement(tag);
    if (text !== undefined) element.textContent = text;
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  };
  const pause = () => new Promise((resume) => setTimeout(resume));
  const settings = JSON.parse($("settings").textContent);
  const encoder = new TextEncoder();

  // ---- What the page carries. ----

  // A tab stands for `<`: see Page::entry.
  const texts = $("entries").textContent.split("\n").slice(0, -1).map((line) => line.replaceAll("\t", "<"));

  async function unpacked(id) {
    const packed = Uint8Array.from(atob($(id).textContent), (c) => c.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  }
  const film = await unpacked("film");

  /** What a section shows at a frame: the last shot by then, [frame, runs of lines]. */
  const shot = (id, at) => film.sections[id].shots.findLast(([frame]) => frame <= at);
  const lines = (id, at) => shot(id, at)[1].flatMap(([first, length]) => film.sections[id].lines.slice(first, first + length));

  // Figures are laid out twice: for wide places and for narrow ones (page.css knows the same width).
  const phone = matchMedia("screen and (max-width: 56rem)");
  const laid = (id) => (phone.matches && film.sections[`${id}/narrow`] ? `${id}/narrow` : id);

  // ---- Dates. ----

  const date = $("date");
  const sections = [...document.querySelectorAll("main > section > .content")].map((content) => [content.parentElement.id, content]);
  const drawn = new Map();
  date.max = film.frames.length - 1;

  const numbers = (root) => new Map([...root.querySelectorAll("[data-n]")].map((n) => [n.dataset.n, n.value]));

  function fill(section, content, at) {
    const id = laid(section);
    const [since] = shot(id, at);
    if (drawn.get(section) !== `${id} ${since}`) {
      content.innerHTML = lines(id, at).join("\n");
      drawn.set(section, `${id} ${since}`);
      for (const figure of content.querySelectorAll("figure")) offer(section, figure);
    }
    for (const element of content.querySelectorAll(".moved")) element.classList.remove("moved");
    if (at === 0 || shot(id, at - 1)[0] === since) return;
    const before = document.createElement("template");
    before.innerHTML = lines(id, at - 1).join("\n");
    const then = numbers(before.content);
    for (const n of content.querySelectorAll("[data-n]")) {
      if (then.get(n.dataset.n) !== n.value) n.classList.add("moved");
    }
  }

  function show(at, remember = true) {
    const frame = film.frames[at];
    date.value = at;
    date.setAttribute("aria-valuetext", frame.day);
    $("day").textContent = frame.day;
    const head = frame.head ? frame.head.slice(0, 16) + "\u2026" : "none";
    const cutoff = settings.cutoff ? `, nothing that occurred after ${settings.cutoff}` : "";
    $("cut").textContent = `${frame.entries} entries, head ${head}, as of the end of that day in ${settings.zone}${cutoff}`;
    $("cut").title = frame.head ?? "";
    $("earlier").disabled = at === 0;
    $("later").disabled = at === film.frames.length - 1;
    for (const [id, content] of sections) fill(id, content, at);
    document.body.dataset.day = frame.day;
    list();
    clearTimeout(remembering);
    // Browsers refuse many changes of the address within seconds, as a moving slider makes.
    if (remember) remembering = setTimeout(() => history.replaceState(null, "", "#" + frame.day), 200);
  }
  let remembering;
  const now = () => Number(date.value);
  const move = (by) => show(Math.min(film.frames.length - 1, Math.max(0, now() + by)));

  /** The last frame on or before a day. */
  function frameOf(day) {
    const after = film.frames.findIndex((frame) => frame.day > day);
    return after < 0 ? film.frames.length - 1 : Math.max(0, after - 1);
  }
  const named = () => (/^#\d{4}-\d\d-\d\d$/.test(location.hash) ? frameOf(location.hash.slice(1)) : undefined);

  date.addEventListener("input", () => show(now()));
  $("earlier").addEventListener("click", () => move(-1));
  $("later").addEventListener("click", () => move(1));
  addEventListener("hashchange", () => named() !== undefined && show(named(), false));
  phone.addEventListener("change", () => show(now(), false));
  addEventListener("keydown", (event) => {
    if (event.target.matches("input, .wide") || event.altKey || event.ctrlKey || event.metaKey) return;
    const by = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    move(by);
  });

  // ---- The audit trail: from the entries themselves. ----

  const SHOWN = 100;
  let limit = SHOWN;
  let order = { key: "seq", way: -1 };
  const clock = new Intl.DateTimeFormat("sv-SE", { timeZone: settings.zone, dateStyle: "short", timeStyle: "medium", timeZoneName: undefined });
  const zoned = new Intl.DateTimeFormat("en", { timeZone: settings.zone, timeZoneName: "longOffset" });
  const local = (at) => {
    const offset = zoned.formatToParts(at).find((part) => part.type === "timeZoneName").value.replace("GMT", "") || "+00:00";
    return `${clock.format(at)} ${offset}`;
  };
  /** A value as people read it: `3 mg`, `axitinib probable, radiotherapy unrelated`. */
  function plain(value) {
    if (Array.isArray(value)) return value.map(plain).join(", ");
    if (value === null || typeof value !== "object") return String(value);
    if (Object.keys(value).join() === "unit,value") return `${value.value} ${value.unit}`;
    return Object.entries(value).map(([name, member]) => `${name} ${plain(member)}`).join(", ");
  }
  const rows = [];
  const rowAt = (index) => (rows[index] ??= row(texts[index], index));

  function row(text, index) {
    try {
      const { recorded_at, signer, countersigners = [], event, reason } = JSON.parse(text).body;
      const people = [signer, ...countersigners].map((p) => `${p.name}, ${p.role.replaceAll("_", " ")} (${p.meaning})`);
      const { type, version, old, new: now, ...facts } = event;
      const what = Object.entries(facts).map(([name, value]) => `${name} ${plain(value)}`).join("; ");
      const short = what.length > 400 ? what.slice(0, 400) + "\u2026" : what;
      const record = {
        seq: index, at: recorded_at, who: people.join("; "), what: `${type}: ${short}`,
        old: old === undefined ? "" : plain(old), new: now === undefined ? "" : plain(now), why: reason ?? "",
      };
      return { ...record, text: (Object.values(record).join("\n") + what).toLowerCase() };
    } catch {
      const broken = { seq: index, at: "", who: "", what: "this entry cannot be read", old: "", new: "", why: "" };
      return { ...broken, text: broken.what };
    }
  }

  function list() {
    const words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const { entries: known } = film.frames[now()];
    // Rows are made when they are looked at: a long log has many.
    let found = Array.from({ length: known }, (_, index) => (order.way > 0 ? index : known - 1 - index));
    if (words.length) found = found.filter((index) => words.every((word) => rowAt(index).text.includes(word)));
    if (order.key !== "seq") {
      const compare = (a, b) => (a[order.key] < b[order.key] ? -1 : a[order.key] > b[order.key] ? 1 : a.seq - b.seq);
      found.sort((a, b) => order.way * compare(rowAt(a), rowAt(b)));
    }
    const body = document.querySelector("#trail tbody");
    body.replaceChildren(...found.slice(0, limit).map(rowAt).map((r) => {
      const line = make("tr");
      line.append(make("th", r.seq, { scope: "row", class: "n" }), make("td", r.at && local(new Date(r.at)), { title: r.at }));
      for (const key of ["who", "what", "old", "new", "why"]) line.append(make("td", r[key], { class: key }));
      return line;
    }));
    $("found").textContent = `${found.length} of ${known} entries`;
    $("more").hidden = found.length <= limit;
  }
  $("search").addEventListener("input", () => { limit = SHOWN; list(); });
  $("more").addEventListener("click", () => { limit += 5 * SHOWN; list(); });
  for (const button of document.querySelectorAll("#trail th button")) {
    button.addEventListener("click", () => {
      const { key } = button.dataset;
      order = { key, way: order.key === key ? -order.way : 1 };
      for (const other of document.querySelectorAll("#trail th[aria-sort]")) other.setAttribute("aria-sort", "none");
      button.parentElement.setAttribute("aria-sort", order.way > 0 ? "ascending" : "descending");
      list();
    });
  }

  // ---- Proof. ----

  let log = null;
  const verdict = $("verdict");
  /** The verdict; in a word also beside the date, which stays in view. */
  const say = (state, words) => {
    verdict.dataset.verdict = $("dates").dataset.verdict = state;
    verdict.textContent = words;
    const warnings = { faulty: "FAULTY: see the verdict above.", unknown: "Not verified: see above." };
    $("state").textContent = warnings[state] ?? "";
  };
  const claims = (pairs) => $("claims").replaceChildren(...pairs.map(([term, what]) => {
    const pair = make("div");
    pair.append(make("dt", term), make("dd", what));
    return pair;
  }));

  /** What witnesses saw: each entry lies between two of their times, where the clock is not simulated. */
  function witnessed({ entries }) {
    const seen = entries.filter((body) => body.event.type === "checkpoint_witnessed").map(({ seq, event }) => {
      const at = new Date(1000 * event.time).toISOString();
      return [`Witnessed (entry ${seq})`, `${event.witness} saw the first ${event.note[1]} entries at ${at}`];
    });
    return seen.length ? seen : [["Witnessed", "by nobody yet: no checkpoint came back cosigned"]];
  }

  async function verify() {
    const bar = $("checking");
    log = null;
    claims([]);
    if (!globalThis.crypto?.subtle || !(await Ed25519.supported())) {
      say("unknown", "This browser cannot check Ed25519 signatures: nothing was verified. Use a current one, or trial verify.");
      return;
    }
    say("checking", "Verifying the entries in this browser \u2026");
    bar.hidden = false;
    const started = performance.now();
    let rested = started;
    const read = await TrialVerifier.verify(texts.map((text) => encoder.encode(text)), settings.rules, async (done, all) => {
      if (performance.now() - rested < 50 && done < all) return;
      bar.max = all;
      bar.value = done;
      await pause();
      rested = performance.now();
    });
    bar.hidden = true;
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    if (read.fault) {
      const { kind, seq, expected, found } = read.fault;
      say("faulty", `FAULTY: ${kind} at entry ${seq}. The ${seq} entries before it are sound; trust nothing after it.`);
      claims([["Fault", kind], ["Entry", seq], ["Expected", expected], ["Found", found]]);
      return;
    }
    const last = film.frames.at(-1);
    if (read.entries.length !== last.entries || read.head !== last.head) {
      say("faulty", `FAULTY: the tables rest on ${last.entries} entries, the page carries ${read.entries.length}, or they end otherwise.`);
      return;
    }
    log = read;
    say("unanchored", `Sound: ${read.entries.length} entries, every hash, link and signature checked in this browser in ${seconds} s. ` +
      "Compared with nothing outside: compare the head or a checkpoint with what you hold.");
    claims([["Entries", read.entries.length], ["Head", read.head], ["Root", read.root], ["Ledger", read.genesis],
      ["Recorded", `${read.entries[0].recorded_at} to ${read.recordedAt}`], ["Keys", read.roster.size], ...witnessed(read)]);
  }
  $("verify").addEventListener("click", verify);

  async function compare(file) {
    const answer = $("extends");
    if (!log) {
      answer.textContent = "The entries were not verified: nothing can be compared with them.";
      return;
    }
    const found = await TrialVerifier.extend(log, await file.text());
    answer.dataset.kind = found.kind ?? "extends";
    if (found.kind) {
      answer.textContent = `${found.kind}: expected ${found.expected}, found ${found.found}. Keep the file and this page as evidence.`;
      return;
    }
    const tail = log.entries.length - found.size;
    answer.textContent = `This ledger extends the checkpoint over ${found.size} entries signed by ${found.authors.join(", ")}; ${tail} came after it.`;
    say("verified", `Verified: ${log.entries.length} entries, anchored in the checkpoint over ${found.size} entries that you hold.`);
  }
  $("checkpoint").addEventListener("change", (event) => event.target.files[0] && compare(event.target.files[0]));
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files[0]) compare(event.dataTransfer.files[0]);
  });

  // ---- Taking things along. ----

  function save(name, type, text) {
    const link = make("a", undefined, { download: name, href: URL.createObjectURL(new Blob([text], { type })) });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }
  /** The figure as `trial plot` writes it: its lines here, with the size and the style of a file by itself. */
  function drawing(section, name) {
    const all = lines(section, now());
    const begin = all.findIndex((line) => line.startsWith("<figure") && line.endsWith(`data-name="${name}">`)) + 1;
    const [svg, title, desc, ...rest] = all.slice(begin, all.indexOf("</figure>", begin));
    const sized = svg.replace(/viewBox="0 0 (\S+) (\S+)"/, '$& width="$1" height="$2"');
    const style = `<style>\n${$("plots").textContent}</style>`;
    return ['<?xml version="1.0" encoding="UTF-8"?>', sized, title, desc, style, ...rest, ""].join("\n");
  }
  function offer(section, figure) {
    const button = make("button", "Save as SVG", { type: "button", class: "save" });
    const { name } = figure.dataset;
    button.addEventListener("click", () => {
      save(`${name}-${film.frames[now()].day}.svg`, "image/svg+xml", drawing(section, name));
    });
    figure.append(button);
  }
  $("download").addEventListener("click", () => save("entries.jsonl", "application/jsonl", texts.map((t) => t + "\n").join("")));

  $("theme").addEventListener("click", () => {
    const dark = document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
    document.documentElement.dataset.theme = dark === "dark" ? "light" : "dark";
  });

  show(named() ?? film.frames.length - 1, false);
  document.body.dataset.ready = "yes";
  await verify();
})();
