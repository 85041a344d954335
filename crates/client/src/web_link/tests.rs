use proptest::prelude::*;

use super::*;

const TOKEN: &str = "QmFzZTY0LXVybC1zYWZlLXRva2VuLW9mLTI1Ni1iaXRz";

fn parse(text: &str) -> Result<WebLink> {
    WebLink::parse(text, &LinkScheme::default())
}

fn link(authority: &str, query: &str) -> String {
    format!("gatehouse://{authority}/authenticate_web_device?{query}")
}

fn tokens() -> String {
    format!("id=0b0c&token={TOKEN}")
}

fn profile(proxy: &str) -> Profile {
    Profile {
        proxy: proxy.parse().unwrap(),
        user: "alice".parse().unwrap(),
        cluster: "c".to_owned(),
        pin: None,
    }
}

#[test]
fn the_link_of_the_contract_is_read() {
    let text = link(
        "alice%40example.com@Gate.Example.com:3080",
        &format!("{}&redirect_uri=%2Fweb%2Fdevices%3Fq%3Da%2520b", tokens()),
    );
    let read = parse(&text).unwrap();
    assert_eq!(read.user, Some("alice@example.com".parse().unwrap()));
    assert_eq!(read.proxy.to_string(), "gate.example.com:3080");
    assert_eq!((read.token.id.as_str(), read.token.token.as_str()), ("0b0c", TOKEN));
    assert_eq!(read.redirect_uri.as_deref(), Some("/web/devices?q=a%20b"), "decoded once");
}

#[test]
fn user_and_place_may_be_left_out() {
    let read = parse(&link("[::1]:9000", &tokens())).unwrap();
    assert_eq!((read.user, read.redirect_uri), (None, None));
    assert_eq!(read.proxy.to_string(), "[::1]:9000");
}

#[test]
fn another_scheme_is_another_link() {
    let corp: LinkScheme = "corp".parse().unwrap();
    let text = link("h", &tokens());
    assert!(WebLink::parse(&text, &corp).is_err());
    assert!(WebLink::parse(&text.replace("gatehouse:", "CORP:"), &corp).is_ok());
}

#[test]
fn a_link_without_a_port_is_of_the_host_and_one_with_a_port_of_that_server() {
    let read = |authority: &str| parse(&link(authority, &tokens())).unwrap();
    assert!(read("gate.example").is_of(&profile("gate.example:443")));
    assert!(read("gate.example:443").is_of(&profile("gate.example:443")));
    assert!(read("[::1]:443").is_of(&profile("[::1]:443")) && read("[::1]").is_of(&profile("[::1]:443")));
    assert!(!read("gate.example:443").is_of(&profile("gate.example:3080")));
    assert!(!read("[::1]:443").is_of(&profile("[::1]:444")));
    assert!(!read("evil.example").is_of(&profile("gate.example:3080")));
}

#[test]
fn id_and_token_must_both_be_there() {
    for query in ["", "id=x", &format!("token={TOKEN}"), "id=&token=", "id=x&token="] {
        assert!(parse(&link("alice@h", query)).is_err(), "{query}");
    }
    let error = parse("gatehouse://alice@h/authenticate_web_device").unwrap_err();
    assert!(
        error
            .message
            .ends_with("id and token must be included in the deep link for authenticating a web device")
    );
    assert_eq!((error.code.as_str(), error.exit_code()), ("link_malformed", 1));
    assert!(error.hint.is_some());
}

