internal import FoundationEssentials
internal import SatchelCore
internal import SatchelManifest

/// A content that is about to leave, and where its bytes are.
struct LeavingContent: Sendable {
    var path: WorkspacePath
    var digest: ContentDigest
    var source: any UploadSource
}

/// What the gate says of contents that are about to leave.
struct GateVerdict: Sendable {
    /// What holds secrets, without those that are allowed.
    var secrets: [ContentDigest: [SecretFinding]] = [:]
    /// What could not be looked at, and therefore must not leave now.
    var unread: [ContentDigest: SourceError] = [:]

    var isClear: Bool { secrets.isEmpty && unread.isEmpty }
}

extension Workspace {
    /// Whether anything is looked at before it leaves for the account.
    func isGated(_ traits: ProviderTraits) -> Bool { !traits.staysHere && configuration.gate.mode != .off }

    var detector: SecretDetector { SecretDetector(patterns: configuration.gate.patterns) }

    /// Looks for secrets in contents, each once: what was found is remembered by digest.
    ///
    /// What is read must be the content of that digest, so that the bytes that leave later are those that were looked
    /// at; a file that has changed meanwhile counts as unread.
    ///
    /// - Parameters:
    ///   - contents: with their sources; of several with the same digest the first is read.
    ///   - remembers: false where nothing may be written.
    /// - Returns: the findings that are not allowed.
    /// - Throws: ``ManifestError``, `CancellationError`.
    func inspect(_ contents: [LeavingContent], remembers: Bool) async throws -> GateVerdict {
        let detector = detector
        let rules = rulesNumber(detector)
        var verdict = GateVerdict()
        let digests = Set(contents.map(\.digest))
        var found = try await manifest.gateFindings(of: digests, rules: rules)
        var planned: Set<ContentDigest> = []
        let unseen = contents.filter { found[$0.digest] == nil && planned.insert($0.digest).inserted }
        // Some at a time, so that an interruption loses little and is noticed soon.
        for start in stride(from: 0, to: unseen.count, by: 500) {
            try Task.checkCancellation()
            let some = Array(unseen[start..<min(start + 500, unseen.count)])
            let results = try await onDiskQueue { [hashing] in
                some.map { content in Result { () throws(SourceError) in try look(content, detector, hashing) } }
            }
            var fresh: [ContentDigest: [SecretFinding]] = [:]
            for (content, result) in zip(some, results) {
                switch result {
                case .success(let findings): fresh[content.digest] = findings
                case .failure(let error): verdict.unread[content.digest] = error
                }
            }
            if remembers { try await manifest.rememberGate(fresh, rules: rules) }
            found.merge(fresh) { $1 }
        }
        for (digest, findings) in found {
            let left = notAllowed(findings)
            if !left.isEmpty { verdict.secrets[digest] = left }
        }
        return verdict
    }

    /// Looks for secrets in a text, such as a question.
    func inspect(_ text: String) -> [SecretFinding] {
        notAllowed(SecretScan.findings(in: Array(text.utf8), detector, hashing: hashing))
    }

    /// What the gate found in these contents when it looked at them, without what is allowed.
    func rememberedSecrets(in digests: Set<ContentDigest>) async throws -> [ContentDigest: [SecretFinding]] {
        try await manifest.gateFindings(of: digests, rules: rulesNumber(detector)).mapValues(notAllowed)
            .filter { !$0.value.isEmpty }
    }

    private func notAllowed(_ findings: [SecretFinding]) -> [SecretFinding] {
        findings.filter { !configuration.gate.allow.contains($0.fingerprint) }
    }

    private func rulesNumber(_ detector: SecretDetector) -> Int64 {
        Int64(bitPattern: hashing.digest(of: Array(detector.rules.utf8)).leadingWord)
    }
}

/// Reads a content to its end and says what the detector saw; blocks.
private func look(
    _ content: LeavingContent,
    _ detector: SecretDetector,
    _ hashing: any Hashing
) throws(SourceError) -> [SecretFinding] {
    let reader = try content.source.open()
    let hasher = hashing.makeHasher()
    var scan = SecretScan(detector, hashing: hashing)
    let size = max(1, min(Int(clamping: reader.size) + 1, 256 << 10))
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
    defer { buffer.deallocate() }
    var total: Int64 = 0
    // A file that grows while it is read is not the one that was hashed, however far one reads.
    while total <= reader.size {
        let count = try reader.read(into: buffer)
        if count == 0 { break }
        let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
        hasher.update(bytes)
        scan.update(bytes)
        total += Int64(count)
    }
    guard hasher.finish() == content.digest else {
        throw SourceError(.changing, "changed before it was looked at for secrets; it is left to the next sync")
    }
    return scan.finish()
}
