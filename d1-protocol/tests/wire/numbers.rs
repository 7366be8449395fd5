//! The numbers of the wire: once given, never changed.

use prost_types::{
    DescriptorProto, EnumDescriptorProto, FileDescriptorSet,
    field_descriptor_proto::{Label, Type},
};
use std::fmt::Write as _;

/// As it was agreed. A line may be added; one that changes or goes breaks everybody out there.
const AGREED: &str = include_str!("numbers.txt");

/// Every field and every value with its number, one a line.
fn numbers() -> String {
    let mut compiler = protox::Compiler::new(["proto"]).unwrap();
    let roots = ["d1/link/v1/link.proto", "d1/api/v1/credits.proto", "d1/api/v1/setups.proto"];
    compiler.include_imports(true).open_files(roots).unwrap();
    let set: FileDescriptorSet = compiler.file_descriptor_set();
    let mut lines = Vec::new();
    for file in &set.file {
        file.message_type.iter().for_each(|message| fields("", message, &mut lines));
        file.enum_type.iter().for_each(|values| members("", values, &mut lines));
    }
    lines.sort();
    lines.concat()
}

fn fields(outer: &str, message: &DescriptorProto, lines: &mut Vec<String>) {
    let name = format!("{outer}{}", message.name());
    for field in &message.field {
        let named = matches!(field.r#type(), Type::Message | Type::Enum);
        let kind = if named { field.type_name() } else { field.r#type().as_str_name() };
        let kind = kind.trim_start_matches('.').trim_start_matches("TYPE_");
        let kind = if named { kind.to_owned() } else { kind.to_lowercase() };
        let mut line = format!("{name}.{} = {} ", field.name(), field.number());
        if field.label() == Label::Repeated {
            line += "repeated ";
        }
        if field.proto3_optional() {
            line += "optional ";
        }
        writeln!(line, "{kind}").unwrap();
        lines.push(line);
    }
    let inside = format!("{name}.");
    message.nested_type.iter().for_each(|nested| fields(&inside, nested, lines));
    message.enum_type.iter().for_each(|values| members(&inside, values, lines));
}

fn members(outer: &str, values: &EnumDescriptorProto, lines: &mut Vec<String>) {
    for value in &values.value {
        lines.push(format!("{outer}{}.{} = {}\n", values.name(), value.name(), value.number()));
    }
}

#[test]
fn no_number_that_was_given_ever_changes() {
    assert_eq!(numbers(), AGREED, "write the new lines into numbers.txt");
}
