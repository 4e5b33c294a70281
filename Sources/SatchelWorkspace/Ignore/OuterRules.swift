import SatchelCore

/// The ignore rules that come from outside the workspace's own folders.
struct OuterRules {
    /// What leads from the top of the repository to the workspace, its slash included; empty at the top, or without
    /// a repository.
    var origin: [UInt8] = []
    /// The `.gitignore` files of the folders above the workspace, up to the repository's top; outermost first.
    var parents: [RuleStack.Layer] = []
    /// The global excludes, then `.git/info/exclude`: the later has precedence.
    var last: [RuleStack.Layer] = []

    /// Reads them; without git's rules there are none.
    ///
    /// - Throws: ``Trouble`` of the root when a rule file of the repository is there and cannot be read: to sync
    ///   regardless could send away what it keeps back. An unreadable global list is passed over, as git does.
    init(root: String, policy: SelectionPolicy, environment: [String: String]) throws(Trouble) {
        guard policy.respectsGitignore else { return }
        let repository = GitRepository(around: root)
        let top = repository?.top ?? root
        if root != top {
            origin = Array((root.dropFirst(joined(top, "").count) + "/").utf8)
        }

        let global = GlobalExcludes(environment: environment, top: top)
        if let path = global.path(repository: repository),
            let bytes = try? readSettings(at: path, followsLink: true)
        {
            add(IgnoreFile(parsing: bytes, file: global.shown(path)), to: \.last, base: 0)
        }
        guard let repository else { return }
        let exclude = joined(repository.commonFolder, "info/exclude")
        let inside = joined(root, "")
        let shown = exclude.hasPrefix(inside) ? String(exclude.dropFirst(inside.count)) : exclude
        add(try Self.read(exclude, shown: shown, followsLink: true), to: \.last, base: 0)

        // The folders from the top down to the one around the workspace; the workspace's own files are the walk's.
        let depth = origin.count { $0 == UInt8(ascii: "/") }
        var folder = top
        var base = 0
        for (level, component) in origin.split(separator: UInt8(ascii: "/")).enumerated() {
            let shown = String(repeating: "../", count: depth - level) + IgnoreFileName.gitignore.rawValue
            let path = joined(folder, IgnoreFileName.gitignore.rawValue)
            add(try Self.read(path, shown: shown, followsLink: false), to: \.parents, base: base)
            folder = joined(folder, String(decoding: component, as: UTF8.self))
            base += component.count + 1
        }
    }

    private mutating func add(
        _ file: IgnoreFile?,
        to list: WritableKeyPath<OuterRules, [RuleStack.Layer]>,
        base: Int
    ) {
        guard let file, !file.isEmpty else { return }
        self[keyPath: list].append(RuleStack.Layer(file: file, base: base))
    }

    private static func read(_ path: String, shown: String, followsLink: Bool) throws(Trouble) -> IgnoreFile? {
        do {
            guard let bytes = try readSettings(at: path, followsLink: followsLink) else { return nil }
            return IgnoreFile(parsing: bytes, file: shown)
        } catch {
            throw .rulesUnreadable(shown, in: .root, error)
        }
    }
}

extension Trouble: Error {
    /// A folder whose rules are unknown is not entered: what they keep back would leave the machine.
    static func rulesUnreadable(_ file: String, in folder: WorkspacePath, _ error: SystemError) -> Trouble {
        Trouble(
            path: folder,
            isFolder: true,
            kind: error.trouble.kind,
            message: "not entered, because its rules in \(printable(file)) cannot be read: \(error)"
        )
    }
}
