//! The canonical form of anything that serde can write, in one pass and one buffer.
//!
//! Promises the order of members by UTF-16 code units (RFC 8785 section 3.2.3) however they come, and to refuse what has
//! no canonical form. Expects that no object has two members of one name.

use super::{MAX_DEPTH, MAX_INTEGER, NotRepresentable, by_utf16, is_plain, plain_run};
use serde::{Serialize, Serializer, ser};
use std::{cmp::Ordering, fmt};

/// Writes one value after the other, in the same room.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    out: Vec<u8>,
    depth: usize,
    /// Members of the objects that are open, the innermost last.
    members: Vec<Member>,
    /// Where members are put in order.
    sorted: Vec<u8>,
    /// Where what is told as text is put together.
    text: String,
}

impl Writer {
    /// The canonical form of a value, until the next one is written.
    ///
    /// # Errors
    /// A number that is not an integer within ±(2^53-1), containers nested too deep, or names that are not texts.
    pub fn write<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<&[u8], NotRepresentable> {
        self.write_inside(0, value)
    }

    /// The canonical form of a value that stands inside so many containers.
    ///
    /// # Errors
    /// See [`Writer::write`].
    pub fn write_inside<T: Serialize + ?Sized>(&mut self, depth: usize, value: &T) -> Result<&[u8], NotRepresentable> {
        self.out.clear();
        self.members.clear();
        self.depth = depth;
        value.serialize(&mut *self)?;
        Ok(&self.out)
    }

    /// What was written last.
    #[cfg(feature = "store")]
    pub fn written(&self) -> &[u8] {
        &self.out
    }

    /// Where the value of a member stands in the object that was written last; nothing where the members had to be sorted.
    #[cfg(feature = "store")]
    pub fn place_of(&self, name: &str) -> Option<std::ops::Range<usize>> {
        let member = self.members.iter().find(|member| member.name(&self.out) == name.as_bytes())?;
        Some(member.named + 1..member.end)
    }

    /// The buffer.
    pub fn into_vec(self) -> Vec<u8> {
        self.out
    }
}

/// Where a member stands in the buffer.
#[derive(Debug, Clone, Copy)]
struct Member {
    /// Its name's opening quote.
    start: usize,
    /// Behind its name's closing quote.
    named: usize,
    /// Behind its value.
    end: usize,
    /// Whether each byte of the name stands for its own character.
    plain: bool,
}

impl Member {
    /// The raw name.
    fn name<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        &bytes[self.start + 1..self.named - 1]
    }

    fn compare(&self, other: &Member, bytes: &[u8]) -> Ordering {
        let (name, other_name) = (self.name(bytes), other.name(bytes));
        if self.plain && other.plain { name.cmp(other_name) } else { by_utf16(name, other_name) }
    }
}

/// A container that is being written.
pub(crate) struct Open<'w> {
    writer: &'w mut Writer,
    /// How many members the objects around it have so far.
    first: usize,
    /// Where its content begins.
    start: usize,
    in_order: bool,
    closing: &'static [u8],
}

