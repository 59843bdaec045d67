//! Closed lists of words: an enum whose variants have one spelling in the log, in schemas and on the command line.

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ::serde::Serialize, ::serde::Deserialize, ::schemars::JsonSchema)]
        #[schemars(inline)]
        pub enum $name {
            $( $(#[$vdoc])* #[serde(rename = $text)] $variant, )+
        }

        impl $name {
            /// All of them, in the order of the glossary.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The word as it stands in the log.
            pub fn as_str(self) -> &'static str {
                match self { $( $name::$variant => $text, )+ }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                $name::ALL.iter().copied().find(|w| w.as_str() == text).ok_or_else(|| {
                    let all: Vec<_> = $name::ALL.iter().map(|w| w.as_str()).collect();
                    format!("{text:?} is not known: expected one of {}", all.join(", "))
                })
            }
        }
    };
}
pub(crate) use words;

/// What is written in its own words has the schema of a text.
macro_rules! written {
    ($($name:ident: $about:literal),+ $(,)?) => { $(
        impl ::schemars::JsonSchema for $name {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn inline_schema() -> bool {
                true
            }
            fn json_schema(_: &mut ::schemars::SchemaGenerator) -> ::schemars::Schema {
                ::schemars::json_schema!({ "type": "string", "description": $about })
            }
        }
    )+ };
}
pub(crate) use written;
