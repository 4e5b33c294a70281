package import FoundationEssentials
package import SatchelCore
internal import SatchelManifest

/// What is to be told of what left this machine.
package struct AuditOptions: Sendable {
    /// Files or folders; all when there is none.
    ///
    /// Each stands for what left under its name, and for the bytes it has: those may have left under another name.
    package var paths: [WorkspacePath] = []
    package var since: Date?
    /// The name of an account; all when nil.
    package var account: String?

    package init() {}
}

/// One thing that left this machine.
package struct AuditEntry: Sendable {
    /// In what form it left.
    package enum Way: String, Sendable {
        /// As a copy that a chat can refer to.
        case upload
        /// As part of a question: by its id, or its text itself.
        case chat
        /// As lines that a model looked up.
        case tool
        /// The wish for a picture: words without a file, of which the digest is told.
        case image

        init(_ way: DepartureWay) {
            switch way {
            case .chat: self = .chat
            case .tool: self = .tool
            case .image: self = .image
            }
        }
    }

    /// What has become of it since.
    package enum State: String, Sendable {
        /// The provider is believed to hold it.
        case there
        case expired
        case deleted
        /// What became of the text of a question is the provider's business.
        case unknown
    }

    package var way: Way
    package var sentAt: Date
    /// Nil when it is not known any more.
    package var path: WorkspacePath?
    package var digest: ContentDigest
    /// Bytes.
    package var size: Int64
    /// The account's name, as it was last called.
    package var account: String
    package var provider: String
    package var remoteID: RemoteFileID?
    package var expiresAt: Date?
    package var deletedAt: Date?
    /// The stable word.
    package var deletedBecause: String?
    package var state: State
    /// Which lines of it, where a model looked them up.
    package var lines: ClosedRange<Int>?

    var departure: Manifest.Departure
}

extension Workspace {
    /// What left this machine from this workspace, oldest first.
    package func audit(_ options: AuditOptions) async throws -> [AuditEntry] {
        let accounts = Dictionary(
            try await manifest.accounts().map { ($0.id, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        if let name = options.account, !accounts.values.contains(where: { $0.label == name }) {
            // A mistyped name must not pass for one that was never sent anything.
            _ = try configuration.account(named: name)
        }
        typealias Left = (way: AuditEntry.Way, departure: Manifest.Departure, lines: ClosedRange<Int>?)
        let uploads: [Left] = try await manifest.departures(since: options.since).map { (.upload, $0, nil) }
        let questions: [Left] = try await manifest.leftInQuestions(since: options.since).map {
            (AuditEntry.Way($0.way), $0.departure, $0.lines)
        }
        let wishes: [Left] = try await manifest.drawnPrompts(since: options.since).map { sentAt, text, account in
            let departure = Manifest.Departure(
                sentAt: sentAt,
                digest: hashing.digest(of: Array(text.utf8)),
                size: Int64(text.utf8.count),
                account: account
            )
            return (.image, departure, nil)
        }
        let scope = options.paths.isEmpty ? Scope.everything : Scope(options.paths)
        let known = scope == .everything ? [] : try await manifest.known(in: scope)
        let contents = Set(known.flatMap { [$0.digest, $0.linked ?? $0.digest] })
        return (uploads + questions + wishes).compactMap { way, departure, lines -> AuditEntry? in
            guard let account = accounts[departure.account] else { return nil }
            if let name = options.account, account.label != name { return nil }
            let isNamed = scope == .everything || departure.path.map { scope.contains($0) } ?? false
            guard isNamed || contents.contains(departure.digest) else { return nil }
            return AuditEntry(
                way: way,
                sentAt: departure.sentAt,
                path: departure.path,
                digest: departure.digest,
                size: departure.size,
                account: account.label,
                provider: account.provider,
                remoteID: departure.remoteID,
                expiresAt: departure.expiresAt,
                deletedAt: departure.deletedAt,
                deletedBecause: departure.deletedBecause,
                state: state(of: departure, way),
                lines: lines,
                departure: departure
            )
        }.sorted { $0.sentAt < $1.sentAt }
    }

    private func state(of departure: Manifest.Departure, _ way: AuditEntry.Way) -> AuditEntry.State {
        if way != .upload { return .unknown }
        if departure.deletedBecause == "expired" { return .expired }
        if departure.deletedAt != nil { return .deleted }
        return departure.expiresAt.map { $0 <= now() } ?? false ? .expired : .there
    }
}
