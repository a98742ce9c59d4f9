//! Messages of the name service (RFC 1035), as far as a question for TXT records needs them. Pure.

/// Longest name, and longest part of one, in bytes.
const MAX_NAME: usize = 253;
const MAX_LABEL: usize = 63;
/// The type of TXT records (RFC 1035, 3.3.14), and the class of the internet.
const TXT: u16 = 16;
const INTERNET: u16 = 1;
/// The pseudo record that says how long an answer may be (RFC 6891).
const OPT: u16 = 41;
/// Longest answer by UDP that no path cuts into pieces.
pub(super) const MAX_UDP: u16 = 1_232;
/// Jumps that a name may take; more is a circle.
const MAX_JUMPS: usize = 16;

/// Why an answer is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    /// The name cannot be asked for.
    #[error("the name cannot be asked for")]
    Name,
    /// It answers something else.
    #[error("it is no answer to the question")]
    Unrelated,
    /// It cannot be read.
    #[error("the answer cannot be read")]
    Malformed,
    /// The server cannot say.
    #[error("the name server answers with code {0}")]
    Refused(u8),
}

/// What a message says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The texts; none when there is no such name.
    Texts(Vec<String>),
    /// There is more than fits: to be asked again by TCP.
    Cut,
}

/// A question for the name's TXT records.
pub(super) fn question(id: u16, name: &str) -> Result<Vec<u8>, Fault> {
    let name = name.trim_end_matches('.');
    if name.is_empty() || name.len() > MAX_NAME {
        return Err(Fault::Name);
    }
    let mut message = Vec::with_capacity(name.len() + 40);
    // One question, with recursion wished for, and one further record.
    for word in [id, 0x0100, 1, 0, 0, 1] {
        message.extend(word.to_be_bytes());
    }
    for label in name.split('.') {
        let length = u8::try_from(label.len()).ok().filter(|length| (1..=MAX_LABEL).contains(&usize::from(*length)));
        message.push(length.ok_or(Fault::Name)?);
        message.extend(label.as_bytes());
    }
    message.push(0);
    message.extend(TXT.to_be_bytes());
    message.extend(INTERNET.to_be_bytes());
    message.push(0);
    message.extend(OPT.to_be_bytes());
    message.extend(MAX_UDP.to_be_bytes());
    message.extend([0; 6]);
    Ok(message)
}

/// Reads the answer to a question of that id.
pub(super) fn answer(id: u16, message: &[u8]) -> Result<Answer, Fault> {
    let mut reader = Reader { message, at: 0 };
    let header: [u16; 6] = {
        let mut words = [0; 6];
        for word in &mut words {
            *word = reader.word()?;
        }
        words
    };
    let [found_id, flags, questions, answers, ..] = header;
    if found_id != id || flags & 0x8000 == 0 {
        return Err(Fault::Unrelated);
    }
    if flags & 0x0200 != 0 {
        return Ok(Answer::Cut);
    }
    match u8::try_from(flags & 0x000f).unwrap_or(u8::MAX) {
        0 => {}
        // There is no such name.
        3 => return Ok(Answer::Texts(Vec::new())),
        code => return Err(Fault::Refused(code)),
    }
    for _ in 0..questions {
        reader.skip_name()?;
        reader.take(4)?;
    }
    let mut texts = Vec::new();
    for _ in 0..answers {
        reader.skip_name()?;
        let kind = reader.word()?;
        // Class and time to live.
        reader.take(6)?;
        let length = reader.word()?;
        let data = reader.take(length.into())?;
        if kind == TXT {
            texts.push(text(data)?);
        }
    }
    Ok(Answer::Texts(texts))
}

