//! Few: a map of few members, which are kept once, side by side, in order.
//!
//! Promises the order, the JSON and the schema of a `BTreeMap`, in the memory of the members alone: an ordered tree takes
//! room for eleven at once, and a trial has a million maps of one or two. Does not suit many members: adding one in
//! front moves all others.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{borrow::Cow, collections::BTreeMap, fmt, marker::PhantomData};

/// For how many members room is made on the word of whoever says how many there are.
const FEW: usize = 64;

/// A map of few members, in the order of their names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Few<K, V> {
    members: Vec<(K, V)>,
}

impl<K, V> Default for Few<K, V> {
    fn default() -> Self {
        Few { members: Vec::new() }
    }
}

impl<K: Ord, V> Few<K, V> {
    /// None.
    pub fn new() -> Few<K, V> {
        Few::default()
    }

    /// The member of this name.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.place(key).ok().map(|place| &self.members[place].1)
    }

    /// The member of this name, made if there is none yet.
    pub fn at(&mut self, key: &K, shared: impl FnOnce() -> K) -> &mut V
    where
        V: Default,
    {
        let place = self.place(key).unwrap_or_else(|place| {
            self.members.reserve_exact(1);
            self.members.insert(place, (shared(), V::default()));
            place
        });
        &mut self.members[place].1
    }

    /// Whether there is a member of this name.
    pub fn contains_key(&self, key: &K) -> bool {
        self.place(key).is_ok()
    }

    /// All members, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.members.iter().map(|(key, value)| (key, value))
    }

    /// All members, given away.
    pub(crate) fn into_members(self) -> Vec<(K, V)> {
        self.members
    }

    /// All names, in order.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.members.iter().map(|(key, _)| key)
    }

    /// All values, in the order of their names.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.members.iter().map(|(_, value)| value)
    }

    /// Keeps the members for which this holds.
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        self.members.retain_mut(|(key, value)| keep(key, value));
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// These members, of which the last of each name counts.
    fn of(mut members: Vec<(K, V)>) -> Few<K, V> {
        if !members.is_sorted_by(|(one, _), (next, _)| one < next) {
            // Through the map that it stands for.
            members = members.into_iter().collect::<BTreeMap<K, V>>().into_iter().collect();
        }
        members.shrink_to_fit();
        Few { members }
    }

    fn place(&self, key: &K) -> Result<usize, usize> {
        self.members.binary_search_by(|(known, _)| known.cmp(key))
    }
}

impl<'a, K, V> IntoIterator for &'a Few<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = std::iter::Map<std::slice::Iter<'a, (K, V)>, fn(&'a (K, V)) -> (&'a K, &'a V)>;
    fn into_iter(self) -> Self::IntoIter {
        self.members.iter().map(|(key, value)| (key, value))
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for Few<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(members: I) -> Self {
        Few::of(members.into_iter().collect())
    }
}

impl<K: Serialize, V: Serialize> Serialize for Few<K, V> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_map(self)
    }
}

impl<'de, K: Deserialize<'de> + Ord, V: Deserialize<'de>> Deserialize<'de> for Few<K, V> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Members<K, V>(PhantomData<(K, V)>);

        impl<'de, K: Deserialize<'de> + Ord, V: Deserialize<'de>> de::Visitor<'de> for Members<K, V> {
            type Value = Few<K, V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Few<K, V>, A::Error> {
                let mut members = Vec::with_capacity(map.size_hint().unwrap_or_default().min(FEW));
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Few::of(members))
            }
        }

        d.deserialize_map(Members(PhantomData))
    }
}

impl<K: JsonSchema, V: JsonSchema> JsonSchema for Few<K, V> {
    fn schema_name() -> Cow<'static, str> {
        BTreeMap::<K, V>::schema_name()
    }
    fn schema_id() -> Cow<'static, str> {
        BTreeMap::<K, V>::schema_id()
    }
    fn inline_schema() -> bool {
        BTreeMap::<K, V>::inline_schema()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        BTreeMap::<K, V>::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_stand_in_order_and_once() {
        let mut few: Few<String, u8> = [("b".into(), 1), ("a".into(), 2), ("b".into(), 3)].into_iter().collect();
        *few.at(&"c".into(), || "c".into()) += 4;
        *few.at(&"a".into(), || unreachable!()) += 1;
        assert_eq!(serde_json::to_string(&few).unwrap(), r#"{"a":3,"b":3,"c":4}"#);
        assert_eq!(serde_json::from_str::<Few<String, u8>>(r#"{"c":4,"a":3,"b":3}"#).unwrap(), few);
        assert_eq!((few.get(&"b".into()), few.get(&"d".into()), few.len()), (Some(&3), None, 3));
        assert_eq!(few.keys().collect::<Vec<_>>(), ["a", "b", "c"]);
    }
}
