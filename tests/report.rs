//! The page of `trial report`, in a real browser: what it shows is what a replay computes, and what it says of itself
//! is what its own script has checked.

use crate::common::{self, Dir, browser::Browser, small};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, OnceLock},
};

fn page_of(dir: &Dir, name: &str) -> PathBuf {
    let file = dir.beside(name);
    dir.run(&["report", "-o", file.to_str().unwrap()]).expect(0).says(&["open it in a browser"]);
    file
}

/// The demonstration's ledger with its page, for one test at a time: a ledger has one reader.
fn demo() -> MutexGuard<'static, (Dir, PathBuf)> {
    static MADE: OnceLock<Mutex<(Dir, PathBuf)>> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let dir = common::demo();
        let page = page_of(&dir, "report.html");
        Mutex::new((dir, page))
    });
    made.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn verdict(browser: &Browser) -> String {
    browser.run("return document.getElementById('verdict').dataset.verdict").as_str().unwrap().to_owned()
}

#[test]
fn every_number_is_that_of_the_replay_as_of_the_date_shown() {
    let Some(browser) = Browser::start() else { return };
    let demo = demo();
    let (dir, page) = &*demo;
    browser.open(page, "");
    let days = browser.run("return JSON.stringify([...Array(Number(document.getElementById('date').max)).keys()])");
    let frames = serde_json::from_str::<Vec<usize>>(days.as_str().unwrap()).unwrap().len();
    assert!(frames > 200, "{frames} dates");
    for step in 0..14 {
        let at = step * frames / 13;
        let shown = browser.run_with(
            "const date = document.getElementById('date'); date.value = arguments[0]; date.dispatchEvent(new Event('input'));
             return { day: document.body.dataset.day,
                      numbers: [...document.querySelectorAll('[data-n]')].map(n => [n.dataset.n, n.value]) }",
            json!([at]),
        );
        let day = shown["day"].as_str().unwrap();
        let replay = dir.run(&["--as-of", day, "--json", "replay"]).expect(0).json();
        let numbers = shown["numbers"].as_array().unwrap();
        assert!(numbers.len() > 30, "{day}: {} numbers", numbers.len());
        for number in numbers {
            let path = number[0].as_str().unwrap();
            let value: f64 = number[1].as_str().unwrap().parse().unwrap();
            assert_eq!(replay.pointer(path).and_then(Value::as_f64), Some(value), "{day}: {path}");
        }
    }
}

#[test]
fn the_browser_verifies_all_entries_and_says_what_it_compared_them_with() {
    let Some(browser) = Browser::start() else { return };
    let demo = demo();
    let (dir, page) = &*demo;
    browser.open(page, "");
    assert_eq!(verdict(&browser), "unanchored");
    let ours = dir.run(&["verify", "--json"]).json();
    assert!(browser.text("#verdict").contains(&format!("{} entries", ours["entries"])));
    let claims = browser.text("#claims");
    for told in [&ours["head"], &ours["root"]] {
        assert!(claims.contains(told.as_str().unwrap()), "{claims}");
    }
}

#[test]
fn a_byte_changed_in_the_file_is_named_at_its_entry() {
    let Some(browser) = Browser::start() else { return };
    let demo = demo();
    let (dir, page) = &*demo;
    let text = fs::read_to_string(page).unwrap();
    let lines = dir.lines();
    for (seq, from, to) in
        [(3, "authorship", "authorshiq"), (700, "\"seq\":700", "\"seq\":701"), (1200, "RECON-00", "RECON-01")]
    {
        let (bent, entry) = (lines[seq].replacen(from, to, 1), lines[seq].replace('<', "\t"));
        assert_ne!(bent, lines[seq]);
        assert_eq!(text.matches(&entry).count(), 1);
        let file = dir.file(&format!("bent-{seq}.html"), text.replacen(&entry, &bent, 1));
        browser.open(&file, "");
        assert_eq!(verdict(&browser), "faulty", "entry {seq}");
        let words = browser.text("#verdict");
        assert!(words.contains(&format!("at entry {seq}.")), "{words}");
    }
    let shorter = text.replacen(&format!("{}\n", lines.last().unwrap().replace('<', "\t")), "", 1);
    browser.open(&dir.file("shorter.html", shorter), "");
    assert_eq!(verdict(&browser), "faulty", "the last entry is gone");
}

