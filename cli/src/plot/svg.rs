//! A picture: a scene of lines, areas, glyphs and texts, as SVG 1.1 text.
//!
//! Promises one element on one line, numbers rounded to two decimals and the same text for the same scene, so that two
//! pictures differ in the lines that differ; every text escaped, with controls and changes of direction made visible; no
//! script, no font, no address and no identifier inside. Coordinates are units of the view box, y downwards.

use super::palette;
use std::fmt::Write as _;
use unicode_width::UnicodeWidthChar as _;

/// The widths of pictures in units: a unit is a pixel where the picture is shown at its own width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Width(u16);

impl Width {
    /// Half a page, or half a slide.
    pub const USUAL: Width = Width(480);
    /// A whole page.
    pub const BROAD: Width = Width(960);
    /// A phone that is 360 pixels wide.
    pub const PHONE: Width = Width(340);
    /// The narrowest that plots are laid out for.
    pub const NARROWEST: u16 = 320;
    /// The widest.
    pub const WIDEST: u16 = 2000;

    /// A width within what plots are laid out for.
    pub fn new(units: u16) -> Width {
        Width(units.clamp(Width::NARROWEST, Width::WIDEST))
    }

    /// Units.
    pub fn units(self) -> f64 {
        f64::from(self.0)
    }
}

/// A place: x to the right, y down.
pub type Place = (f64, f64);

/// Where a text lies to its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// It begins there.
    Start,
    /// Its middle is there.
    Middle,
    /// It ends there.
    End,
    /// Turned by a quarter to read upwards, it ends there.
    Upwards,
}

/// A sign on a plot: shape tells what colour tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glyph {
    /// A disc.
    Disc,
    /// A square.
    Square,
    /// A triangle, point up.
    Up,
    /// A triangle, point down.
    Down,
    /// A diamond.
    Diamond,
    /// A star with five points.
    Star,
    /// Two strokes across each other, like an x.
    Cross,
    /// Three strokes through one point.
    Asterisk,
    /// One upright stroke.
    Stroke,
    /// Two upright strokes.
    Pause,
    /// A triangle, point right.
    Right,
    /// An arrow to the right, from the place on.
    Arrow,
}

impl Glyph {
    /// The shapes that tell series from each other, in the order of the colours.
    pub const SERIES: [Glyph; 5] = [Glyph::Disc, Glyph::Square, Glyph::Up, Glyph::Diamond, Glyph::Down];

    fn path(self, (x, y): Place, r: f64) -> String {
        let points = |corners: &[Place]| {
            let corners: Vec<Place> = corners.iter().map(|(dx, dy)| (x + dx * r, y + dy * r)).collect();
            path(&corners) + "Z"
        };
        let strokes = |strokes: &[[f64; 4]]| {
            let each = strokes.iter().map(|[a, b, c, d]| path(&[(x + a * r, y + b * r), (x + c * r, y + d * r)]));
            each.collect::<String>()
        };
        match self {
            Glyph::Disc => {
                let (left, r) = (number(x - r), number(r));
                let (y, across) = (number(y), number(2.0 * (x - (x - r.parse::<f64>().unwrap_or_default()))));
                format!("M{left} {y}a{r} {r} 0 1 0 {across} 0a{r} {r} 0 1 0 -{across} 0Z")
            }
            Glyph::Square => points(&[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]),
            Glyph::Up => points(&[(0.0, -1.1), (1.05, 0.8), (-1.05, 0.8)]),
            Glyph::Down => points(&[(0.0, 1.1), (1.05, -0.8), (-1.05, -0.8)]),
            Glyph::Right => points(&[(1.1, 0.0), (-0.8, 1.05), (-0.8, -1.05)]),
            Glyph::Diamond => points(&[(0.0, -1.2), (1.2, 0.0), (0.0, 1.2), (-1.2, 0.0)]),
            Glyph::Star => points(&[
                (0.0, -1.3),
                (0.31, -0.43),
                (1.24, -0.4),
                (0.5, 0.16),
                (0.76, 1.05),
                (0.0, 0.53),
                (-0.76, 1.05),
                (-0.5, 0.16),
                (-1.24, -0.4),
                (-0.31, -0.43),
            ]),
            Glyph::Cross => strokes(&[[-0.9, -0.9, 0.9, 0.9], [-0.9, 0.9, 0.9, -0.9]]),
            Glyph::Asterisk => {
                strokes(&[[0.0, -1.1, 0.0, 1.1], [-0.95, -0.55, 0.95, 0.55], [-0.95, 0.55, 0.95, -0.55]])
            }
            Glyph::Stroke => strokes(&[[0.0, -1.0, 0.0, 1.0]]),
            Glyph::Pause => strokes(&[[-0.5, -1.0, -0.5, 1.0], [0.5, -1.0, 0.5, 1.0]]),
            Glyph::Arrow => strokes(&[[0.0, 0.0, 2.2, 0.0], [1.3, -0.9, 2.2, 0.0], [1.3, 0.9, 2.2, 0.0]]),
        }
    }
}

