//! The palette: the colours of plots as CSS custom properties with fallbacks, for light and for dark pages.
//!
//! Promises colours that are told apart with any colour vision (Okabe and Ito 2008; Tol 2021, "muted") and a contrast of
//! 3:1 for signs and 4.5:1 for text on the paper of their theme (WCAG 2.2, 1.4.11 and 1.4.3). A page themes the plots by
//! setting the properties; a program that knows no custom properties shows the light ones.

/// A colour: the custom property that sets it, and its values on light and on dark paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour {
    /// The property, without its dashes.
    pub name: &'static str,
    /// On light paper.
    pub light: &'static str,
    /// On dark paper.
    pub dark: &'static str,
}

const fn colour(name: &'static str, light: &'static str, dark: &'static str) -> Colour {
    Colour { name, light, dark }
}

/// The colours of levels and groups, in order; a ninth begins again.
pub const SERIES: [Colour; 8] = [
    colour("level-1", "#0072b2", "#56b4e9"),
    colour("level-2", "#d55e00", "#e69f00"),
    colour("level-3", "#008060", "#2fc49b"),
    colour("level-4", "#aa4499", "#e09fc8"),
    colour("level-5", "#332288", "#a7a3f0"),
    colour("level-6", "#882255", "#f08a9c"),
    colour("level-7", "#6f6a12", "#f0e442"),
    colour("level-8", "#4d4d4d", "#c4c4c4"),
];

/// Everything else.
pub const OTHERS: [Colour; 5] = [
    colour("paper", "#ffffff", "#16181c"),
    colour("ink", "#1c1c1c", "#f0f0f0"),
    colour("quiet", "#595959", "#b4b4b4"),
    colour("rule", "#d4d4d4", "#454a52"),
    colour("alarm", "#b00020", "#ff8080"),
];

/// The number of a colour of the series, from 1.
pub fn series(index: usize) -> usize {
    index % SERIES.len() + 1
}

fn declared(property: &str, colour: Colour) -> String {
    // Twice: what does not know custom properties keeps the first.
    format!("{property}:{light};{property}:var(--{name},{light})", light = colour.light, name = colour.name)
}

/// The style sheet of all plots; a page brings it once.
pub fn style() -> String {
    let mut rules = vec![
        ".plot text{font-family:\"Helvetica Neue\",Arial,\"Liberation Sans\",sans-serif}".to_owned(),
        ".plot .title{font-size:16px;font-weight:600}".to_owned(),
        ".plot .text{font-size:13px}".to_owned(),
        ".plot .small{font-size:12px}".to_owned(),
        ".plot path,.plot line{fill:none}".to_owned(),
    ];
    let [paper, ink, quiet, rule, alarm] = OTHERS;
    rules.push(format!(".plot .paper{{{}}}", declared("fill", paper)));
    rules.push(format!(".plot text{{{}}}", declared("fill", ink)));
    for colour in [quiet, alarm] {
        rules.push(format!(".plot .{}{{{}}}", colour.name, declared("fill", colour)));
    }
    for colour in [ink, quiet, alarm] {
        rules.push(format!(".plot .fill-{}{{{}}}", colour.name, declared("fill", colour)));
        rules.push(format!(".plot .stroke-{}{{{};stroke-width:1.6}}", colour.name, declared("stroke", colour)));
    }
    rules.push(format!(".plot .rule{{{};stroke-width:1}}", declared("stroke", rule)));
    rules.push(format!(".plot .band{{{}}}", declared("fill", rule)));
    rules.push(format!(".plot .axis{{{};stroke-width:1}}", declared("stroke", quiet)));
    rules.push(format!(".plot .guide{{{};stroke-width:1;stroke-dasharray:5 3}}", declared("stroke", quiet)));
    for (number, colour) in (1..).zip(SERIES) {
        rules.push(format!(".plot .fill-{number}{{{}}}", declared("fill", colour)));
        rules.push(format!(".plot .stroke-{number}{{{};stroke-width:2}}", declared("stroke", colour)));
    }
    rules.push(format!(".plot .edge{{{};stroke-width:1}}", declared("stroke", paper)));
    rules.push(format!(".plot .hollow{{{}}}", declared("fill", paper)));
    rules.push(format!(".plot .halo{{{};stroke-width:3;paint-order:stroke}}", declared("stroke", paper)));
    rules.push(".plot .pale{fill-opacity:.32}".to_owned());
    rules.push(".plot .veil{fill-opacity:.16}".to_owned());
    rules.push(".plot .thin{stroke-width:1.2}".to_owned());
    for (number, dashes) in
        [(2, "7 3"), (3, "2 2"), (4, "9 3 2 3"), (5, "4 2"), (6, "1 3"), (7, "12 4"), (8, "6 2 2 2")]
    {
        rules.push(format!(".plot .dash-{number}{{stroke-dasharray:{dashes}}}"));
    }
    rules.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance (WCAG 2.2).
    fn luminance(hex: &str) -> f64 {
        let channel = |at: usize| {
            let c = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    fn contrast(a: &str, b: &str) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_sign_stands_out_from_the_paper_and_every_text_can_be_read_in_both_themes() {
        let [paper, ink, quiet, _, alarm] = OTHERS;
        for colour in SERIES.iter().chain([&alarm]) {
            let (light, dark) = (contrast(colour.light, paper.light), contrast(colour.dark, paper.dark));
            assert!(light >= 3.0 && dark >= 3.0, "{}: {light:.2} and {dark:.2}", colour.name);
        }
        for colour in [ink, quiet] {
            let (light, dark) = (contrast(colour.light, paper.light), contrast(colour.dark, paper.dark));
            assert!(light >= 4.5 && dark >= 4.5, "{}: {light:.2} and {dark:.2}", colour.name);
        }
    }

    #[test]
    fn a_program_without_custom_properties_finds_a_colour_in_every_rule() {
        let style = style();
        for line in style.lines().filter(|line| line.contains("var(")) {
            assert!(line.contains(":#") && line.find(":#") < line.find("var("), "{line}");
        }
        assert!(style.contains("fill:var(--level-1,#0072b2)"));
    }

    #[test]
    fn colours_of_the_series_begin_again_after_the_last() {
        assert_eq!([0, 1, 7, 8].map(series), [1, 2, 8, 1]);
    }
}
