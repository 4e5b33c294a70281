import SatchelCore
import Testing

@Suite struct ValuesTests {
    @Test(arguments: [
        "plain.txt", "with space", "line\nbreak", "back\\slash", "caf\u{e9}", "emoji\u{1f600}", "\u{202e}reversed",
    ])
    func aNameSurvivesEscapingAndBack(name: String) {
        let path = WorkspacePath(unchecked: Array(name.utf8))
        #expect(WorkspacePath(escaped: path.description) == path)
        #expect(!path.description.unicodeScalars.contains { $0.value < 0x20 })
    }

    @Test func everyByteThatIsNotTextSurvivesEscapingAndBack() {
        let bytes: [UInt8] = (1...255).filter { $0 != 0x2f }
        #expect(unescaped(escaped(bytes)) == bytes)
        #expect(unescaped("\\q") == nil && unescaped("\\x4") == nil)
    }

    @Test func aPathOutsideTheWorkspaceIsNone() {
        #expect(WorkspacePath("/etc/passwd") == nil)
        #expect(WorkspacePath("a/../../b") == nil)
        #expect(WorkspacePath("./a//b/")?.description == "a/b")
    }

    @Test func aFolderIsNotThePrefixOfItsName() {
        let folder = WorkspacePath(unchecked: Array("src".utf8))
        #expect(WorkspacePath(unchecked: Array("src/a".utf8)).isWithin(folder))
        #expect(!WorkspacePath(unchecked: Array("srcs/a".utf8)).isWithin(folder))
    }

    @Test func aScopeHoldsNoPathTwice() {
        let paths = ["a/x", "a", "a-b", "b/c", "a/y/z"].map { WorkspacePath(unchecked: Array($0.utf8)) }
        #expect(Scope(paths) == .paths(["a", "a-b", "b/c"].map { WorkspacePath(unchecked: Array($0.utf8)) }))
        #expect(Scope([.root]) == .everything)
    }

    @Test(
        arguments: [
            ("10MB", 10_000_000), ("10 MiB", 10_485_760), ("64k", 65536), ("1.5G", 1_610_612_736), ("7", 7),
        ] as [(String, Int64)]
    )
    func aSizeIsReadAsItIsMeant(text: String, bytes: Int64) {
        #expect(ByteCount(text)?.bytes == bytes)
    }

    @Test(arguments: ["", "ten", "-1", "5 parsecs", "99999999999999G"])
    func whatIsNoSizeIsNone(text: String) {
        #expect(ByteCount(text) == nil)
    }

    @Test func aTimeToLiveIsReadAsItIsMeant() {
        #expect(TimeToLive("24h") == .seconds(86400))
        #expect(TimeToLive("0") == .session)
        #expect(TimeToLive("never") == .never && TimeToLive("-1") == .never)
        #expect(TimeToLive("soon") == nil && TimeToLive("99999999999999999w") == nil)
    }

    @Test(
        arguments: [
            (Array("hello\n".utf8), MediaType.text), ([], .empty),
            ([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a], .png),
            ([0xff, 0xd8, 0xff, 0xe0], .jpeg), (Array("%PDF-1.7".utf8), .pdf), ([0x61, 0x00, 0x62], .binary),
            ([0xc3, 0x28], .binary), ([0xff, 0xfe, 0x61, 0x00], .utf16), (Array("<svg/>".utf8), .text),
            ([0xc3], .binary),
        ] as [([UInt8], MediaType)]
    )
    func contentIsKnownByItsBytes(bytes: [UInt8], media: MediaType) {
        var sniffer = ContentSniffer()
        bytes.withUnsafeBytes { sniffer.update($0) }
        #expect(sniffer.finish() == media)
    }

    @Test func textSplitAnywhereIsStillText() {
        let bytes = Array("na\u{ef}ve \u{1f600} \u{20ac} plain ascii that is long enough for words".utf8)
        for cut in 0...bytes.count {
            var sniffer = ContentSniffer()
            bytes[..<cut].withUnsafeBytes { sniffer.update($0) }
            bytes[cut...].withUnsafeBytes { sniffer.update($0) }
            #expect(sniffer.finish() == .text)
        }
    }

    @Test func anUploadNameIsTameAndNamesItsContent() {
        let digest = Fixture.digest("content")
        let own = UploadMark()
        func name(_ path: String, _ media: MediaType = .text, _ naming: ProviderTraits.Naming = .asIs) -> String {
            let traits = ProviderTraits(
                provider: .openai,
                expiry: .none,
                maxFileSize: nil,
                acceptedMedia: [.text],
                naming: naming,
                canDownload: false,
                canReferImages: true,
                canReferFiles: true
            )
            return uploadLabel(for: Fixture.path(path), digest: digest, media: media, traits: traits, mark: own).name
        }
        let mark = "\(digest.prefix(16)).\(own)"
        #expect(own.description.utf8.count == 8 && own != UploadMark())
        #expect(name("src/Main.swift") == "Main.\(mark).swift")
        #expect(name("src/Main.swift", .text, .textExtension(accepted: ["md"])) == "Main.\(mark).swift.txt")
        #expect(name("README.md", .text, .textExtension(accepted: ["md"])) == "README.\(mark).md")
        #expect(name(".gitignore", .text, .textExtension(accepted: ["md"])) == "gitignore.\(mark).txt")
        #expect(name("caf\u{e9} \"x\".txt") == "caf___x_.\(mark).txt")
        #expect(name("photo", .png, .textExtension(accepted: [])) == "photo.\(mark).png")
        #expect(name("x" + String(repeating: "y", count: 300)).utf8.count <= 100)
    }
}

@Suite struct RetryPolicyTests {
    private let policy = RetryPolicy()

    @Test func waitsDoubleUpToTheLongest() {
        let error = ProviderError(.temporary(retryAfter: nil), "503")
        #expect(policy.delay(after: error, attempt: 1, jitter: 0) == 0.5)
        #expect(policy.delay(after: error, attempt: 2, jitter: 0) == 1)
        #expect(policy.delay(after: error, attempt: 3, jitter: 0) == nil)
        #expect(RetryPolicy(retries: 9).delay(after: error, attempt: 9, jitter: 0) == 8)
    }

    @Test func aServersWishIsHonouredUnlessItIsTooLong() {
        #expect(policy.delay(after: ProviderError(.rateLimited(retryAfter: 7), "429"), attempt: 1, jitter: 0.5) == 7)
        #expect(policy.delay(after: ProviderError(.rateLimited(retryAfter: 999), "429"), attempt: 1, jitter: 0) == nil)
    }

    @Test(arguments: [ProviderError.Kind.quota, .unauthorised, .gone, .rejected, .tooLarge, .cancelled])
    func whatWaitingDoesNotHelpIsNotTriedAgain(kind: ProviderError.Kind) {
        #expect(policy.delay(after: ProviderError(kind, "no"), attempt: 1, jitter: 0) == nil)
    }
}