/// The sizes of text: the whole scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// The title.
    Title,
    /// Everything that is read with the plot.
    Text,
    /// Names of subjects, notes, the cut.
    Small,
}

impl Size {
    /// Units.
    pub fn units(self) -> f64 {
        match self {
            Size::Title => 16.0,
            Size::Text => 13.0,
            Size::Small => 12.0,
        }
    }

    fn class(self) -> &'static str {
        match self {
            Size::Title => "title",
            Size::Text => "text",
            Size::Small => "small",
        }
    }

    /// How wide a text is, about: by the metrics of Helvetica and its kin, which the style sheet asks for.
    pub fn width(self, text: &str) -> f64 {
        text.chars().map(breadth).sum::<f64>() * self.units()
    }

    /// The text, cut to a width with an ellipsis where it is longer.
    pub fn cut(self, text: &str, width: f64) -> String {
        if self.width(text) <= width {
            return text.to_owned();
        }
        let mut used = breadth('\u{2026}') * self.units();
        let fitting = text.chars().take_while(|c| {
            used += breadth(*c) * self.units();
            used <= width
        });
        fitting.collect::<String>() + "\u{2026}"
    }
}

/// How broad a character is in parts of the size of its text, with a little to spare for other fonts.
fn breadth(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' | '\'' | '|' => 0.25,
        ' ' | '.' | ',' | ':' | ';' | '!' | 'f' | 't' | 'I' | '/' | '[' | ']' | '\u{b7}' => 0.3,
        'r' | '(' | ')' | '-' | '"' => 0.36,
        'm' | 'M' | 'W' | '%' | '@' | '\u{2026}' => 1.0,
        'w' | 'A'..='Z' | '_' | '+' | '=' | '<' | '>' | '&' => 0.74,
        '0'..='9' | 'a'..='z' => 0.58,
        c => 0.62 * c.width().unwrap_or_default() as f64,
    }
}

/// A picture under construction, and its text.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    name: &'static str,
    width: f64,
    height: f64,
    title: String,
    description: String,
    lines: Vec<String>,
}

impl Picture {
    /// An empty picture: its name, its width, and what it shows, for readers who do not see it.
    pub fn new(name: &'static str, width: Width, title: &str, description: &str) -> Picture {
        let (title, description) = (title.to_owned(), description.to_owned());
        Picture { name, width: width.units(), height: 0.0, title, description, lines: Vec::new() }
    }

    /// Its width.
    pub fn width(&self) -> f64 {
        self.width
    }

    /// Ends the picture below this y.
    pub fn ends_at(&mut self, y: f64) {
        self.height = y.ceil();
    }

    fn put(&mut self, element: &str, attributes: &str, about: &str) {
        self.lines.push(match about {
            "" => format!("<{element} {attributes}/>"),
            about => format!("<{element} {attributes}><title>{}</title></{element}>", escaped(about)),
        });
    }

