//! What letters say: templates in text and HTML, kept as files, filled with escaped values.

use serde::{Deserialize, Serialize};

/// A letter with the values for its template; never with a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "template", rename_all = "snake_case")]
pub(crate) enum Letter {
    /// Somebody is invited into a tenant.
    Invite {
        /// The tenant's name.
        tenant: String,
        /// Who invites.
        inviter: String,
        /// As what.
        role: String,
        /// Until when, for people.
        expires: String,
    },
    /// A link that sets a new password.
    PasswordReset {
        /// What the person is called.
        name: String,
    },
    /// The password was changed; for whoever did not do it.
    PasswordChanged {
        /// What the person is called.
        name: String,
    },
}

/// A letter as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rendered {
    pub subject: String,
    pub text: String,
    pub html: String,
}

impl Letter {
    /// The name of its template, as the column's check knows it.
    pub(crate) const fn template(&self) -> &'static str {
        match self {
            Self::Invite { .. } => "invite",
            Self::PasswordReset { .. } => "password_reset",
            Self::PasswordChanged { .. } => "password_changed",
        }
    }

    /// The letter in words. `base` is where the web client is. A secret goes behind a `#`, which browsers send to
    /// nobody: no log and no referrer holds it.
    pub(crate) fn render(&self, base: &str, secret: Option<&str>) -> Rendered {
        let path = match self {
            Self::Invite { .. } => "invite",
            Self::PasswordReset { .. } => "reset-password",
            Self::PasswordChanged { .. } => "forgot-password",
        };
        let link = secret.map_or_else(|| format!("{base}/{path}"), |secret| format!("{base}/{path}#token={secret}"));
        let (text, html, mut values) = match self {
            Self::Invite { tenant, inviter, role, expires } => (
                include_str!("templates/invite.txt"),
                include_str!("templates/invite.html"),
                vec![("tenant", tenant), ("inviter", inviter), ("role", role), ("expires", expires)],
            ),
            Self::PasswordReset { name } => (
                include_str!("templates/password_reset.txt"),
                include_str!("templates/password_reset.html"),
                vec![("name", name)],
            ),
            Self::PasswordChanged { name } => (
                include_str!("templates/password_changed.txt"),
                include_str!("templates/password_changed.html"),
                vec![("name", name)],
            ),
        };
        values.push(("link", &link));
        let text = fill(text, &values, one_line);
        let (subject, text) = text.split_once("\n\n").unwrap_or_default();
        Rendered { subject: subject.to_owned(), text: text.to_owned(), html: fill(html, &values, escape) }
    }
}

/// Puts values into a template's `{{name}}`s, in one pass: a value that looks like a placeholder stays what it is.
fn fill(template: &str, values: &[(&str, &String)], encode: fn(&str) -> String) -> String {
    let mut filled = String::with_capacity(template.len() * 2);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        filled.push_str(before);
        let (name, after) = after.split_once("}}").unwrap_or((after, ""));
        if let Some((_, value)) = values.iter().find(|(known, _)| *known == name) {
            filled.push_str(&encode(value));
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

/// No value ends the line that it stands in, and so none makes a header or a paragraph of its own.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stay_values() {
        let letter = Letter::Invite {
            tenant: "<b>A&B</b>\r\nBcc: eve@example.com".into(),
            inviter: "{{link}}".into(),
            role: "admin".into(),
            expires: "tomorrow".into(),
        };
        let rendered = letter.render("https://verdict.example", Some("vi_secret"));
        assert!(!rendered.subject.contains(['\r', '\n']), "{}", rendered.subject);
        assert!(rendered.subject.contains("<b>A&B</b>  Bcc"), "text is not escaped: {}", rendered.subject);
        assert!(rendered.html.contains("&lt;b&gt;A&amp;B&lt;/b&gt;") && !rendered.html.contains("<b>A"));
        assert!(rendered.text.contains("{{link}}"), "a value is filled in once");
        assert_eq!(rendered.text.matches("https://verdict.example/invite#token=vi_secret").count(), 1);
        assert!(rendered.html.contains("https://verdict.example/invite#token=vi_secret"));
    }

    #[test]
    fn no_template_has_a_name_that_nobody_fills() {
        let name = || "Ann".to_owned();
        for letter in [
            Letter::Invite { tenant: name(), inviter: name(), role: name(), expires: name() },
            Letter::PasswordReset { name: name() },
            Letter::PasswordChanged { name: name() },
        ] {
            let Rendered { subject, text, html } = letter.render("https://v.example", Some("s"));
            assert!(!subject.is_empty() && text.contains("Ann") && html.contains("Ann"), "{letter:?}");
            assert!(!html.contains("{{") && text.contains("https://v.example/") && html.contains("https://v.example/"));
        }
    }
}
