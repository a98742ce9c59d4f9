//! Names: the record's fields, its attributes, `has(…)`.

use std::sync::Arc;

use cel::common::ast::{Expr, IdedExpr, SelectExpr};

use super::code::{Code, DynamicCode, Eval, NumberCode, TextCode, TextField, TimeCode};
use super::compiler::{Compiled, Compiler};
use super::error::{ConditionError, ConditionErrorKind};

/// Every field of `record`.
pub(crate) const FIELDS: &[&str] =
    &["text", "title", "amount", "currency", "counterparty", "source", "occurredAt", "attributes"];

impl Compiler<'_> {
    /// `record.x` and `record.attributes.x`.
    pub(crate) fn field(&mut self, node: &IdedExpr, select: &SelectExpr) -> Compiled<Code> {
        if is_attributes(&select.operand) {
            return Ok(self.attribute(node, TextCode::Literal(select.field.as_str().into())));
        }
        self.must_be_record(node, select)?;
        let span = self.span(node);
        Ok(match select.field.as_str() {
            "text" => Code::Text(TextCode::Field(TextField::Text)),
            "title" => Code::Text(TextCode::Field(TextField::Title)),
            "currency" => Code::Text(TextCode::Field(TextField::Currency)),
            "counterparty" => Code::Text(TextCode::Field(TextField::Counterparty)),
            "source" => Code::Text(TextCode::Field(TextField::Source)),
            "amount" => Code::Number(NumberCode::Amount(span)),
            "occurredAt" => Code::Time(TimeCode::OccurredAt(span)),
            "attributes" => {
                let expected = "name one: `record.attributes[\"plan\"]`";
                return Err(self.unsupported(node, "the attributes cannot be used as a whole", expected));
            }
            unknown => return Err(self.unknown_field(node, unknown)),
        })
    }

    /// `record.attributes["x"]`.
    pub(crate) fn indexed(&mut self, node: &IdedExpr, map: &IdedExpr, key: &IdedExpr) -> Compiled<Code> {
        if !is_attributes(map) {
            let expected = "only `record.attributes[\"name\"]` takes one";
            return Err(self.unsupported(node, "an index is not possible here", expected));
        }
        let key = self.text(key)?;
        Ok(self.attribute(node, key))
    }

    fn attribute(&self, node: &IdedExpr, name: TextCode) -> Code {
        Code::Dynamic(DynamicCode::Attribute(Arc::new(name), self.span(node)))
    }

    /// `has(record.x)` and `has(record.attributes.x)`.
    pub(crate) fn has(&mut self, node: &IdedExpr, select: &SelectExpr) -> Compiled<Code> {
        if is_attributes(&select.operand) {
            return Ok(Code::Bool(has_attribute(TextCode::Literal(select.field.as_str().into()))));
        }
        self.must_be_record(node, select)?;
        let present: Eval<bool> = match select.field.as_str() {
            "text" | "source" => Arc::new(|_| Ok(true)),
            "title" => Arc::new(|view| Ok(view.title.is_some())),
            "currency" => Arc::new(|view| Ok(view.currency.is_some())),
            "counterparty" => Arc::new(|view| Ok(view.counterparty.is_some())),
            "amount" => Arc::new(|view| Ok(view.amount.is_some())),
            "occurredAt" => Arc::new(|view| Ok(view.occurred_at.is_some())),
            "attributes" => {
                let expected = "name one: `has(record.attributes.plan)`";
                return Err(self.unsupported(node, "has() needs one attribute", expected));
            }
            unknown => return Err(self.unknown_field(node, unknown)),
        };
        Ok(Code::Bool(present))
    }

    fn must_be_record(&self, node: &IdedExpr, select: &SelectExpr) -> Compiled<()> {
        match &select.operand.expr {
            Expr::Ident(name) if name == "record" => Ok(()),
            Expr::Ident(name) => Err(self.bare_name(&select.operand, name)),
            _ => Err(self.unsupported(node, "this has no fields", "only `record` and `record.attributes` do")),
        }
    }

    /// A name that stands alone.
    pub(crate) fn bare_name(&self, node: &IdedExpr, name: &str) -> ConditionError {
        let span = self.span(node);
        if name == "record" {
            let message = "the record cannot be used as a whole";
            return self.error_in(span, ConditionErrorKind::Unsupported, message, known_fields());
        }
        if name == "lists" {
            let message = "a value list cannot be used here";
            let expected = "write it after `in`: `record.counterparty in lists.name`";
            return self.error_in(span, ConditionErrorKind::Unsupported, message, expected);
        }
        let expected = if FIELDS.contains(&name) {
            format!("write `record.{name}`")
        } else {
            format!("texts need quotes (\"{name}\"); {}", known_fields())
        };
        self.error_in(span, ConditionErrorKind::Unknown, format!("unknown name `{name}`"), expected)
    }

    fn unknown_field(&self, node: &IdedExpr, name: &str) -> ConditionError {
        let message = format!("a record has no field `{name}`");
        self.error_in(self.name_span(node), ConditionErrorKind::Unknown, message, known_fields())
    }
}

fn known_fields() -> String {
    format!("the fields are record.{}", FIELDS.join(", record."))
}

/// Whether the node is `record.attributes`.
pub(crate) fn is_attributes(node: &IdedExpr) -> bool {
    matches!(&node.expr, Expr::Select(select)
        if !select.test
            && select.field == "attributes"
            && matches!(&select.operand.expr, Expr::Ident(name) if name == "record"))
}

/// Whether the record has an attribute of that name.
pub(crate) fn has_attribute(name: TextCode) -> Eval<bool> {
    match name {
        TextCode::Literal(name) => Arc::new(move |view| Ok(view.attributes.contains_key(&*name))),
        name => Arc::new(move |view| Ok(view.attributes.contains_key(name.eval(view)?.as_ref()))),
    }
}