#[test]
fn a_browser_without_ed25519_gives_no_verdict() {
    let Some(browser) = Browser::start() else { return };
    let without = "crypto.subtle.importKey = () => Promise.reject(new DOMException('', 'NotSupportedError'))";
    let added = browser.protocol("Page.addScriptToEvaluateOnNewDocument", json!({ "source": without }));
    browser.open(&demo().1, "");
    browser.protocol("Page.removeScriptToEvaluateOnNewDocument", added);
    assert_eq!(verdict(&browser), "unknown");
    assert!(browser.text("#verdict").contains("nothing was verified"));
}

#[test]
fn what_people_wrote_is_shown_and_never_run() {
    let Some(browser) = Browser::start() else { return };
    let dir = small::small();
    let hostile = "<script>window.ran = 1</script><img src=x onerror=\"window.ran = 1\"></section><!-- <b>&amp;";
    let event = json!({ "type": "deviation_recorded", "subject": "S-1", "occurred_at": "2026-02-10", "category": "other",
        "important": true, "description": hostile });
    let file = dir.file("drafts.jsonl", small::jsonl(&[small::draft("investigator", "2026-02-10T20:00", event)]));
    dir.run(&["append", "--file", file.to_str().unwrap()]).expect(0);
    browser.open(&page_of(&dir, "hostile.html"), "");
    assert_eq!(verdict(&browser), "unanchored");
    browser.type_into("#search", "onerror");
    assert_eq!(
        browser.run("return [window.ran ?? null, document.querySelectorAll('img, b').length]"),
        json!([null, 0])
    );
    assert!(browser.text("#deviations").contains(hostile), "{}", browser.text("#deviations"));
    assert!(browser.text("#trail").contains(hostile));
}

#[test]
fn keys_move_the_date_and_what_differs_is_marked() {
    let Some(browser) = Browser::start() else { return };
    browser.open(&demo().1, "#2017-05-02");
    let day = || browser.run("return document.body.dataset.day").as_str().unwrap().to_owned();
    assert_eq!(day(), "2017-05-02");
    // The committee opened level 2 on this day: three places more than the day before.
    let moved = browser.run("return [...document.querySelectorAll('.moved[data-n]')].map(n => n.dataset.n)");
    assert!(moved.as_array().unwrap().contains(&json!("/escalation/open_slots")), "{moved}");
    browser.type_into("body", "\u{e012}");
    assert!(day().as_str() < "2017-05-02", "{}", day());
    browser.type_into("#date", "\u{e014}\u{e014}");
    assert!(day().as_str() > "2017-05-02", "{}", day());
    browser.type_into("body", "\u{e010}");
    assert_eq!(day(), "2020-01-06");
    browser.click("#earlier");
    let before = day();
    browser.click(".contents a[href='#curves']");
    assert_eq!(day(), before, "a link to a section leaves the date as it is");
}

#[test]
fn a_fault_stays_in_view_and_a_cutoff_is_told_beside_the_date() {
    let Some(browser) = Browser::start() else { return };
    let dir = small::small();
    let file = dir.beside("cut.html");
    dir.run(&["--cutoff", "2026-02-03", "report", "-o", file.to_str().unwrap()]).expect(0);
    browser.open(&file, "");
    let cut = browser.text("#cut");
    assert!(cut.ends_with("nothing that occurred after 2026-02-03"), "{cut}");
    assert_eq!(browser.text("#state"), "");
    let bent = fs::read_to_string(&file).unwrap().replacen("authorship", "authorshiq", 1);
    browser.open(&dir.file("bent.html", bent), "");
    browser.run("scrollTo(0, document.body.scrollHeight)");
    let top = browser.run("return document.getElementById('state').getBoundingClientRect().top").as_f64().unwrap();
    assert!((0.0..200.0).contains(&top), "{top}");
    assert!(browser.text("#state").contains("FAULTY"));
}

