//! A row as the cells of its table, in the order of its columns.
//!
//! Rows say of themselves what they consist of, through `serde`; here that is taken one field
//! after the other, so that a database gets values and not a text that it has to read again.

use crate::books::row::Row;
use serde::{
    Serialize, Serializer,
    de::value::Error,
    ser::{Error as _, Impossible, SerializeStruct},
};
use uuid::Uuid;

/// One field of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell<'a> {
    /// There is none.
    Nothing,
    /// A number.
    Number(i64),
    /// A name.
    Name(Uuid),
    /// Anything else.
    Text(&'a str),
}

/// Hands every cell of a row to `take`.
pub(super) fn each<R: Row>(row: &R, take: impl FnMut(Cell<'_>)) -> Result<(), Error> {
    row.serialize(&mut Cells(take))
}

struct Cells<F>(F);

impl<F: FnMut(Cell<'_>)> SerializeStruct for &mut Cells<F> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: ?Sized + Serialize>(
        &mut self,
        _name: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(&mut **self)
    }

    fn end(self) -> Result<(), Error> {
        Ok(())
    }
}

/// Numbers, of every size that fits.
macro_rules! numbers {
    ($($name:ident: $ty:ty;)*) => {$(
        fn $name(self, number: $ty) -> Result<(), Error> {
            let fits = i64::try_from(number).map_err(|_| Error::custom("a number is too large"))?;
            (self.0)(Cell::Number(fits));
            Ok(())
        }
    )*};
}

/// What no row has.
macro_rules! never {
    ($($name:ident($($arg:ty),*) -> $ok:ty;)*) => {$(
        fn $name(self, $(_: $arg),*) -> Result<$ok, Error> {
            Err(Error::custom("no column is like this"))
        }
    )*};
}

type Never = Impossible<(), Error>;

impl<F: FnMut(Cell<'_>)> Serializer for &mut Cells<F> {
    type Ok = ();
    type Error = Error;
    type SerializeStruct = Self;
    type SerializeSeq = Never;
    type SerializeTuple = Never;
    type SerializeTupleStruct = Never;
    type SerializeTupleVariant = Never;
    type SerializeMap = Never;
    type SerializeStructVariant = Never;

    fn is_human_readable(&self) -> bool {
        false
    }

    fn serialize_struct(self, _name: &'static str, _fields: usize) -> Result<Self, Error> {
        Ok(self)
    }

    numbers! {
        serialize_i8: i8;
        serialize_i16: i16;
        serialize_i32: i32;
        serialize_i64: i64;
        serialize_u8: u8;
        serialize_u16: u16;
        serialize_u32: u32;
        serialize_u64: u64;
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), Error> {
        (self.0)(Cell::Name(Uuid::from_slice(bytes).map_err(Error::custom)?));
        Ok(())
    }

    fn serialize_str(self, text: &str) -> Result<(), Error> {
        (self.0)(Cell::Text(text));
        Ok(())
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _number: u32,
        variant: &'static str,
    ) -> Result<(), Error> {
        self.serialize_str(variant)
    }

    fn serialize_none(self) -> Result<(), Error> {
        (self.0)(Cell::Nothing);
        Ok(())
    }

    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _name: &'static str,
        _number: u32,
        _variant: &'static str,
        _value: &T,
    ) -> Result<(), Error> {
        Err(Error::custom("no column is like this"))
    }

    never! {
        serialize_bool(bool) -> ();
        serialize_f32(f32) -> ();
        serialize_f64(f64) -> ();
        serialize_char(char) -> ();
        serialize_unit() -> ();
        serialize_unit_struct(&'static str) -> ();
        serialize_seq(Option<usize>) -> Never;
        serialize_tuple(usize) -> Never;
        serialize_tuple_struct(&'static str, usize) -> Never;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Never;
        serialize_map(Option<usize>) -> Never;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Never;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        CapScope,
        books::{CapRow, RuleRow},
    };
    use d1_core::{AccountId, Amount};

    #[test]
    fn a_row_is_told_in_the_order_of_its_columns() {
        let account = AccountId::from_bytes([7; 16]);
        let name: Uuid = account.to_string().parse().unwrap();
        let mut cells = Vec::new();
        let rule = RuleRow { account, scope: CapScope::Device, most: None };
        each(&rule, |cell| cells.push(format!("{cell:?}"))).unwrap();
        let expected = [Cell::Name(name), Cell::Text("device"), Cell::Nothing];
        assert_eq!(cells, expected.map(|cell| format!("{cell:?}")));
        assert_eq!(cells.len(), RuleRow::COLUMNS.len());
    }

    #[test]
    fn a_number_that_no_column_holds_is_an_error() {
        let (id, scope) = ("x".to_owned(), CapScope::Day);
        let (account, held) = (AccountId::from_bytes([7; 16]), Amount::ZERO);
        let most = Amount::micro(u64::MAX);
        let row = CapRow { id, account, scope, most, used: held, held };
        assert!(each(&row, |_cell| {}).is_err());
    }
}
