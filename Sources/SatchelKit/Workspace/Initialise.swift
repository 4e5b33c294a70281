internal import Glibc
internal import SatchelCore
internal import SatchelManifest
internal import SatchelWorkspace

/// What `init` made and found.
package struct Initialised: Sendable {
    package var root: String
    /// Nil when there was a configuration already.
    package var configuration: String?
    /// The default account, and where its key comes from.
    package var account: String
    package var accounts: [String]
}

/// Makes the folder a workspace: `satchel.yaml` unless there is one, and `.satchel/`.
///
/// Safe to run again. Refuses `/` and the home folder, and a folder inside another workspace unless `nested`.
package func initialise(_ context: Context, nested: Bool = false) throws -> Initialised {
    guard let root = resolvedPath(context.directory) else {
        throw WorkspaceError(.cannotStart, "\(escaped(context.directory.utf8)): no such folder; make it first")
    }
    if let refusal = refusal(ofWorkspace: root, home: context.environment["HOME"]) {
        throw WorkspaceError(.cannotStart, refusal)
    }
    if let outer = findWorkspace(from: root), outer != root, !nested {
        throw WorkspaceError(
            .cannotStart,
            "\(escaped(root.utf8)): inside the workspace \(escaped(outer.utf8)); run satchel there, "
                + "or say --nested to make one of its own"
        )
    }
    // A configuration that cannot be read is said before anything is made.
    _ = try Configuration.load(workspace: root, environment: context.environment)
    let state = try StateFolder.create(in: root)
    _ = try Manifest(at: "\(state.path)/manifest.db")
    var made: String?
    let path = "\(root)/\(Configuration.workspaceFileName)"
    if !exists(path) {
        let text = configurationTemplate(forProjectAt: root, environment: context.environment)
        try writeNewFile(text, to: path)
        made = path
    }
    let configuration = try Configuration.load(workspace: root, environment: context.environment)
    return Initialised(
        root: root,
        configuration: made,
        account: configuration.defaultAccountName,
        accounts: configuration.accounts.filter { $0.kind == .local || $0.hasKey }.map(\.name)
    )
}

/// Writes a file that must not exist yet, whole or not at all.
private func writeNewFile(_ text: String, to path: String) throws {
    let temporary = "\(path).new"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard descriptor >= 0 else { throw cannotWrite(path) }
    let bytes = Array(text.utf8)
    let written = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    // What a full disk takes of the bytes is less than all of them, without an error.
    let failure = written < 0 ? errno : written < bytes.count ? ENOSPC : fsync(descriptor) == 0 ? 0 : errno
    close(descriptor)
    errno = failure
    guard failure == 0, rename(temporary, path) == 0 else {
        let error = cannotWrite(path)
        unlink(temporary)
        throw error
    }
}

/// From `errno`, right after a call failed.
private func cannotWrite(_ path: String) -> WorkspaceError {
    let code = errno
    return WorkspaceError(
        .cannotStart,
        "\(escaped(path.utf8)): cannot be written: \(systemError(code)); \(writeRemedy(code))"
    )
}
