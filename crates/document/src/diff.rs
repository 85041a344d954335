/// Lines beyond which texts are no longer compared line by line: the work grows with the product of both.
const MOST: usize = 1000;

/// Where a line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Both,
    /// Only in the first text.
    First,
    /// Only in the second text.
    Second,
}

impl Side {
    /// As a line of `diff` begins.
    #[must_use]
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Both => " ",
            Self::First => "-",
            Self::Second => "+",
        }
    }
}

/// A line of one text or of both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    pub side: Side,
    pub text: &'a str,
}

/// The lines of both texts, in order, with as many as possible in common.
#[must_use]
pub fn diff<'a>(first: &'a str, second: &'a str) -> Vec<Line<'a>> {
    let (first, second): (Vec<&str>, Vec<&str>) = (first.lines().collect(), second.lines().collect());
    let same = |(one, other): &(&&str, &&str)| one == other;
    let start = first.iter().zip(&second).take_while(same).count();
    let (rest_of_first, rest_of_second) = (&first[start..], &second[start..]);
    let end = rest_of_first.iter().rev().zip(rest_of_second.iter().rev()).take_while(same).count();
    let middle_of_first = &rest_of_first[..rest_of_first.len() - end];
    let middle_of_second = &rest_of_second[..rest_of_second.len() - end];

    let on = |side: Side| move |text: &&'a str| Line { side, text };
    let mut lines: Vec<Line<'a>> = first[..start].iter().map(on(Side::Both)).collect();
    if middle_of_first.len() > MOST || middle_of_second.len() > MOST {
        lines.extend(middle_of_first.iter().map(on(Side::First)));
        lines.extend(middle_of_second.iter().map(on(Side::Second)));
    } else {
        compare(middle_of_first, middle_of_second, &mut lines);
    }
    lines.extend(rest_of_first[rest_of_first.len() - end..].iter().map(on(Side::Both)));
    lines
}

/// The longest common subsequence of lines, by its table of lengths.
fn compare<'a>(first: &[&'a str], second: &[&'a str], lines: &mut Vec<Line<'a>>) {
    let width = second.len() + 1;
    // How many lines `first[i..]` and `second[j..]` have in common.
    let mut common = vec![0_u16; (first.len() + 1) * width];
    for i in (0..first.len()).rev() {
        for j in (0..second.len()).rev() {
            common[i * width + j] = if first[i] == second[j] {
                common[(i + 1) * width + j + 1] + 1
            } else {
                common[(i + 1) * width + j].max(common[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < first.len() || j < second.len() {
        if i < first.len() && j < second.len() && first[i] == second[j] {
            lines.push(Line { side: Side::Both, text: first[i] });
            (i, j) = (i + 1, j + 1);
        } else if j == second.len()
            || i < first.len() && common[(i + 1) * width + j] >= common[i * width + j + 1]
        {
            lines.push(Line { side: Side::First, text: first[i] });
            i += 1;
        } else {
            lines.push(Line { side: Side::Second, text: second[j] });
            j += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(first: &str, second: &str) -> Vec<String> {
        diff(first, second).iter().map(|line| format!("{}{}", line.side.sign(), line.text)).collect()
    }

    #[test]
    fn what_is_common_stands_once() {
        assert_eq!(shown("a\nb\nc\n", "a\nx\nc\n"), [" a", "-b", "+x", " c"]);
        assert_eq!(shown("a\nb\n", "a\nb\n"), [" a", " b"]);
        assert_eq!(shown("", "a\n"), ["+a"]);
        assert_eq!(shown("a\na\n", "a\n"), [" a", "-a"]);
        assert_eq!(shown("a\nb\nc\nd", "b\nd\ne"), ["-a", " b", "-c", " d", "+e"]);
    }

    #[test]
    fn both_texts_can_be_told_from_it() {
        let (first, second) = ("a\nb\nb\nc\nd\n", "b\na\nb\nd\nc\n");
        let of = |side: Side| {
            let there = |line: &&Line<'_>| line.side == side || line.side == Side::Both;
            let lines = diff(first, second);
            lines.iter().filter(there).map(|line| format!("{}\n", line.text)).collect::<String>()
        };
        assert_eq!(of(Side::First), first);
        assert_eq!(of(Side::Second), second);
    }

    #[test]
    fn long_texts_are_not_compared() {
        let long = |word: &str| (0..=MOST).map(|n| format!("{word}{n}\n")).collect::<String>();
        assert_eq!(diff(&long("a"), &long("b")).len(), 2 * (MOST + 1));
    }
}
