/// What differs from run to run, and what stands for it in a snapshot: regular expressions for insta's filters.
pub const FILTERS: &[(&str, &str)] = &[
    (r"sha256:[0-9a-f]{64}", "[pin]"),
    (r"\b[0-9a-f]{64}\b", "[digest]"),
    (r"\b[0-9a-f]{32}\b", "[request]"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "[uuid]"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "[time]"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}", "[time]"),
    (r"/web/signup/[A-Za-z0-9_-]+", "/web/signup/[token]"),
    (r"(--token=|enrollment token: |token: |token.: .)[A-Za-z0-9_-]{40,}", "$1[token]"),
    (r"127\.0\.0\.1:\d{5}", "127.0.0.1:[port]"),
    (r"tctl-[A-Za-z0-9]{6}\.yaml", "tctl-[random].yaml"),
    // Credential ids: unpadded base64 of a SHA-256.
    (r"([^A-Za-z0-9+/=]|^)[A-Za-z0-9+/]{43}([^A-Za-z0-9+/=]|$)", "$1[credential]$2"),
    // Times that are left, where a slow machine lets a second or two go by.
    (r"\b59m5\ds\b", "1h0m0s"),
    (r"\b23h59m5\ds\b", "24h0m0s"),
    (r"\b1h59m5\ds\b", "2h0m0s"),
];