#[test]
fn the_audit_trail_is_searched_and_sorted() {
    let Some(browser) = Browser::start() else { return };
    browser.open(&demo().1, "");
    browser.type_into("#search", "entry_corrected");
    assert_eq!(browser.run("return document.querySelectorAll('#trail tbody tr').length"), json!(2));
    let row = browser.text("#trail tbody tr:last-child");
    for told in ["Cleo Coordinator", "coordinator (authorship)", "+08:00", "9.0", "0.9", "decimal point"] {
        assert!(row.contains(told), "{told}: {row}");
    }
    let first = || browser.text("#trail tbody th");
    browser.click("#trail th button[data-key=seq]");
    let ascending = first();
    browser.click("#trail th button[data-key=seq]");
    assert_ne!(first(), ascending);
}

#[test]
fn it_fits_a_phone_and_a_wide_screen_in_both_themes_with_enough_contrast() {
    let Some(browser) = Browser::start() else { return };
    for width in [360, 1600] {
        browser.size(width, 1000);
        browser.open(&demo().1, "#2018-06-01");
        let smallest = browser.run(SMALLEST).as_f64().unwrap();
        assert!(smallest >= 11.0, "{width}: text of {smallest} pixels in a figure");
        for _ in 0..2 {
            let wider = browser.run(WIDER);
            assert_eq!(wider, json!([]), "nothing is wider than the page");
            assert_eq!(browser.run(CONTRAST), json!([]), "WCAG 2.2, 1.4.3: contrast of text");
            browser.run("document.getElementById('theme').click()");
        }
    }
    browser.size(1200, 900);
}

/// The size in pixels of the smallest text in any figure.
const SMALLEST: &str = "
    return Math.min(...[...document.querySelectorAll('figure svg')].flatMap(svg =>
        [...svg.querySelectorAll('text')].map(t => parseFloat(getComputedStyle(t).fontSize) * svg.getScreenCTM().a)))";

/// What reaches beyond the right edge of the page, unless it scrolls by itself.
const WIDER: &str = "
    const edge = document.documentElement.clientWidth;
    return [...document.querySelectorAll('body *')].filter(e => !e.closest('.wide > *, .contents li, .skip') && e.getBoundingClientRect().right > edge)
        .map(e => `${e.tagName}#${e.id}.${e.className} ${Math.round(e.getBoundingClientRect().right)}`).slice(0, 10);";

/// Texts whose contrast with what is behind them is below 4.5 to 1.
const CONTRAST: &str = "
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const rgba = (colour) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data]; };
    const light = ([r, g, b]) => [r, g, b].map(c => c / 255)
        .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    const behind = (e) => { for (; e; e = e.parentElement) { const c = rgba(getComputedStyle(e).backgroundColor); if (c[3] === 255) return c; }
        return [255, 255, 255, 255]; };
    const poor = [];
    for (const e of document.querySelectorAll('body *')) {
        if (e.closest('script, svg, [disabled], noscript') || !e.offsetParent) continue;
        if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
        const [a, b] = [light(rgba(getComputedStyle(e).color)), light(behind(e))];
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (ratio < 4.5) poor.push(`${e.tagName}.${e.className} ${ratio.toFixed(2)} ${e.textContent.slice(0, 30)}`);
    }
    return [...new Set(poor)].slice(0, 10);";