#[test]
fn what_is_not_exactly_such_a_link_is_refused_and_never_quoted() {
    let good = tokens();
    let long = "a".repeat(MAX_TOKEN + 1);
    let far = format!("{good}&redirect_uri=/{}", "a".repeat(MAX_REDIRECT));
    for bad in [
        String::new(),
        "gatehouse:".to_owned(),
        "--yes".to_owned(),
        format!("gatehouse:/alice@h/authenticate_web_device?{good}"),
        format!("https://alice@h/authenticate_web_device?{good}"),
        format!("xgatehouse://alice@h/authenticate_web_device?{good}"),
        format!(" gatehouse://alice@h/authenticate_web_device?{good}"),
        format!("gatehouse://alice@h/connect_my_computer?{good}"),
        format!("gatehouse://alice@h/authenticate_web_device/?{good}"),
        format!("gatehouse://alice@h//authenticate_web_device?{good}"),
        format!("gatehouse://alice@h/x/../authenticate_web_device?{good}"),
        format!("gatehouse://alice@h/authenticate%5Fweb_device?{good}"),
        format!("gatehouse://alice@h?{good}"),
        link("alice:secret@h", &good),
        link("alice%3Asecret@h", &good),
        link("alice@evil@h", &good),
        link("@h", &good),
        link("%00@h", &good),
        link("alice", "id=x").replace("alice", ""),
        link("alice@", &good),
        link("alice@h:0", &good),
        link("alice@h:99999", &good),
        link("alice@h:", &good),
        link("alice@::1", &good),
        link("alice@[::1", &good),
        link("alice@[::1]x", &good),
        link("alice@h%2Fevil", &good),
        link("alice@..", &good),
        link("alice@h\\evil", &good),
        link("alice@h", &format!("{good}&token={TOKEN}")),
        link("alice@h", &format!("{good}&id=0b0c")),
        link("alice@h", &format!("{good}&yes=1")),
        link("alice@h", &format!("{good}&")),
        link("alice@h", &format!("&{good}")),
        link("alice@h", &format!("{good}&redirect_uri")),
        link("alice@h", &format!("{good}#fragment")),
        link("alice@h", &format!("{good}&redirect_uri=/a b")),
        link("alice@h", &format!("{good}&redirect_uri=%0d%0aSet-Cookie:x")),
        link("alice@h", &format!("{good}&redirect_uri=%E2%80%AE")),
        link("alice@h", &format!("{good}&redirect_uri=%")),
        link("alice@h", &format!("{good}&redirect_uri=%4")),
        link("alice@h", &format!("{good}&redirect_uri=%GG")),
        link("alice@h", &format!("{good}&redirect_uri=%FF")),
        link("alice@h", &format!("id=a.b&token={TOKEN}")),
        link("alice@h", &format!("id=a%252Fb&token={TOKEN}")),
        link("alice@h", &format!("id=0b0c&token={TOKEN}%3D")),
        link("alice@h", &format!("id=0b0c&token={long}")),
        link("alice@h", &far),
        link(&format!("{}@h", "%61".repeat(3000)), &good),
        link("älice@h", &good),
    ] {
        let error = parse(&bad).expect_err(&bad);
        assert_eq!(error.code, "link_malformed", "{bad}");
        assert!(!error.message.contains(TOKEN) && !error.message.contains("evil"), "{}", error.message);
    }
}

#[test]
fn the_token_is_not_in_what_is_logged() {
    let read = parse(&link("alice@h", &tokens())).unwrap();
    assert!(!format!("{read:?}").contains(TOKEN));
}

proptest! {
    #[test]
    fn links_read_back(
        user in "[a-z0-9][a-z0-9._@+-]{0,30}",
        host in "[a-z][a-z0-9]{0,10}(\\.[a-z][a-z0-9]{0,5}){0,2}",
        port in 1..=u16::MAX,
        id in "[A-Za-z0-9_-]{1,64}",
        token in "[A-Za-z0-9_-]{1,64}",
        place in "/[^\\x00-\\x1f\\x7f-\\x9f\\u{61c}\\u{200b}-\\u{200f}\\u{2028}-\\u{202e}\\u{2060}-\\u{206f}\\u{feff}\\u{fff9}-\\u{fffb}]{0,60}",
    ) {
        let text = format!(
            "gatehouse://{}@{host}:{port}/authenticate_web_device?id={id}&token={token}&redirect_uri={}",
            percent::encode(&user),
            percent::encode(&place),
        );
        let read = parse(&text).unwrap();
        prop_assert_eq!(read.user.as_ref().map(UserName::as_str), Some(user.as_str()));
        prop_assert_eq!(read.proxy.to_string(), format!("{host}:{port}"));
        prop_assert_eq!((read.token.id.as_str(), read.token.token.as_str()), (id.as_str(), token.as_str()));
        prop_assert_eq!(read.redirect_uri.as_deref(), Some(place.as_str()));
    }

    #[test]
    fn nothing_panics_and_nothing_that_cannot_be_shown_gets_through(text in "(gatehouse://)?[ -~\\u{202e}%&=@:/?\\n]{0,120}") {
        if let Ok(read) = parse(&text) {
            prop_assert!(!read.redirect_uri.unwrap_or_default().chars().any(is_unprintable));
        }
    }
}
