/// Secrets that are worth nothing, made at random in the shapes that providers hand out: none may stand in the sources.
package struct MadeUpSecret: Hashable, Sendable, CustomStringConvertible {
    package var kind: String
    package var text: String

    package var description: String { kind }

    private static let lower = "abcdefghijklmnopqrstuvwxyz"
    private static let upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    private static let digits = "0123456789"
    private static let hex = "0123456789abcdef"
    private static let base62 = digits + upper + lower
    private static let base64 = base62 + "+/"
    private static let url = base62 + "-_"

    /// One of each kind; the same for the same number.
    package static func all(seed: UInt64 = 1) -> [MadeUpSecret] {
        var dice = Dice(state: seed)
        func some(_ alphabet: String, _ count: Int) -> String {
            let letters = Array(alphabet)
            return String((0..<count).map { _ in letters[Int.random(in: letters.indices, using: &dice)] })
        }
        var tokens: [(String, String)] = [
            ("openai-key", "sk-proj-" + some(url, 120)), ("secret-key", "sk-" + some(base62, 48)),
            ("anthropic-key", "sk-ant-api03-" + some(url, 95)), ("google-api-key", "AIza" + some(url, 35)),
            ("google-oauth-secret", "GOCSPX-" + some(url, 28)), ("xai-key", "xai-" + some(base62, 80)),
            ("groq-key", "gsk_" + some(base62, 52)), ("huggingface-token", "hf_" + some(base62, 34)),
            ("replicate-token", "r8_" + some(base62, 37)), ("aws-access-key", "AKIA" + some(upper + "234567", 16)),
            ("azure-storage-key", "AccountKey=" + some(base64, 86) + "=="),
            ("digitalocean-token", "dop_v1_" + some(hex, 64)), ("databricks-token", "dapi" + some(hex, 32)),
            ("vault-token", "hvs." + some(url, 95)), ("github-token", withChecksum("ghp_", some(base62, 30))),
            ("github-token", "github_pat_" + some(base62, 22) + "_" + some(base62, 59)),
            ("gitlab-token", "glpat-" + some(url, 20)), ("npm-token", withChecksum("npm_", some(base62, 30))),
            ("pypi-token", "pypi-AgEIcHlwaS5vcmc" + some(url, 130)), ("docker-token", "dckr_pat_" + some(url, 27)),
            ("grafana-token", "glsa_" + some(base62, 32) + "_" + some(hex, 8)),
            ("slack-token", "xoxb-" + some(digits, 12) + "-" + some(digits, 12) + "-" + some(base62, 24)),
            (
                "slack-webhook",
                "https://hooks.slack.com/services/T" + some(upper, 8) + "/B" + some(upper, 8) + "/"
                    + some(base62, 24)
            ),
            ("telegram-token", "7" + some(digits, 9) + ":AA" + some(url, 33)),
            ("sendgrid-key", "SG." + some(url, 22) + "." + some(url, 43)),
            ("stripe-key", "sk_live_" + some(base62, 99)), ("shopify-token", "shpat_" + some(hex, 32)),
            ("linear-key", "lin_api_" + some(base62, 40)),
        ]
        let claims = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ" + some(base62, 40)
        tokens.append(("json-web-token", claims + "." + some(url, 86)))
        for label in [
            "RSA PRIVATE KEY", "EC PRIVATE KEY", "PRIVATE KEY", "OPENSSH PRIVATE KEY", "PGP PRIVATE KEY BLOCK",
        ] {
            let body = (0..<6).map { _ in some(base64, 64) }.joined(separator: "\n")
            tokens.append(("private-key", "-----BEGIN \(label)-----\n\(body)\n-----END \(label)-----"))
        }
        return tokens.map { MadeUpSecret(kind: $0.0, text: $0.1) }
    }

    /// The first of that kind.
    package static func one(_ kind: String, seed: UInt64 = 1) -> String {
        all(seed: seed).first { $0.kind == kind }?.text ?? ""
    }

    /// Letters and digits that mean nothing.
    package static func noise(_ count: Int, seed: UInt64 = 1) -> String {
        var dice = Dice(state: seed)
        let letters = Array(base62)
        return String((0..<count).map { _ in letters[Int.random(in: letters.indices, using: &dice)] })
    }

    private static func withChecksum(_ prefix: String, _ body: String) -> String {
        var crc = ~UInt32(0)
        for byte in body.utf8 {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? (crc >> 1) ^ 0xedb8_8320 : crc >> 1 }
        }
        var rest = ~crc
        let letters = Array(base62)
        var tail = ""
        for _ in 0..<6 {
            tail = "\(letters[Int(rest % 62)])\(tail)"
            rest /= 62
        }
        return prefix + body + tail
    }
}

/// SplitMix64: the same numbers on every machine.
private struct Dice: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
