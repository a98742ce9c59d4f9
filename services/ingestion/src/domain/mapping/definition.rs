//! From a mapping as people write it to a compiled one, with every fault named by its path.

use common::Violation;
use common::record::{MAX_ATTRIBUTE_NAME, MAX_ATTRIBUTES};
use serde_json::{Map, Value};

use super::attachments::Attachments;
use super::expression::Expression;
use super::extract::Paths;
use super::{Fields, Mapping};

/// Most ways to one field.
const MAX_FALLBACKS: usize = 24;
/// The attribute name that spreads an object.
const SPREAD: &str = "*";

impl Mapping {
    /// Compiles a mapping.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub(crate) fn compile(definition: &Value) -> Result<Self, Vec<Violation>> {
        Self::compile_with(definition, None)
    }

    /// The same, which finds in addition the provider's id of a delivery at that path.
    ///
    /// # Errors
    /// Everything that is wrong with the two.
    pub(crate) fn compile_with(definition: &Value, delivery_id: Option<&str>) -> Result<Self, Vec<Violation>> {
        let mut compiler = Compiler::default();
        let delivery_id = delivery_id.map(|path| compiler.ways("deliveryIdPath", &Value::String(path.into())));
        let mut fields = match definition {
            Value::Object(object) => compiler.fields(object),
            _ => {
                compiler.refuse("mapping", "type", "must be an object of fields");
                Fields::default()
            }
        };
        if !compiler.violations.is_empty() {
            return Err(compiler.violations);
        }
        fields.delivery_id = delivery_id.unwrap_or_default();
        let (tree, slots) = compiler.paths.finish();
        Ok(Self { tree, slots, fields })
    }
}

#[derive(Default)]
struct Compiler {
    paths: Paths,
    violations: Vec<Violation>,
}

impl Compiler {
    fn refuse(&mut self, path: &str, rule: &str, message: impl Into<String>) {
        self.violations.push(Violation::new(path, rule, message));
    }

    fn fields(&mut self, object: &Map<String, Value>) -> Fields {
        let mut fields = Fields::default();
        for (name, value) in object {
            let path = format!("mapping.{name}");
            match name.as_str() {
                "externalId" => fields.external_id = self.ways(&path, value),
                "title" => fields.title = self.ways(&path, value),
                "text" => fields.text = self.ways(&path, value),
                "amount" => fields.amount = self.ways(&path, value),
                "currency" => fields.currency = self.ways(&path, value),
                "counterparty" => fields.counterparty = self.ways(&path, value),
                "occurredAt" => fields.occurred_at = self.ways(&path, value),
                "attributes" => self.attributes(value, &mut fields),
                // Files are no fields; they are read from the body that was kept.
                "attachments" => {
                    if let Err(found) = Attachments::compile(&Value::Object(object.clone())) {
                        self.violations.extend(found);
                    }
                }
                _ => self.refuse(&path, "unknown_field", "is no field of a record"),
            }
        }
        fields
    }

    fn attributes(&mut self, value: &Value, fields: &mut Fields) {
        let Value::Object(object) = value else {
            return self.refuse("mapping.attributes", "type", "must be an object of names");
        };
        if object.len() > MAX_ATTRIBUTES {
            let message = format!("must have at most {MAX_ATTRIBUTES} entries");
            return self.refuse("mapping.attributes", "max_items", message);
        }
        for (name, value) in object {
            let path = format!("mapping.attributes.{name}");
            if name.is_empty() || name.chars().count() > MAX_ATTRIBUTE_NAME || name.contains('\0') {
                let message = format!("must be named by 1 to {MAX_ATTRIBUTE_NAME} characters without NUL");
                self.refuse(&path, "attribute_name", message);
            }
            let ways = self.ways(&path, value);
            if name == SPREAD {
                fields.spread = ways;
            } else {
                fields.attributes.push((name.clone(), ways));
            }
        }
    }

    fn ways(&mut self, path: &str, value: &Value) -> Vec<Expression> {
        let single = std::slice::from_ref(value);
        let ways = match value {
            Value::Null => &[],
            Value::Array(ways) => ways.as_slice(),
            _ => single,
        };
        if ways.len() > MAX_FALLBACKS {
            self.refuse(path, "max_items", format!("must have at most {MAX_FALLBACKS} fallbacks"));
            return Vec::new();
        }
        let mut expressions = Vec::with_capacity(ways.len());
        for way in ways {
            match Expression::parse(way, &mut self.paths) {
                Ok(expression) => expressions.push(expression),
                Err(message) => self.refuse(path, "expression", message),
            }
        }
        expressions
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_fault_is_named_by_its_path() {
        let definition = json!({
            "title": "title",
            "text": ["$.a", {"const": {}}, 3],
            "colour": "$.c",
            "amount": {"template": "{$.a"},
            "currency": {"header": "a b"},
            "attributes": {"": "$.x", "ok": "$.y"},
        });
        let found: Vec<_> = Mapping::compile(&definition)
            .expect_err("faulty")
            .into_iter()
            .map(|violation| format!("{} {}", violation.path, violation.rule))
            .collect();
        assert_eq!(
            found,
            [
                "mapping.amount expression",
                "mapping.attributes. attribute_name",
                "mapping.colour unknown_field",
                "mapping.currency expression",
                "mapping.text expression",
                "mapping.text expression",
                "mapping.title expression",
            ]
        );
        assert!(Mapping::compile(&json!([])).is_err());
        assert!(Mapping::compile(&json!({})).is_ok());
    }

    #[test]
    fn a_mapping_is_bounded() {
        let attributes = |count: usize, ways: usize| {
            let ways = |n: usize| -> Vec<String> { (0..ways).map(|way| format!("$.p{n}[{way}]")).collect() };
            let entries: Map<String, Value> = (0..count).map(|n| (format!("a{n:02}"), json!(ways(n)))).collect();
            Mapping::compile(&json!({"attributes": entries}))
        };
        assert!(attributes(16, 16).is_ok());
        let faults = attributes(11, 24).expect_err("264 paths");
        assert_eq!(faults.len(), 8);
        assert!(faults.iter().all(|fault| fault.path == "mapping.attributes.a10" && fault.rule == "expression"));
        let faults = attributes(MAX_ATTRIBUTES + 1, MAX_FALLBACKS + 1).expect_err("too many entries");
        let faults: Vec<_> = faults.iter().map(|fault| (fault.path.as_str(), &*fault.rule)).collect();
        assert_eq!(faults, [("mapping.attributes", "max_items")], "no entry is looked at");
    }
}