impl Writer {
    fn open(&mut self, bracket: u8, closing: &'static [u8]) -> Result<Open<'_>, NotRepresentable> {
        // A variant with content is two containers, closed together.
        self.depth += closing.len();
        if self.depth > MAX_DEPTH {
            return Err(NotRepresentable::Depth);
        }
        self.out.push(bracket);
        Ok(Open { first: self.members.len(), start: self.out.len(), in_order: true, closing, writer: self })
    }

    /// The object around the content of a variant.
    fn variant(&mut self, variant: &str) {
        self.out.push(b'{');
        string(variant, &mut self.out);
        self.out.push(b':');
    }
}

impl Open<'_> {
    fn name<T: Serialize + ?Sized>(&mut self, name: &T) -> Result<(), NotRepresentable> {
        self.comma();
        let start = self.writer.out.len();
        name.serialize(&mut *self.writer)?;
        let named = self.writer.out.len();
        if self.writer.out[start] != b'"' {
            return Err(NotRepresentable::Name);
        }
        self.writer.out.push(b':');
        let bytes = &self.writer.out;
        let member = Member { start, named, end: named, plain: is_plain(&bytes[start + 1..named - 1]) };
        let before = self.writer.members[self.first..].last();
        self.in_order &= before.is_none_or(|last| last.compare(&member, bytes).is_lt());
        self.writer.members.push(member);
        Ok(())
    }

    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotRepresentable> {
        value.serialize(&mut *self.writer)?;
        let end = self.writer.out.len();
        if let Some(member) = self.writer.members.last_mut() {
            member.end = end;
        }
        Ok(())
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotRepresentable> {
        self.comma();
        value.serialize(&mut *self.writer)
    }

    fn comma(&mut self) {
        if self.writer.out.len() > self.start {
            self.writer.out.push(b',');
        }
    }

    fn close(self) {
        let Writer { out, depth, members, sorted, .. } = self.writer;
        if !self.in_order {
            let found = &mut members[self.first..];
            found.sort_unstable_by(|a, b| a.compare(b, out));
            sorted.clear();
            for member in found {
                sorted.extend_from_slice(&out[member.start..member.end]);
                sorted.push(b',');
            }
            sorted.pop();
            out.truncate(self.start);
            out.extend_from_slice(sorted);
        }
        // Those of the outermost object stay until the next one, where they still stand where they were written.
        if self.first > 0 || !self.in_order {
            members.truncate(self.first);
        }
        out.extend_from_slice(self.closing);
        *depth -= self.closing.len();
    }
}

fn string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    loop {
        let (plain, special) = rest.split_at(plain_run(rest));
        out.extend_from_slice(plain);
        let Some((byte, behind)) = special.split_first() else { break };
        rest = behind;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            0x08 => out.extend_from_slice(b"\\b"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            0x0c => out.extend_from_slice(b"\\f"),
            b'\r' => out.extend_from_slice(b"\\r"),
            _ => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
        }
    }
    out.push(b'"');
}

