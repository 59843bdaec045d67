//! The categories of response, and how those of the parts make that of the whole (RECIST 1.1, tables 1 and 2).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! categories {
    ($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[schemars(inline)]
        pub enum $name {
            $(
                $(#[$about])*
                #[serde(rename = $text)]
                $variant,
            )+
        }
        impl $name {
            /// As RECIST prints it.
            pub fn as_str(self) -> &'static str {
                match self { $( $name::$variant => $text, )+ }
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

categories!(
    /// The response at a visit, or the best of a patient; best first.
    Response {
        /// Complete response.
        CR = "CR",
        /// Partial response.
        PR = "PR",
        /// Stable disease.
        SD = "SD",
        /// Neither complete response nor progression: disease that was never measured.
        NonCrNonPd = "NON-CR/NON-PD",
        /// Progressive disease.
        PD = "PD",
        /// Not evaluable.
        NE = "NE",
    }
);

categories!(
    /// The response of the target lesions.
    TargetResponse {
        /// Complete response.
        CR = "CR",
        /// Partial response.
        PR = "PR",
        /// Stable disease.
        SD = "SD",
        /// Progressive disease.
        PD = "PD",
        /// Not evaluable.
        NE = "NE",
        /// There was none at baseline.
        NotApplicable = "NA",
    }
);

categories!(
    /// The response of the non-target lesions.
    NonTargetResponse {
        /// All gone, and the tumour marker normal.
        CR = "CR",
        /// At least one persists, or the tumour marker is above normal.
        NonCrNonPd = "NON-CR/NON-PD",
        /// Progression beyond doubt.
        PD = "PD",
        /// Not all were evaluated.
        NE = "NE",
        /// There was none at baseline.
        NotApplicable = "NA",
    }
);

/// The response of a visit that shows no new lesion (RECIST 1.1, tables 1 and 2); with one it is PD.
pub fn overall(target: TargetResponse, non_target: NonTargetResponse) -> Response {
    use NonTargetResponse as N;
    use TargetResponse as T;
    match (target, non_target) {
        (T::PD, N::CR | N::NonCrNonPd | N::PD | N::NE | N::NotApplicable) => Response::PD,
        (T::CR | T::PR | T::SD | T::NE | T::NotApplicable, N::PD) => Response::PD,
        (T::CR, N::CR | N::NotApplicable) => Response::CR,
        (T::CR, N::NonCrNonPd | N::NE) => Response::PR,
        (T::PR, N::CR | N::NonCrNonPd | N::NE | N::NotApplicable) => Response::PR,
        (T::SD, N::CR | N::NonCrNonPd | N::NE | N::NotApplicable) => Response::SD,
        (T::NE, N::CR | N::NonCrNonPd | N::NE | N::NotApplicable) => Response::NE,
        (T::NotApplicable, N::CR) => Response::CR,
        (T::NotApplicable, N::NonCrNonPd) => Response::NonCrNonPd,
        (T::NotApplicable, N::NE | N::NotApplicable) => Response::NE,
    }
}
