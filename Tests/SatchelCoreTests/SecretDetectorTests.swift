import SatchelTestSupport
import Testing

@testable import SatchelCore

/// What the gate takes for a secret, and what not.
@Suite struct SecretDetectorTests {
    private func findings(_ text: String, _ patterns: [SecretPattern] = []) -> [SecretFinding] {
        SecretScan.findings(in: Array(text.utf8), SecretDetector(patterns: patterns), hashing: IndependentHashing())
    }

    private func kinds(_ text: String) -> [String] { findings(text).map(\.kind) }

    @Test(arguments: MadeUpSecret.all())
    func aTokenIsFoundWhereverItStands(_ secret: MadeUpSecret) {
        #expect(kinds(secret.text) == [secret.kind])
        #expect(kinds("let it = \"\(secret.text)\"\n") == [secret.kind])
        #expect(kinds("a: 1\nservice_token: \(secret.text)\nb: 2\n") == [secret.kind])
        #expect(kinds("{\"token\": \"\(secret.text)\"}") == [secret.kind])
        #expect(kinds("PORT=1\nAPI_TOKEN=\(secret.text)\n") == [secret.kind])
        let oneLine = secret.text.replacing("\n", with: "\\n")
        #expect(kinds("{\"text\": \"a\\nTOKEN=\(oneLine)\\nb\"}") == [secret.kind])
    }

    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
    func otherDiceMakeNoDifference(_ seed: UInt64) {
        for secret in MadeUpSecret.all(seed: seed) { #expect(kinds("x \(secret.text) y") == [secret.kind]) }
    }

    @Test func aFindingTellsItsPlaceAndNotItsValue() throws {
        let token = MadeUpSecret.one("github-token")
        let finding = try #require(findings("one\ntwo\nkey = \(token)\n").first)
        #expect(finding.line == 3 && finding.column == 7)
        #expect(finding.fingerprint.count == 16)
        #expect(!"\(finding)".contains(token))
        // The same secret has the same fingerprint in another file, and another one has not.
        #expect(findings("# \(token)").first?.fingerprint == finding.fingerprint)
        #expect(findings(MadeUpSecret.one("github-token", seed: 9)).first?.fingerprint != finding.fingerprint)
    }

    @Test func aTokenWithAWrongChecksumIsNone() {
        var token = MadeUpSecret.one("github-token")
        token.removeLast(2)
        #expect(kinds("x " + token + "00").isEmpty)
    }

    @Test(arguments: [
        "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "api_key = \"0123456789abcdef0123456789abcdef\"",
        "sk-your-api-key-goes-here-0123456789", "sk-ant-api03-your-key-here-your-key-here-your-key-here",
        "password: ${DATABASE_PASSWORD_FROM_VAULT_2}", "token = os.environ[\"SERVICE_TOKEN_2\"]",
        "let token = makeTokenFromRequest2(request)", "access_token_url: https://login.internal.lan/oauth2/v2.0/token",
        "postgres://user:password@localhost/db", "https://name:{password}@host.org/",
        "secret_key_base = changeme-please-1",
        "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----", "-----BEGIN PUBLIC KEY-----",
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIn0.abc",
        "page_token = \"tok_async_stream_warn_1\"", "private_key: x25519.X25519PrivateKey",
        "a_secret = OAuth2TokenEndpointAuthMethod",
        "https://jo%40email.org:a%20secret@some.where/x",
        "\"-----BEGIN RSA PRIVATE KEY-----\" + some(base64, ofLength: 64, from: dice, lines: 26)",
        "integrity sha512-Vd1Kqd5TQ7dVJmWS5Qb0AaGQ1z2FQ0Vq9l5a3n7rGq0Jk3s==", "tokenizer = \"bert-base-uncased-v2\"",
        "private static let tokenKind2 = \"identifier-or-keyword-2\"", "public_key = \"8fJ2kq0sVb3nX7yTz1LmQ9wR\"",
    ])
    func examplesAndCodeAreNoSecrets(_ text: String) { #expect(kinds(text + "\n").isEmpty) }

    @Test(arguments: ["CLIENT_SECRET=", "db_password: ", "\"apiKey\": \"", "my-auth-token := '", "export SIGNING_KEY="])
    func aRandomValueUnderATellingNameIsFound(_ name: String) {
        let quote = name.last.map { "\"'".contains($0) ? String($0) : "" } ?? ""
        #expect(kinds("a\n\(name)\(MadeUpSecret.noise(24))\(quote)\nb") == ["assigned-secret"])
        #expect(kinds("a\n\(name)short1\(quote)\nb").isEmpty)
        #expect(kinds("a\n\(name)an_ordinary_identifier_2\(quote)\nb").isEmpty)
    }

    @Test func aPasswordInAnAddressIsFound() {
        #expect(
            kinds("url: postgres://app:\(MadeUpSecret.noise(16, seed: 3))@db.internal.lan/x") == ["password-in-url"]
        )
    }

    @Test func aKeyWithoutAPassphraseIsFoundForAllItsZeros() {
        // OpenSSH writes the cipher "none" and lengths as numbers of four bytes: rows of one letter.
        let head = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW"
        let key =
            "-----BEGIN OPENSSH PRIVATE KEY-----\n\(head)\nQyNTUxOQAAACA\(MadeUpSecret.noise(57))\n"
            + "\(MadeUpSecret.noise(70, seed: 2))\n-----END OPENSSH PRIVATE KEY-----"
        #expect(kinds(key) == ["private-key"])
        #expect(kinds("KEY=\"\(key.replacing("\n", with: "\\n"))\"") == ["private-key"])
    }

    @Test func aKeyInBase64IsFound() {
        let packed = "LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQo" + MadeUpSecret.noise(400)
        #expect(kinds("    client-key-data: \(packed)\n") == ["private-key"])
        let certificate = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk" + MadeUpSecret.noise(400)
        #expect(kinds("    client-certificate-data: \(certificate)\n").isEmpty)
    }

    @Test(arguments: [
        "define( 'DB_PASSWORD', '§' );", "machine git.corp.lan login ci password §", "<password>§</password>",
        "curl -H 'Authorization: Bearer §' https://api.corp.lan", "curl -H \"X-Api-Key: §\" x", "APP_KEY=base64:§=",
        "Server=db;User Id=sa;Password=§;", "deploy --password=§ --user ci",
        "{\"auths\": {\"r.corp.lan\": {\"auth\": \"§\"}}}", "SMTP_PASS=§",
    ])
    func whatToolsWriteIsFound(_ text: String) {
        let whole = text.replacing("§", with: MadeUpSecret.noise(24, seed: 5))
        #expect(kinds("a\n\(whole)\nb\n") == ["assigned-secret"], "\(whole)")
        // The same with words instead of chance is none.
        #expect(kinds("a\n\(text.replacing("§", with: "put-something-better-there"))\nb\n").isEmpty)
    }

    @Test func dotsAreOfAValueInAnEnvironmentAndOfNamesInCode() {
        let value = "\(MadeUpSecret.noise(24)).x9Y8z.\(MadeUpSecret.noise(27))"
        #expect(kinds("DISCORD_TOKEN=\(value)\n") == ["assigned-secret"])
        #expect(kinds("discordToken = \(value)\n").isEmpty)
    }

    @Test func keysOfOtherFormsAreFound() {
        let part = MadeUpSecret.noise(43)
        #expect(kinds("{\"kty\": \"EC\", \"x\": \"1\", \"d\": \"\(part)\"}") == ["private-key"])
        #expect(kinds("{\"a\": \"EC\", \"x\": \"1\", \"d\": \"\(part)\"}").isEmpty)
        let putty =
            "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nPublic-Lines: 1\nAAAA\nPrivate-Lines: 1\n\(part)\n"
        #expect(kinds(putty) == ["private-key"])
        #expect(kinds("the first line is `PuTTY-User-Key-File-3`, said the manual").isEmpty)
        #expect(kinds("login and password quote7Marks3Are1Not\n").isEmpty, "prose about a login")
    }

    @Test(arguments: [
        "308204bd020100300d06092a864886f70d0101010500048204a7", "3082025c02010002818100c0ffee",
        "302e020100300506032b657004220420", "30770201010420", "308209ea02010330820 9b006092a864886f70d010701",
        "308201b7305706092a864886f70d01050d304a", "9503980461b2c3d4010800", "c5580661b2c3d41b0000002000",
    ])
    func keysInBinaryAreFoundAtTheBeginning(_ beginning: String) {
        let digits = beginning.filter { $0 != " " }
        var bytes = stride(from: 0, to: digits.count, by: 2).compactMap { index in
            UInt8(digits.dropFirst(index).prefix(2), radix: 16)
        }
        bytes += (0..<200).map { UInt8(truncatingIfNeeded: $0 &* 37) }
        func kinds(_ bytes: [UInt8]) -> [String] {
            SecretScan.findings(in: bytes, SecretDetector(), hashing: IndependentHashing()).map(\.kind)
        }
        #expect(kinds(bytes) == ["private-key"])
        #expect(kinds([0] + bytes).isEmpty)
        bytes[1] = 0xff
        #expect(kinds(bytes).isEmpty)
    }

    @Test func textInUTF16IsReadToo() {
        let token = MadeUpSecret.one("stripe-key")
        let wide: [UInt8] = [0xff, 0xfe] + "key \(token) end".utf8.flatMap { [$0, 0] }
        let found = SecretScan.findings(in: wide, SecretDetector(), hashing: IndependentHashing())
        #expect(found.map(\.kind) == ["stripe-key"])
    }

    @Test(arguments: [1, 7, 4096, 65536])
    func whereTheBytesAreCutMakesNoDifference(_ piece: Int) {
        let lines = (0..<30000).map { "line \($0) of some text that means nothing\n" }
        var text = lines.joined()
        let key = MadeUpSecret.one("private-key")
        let token = MadeUpSecret.one("npm-token")
        text = "\(token)\n\(text)\(key)\n\(text)API_TOKEN=\(MadeUpSecret.noise(30))\n"
        let bytes = Array(text.utf8)
        let whole = SecretScan.findings(in: bytes, SecretDetector(), hashing: IndependentHashing())
        #expect(whole.map(\.kind) == ["npm-token", "private-key", "assigned-secret"])
        #expect(whole.map(\.line) == [1, 30002, 60010] && whole.map(\.column) == [1, 1, 11])
        guard piece > 1 || bytes.count < 1 << 22 else { return }
        var scan = SecretScan(SecretDetector(), hashing: IndependentHashing())
        bytes.withUnsafeBytes { all in
            for start in stride(from: 0, to: all.count, by: piece) {
                scan.update(UnsafeRawBufferPointer(rebasing: all[start..<min(start + piece, all.count)]))
            }
        }
        #expect(scan.finish() == whole)
    }

    @Test func anyBytesMayBeGiven() {
        var dice = SystemRandomNumberGenerator()
        let starts = [
            "-----BEGIN RSA PRIVATE KEY-----", "eyJ", "://a:", "secret=\"", ":AA", "ghp_", "=", ":", "\\n", "@",
        ]
        for _ in 0..<2000 {
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 0..<12, using: &dice) {
                bytes += Array(starts.randomElement(using: &dice)?.utf8 ?? "".utf8)
                bytes += (0..<Int.random(in: 0..<40, using: &dice)).map { _ in UInt8.random(in: 0...255, using: &dice) }
            }
            let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            // Above all, nothing traps.
            for finding in SecretScan.findings(in: bytes, SecretDetector(), hashing: IndependentHashing()) {
                #expect((1...lines.count).contains(finding.line))
                #expect((1...bytes.count).contains(finding.column))
            }
        }
    }