/// A record's text: long ones come in several parts.
fn text(data: &[u8]) -> Result<String, Fault> {
    let mut reader = Reader { message: data, at: 0 };
    let mut bytes = Vec::with_capacity(data.len());
    while reader.at < data.len() {
        let length = reader.take(1)?[0];
        bytes.extend_from_slice(reader.take(length.into())?);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

struct Reader<'m> {
    message: &'m [u8],
    at: usize,
}

impl<'m> Reader<'m> {
    fn take(&mut self, count: usize) -> Result<&'m [u8], Fault> {
        let end = self.at.checked_add(count).ok_or(Fault::Malformed)?;
        let taken = self.message.get(self.at..end).ok_or(Fault::Malformed)?;
        self.at = end;
        Ok(taken)
    }

    fn word(&mut self) -> Result<u16, Fault> {
        let bytes = self.take(2)?;
        Ok(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    /// Goes behind a name. A name that ends in a reference to an earlier one ends there.
    fn skip_name(&mut self) -> Result<(), Fault> {
        for _ in 0..=MAX_NAME / 2 + MAX_JUMPS {
            let length = usize::from(self.take(1)?[0]);
            match length {
                0 => return Ok(()),
                1..=MAX_LABEL => {
                    self.take(length)?;
                }
                // A reference has its two highest bits set, and one more byte.
                0xc0.. => return self.take(1).map(|_| ()),
                _ => return Err(Fault::Malformed),
            }
        }
        Err(Fault::Malformed)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// An answer to `question` with these texts, each in parts of at most 255 bytes.
    fn reply(question: &[u8], flags: u16, texts: &[&str]) -> Vec<u8> {
        let end = question.len() - 11;
        let count = u16::try_from(texts.len()).expect("few");
        let mut message = question[..2].to_vec();
        for word in [0x8000 | flags, 1, count, 0, 0] {
            message.extend(word.to_be_bytes());
        }
        message.extend_from_slice(&question[12..end]);
        for text in texts {
            let data: Vec<u8> = text
                .as_bytes()
                .chunks(255)
                .flat_map(|part| [&[u8::try_from(part.len()).expect("short")], part].concat())
                .collect();
            message.extend([0xc0, 12]);
            for word in [TXT, INTERNET, 0, 60, u16::try_from(data.len()).expect("short")] {
                message.extend(word.to_be_bytes());
            }
            message.extend(data);
        }
        message
    }

    #[test]
    fn a_question_is_that_of_the_standard() {
        let message = question(0x1234, "_a.example.com").expect("a name");
        let expected = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x01\x02_a\x07example\x03com\x00\x00\x10\x00\x01";
        assert_eq!(message[..expected.len()], expected[..]);
        assert_eq!(message[expected.len()..], [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0]);
        for name in ["", ".", "a..b", &"x".repeat(64), &"a.".repeat(128)] {
            assert_eq!(question(1, name), Err(Fault::Name), "{name}");
        }
    }

    #[test]
    fn answers_are_read_and_what_is_none_is_told() {
        let asked = question(7, "example.com").expect("a name");
        let long = "y".repeat(600);
        let texts = |message: &[u8]| answer(7, message);
        let told = texts(&reply(&asked, 0, &["v=1", &long]));
        assert_eq!(told, Ok(Answer::Texts(vec!["v=1".into(), long])));
        assert_eq!(texts(&reply(&asked, 0x0200, &[])), Ok(Answer::Cut));
        assert_eq!(texts(&reply(&asked, 3, &[])), Ok(Answer::Texts(Vec::new())));
        assert_eq!(texts(&reply(&asked, 2, &[])), Err(Fault::Refused(2)));
        assert_eq!(answer(8, &reply(&asked, 0, &[])), Err(Fault::Unrelated));
        assert_eq!(texts(&asked), Err(Fault::Unrelated), "a question is no answer");
        let whole = reply(&asked, 0, &["v=1"]);
        for length in 0..whole.len() {
            assert!(texts(&whole[..length]).is_err(), "cut at {length}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_an_answer_or_a_fault(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let id = bytes.first_chunk().map_or(0, |first| u16::from_be_bytes(*first));
            drop(answer(id, &bytes));
        }
    }
}
