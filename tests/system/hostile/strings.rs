//! Text that means something to somebody else: SQL, HTML, shells, terminals, parsers of Unicode.

use super::*;
use enrollment_tests::TestApp;
use serde_json::json;

const STRINGS: [&str; 18] = [
    "'; DROP TABLE students; --",
    "\" OR 1=1 --",
    "1'; SELECT pg_sleep(10); --",
    "') UNION SELECT secret FROM api_keys --",
    "$1 $2 %s %n {} ${7*7} {{7*7}}",
    "\\'; COPY students TO PROGRAM 'id' --",
    "<script>alert(1)</script>",
    "../../../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "${jndi:ldap://127.0.0.1/a}",
    "`id` $(id) | id ; id",
    "a\r\nset-cookie: a=b",
    "a%0d%0aset-cookie: a=b",
    "\u{1b}[2J\u{1b}]0;owned\u{7}",
    "\u{202e}drow\u{feff}\u{200b}",
    "\u{0}",
    "a\u{0}b",
    "ÅÅ\u{301}𝔘𝔫𝔦𝔠𝔬𝔡𝔢\u{10ffff}",
];

fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |encoded, byte| encoded + &format!("%{byte:02X}"))
}

#[test]
fn text_is_text_wherever_it_stands() {
    let app = TestApp::start();
    let student = app.student("honest");
    let tables = app.database.number("SELECT count(*) FROM pg_class WHERE relkind = 'r'");
    for text in STRINGS {
        let made = app
            .post("/api/v1/students", &json!({"number": text, "given_name": text, "family_name": text, "email": text}));
        assert!(matches!(made.status, 201 | 409 | 422), "{text:?}: {made:?}");
        let named = app.post(
            "/api/v1/courses",
            &json!({"code": "X1", "title": text, "credits": 3, "requisite": {"course": text}}),
        );
        assert!(matches!(named.status, 201 | 409 | 422), "{text:?}: {named:?}");
        let changed = app.patch(&format!("/api/v1/students/{student}"), &json!({"family_name": text}));
        assert!(matches!(changed.status, 200 | 422), "{text:?}: {changed:?}");
        if changed.status == 200 {
            assert_eq!(changed.body["family_name"], text, "it is kept as it is");
        }
        let encoded = percent_encoded(text);
        for path in [
            format!("/api/v1/students?number={encoded}"),
            format!("/api/v1/students?cursor={encoded}"),
            format!("/api/v1/students?limit={encoded}"),
            format!("/api/v1/students?{encoded}={encoded}"),
            format!("/api/v1/sections?q={encoded}&term_id={encoded}"),
            format!("/api/v1/students/{encoded}/courses?status={encoded}"),
            format!("/api/v1/events?after={encoded}"),
            format!("/api/docs/{encoded}"),
            format!("/{encoded}"),
        ] {
            let answer = app.get(&path);
            assert!(answer.status == 200 || (400..500).contains(&answer.status), "{path}: {answer:?}");
            assert!(answer.header("set-cookie").is_none(), "{path}: {answer:?}");
        }
        if text.chars().all(|letter| (' '..='~').contains(&letter)) {
            for name in
                ["idempotency-key", "x-request-id", "if-match", "if-none-match", "accept", "x-forwarded-for", "host"]
            {
                let answer = app.send("GET", "/api/v1/students", &[(name, text)], None);
                assert!(answer.status < 500, "{name}: {text:?}: {answer:?}");
                let body = json!({"section_id": text});
                let path = format!("/api/v1/students/{student}/courses");
                assert!(
                    (400..500).contains(&app.send_json("POST", &path, &[(name, text)], &body).status),
                    "{name}: {text:?}"
                );
            }
        }
    }
    assert_eq!(app.database.number("SELECT count(*) FROM pg_class WHERE relkind = 'r'"), tables);
    assert_eq!(app.get(&format!("/api/v1/students/{student}")).expect(200)["number"], "honest");
}

#[test]
fn bytes_that_are_no_text_are_refused_wherever_they_stand() {
    let app = TestApp::start();
    // Overlong and torn forms of UTF-8, surrogates, and what is beyond Unicode.
    for bytes in [
        &b"\xc0\xaf"[..],
        b"\xe0\x80\xaf",
        b"\xf0\x80\x80\xaf",
        b"\xed\xa0\x80",
        b"\xf5\x80\x80\x80",
        b"\xff\xfe",
        b"\xc3",
    ] {
        let body = [b"{\"number\":\"", bytes, b"\",\"given_name\":\"A\",\"family_name\":\"B\"}"].concat();
        let top = format!(
            "POST /api/v1/students HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let heard = send(app.address(), &[top.as_bytes(), &body].concat());
        assert_eq!(heard.statuses(), [400], "{bytes:?}: {}", heard.0);
        let encoded = bytes.iter().fold(String::new(), |encoded, byte| encoded + &format!("%{byte:02X}"));
        assert_eq!(app.get(&format!("/api/v1/students?number={encoded}")).status, 422);
        assert!((400..500).contains(&app.get(&format!("/api/v1/students/{encoded}")).status));
        for raw in [&b"GET /"[..], b"GET /?a=", b"GET / HTTP/1.1\r\nhost: x\r\nx-request-id: "] {
            let heard =
                send(app.address(), &[raw, bytes, b" HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"].concat());
            heard.assert_refused("raw bytes");
        }
    }
    for lone in [r#""\ud800""#, r#""\udc00\ud800""#, r#""\u0000""#] {
        let body = format!(r#"{{"number":{lone},"given_name":"A","family_name":"B"}}"#);
        let answer = app.send("POST", "/api/v1/students", &[("content-type", "application/json")], Some(body));
        assert!(matches!(answer.status, 400 | 422), "{lone}: {answer:?}");
    }
    assert_serves(&app);
}
