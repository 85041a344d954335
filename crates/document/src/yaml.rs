//! YAML with the place of every key and value; only what documents need (no anchors, tags or second document).

use saphyr_parser::{Event, Marker, Parser, ScalarStyle};

use crate::Problem;

/// Nesting deeper than any key of ours.
const MAX_DEPTH: usize = 16;

/// A place in the file, both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub line: usize,
    pub column: usize,
}

impl Place {
    fn of(marker: Marker) -> Self {
        // The parser counts lines from 1 and columns from 0.
        Self { line: marker.line().max(1), column: marker.col() + 1 }
    }

    /// What is wrong there.
    #[must_use]
    pub fn problem(self, message: impl Into<String>) -> Problem {
        Problem { line: self.line, column: self.column, message: message.into() }
    }
}

/// A node and where it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    pub place: Place,
    pub value: Value,
}

/// What a node holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing, `~` or `null`.
    Null,
    Scalar(String),
    Sequence(Vec<Node>),
    Mapping(Vec<(Key, Node)>),
}

/// The key of an entry, and where it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub place: Place,
    pub name: String,
}

/// The one document of the text; an empty text is an empty mapping.
///
/// # Errors
/// The first thing that is no YAML, or more of it than is taken here.
pub fn parse(text: &str) -> Result<Node, Problem> {
    let mut events = Events { parser: Parser::new_from_str(text) };
    let mut document = None;
    loop {
        let (event, place) = events.next()?;
        match event {
            Event::StreamEnd => break,
            Event::StreamStart | Event::DocumentEnd | Event::Nothing => {}
            Event::DocumentStart(_) if document.is_some() => {
                return Err(place.problem("this must be one YAML document, a second one begins here"));
            }
            Event::DocumentStart(_) => {
                let (event, place) = events.next()?;
                document = Some(events.node(event, place, 0)?);
            }
            _ => return Err(place.problem("this is not valid YAML")),
        }
    }
    let empty = Node { place: Place { line: 1, column: 1 }, value: Value::Mapping(Vec::new()) };
    Ok(document.unwrap_or(empty))
}

struct Events<'a> {
    parser: Parser<'a, saphyr_parser::StrInput<'a>>,
}

impl<'a> Events<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Place), Problem> {
        match self.parser.next() {
            Some(Ok((event, span))) => Ok((event, Place::of(span.start))),
            Some(Err(error)) => {
                Err(Place::of(*error.marker()).problem(format!("this is not valid YAML: {}", error.info())))
            }
            None => Ok((Event::StreamEnd, Place { line: 1, column: 1 })),
        }
    }

    fn node(&mut self, event: Event<'a>, place: Place, depth: usize) -> Result<Node, Problem> {
        if depth > MAX_DEPTH {
            return Err(place.problem("this is nested too deeply"));
        }
        let value = match event {
            Event::Alias(_) => return Err(place.problem("aliases are not supported here, repeat the value")),
            Event::Scalar(_, _, anchor, ref tag)
            | Event::SequenceStart(anchor, ref tag)
            | Event::MappingStart(anchor, ref tag)
                if anchor != 0 || tag.is_some() =>
            {
                return Err(place.problem("anchors and tags are not supported here"));
            }
            Event::Scalar(text, style, ..) => scalar(&text, style),
            Event::SequenceStart(..) => self.sequence(depth)?,
            Event::MappingStart(..) => self.mapping(depth)?,
            _ => return Err(place.problem("this is not valid YAML")),
        };
        Ok(Node { place, value })
    }

    fn sequence(&mut self, depth: usize) -> Result<Value, Problem> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Value::Sequence(items)),
                (event, place) => items.push(self.node(event, place, depth + 1)?),
            }
        }
    }

    fn mapping(&mut self, depth: usize) -> Result<Value, Problem> {
        let mut entries: Vec<(Key, Node)> = Vec::new();
        loop {
            let (event, place) = self.next()?;
            let name = match event {
                Event::MappingEnd => return Ok(Value::Mapping(entries)),
                Event::Scalar(name, ..) => name.into_owned(),
                _ => return Err(place.problem("a key must be a single word")),
            };
            if let Some((first, _)) = entries.iter().find(|(key, _)| key.name == name) {
                let line = first.place.line;
                return Err(place.problem(format!("`{name}` stands here twice, first in line {line}")));
            }
            let (event, value_place) = self.next()?;
            let node = self.node(event, value_place, depth + 1)?;
            entries.push((Key { place, name }, node));
        }
    }
}

fn scalar(text: &str, style: ScalarStyle) -> Value {
    match (style, text) {
        (ScalarStyle::Plain, "" | "~" | "null" | "Null" | "NULL") => Value::Null,
        _ => Value::Scalar(text.to_owned()),
    }
}
