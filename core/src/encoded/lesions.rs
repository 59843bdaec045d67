//! Lesions inside a compact encoding: each member stands there, said or not.
//!
//! Promises that the compiler asks for a member here when it comes to be in the shape that the log has.

use crate::{
    date::Moment,
    event::TumourAssessed,
    ids::{Name, SubjectId},
    quantity::Length,
    recist::{
        Certainty, LesionKind, NewLesion, NonTargetLesion, NonTargetStatus, PriorRadiotherapy, TargetLesion,
        TargetState,
    },
};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(remote = "TargetLesion")]
struct Target {
    lesion: Name,
    site: Name,
    kind: LesionKind,
    in_field: bool,
    state: TargetState,
    diameter: Option<Length>,
    part_of: Option<Name>,
    #[serde(with = "super::some_day")]
    imaged: Option<NaiveDate>,
    prior_radiotherapy: Option<PriorRadiotherapy>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "NonTargetLesion")]
struct NonTarget {
    lesion: Name,
    site: Option<Name>,
    in_field: bool,
    status: NonTargetStatus,
    #[serde(with = "super::some_day")]
    imaged: Option<NaiveDate>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "NewLesion")]
struct New {
    lesion: Name,
    site: Name,
    in_field: bool,
    certainty: Certainty,
    diameter: Option<Length>,
    #[serde(with = "super::some_day")]
    imaged: Option<NaiveDate>,
}

/// All of some lesions.
macro_rules! each {
    ($module:ident, $shape:literal, $lesion:ident) => {
        mod $module {
            use super::*;
            use serde::{Deserializer, Serializer};

            #[derive(Serialize)]
            struct Written<'a>(#[serde(with = $shape)] &'a $lesion);

            #[derive(Deserialize)]
            struct Read(#[serde(with = $shape)] $lesion);

            pub fn serialize<S: Serializer>(lesions: &[$lesion], s: S) -> Result<S::Ok, S::Error> {
                s.collect_seq(lesions.iter().map(Written))
            }

            pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<$lesion>, D::Error> {
                Ok(Vec::<Read>::deserialize(d)?.into_iter().map(|read| read.0).collect())
            }
        }
    };
}

each!(targets, "Target", TargetLesion);
each!(non_targets, "NonTarget", NonTargetLesion);
each!(new_lesions, "New", NewLesion);

#[derive(Serialize, Deserialize)]
#[serde(remote = "TumourAssessed")]
struct Visit {
    subject: SubjectId,
    occurred_at: Moment,
    method: Name,
    #[serde(with = "targets")]
    targets: Vec<TargetLesion>,
    #[serde(with = "non_targets")]
    non_targets: Vec<NonTargetLesion>,
    #[serde(with = "new_lesions")]
    new_lesions: Vec<NewLesion>,
}

/// For `#[serde(with)]`: the assessments of one subject, if there are any.
pub mod visits {
    use super::Visit;
    use crate::{Stated, event::TumourAssessed, ids::Seq};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize)]
    struct Written<'a>(Seq, #[serde(with = "Visit")] &'a TumourAssessed);

    #[derive(Deserialize)]
    struct Read(Seq, #[serde(with = "Visit")] TumourAssessed);

    /// Writes them.
    ///
    /// # Errors
    /// The encoding fails.
    pub fn serialize<S: Serializer>(visits: &Option<Stated<TumourAssessed>>, s: S) -> Result<S::Ok, S::Error> {
        let visits = visits.iter().flat_map(Stated::iter).map(|(seq, visit)| Written(seq, visit));
        s.collect_seq(visits.collect::<Vec<_>>())
    }

    /// Reads them.
    ///
    /// # Errors
    /// They are none.
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Stated<TumourAssessed>>, D::Error> {
        let visits: Stated<_> = Vec::<Read>::deserialize(d)?.into_iter().map(|Read(seq, visit)| (seq, visit)).collect();
        Ok(Some(visits).filter(|visits| !visits.is_empty()))
    }
}