#[test]
fn it_prints_without_its_controls() {
    let Some(browser) = Browser::start() else { return };
    browser.open(&demo().1, "#2019-01-01");
    let pdf = browser.print();
    assert!(pdf.starts_with("JVBERi0"), "a PDF");
    browser.protocol("Emulation.setEmulatedMedia", json!({ "media": "print" }));
    let shown = browser.run(
        "return [...document.querySelectorAll('button, input, #audit')].filter(e => e.offsetParent).map(e => e.id)",
    );
    browser.protocol("Emulation.setEmulatedMedia", json!({ "media": "" }));
    assert_eq!(shown, json!([]));
}

#[test]
fn the_verifier_of_the_page_agrees_with_the_vectors() {
    let Some(browser) = Browser::start() else { return };
    browser.open(&demo().1, "");
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors");
    let read = |name: &str| serde_json::from_slice::<Value>(&fs::read(vectors.join(name)).unwrap()).unwrap();

    let canonical = read("canonical_json.json");
    let accepts = |case: &Value| {
        let script = "try { Canonical.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
                          .decode(Bytes.unbase64(arguments[0]))); return true } catch { return false }";
        browser.run_with(script, json!([case["input_b64"]])) == json!(true)
    };
    for case in canonical["must_reject"].as_array().unwrap() {
        assert!(!accepts(case), "{case}");
    }
    for case in canonical["must_accept"].as_array().unwrap() {
        assert!(accepts(case), "{case}");
    }

    let golden = read("golden_chain.json");
    let lines: Vec<&Value> = golden["entries"].as_array().unwrap().iter().map(|entry| &entry["line"]).collect();
    let script = "const done = arguments[1]; (async () => {
            const leaves = await Promise.all(arguments[0].map(l => TrialVerifier.leafHash(new TextEncoder().encode(l))));
            const roots = []; for (let n = 0; n <= leaves.length; n++) roots.push(Bytes.base64(await TrialVerifier.root(leaves, n)));
            done({ leaves: leaves.map(Bytes.hex), roots }) })()";
    let computed = browser.run_later(script, json!([lines]));
    let leaves: Vec<&Value> = golden["entries"].as_array().unwrap().iter().map(|entry| &entry["leaf"]).collect();
    assert_eq!(computed["leaves"], json!(leaves));
    assert_eq!(computed["roots"], golden["merkle_roots_base64_by_size"]);
}

#[test]
fn the_verifier_of_the_page_names_every_fault_but_those_of_the_shape_of_facts() {
    let Some(browser) = Browser::start() else { return };
    browser.open(&demo().1, "");
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors");
    let logs: Value = serde_json::from_slice(&fs::read(vectors.join("logs.json")).unwrap()).unwrap();
    let judged = |row: &Value| {
        let bytes = fs::read(vectors.join(row["file"].as_str().unwrap())).unwrap();
        browser.run_later(
            "const [text, done] = arguments; (async () => {
                const all = Bytes.unbase64(text), lines = []; let start = 0;
                all.forEach((byte, at) => { if (byte === 10) { lines.push(all.slice(start, at)); start = at + 1; } });
                const { rules } = JSON.parse(document.getElementById('settings').textContent);
                const { fault, entries, head, root } = await TrialVerifier.verify(lines, rules);
                done({ fault, entries: entries.length, head, root }) })()",
            json!([STANDARD.encode(bytes)]),
        )
    };
    for row in logs["sound"].as_array().unwrap() {
        let found = judged(row);
        assert_eq!(found["fault"], Value::Null, "{row}");
        for claim in ["entries", "head", "root"] {
            assert_eq!(found[claim], row[claim], "{row}");
        }
    }
    let mut of_facts = 0;
    for row in logs["faults"].as_array().unwrap() {
        // Which genesis a reader knows is nothing that a page can be told.
        if !row["genesis"].is_null() {
            continue;
        }
        let fault = &judged(row)["fault"];
        let same = fault["kind"] == row["kind"] && fault["seq"] == row["seq"];
        let sooner = fault["seq"].as_u64().is_some_and(|seq| seq < row["seq"].as_u64().unwrap());
        of_facts += usize::from(!same);
        assert!(same || (row["kind"] == "schema_violation" && !sooner), "{row}: {fault}");
    }
    assert!(of_facts < 20, "{of_facts} faults are not those of the vectors");
}

