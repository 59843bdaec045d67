//! A browser: headless Chromium, driven over WebDriver (W3C) by its own driver on this machine.
//!
//! Where there is none, tests say so and end: the product needs no browser, its reader does.

use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// The name under which WebDriver hands out elements.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// How long a page may take to be ready; it takes a second or two.
const PATIENCE: Duration = Duration::from_secs(60);

/// A browser with one window; it ends when this goes.
pub struct Browser {
    driver: Child,
    agent: ureq::Agent,
    session: String,
    _profile: TempDir,
}

impl Browser {
    /// Starts one; none where Chromium or its driver is not installed.
    pub fn start() -> Option<Browser> {
        let found = |names: &[&str]| names.iter().find(|name| on_path(name)).map(|name| (*name).to_owned());
        let (Some(chromium), Some(driver)) = (found(&["chromium", "google-chrome"]), found(&["chromedriver"])) else {
            println!("skipped: chromium and chromedriver are not installed; they are what shows the page");
            return None;
        };
        let mut driver =
            Command::new(driver).arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let said = BufReader::new(driver.stdout.take().unwrap()).lines().map_while(Result::ok);
        let port = said
            .filter_map(|line| line.split("on port ").nth(1)?.trim_end_matches('.').parse::<u16>().ok())
            .find(|port| *port > 0);
        let profile = tempfile::tempdir().unwrap();
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build().into();
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--force-color-profile=srgb",
            &format!("--user-data-dir={}", profile.path().display()),
        ]
        .map(str::to_owned);
        let mut browser = Browser {
            driver,
            agent,
            session: format!("http://127.0.0.1:{}/session", port.unwrap()),
            _profile: profile,
        };
        let options = json!({ "args": arguments, "binary": which(&chromium) });
        let made = browser.post("", &json!({ "capabilities": { "alwaysMatch": { "goog:chromeOptions": options } } }));
        browser.session += &format!("/{}", made["sessionId"].as_str().unwrap_or_else(|| panic!("no session: {made}")));
        Some(browser)
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let mut answer = self.agent.post(format!("{}{path}", self.session)).send_json(body).unwrap();
        let value: Value = answer.body_mut().with_config().limit(256 << 20).read_json().unwrap();
        assert!(value["value"]["error"].is_null(), "{path}: {value}");
        value["value"].clone()
    }

    /// A window of this size: of its page, not its frame.
    pub fn size(&self, width: u32, height: u32) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.protocol("Emulation.setDeviceMetricsOverride", metrics);
    }

    /// A command of the Chrome DevTools Protocol.
    pub fn protocol(&self, command: &str, parameters: Value) -> Value {
        self.post("/goog/cdp/execute", &json!({ "cmd": command, "params": parameters }))
    }

    /// Opens a file, and waits until the page has a verdict.
    pub fn open(&self, file: &Path, fragment: &str) {
        // Only the fragment would change otherwise, and nothing would be loaded.
        self.post("/url", &json!({ "url": "about:blank" }));
        self.post("/url", &json!({ "url": format!("file://{}{fragment}", file.display()) }));
        let until = Instant::now() + PATIENCE;
        let waits = ["waiting", "checking"];
        while waits.contains(&self.run("return document.getElementById('verdict').dataset.verdict").as_str().unwrap()) {
            assert!(Instant::now() < until, "no verdict on {}", file.display());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Runs a script in the page; what it returns.
    pub fn run(&self, script: &str) -> Value {
        self.run_with(script, json!([]))
    }

    /// The same with arguments.
    pub fn run_with(&self, script: &str, arguments: Value) -> Value {
        self.post("/execute/sync", &json!({ "script": script, "args": arguments }))
    }

    /// Runs a script that ends later and calls its last argument with its answer.
    pub fn run_later(&self, script: &str, arguments: Value) -> Value {
        self.post("/timeouts", &json!({ "script": PATIENCE.as_millis() as u64 }));
        self.post("/execute/async", &json!({ "script": script, "args": arguments }))
    }

    fn element(&self, selector: &str) -> String {
        let found = self.post("/element", &json!({ "using": "css selector", "value": selector }));
        format!("/element/{}", found[ELEMENT].as_str().unwrap())
    }

    /// Clicks an element.
    pub fn click(&self, selector: &str) {
        self.post(&format!("{}/click", self.element(selector)), &json!({}));
    }

    /// Types into an element; a file input takes a path.
    pub fn type_into(&self, selector: &str, text: &str) {
        self.post(&format!("{}/value", self.element(selector)), &json!({ "text": text }));
    }

    /// The text of an element.
    pub fn text(&self, selector: &str) -> String {
        let found = self.run_with("return document.querySelector(arguments[0]).textContent", json!([selector]));
        found.as_str().unwrap().to_owned()
    }

    /// The page as printed, a PDF in base64.
    pub fn print(&self) -> String {
        self.post("/print", &json!({ "background": false })).as_str().unwrap().to_owned()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.agent.delete(&self.session).call();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn which(name: &str) -> String {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
    found.map_or_else(String::new, |file| file.display().to_string())
}

fn on_path(name: &str) -> bool {
    !which(name).is_empty()
}
