//! Files of drafts.

use trial_cli::draft::{self, DraftFault, MAX_LINE, drafts as read_drafts};

/// A file of drafts: every line is a draft or an error that names it, in order; a draft is read the same again.
pub fn drafts(bytes: &[u8]) {
    let lines = bytes.split(|byte| *byte == b'\n').count();
    let mut before = 0;
    for found in read_drafts(bytes) {
        let line = match &found {
            Ok((line, _)) => *line,
            Err(error) => error.line,
        };
        assert!(before < line && line <= lines, "line {line} of {lines} after line {before}");
        before = line;
        match found {
            Ok((_, draft)) => {
                let again = draft::checked(draft.event.clone());
                assert!(draft.target_line.is_some() || again.is_ok_and(|again| again == draft.event), "line {line}");
            }
            Err(error) => {
                assert!(!error.to_string().is_empty());
                assert!(!matches!(error.fault, DraftFault::Read(_)), "memory can always be read");
                assert!(error.hint().is_none_or(|hint| !hint.is_empty()));
                if let DraftFault::NotUtf8(byte) = error.fault {
                    assert!((1..=MAX_LINE).contains(&byte));
                }
            }
        }
    }
}