/// Decimal digits, without a word of the formatter.
fn integer(magnitude: u64, negative: bool, out: &mut Vec<u8>) -> Result<(), NotRepresentable> {
    if magnitude > MAX_INTEGER.unsigned_abs() {
        return Err(NotRepresentable::Number);
    }
    let (mut digits, mut first, mut rest) = ([0; 16], 16, magnitude);
    loop {
        first -= 1;
        digits[first] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if negative {
        out.push(b'-');
    }
    out.extend_from_slice(&digits[first..]);
    Ok(())
}

impl<'w> Serializer for &'w mut Writer {
    type Ok = ();
    type Error = NotRepresentable;
    type SerializeSeq = Open<'w>;
    type SerializeTuple = Open<'w>;
    type SerializeTupleStruct = Open<'w>;
    type SerializeTupleVariant = Open<'w>;
    type SerializeMap = Open<'w>;
    type SerializeStruct = Open<'w>;
    type SerializeStructVariant = Open<'w>;

    fn serialize_bool(self, v: bool) -> Result<(), NotRepresentable> {
        self.out.extend_from_slice(if v { b"true" } else { b"false" });
        Ok(())
    }

    fn serialize_i8(self, v: i8) -> Result<(), NotRepresentable> {
        self.serialize_i64(v.into())
    }

    fn serialize_i16(self, v: i16) -> Result<(), NotRepresentable> {
        self.serialize_i64(v.into())
    }

    fn serialize_i32(self, v: i32) -> Result<(), NotRepresentable> {
        self.serialize_i64(v.into())
    }

    fn serialize_i64(self, v: i64) -> Result<(), NotRepresentable> {
        integer(v.unsigned_abs(), v < 0, &mut self.out)
    }

    fn serialize_u8(self, v: u8) -> Result<(), NotRepresentable> {
        self.serialize_u64(v.into())
    }

    fn serialize_u16(self, v: u16) -> Result<(), NotRepresentable> {
        self.serialize_u64(v.into())
    }

    fn serialize_u32(self, v: u32) -> Result<(), NotRepresentable> {
        self.serialize_u64(v.into())
    }

    fn serialize_u64(self, v: u64) -> Result<(), NotRepresentable> {
        integer(v, false, &mut self.out)
    }

    fn serialize_f32(self, _: f32) -> Result<(), NotRepresentable> {
        Err(NotRepresentable::Number)
    }

    fn serialize_f64(self, _: f64) -> Result<(), NotRepresentable> {
        Err(NotRepresentable::Number)
    }

    fn serialize_char(self, v: char) -> Result<(), NotRepresentable> {
        self.serialize_str(v.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, v: &str) -> Result<(), NotRepresentable> {
        string(v, &mut self.out);
        Ok(())
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<(), NotRepresentable> {
        let Writer { text, out, .. } = self;
        text.clear();
        // A text has room for everything: this fails only where the value itself does.
        fmt::Write::write_fmt(text, format_args!("{value}")).map_err(|_| NotRepresentable::Name)?;
        string(text, out);
        Ok(())
    }

    fn serialize_bytes(self, v: &[u8]) -> Result<(), NotRepresentable> {
        self.collect_seq(v)
    }

    fn serialize_none(self) -> Result<(), NotRepresentable> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), NotRepresentable> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), NotRepresentable> {
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), NotRepresentable> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), NotRepresentable> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), NotRepresentable> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), NotRepresentable> {
        let mut open = self.open(b'{', b"}")?;
        open.name(variant)?;
        open.value(value)?;
        open.close();
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Open<'w>, NotRepresentable> {
        self.open(b'[', b"]")
    }

    fn serialize_tuple(self, _: usize) -> Result<Open<'w>, NotRepresentable> {
        self.open(b'[', b"]")
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Open<'w>, NotRepresentable> {
        self.open(b'[', b"]")
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Open<'w>, NotRepresentable> {
        self.variant(variant);
        self.open(b'[', b"]}")
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Open<'w>, NotRepresentable> {
        self.open(b'{', b"}")
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Open<'w>, NotRepresentable> {
        self.open(b'{', b"}")
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Open<'w>, NotRepresentable> {
        self.variant(variant);
        self.open(b'{', b"}}")
    }
}

macro_rules! elements {
    ($($kind:ident: $method:ident),+) => { $(
        impl ser::$kind for Open<'_> {
            type Ok = ();
            type Error = NotRepresentable;
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotRepresentable> {
                self.element(value)
            }
            fn end(self) -> Result<(), NotRepresentable> {
                self.close();
                Ok(())
            }
        }
    )+ };
}
elements!(
    SerializeSeq: serialize_element,
    SerializeTuple: serialize_element,
    SerializeTupleStruct: serialize_field,
    SerializeTupleVariant: serialize_field
);

macro_rules! fields {
    ($($kind:ident),+) => { $(
        impl ser::$kind for Open<'_> {
            type Ok = ();
            type Error = NotRepresentable;
            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), NotRepresentable> {
                self.name(name)?;
                self.value(value)
            }
            fn end(self) -> Result<(), NotRepresentable> {
                self.close();
                Ok(())
            }
        }
    )+ };
}
fields!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Open<'_> {
    type Ok = ();
    type Error = NotRepresentable;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, name: &T) -> Result<(), NotRepresentable> {
        self.name(name)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotRepresentable> {
        self.value(value)
    }

    fn end(self) -> Result<(), NotRepresentable> {
        self.close();
        Ok(())
    }
}

impl ser::Error for NotRepresentable {
    fn custom<T: fmt::Display>(_: T) -> Self {
        NotRepresentable::Number
    }
}