    @Test(arguments: [
        ("acme_[a-z0-9]{8}", "x acme_ab12cd34 y", true), ("acme_[a-z0-9]{8}", "x acme_ab12 y", false),
        ("PRJ-\\d+", "see PRJ-17", true), ("internal only", "this is internal only", true),
        ("k[^ ]{2,4}!", "kab!", true), ("k[^ ]{2,4}!", "kabcde!", false), ("a\\.b", "axb", false),
    ])
    func ownPatternsCount(_ pattern: String, _ text: String, _ isFound: Bool) throws {
        let parsed = try SecretPattern(pattern)
        #expect(findings(text, [parsed]).map(\.kind) == (isFound ? ["own-pattern"] : []))
    }

    @Test(arguments: ["", "*a", ".*", "a?", "(a|b)", "[a", "a{9", "a{1000}", "a{3,2}", "\\", "a[\\"])
    func aPatternThatIsNoneIsRefused(_ pattern: String) {
        #expect(throws: SecretPatternError.malformed) { try SecretPattern(pattern) }
    }

    @Test(
        arguments: [
            ("\\bACME", .escape(UInt8(ascii: "b"))), ("a\\n", .escape(UInt8(ascii: "n"))),
            ("[\\t]a", .escape(UInt8(ascii: "t"))), ("(?i)a", .malformed), ("a\\1", .escape(UInt8(ascii: "1"))),
            ("^TOPSECRET", .anchor), ("SECRET$", .anchor), ("[[:upper:]]{3}-CODE", .namedSet),
            ("[^[:space:]]", .namedSet),
        ] as [(String, SecretPatternError)]
    )
    func aPatternThatWouldNeverMatchIsRefused(_ pattern: String, _ error: SecretPatternError) {
        #expect(throws: error) { try SecretPattern(pattern) }
    }

    @Test(arguments: ["\\^a\\$", "US$[0-9]", "[$^]x", "a^b", "[[]x", "a\\_b"])
    func aSignThatIsMeantAsItselfMayStandInAPattern(_ pattern: String) throws { _ = try SecretPattern(pattern) }
}

/// SHA-256 by other code than the program's.
private struct IndependentHashing: Hashing {
    private final class Hasher: ContentHasher {
        var bytes: [UInt8] = []
        func update(_ more: UnsafeRawBufferPointer) { bytes += more }
        func finish() -> ContentDigest { independentDigest(of: bytes) }
    }

    func makeHasher() -> any ContentHasher { Hasher() }
}