    /// A straight line.
    pub fn line(&mut self, class: &str, (x1, y1): Place, (x2, y2): Place) {
        let [x1, y1, x2, y2] = [x1, y1, x2, y2].map(number);
        self.put("line", &format!(r#"class="{class}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}""#), "");
    }

    /// A rectangle between two corners, with words that are shown on pointing at it; empty for none.
    pub fn rect(&mut self, class: &str, (x1, y1): Place, (x2, y2): Place, about: &str) {
        let [x, y, w, h] = [x1.min(x2), y1.min(y2), (x2 - x1).abs(), (y2 - y1).abs()].map(number);
        self.put("rect", &format!(r#"class="{class}" x="{x}" y="{y}" width="{w}" height="{h}""#), about);
    }

    /// A line through points.
    pub fn polyline(&mut self, class: &str, points: &[Place], about: &str) {
        self.put("path", &format!(r#"class="{class}" d="{}""#, path(points)), about);
    }

    /// An area between points.
    pub fn area(&mut self, class: &str, points: &[Place]) {
        self.put("path", &format!(r#"class="{class}" d="{}Z""#, path(points)), "");
    }

    /// A sign with half its size, and words that are shown on pointing at it.
    pub fn glyph(&mut self, class: &str, glyph: Glyph, place: Place, r: f64, about: &str) {
        self.put("path", &format!(r#"class="{class}" d="{}""#, glyph.path(place, r)), about);
    }

    /// A text on one line.
    pub fn text(&mut self, size: Size, class: &str, anchor: Anchor, (x, y): Place, text: &str) {
        let (x, y) = (number(x), number(y));
        let place = match anchor {
            Anchor::Start => format!(r#"x="{x}" y="{y}""#),
            Anchor::Middle => format!(r#"x="{x}" y="{y}" text-anchor="middle""#),
            Anchor::End => format!(r#"x="{x}" y="{y}" text-anchor="end""#),
            Anchor::Upwards => format!(r#"transform="translate({x} {y}) rotate(-90)" text-anchor="end""#),
        };
        let class = format!("{} {class}", size.class());
        self.lines.push(format!(r#"<text class="{}" {place}>{}</text>"#, class.trim_end(), escaped(text)));
    }

    /// A text wrapped to a width; where the next line would begin.
    pub fn paragraph(&mut self, size: Size, class: &str, (x, mut y): Place, width: f64, text: &str) -> f64 {
        for line in wrapped(size, text, width) {
            self.text(size, class, Anchor::Start, (x, y), &line);
            y += size.units() * 1.35;
        }
        y
    }

    /// The picture as a part of a page, which brings [`palette::style`] once for all of them.
    pub fn inline(&self) -> String {
        self.written("", "")
    }

    /// The picture as a file by itself.
    pub fn file(&self) -> String {
        let size = format!(r#" width="{}" height="{}""#, number(self.width), number(self.height));
        let style = format!("<style>\n{}</style>\n", palette::style());
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}", self.written(&size, &style))
    }

    fn written(&self, size: &str, style: &str) -> String {
        let (w, h) = (number(self.width), number(self.height));
        let name = self.name;
        let mut text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"plot plot-{name}\" viewBox=\"0 0 {w} {h}\"{size} \
             role=\"img\">\n<title>{}</title>\n<desc>{}</desc>\n{style}",
            escaped(&self.title),
            escaped(&self.description)
        );
        let paper = format!("<rect class=\"paper\" x=\"0\" y=\"0\" width=\"{w}\" height=\"{h}\"/>\n");
        text += &paper;
        for line in &self.lines {
            text += line;
            text.push('\n');
        }
        text + "</svg>\n"
    }
}

fn path(points: &[Place]) -> String {
    let mut text = String::new();
    for (index, (x, y)) in points.iter().enumerate() {
        let step = if index == 0 { 'M' } else { 'L' };
        write!(text, "{step}{} {}", number(*x), number(*y)).expect("a string takes any text");
    }
    text
}

/// A number with at most two decimals.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".into() } else { text.into() }
}

/// Text as content or attribute. What would not be seen, or would turn the direction of reading, is made visible.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe += "&amp;",
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '"' => safe += "&quot;",
            '\'' => safe += "&#39;",
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => {
                safe.push('\u{fffd}');
            }
            // Not characters of XML 1.0.
            '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            c if c.is_control() => safe.push(if c == '\n' { ' ' } else { '\u{fffd}' }),
            c => safe.push(c),
        }
    }
    safe
}

/// The lines of a text within a width; a word that is longer is cut.
fn wrapped(size: Size, text: &str, width: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let word = size.cut(word, width);
        match lines.last_mut() {
            Some(line) if size.width(line) + size.width(" ") + size.width(&word) <= width => {
                line.push(' ');
                line.push_str(&word);
            }
            Some(_) | None => lines.push(word),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_two_decimals_and_none_that_say_nothing() {
        assert_eq!([1.0, 0.126, -0.001, 100.0, -2.5].map(number), ["1", "0.13", "0", "100", "-2.5"]);
    }

    #[test]
    fn a_disc_is_as_wide_as_it_is_high() {
        assert_eq!(Glyph::Disc.path((10.0, 20.0), 4.5), "M5.5 20a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0Z");
    }

    #[test]
    fn hostile_text_is_inert() {
        let text = "<script>alert('x')</script> & \"q\" \u{202e}evil\u{202c} \u{0}\u{1b}[31m\n]]>";
        let safe = escaped(text);
        assert!(!safe.contains(['<', '>', '"', '\'', '\u{202e}', '\u{202c}', '\u{0}', '\u{1b}', '\n']), "{safe}");
        assert!(safe.starts_with("&lt;script&gt;alert(&#39;x&#39;)"));
    }

    #[test]
    fn a_paragraph_keeps_to_its_width() {
        let lines =
            wrapped(Size::Small, "some words of which a few are long, and averyverylongwordthatfitsnowhere", 100.0);
        assert!(lines.len() > 3 && lines.iter().all(|line| Size::Small.width(line) <= 100.0), "{lines:?}");
    }

    #[test]
    fn each_element_stands_on_one_line_between_title_and_end() {
        let mut picture = Picture::new("test", Width::USUAL, "A \u{26} B", "shows\nnothing");
        picture.line("rule", (0.0, 1.0), (2.0, 3.0));
        picture.glyph("ink", Glyph::Star, (5.0, 5.0), 4.0, "two\nlines");
        picture.ends_at(100.0);
        let inline = picture.inline();
        let lines: Vec<&str> = inline.lines().collect();
        assert!(lines[0].starts_with("<svg ") && lines[0].contains(r#"role="img""#));
        assert_eq!(lines[1..3], ["<title>A &amp; B</title>", "<desc>shows nothing</desc>"]);
        assert!(lines[3..lines.len() - 1].iter().all(|line| line.starts_with('<') && line.ends_with('>')), "{inline}");
        assert_eq!(lines[lines.len() - 1], "</svg>");
    }
}
