import FoundationEssentials
import SatchelCore

/// A day to plan on, and short ways to write what a planner is given.
enum Fixture {
    static let now = Date(timeIntervalSince1970: 1_800_000_000)

    /// A digest that is the same for the same text.
    static func digest(_ text: String) -> ContentDigest {
        var bytes = [UInt8](repeating: 0, count: 32)
        for (index, byte) in text.utf8.enumerated() {
            bytes[index % 32] = bytes[index % 32] &* 31 &+ byte
        }
        // Spread over the first word, where look-ups interpolate.
        bytes[0] = bytes.reduce(0) { $0 &* 17 &+ $1 }
        return ContentDigest(bytes) ?? unreachableDigest
    }

    static func path(_ text: String) -> WorkspacePath { WorkspacePath(unchecked: Array(text.utf8)) }

    static func print(_ size: Int64 = 4) -> Fingerprint {
        Fingerprint(size: size, modified: 1, changed: 1, inode: 1)
    }

    /// `["a.txt": "content"]` as files on disk.
    static func snapshot(
        _ files: [String: String],
        skipped: [Snapshot.Skipped] = [],
        troubles: [Trouble] = [],
        scope: Scope = .everything,
        root: RootIdentity = RootIdentity(device: 1, inode: 2)
    ) -> Snapshot {
        let list = files.map { name, content in
            Snapshot.File(path: path(name), size: 4, digest: digest(content), media: .text)
        }.sorted { $0.path < $1.path }
        return Snapshot(scope: scope, files: list, skipped: skipped, troubles: troubles, root: root)
    }

    /// `["a.txt": "content"]` as paths that stand for content.
    static func known(_ files: [String: String]) -> [KnownFile] {
        files.map { name, content in
            KnownFile(
                path: path(name),
                fingerprint: print(),
                digest: digest(content),
                media: .text,
                isRacy: false,
                linked: digest(content)
            )
        }.sorted { $0.path < $1.path }
    }

    static func copy(
        _ content: String,
        state: CopyState = .ready,
        expiresIn: TimeInterval? = nil,
        touched ago: TimeInterval = 0
    ) -> KnownCopy {
        KnownCopy(
            row: 1,
            digest: digest(content),
            state: state,
            createdAt: now.addingTimeInterval(-80000),
            expiresAt: expiresIn.map { now.addingTimeInterval($0) },
            touchedAt: now.addingTimeInterval(-ago)
        )
    }

    static func copies(_ copies: [KnownCopy]) -> CopyIndex {
        CopyIndex(sorted: copies.sorted { $0.digest < $1.digest })
    }

    static let traits = ProviderTraits(
        provider: .openai,
        expiry: .settable(3600...2_592_000),
        maxFileSize: .mebibytes(50),
        acceptedMedia: [.text, .png],
        naming: .asIs,
        canDownload: false,
        canReferImages: true,
        canReferFiles: true
    )

    private static let unreachableDigest = ContentDigest(hex: String(repeating: "0", count: 64)).unsafelyUnwrapped
}

extension Plan {
    /// The actions in short words, for comparison in tests: `upload a.txt: new file`.
    var words: [String] {
        actions.map { action in
            switch action {
            case .upload(let path, _, let reason): "upload \(path): \(reason.code)"
            case .link(let path, _, let reason): "link \(path): \(reason.code)"
            case .forget(let path, let reason): "forget \(path): \(reason.code)"
            case .delete(_, let reason): "delete: \(reason.code)"
            }
        }
    }
}