#[test]
fn a_checkpoint_dropped_on_the_page_is_extended_or_contradicted() {
    let Some(browser) = Browser::start() else { return };
    let dir = common::demo();
    dir.run(&["key", "new", "log", "--no-passphrase"]).expect(0);
    let grant = ["--purpose", "log", "--role", "sponsor", "--name", "The log (synthetic)", "--organisation", "Example"];
    dir.run(&[&["--key", "sponsor", "key", "grant", "log"], &grant[..]].concat()).expect(0);
    let page = page_of(&dir, "report.html");
    let note = dir.beside("checkpoint");
    dir.run(&["--key", "log", "checkpoint", "-o", note.to_str().unwrap()]).expect(0);
    let text = fs::read_to_string(&note).unwrap();
    let compared = |name: &str, text: &str| {
        let file = dir.file(name, text);
        browser.open(&page, "");
        browser.type_into("#checkpoint", file.to_str().unwrap());
        let answer = || browser.run("return document.getElementById('extends').dataset.kind ?? null");
        while answer().is_null() {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        (answer().as_str().unwrap().to_owned(), verdict(&browser))
    };
    assert_eq!(compared("sound", &text), ("extends".to_owned(), "verified".to_owned()));
    let size = text.lines().nth(1).unwrap();
    for bent in [
        text.replacen(size, "7", 1),
        text.replacen('\u{2014}', "-", 1),
        "nothing\n".to_owned(),
        text.replace("sponsor", "sponsir"),
    ] {
        assert_eq!(compared("bent", &bent), ("checkpoint_invalid".to_owned(), "unanchored".to_owned()), "{bent}");
    }
}

#[test]
fn a_figure_saved_from_the_page_is_what_trial_plot_writes() {
    let Some(browser) = Browser::start() else { return };
    let demo = demo();
    let (dir, page) = &*demo;
    browser.open(page, "#2018-06-04");
    let day = browser.run("return document.body.dataset.day");
    for (name, plot) in [
        ("km-os", vec!["km", "--endpoint", "os"]),
        ("waterfall-in-field", vec!["waterfall", "--in-field"]),
        ("swimmer", vec!["swimmer", "--width", "960"]),
        ("spider-overall", vec!["spider"]),
        ("timeline", vec!["timeline", "--width", "960"]),
    ] {
        let saved = browser.run_later(
            "const [name, done] = arguments;
             URL.createObjectURL = (blob) => { blob.text().then(done); return 'blob:none' };
             document.querySelector(`figure[data-name=${name}] .save`).click()",
            json!([name]),
        );
        let written = dir.run(&[&["--as-of", day.as_str().unwrap(), "plot"], &plot[..]].concat()).expect(0).stdout;
        assert!(written.starts_with("<?xml") && written.lines().count() > 20, "{written}");
        assert_eq!(saved.as_str().unwrap(), written, "{name}");
    }
}

#[test]
fn the_page_is_small_needs_nothing_from_elsewhere_and_is_the_same_each_time() {
    let demo = demo();
    let (dir, page) = &*demo;
    let text = fs::read_to_string(page).unwrap();
    assert!(text.len() < 2_000_000, "{} bytes", text.len());
    let outside = text.replace("http://www.w3.org/2000/svg", "");
    for word in ["http://", "https://", " onclick=", " src=", "<link"] {
        assert!(!outside.contains(word), "{word}");
    }
    assert!(text.contains("default-src &#39;none&#39;") || text.contains("default-src 'none'"));
    assert_eq!(fs::read_to_string(page_of(dir, "again.html")).unwrap(), text);
    dir.run(&["report", "-o", page.to_str().unwrap()]).expect(3).says(&["not there yet"]);
}
