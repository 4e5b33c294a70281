internal import FoundationEssentials
internal import Glibc
package import SatchelCore
internal import SatchelManifest
internal import SatchelRemote
internal import SatchelWorkspace
internal import Synchronization

/// An open workspace: its folder, its configuration and its memory.
///
/// Everything a command does goes through one of its verbs (`sync`, `watch`, `status`, …), each in a file of its own.
package final class Workspace: Sendable {
    /// Absolute, without links.
    package let root: String
    package let configuration: Configuration
    private let configurationSnapshot: ConfigurationSnapshot
    package let context: Context
    let manifest: Manifest
    let scanner: WorkspaceScanner
    let objects: ObjectStore
    let state: StateFolder
    /// The lock on the workspace, while this process has it.
    let held = Mutex<WorkspaceLock?>(nil)
    /// What shows that the work of this process goes on.
    let life: LifeSigns
    let http: HTTPClient
    let hashing = SHA256Hashing()

    /// Opens the workspace at or above the context's folder.
    ///
    /// `overrides` is what flags say about the configuration.
    package convenience init(_ context: Context, overrides: [Configuration.Override] = []) throws {
        guard let root = findWorkspace(from: context.directory) else {
            throw WorkspaceError(
                .cannotStart,
                "\(escaped(context.directory.utf8)): not a workspace, nor is any folder above it; run satchel init here first"
            )
        }
        try self.init(at: root, context: context, overrides: overrides)
    }

    package init(at root: String, context: Context, overrides: [Configuration.Override] = []) throws {
        if let refusal = refusal(ofWorkspace: root, home: context.environment["HOME"]) {
            throw WorkspaceError(.cannotStart, refusal)
        }
        self.root = root
        self.context = context
        let life = LifeSigns()
        self.life = life
        http = HTTPClient(onExchange: { life.note() })
        // Before it is read: what is written meanwhile then counts as a change.
        configurationSnapshot = ConfigurationSnapshot(workspace: root, environment: context.environment)
        configuration = try Configuration.load(
            workspace: root,
            environment: context.environment,
            overrides: overrides
        )
        state = try StateFolder.create(in: root)
        manifest = try Manifest(at: "\(state.path)/manifest.db")
        scanner = WorkspaceScanner(
            root: root,
            policy: configuration.selection,
            hashing: hashing,
            environment: context.environment
        )
        objects = try ObjectStore(at: "\(state.path)/objects", hashing: hashing)
    }

    func now() -> Date { context.now() }

    /// What the configuration's files hold now; nil when it is what they held when the workspace was opened.
    func changedConfiguration() -> ConfigurationSnapshot? {
        let snapshot = ConfigurationSnapshot(workspace: root, environment: context.environment)
        return snapshot == configurationSnapshot ? nil : snapshot
    }

    /// The policy of a sync to an account, without what flags say for one run.
    func policy(for account: AccountConfiguration) -> SyncPolicy {
        var policy = SyncPolicy()
        policy.ttl = configuration.ttl(for: account)
        policy.safetyMargin = configuration.safetyMargin.inSeconds
        policy.keepUnreferenced = configuration.keepUnreferenced.inSeconds
        policy.uploadsOnReference = configuration.upload == .onReference
        policy.maxDeletes = configuration.deleteCeiling.count
        policy.maxDeletePercent = configuration.deleteCeiling.percent
        return policy
    }

    /// Paths as they are typed: relative to the folder the command runs in, absolute, or in the escaped form that
    /// Satchel prints.
    ///
    /// - Throws: ``WorkspaceError`` for a path outside of the workspace, and for an empty one: a variable that is not set
    ///   must not pass for everything.
    package func paths(_ typed: [String]) throws -> [WorkspacePath] {
        try typed.map { text in
            guard !text.isEmpty else {
                throw WorkspaceError(.usage, "\"\": an empty path names nothing; name a path, or . for this folder")
            }
            guard let path = path(text) else {
                throw WorkspaceError(.cannotStart, "\(printable(text)): outside of the workspace \(escaped(root.utf8))")
            }
            return path
        }
    }

    /// What a command is to look at: these paths as they are typed, or everything when there is none.
    ///
    /// - Throws: ``WorkspaceError`` for a path outside of the workspace, and as ``check(_:)`` does.
    package func scope(of typed: [String]) async throws -> Scope {
        guard !typed.isEmpty else { return .everything }
        let paths = try paths(typed)
        try await check(paths)
        return Scope(paths)
    }

    /// Makes sure that each of these is on the disk or remembered: a mistyped name must not pass for a file in step.
    ///
    /// - Throws: ``WorkspaceError`` with the first that is neither.
    package func check(_ paths: [WorkspacePath]) async throws {
        for path in paths where !isThere(path) {
            guard try await manifest.known(in: Scope([path])).isEmpty else { continue }
            throw WorkspaceError(
                .cannotStart,
                "\(path): no such file in the workspace, and none is remembered; check the name"
            )
        }
    }

    /// On the disk, whatever it is.
    func isThere(_ path: WorkspacePath) -> Bool { fileStatus(of: path, below: root) != nil }

    private func path(_ typed: String) -> WorkspacePath? {
        let absolute = typed.hasPrefix("/") ? typed : "\(context.directory)/\(typed)"
        guard typed.contains("\\"), !exists(absolute), let raw = unescaped(typed) else {
            return inside(Array(absolute.utf8))
        }
        // A name that is no text comes from the shell as it is seen from here; what Satchel prints is seen from the root.
        let here = inside(raw.first == UInt8(ascii: "/") ? raw : Array("\(context.directory)/".utf8) + raw)
        if let here, isThere(here) { return here }
        return WorkspacePath(raw) ?? here
    }

    private func inside(_ absolute: [UInt8]) -> WorkspacePath? {
        let slash = UInt8(ascii: "/")
        var components: [ArraySlice<UInt8>] = []
        for component in absolute.split(separator: slash) where !component.elementsEqual(".".utf8) {
            if component.elementsEqual("..".utf8) { _ = components.popLast() } else { components.append(component) }
        }
        let normal = [slash] + components.joined(separator: [slash])
        for candidate in [normal, resolvedPath(bytes: absolute)] {
            guard let candidate else { continue }
            if candidate.elementsEqual(root.utf8) { return .root }
            let prefix = Array((root == "/" ? "/" : root + "/").utf8)
            if candidate.starts(with: prefix) { return WorkspacePath(candidate.dropFirst(prefix.count)) }
        }
        return nil
    }
}

extension Duration {
    /// Seconds, with what is below one.
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
